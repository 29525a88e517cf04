"""Which policy holds for a vendored chart."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace

from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.policy import ChartPolicy
from kubeaid_ci.plan.patterns import compiled


def policy(policies: Mapping[str, ChartPolicy], one: Tracked) -> ChartPolicy:
    """The policy for a vendored chart: what the nearest name says, and what it leaves open from the next.

    Names are those of an umbrella chart, ``umbrella/folder``, or globs of either; the whole name counts
    before the umbrella's, both before globs, a longer glob before a shorter.
    """
    found = ChartPolicy()
    for name in sorted((name for name in policies if _means(name, one)), key=lambda name: _rank(name, one)):
        found = _filled(found, policies[name])
    return found


def unmatched(policies: Mapping[str, ChartPolicy], tracked: Iterable[Tracked]) -> Iterator[str]:
    """The names that mean no vendored chart, most likely misspelled."""
    every = list(tracked)
    return (name for name in sorted(policies) if not any(_means(name, one) for one in every))


def _means(name: str, one: Tracked) -> bool:
    pattern = compiled(name, where=".kubeaid-ci.yaml: charts")
    return any(pattern.fullmatch(known) for known in (one.key, one.chart.folder))


def _rank(name: str, one: Tracked) -> tuple[int, int, str]:
    exact = (one.key, one.chart.folder)
    return (exact.index(name) if name in exact else len(exact), -len(name), name)


def _filled(first: ChartPolicy, second: ChartPolicy) -> ChartPolicy:
    unset = [each.name for each in fields(first) if getattr(first, each.name) in (None, ())]
    return replace(first, **{name: getattr(second, name) for name in unset})
