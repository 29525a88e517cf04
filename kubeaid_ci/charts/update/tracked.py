"""The dependencies of umbrella charts whose upstream may have newer releases, and the policy for each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubeaid_ci.errors import UserError
from kubeaid_ci.globs.patterns import compiled
from kubeaid_ci.helm.chart import CHARTS, Chart, Dependency, Subchart
from kubeaid_ci.helm.dependencies import ResolvedDependency, resolve
from kubeaid_ci.settings.policy import ChartPolicy, completed


@dataclass(frozen=True, slots=True)
class TrackedDependency:
    """A dependency of an umbrella chart that has an upstream, and the chart that is vendored for it, if any.

    `new_folder` is the folder in ``charts/`` to vendor it in if nothing is vendored (default: the chart's name).
    `shared_by` are other dependencies that render the same folder under another alias.
    """

    chart: Chart
    dependency: Dependency
    subchart: Subchart | None
    new_folder: str = ""
    shared_by: tuple[Dependency, ...] = ()

    @property
    def folder(self) -> str:
        """The folder in ``charts/``: that of the vendored chart, or the one to create."""
        return self.subchart.folder if self.subchart else self.new_folder or self.dependency.name

    @property
    def key(self) -> str:
        """Its name in the ledger and in findings: ``umbrella/folder``."""
        return f"{self.chart.folder}/{self.folder}"

    @property
    def current(self) -> str:
        """The vendored version; an empty text if nothing readable is vendored."""
        return self.subchart.version if self.subchart and not self.subchart.is_link else ""


def tracked_dependencies(charts: Iterable[Chart], names: Sequence[str] = ()) -> tuple[TrackedDependency, ...]:
    """Return the dependencies that have an upstream, in order of chart; those that share a folder once.

    `names` are umbrella charts, or ``umbrella/folder``, ``umbrella/name`` or ``umbrella/alias`` for one of their
    dependencies (none: all). Raises `UserError` for an unknown dependency.
    """
    every = [tracked for chart in charts for tracked in _published(chart)]
    if not names:
        return tuple(every)
    wanted = [name.rstrip("/").removeprefix(f"{CHARTS}/") for name in names]
    for name in wanted:
        if "/" in name and not any(_is_named(name, tracked) for tracked in every):
            known = ", ".join(tracked.key for tracked in every if tracked.chart.folder == name.partition("/")[0])
            raise UserError(f"{name}: no such dependency with an upstream; available: {known or 'none'}")
    return tuple(tracked for tracked in every if any(_is_named(name, tracked) for name in wanted))


def _published(chart: Chart) -> list[TrackedDependency]:
    by_folder: dict[str, list[ResolvedDependency]] = {}
    for found in resolve(chart):
        if found.dependency.kind.is_published:
            by_folder.setdefault(found.folder, []).append(found)
    return [
        TrackedDependency(chart, first.dependency, first.subchart, folder, tuple(one.dependency for one in others))
        for folder, (first, *others) in by_folder.items()
    ]


def _is_named(name: str, tracked: TrackedDependency) -> bool:
    names = {
        each for dependency in (tracked.dependency, *tracked.shared_by) for each in (dependency.name, dependency.alias)
    }
    folder = tracked.chart.folder
    return name in (folder, tracked.key) or name in {f"{folder}/{each}" for each in names if each}


def policy_for(policies: Mapping[str, ChartPolicy], tracked: TrackedDependency) -> ChartPolicy:
    """Return the policy for a vendored chart: that of the nearest name, and what it leaves open from the next.

    Names are, nearest first: ``umbrella/folder``, ``umbrella/alias``, ``umbrella/dependency``, the umbrella chart, and
    globs of any of them, longer ones first.
    """
    found = ChartPolicy()
    for name in sorted((name for name in policies if _applies(name, tracked)), key=lambda name: _rank(name, tracked)):
        found = completed(found, policies[name])
    return found


def unmatched_policies(policies: Mapping[str, ChartPolicy], charts: Iterable[TrackedDependency]) -> Iterator[str]:
    """Return the names that match no vendored chart. They are most likely misspelled."""
    every = list(charts)
    return (name for name in sorted(policies) if not any(_applies(name, tracked) for tracked in every))


def _applies(name: str, tracked: TrackedDependency) -> bool:
    pattern = compiled(name, where=".kubeaid-ci.yaml: charts")
    return any(pattern.fullmatch(known) for known in _policy_names(tracked))


def _policy_names(tracked: TrackedDependency) -> list[str]:
    """Return what a policy may call a vendored chart, nearest first."""
    dependencies = (tracked.dependency, *tracked.shared_by)
    aliases = [f"{tracked.chart.folder}/{each.alias}" for each in dependencies if each.alias]
    names = [f"{tracked.chart.folder}/{each.name}" for each in dependencies]
    return [tracked.key, *aliases, *names, tracked.chart.folder]


def _rank(name: str, tracked: TrackedDependency) -> tuple[int, int, str]:
    exact = _policy_names(tracked)
    return (exact.index(name) if name in exact else len(exact), -len(name), name)
