"""The dependencies of umbrella charts whose upstream may have newer releases."""

from collections.abc import Iterable, Sequence

from kubeaid_ci.charts.update.outlook import Tracked
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import CHARTS, Chart
from kubeaid_ci.helm.dependencies import ResolvedDependency, resolve


def tracked(charts: Iterable[Chart], names: Sequence[str] = ()) -> tuple[Tracked, ...]:
    """Return the dependencies that have an upstream, in order of chart; those that share a folder once.

    `names` are umbrella charts, or ``umbrella/folder``, ``umbrella/name`` or ``umbrella/alias`` for one of their
    dependencies (none: all). Raises `UserError` for an unknown dependency.
    """
    every = [one for chart in charts for one in _of(chart)]
    if not names:
        return tuple(every)
    wanted = [name.rstrip("/").removeprefix(f"{CHARTS}/") for name in names]
    for name in wanted:
        if "/" in name and not any(_means(name, one) for one in every):
            known = ", ".join(one.key for one in every if one.chart.folder == name.partition("/")[0])
            raise UserError(f"{name}: no such dependency with an upstream; available: {known or 'none'}")
    return tuple(one for one in every if any(_means(name, one) for name in wanted))


def _of(chart: Chart) -> list[Tracked]:
    by_folder: dict[str, list[ResolvedDependency]] = {}
    for found in resolve(chart):
        if found.dependency.kind.is_published:
            by_folder.setdefault(found.folder, []).append(found)
    return [
        Tracked(chart, first.dependency, first.subchart, folder, tuple(one.dependency for one in others))
        for folder, (first, *others) in by_folder.items()
    ]


def _means(name: str, one: Tracked) -> bool:
    names = {each for dependency in (one.dependency, *one.shared_by) for each in (dependency.name, dependency.alias)}
    folder = one.chart.folder
    return name in (folder, one.key) or name in {f"{folder}/{each}" for each in names if each}
