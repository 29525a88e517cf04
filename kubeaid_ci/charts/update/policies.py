"""The policy that applies to a vendored chart."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace

from kubeaid_ci.charts.update.outlook import Tracked
from kubeaid_ci.globs.patterns import compiled
from kubeaid_ci.settings.policy import ChartPolicy


def policy(policies: Mapping[str, ChartPolicy], one: Tracked) -> ChartPolicy:
    """Return the policy for a vendored chart: that of the nearest name, and what it leaves open from the next.

    Names are, nearest first: ``umbrella/folder``, ``umbrella/alias``, ``umbrella/dependency``, the umbrella chart, and
    globs of any of them, longer ones first.
    """
    found = ChartPolicy()
    for name in sorted((name for name in policies if _means(name, one)), key=lambda name: _rank(name, one)):
        found = _filled(found, policies[name])
    return found


def unmatched(policies: Mapping[str, ChartPolicy], tracked: Iterable[Tracked]) -> Iterator[str]:
    """Return the names that match no vendored chart. They are most likely misspelled."""
    every = list(tracked)
    return (name for name in sorted(policies) if not any(_means(name, one) for one in every))


def _means(name: str, one: Tracked) -> bool:
    pattern = compiled(name, where=".kubeaid-ci.yaml: charts")
    return any(pattern.fullmatch(known) for known in _names(one))


def _names(one: Tracked) -> list[str]:
    """Return what a policy may call a vendored chart, nearest first."""
    dependencies = (one.dependency, *one.shared_by)
    aliases = [f"{one.chart.folder}/{each.alias}" for each in dependencies if each.alias]
    names = [f"{one.chart.folder}/{each.name}" for each in dependencies]
    return [one.key, *aliases, *names, one.chart.folder]


def _rank(name: str, one: Tracked) -> tuple[int, int, str]:
    exact = _names(one)
    return (exact.index(name) if name in exact else len(exact), -len(name), name)


def _filled(first: ChartPolicy, second: ChartPolicy) -> ChartPolicy:
    unset = [each.name for each in fields(first) if getattr(first, each.name) in (None, ())]
    return replace(first, **{name: getattr(second, name) for name in unset})
