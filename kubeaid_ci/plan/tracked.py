"""Which dependencies of umbrella charts have an upstream that may have newer releases."""

from collections.abc import Iterable, Sequence

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.chart import CHARTS, Chart
from kubeaid_ci.model.outlook import Tracked


def tracked(charts: Iterable[Chart], names: Sequence[str] = ()) -> tuple[Tracked, ...]:
    """Every dependency that is published somewhere, in order of chart, each name of a chart once.

    `names` are umbrella charts, or ``umbrella/folder`` for one of their dependencies (none: all). Raises
    `UserError` for a dependency that is none.
    """
    every = [one for chart in charts for one in _of(chart)]
    if not names:
        return tuple(every)
    wanted = [name.rstrip("/").removeprefix(f"{CHARTS}/") for name in names]
    for name in wanted:
        if "/" in name and not any(_means(name, one) for one in every):
            there = ", ".join(one.key for one in every if one.chart.folder == name.partition("/")[0])
            raise UserError(f"{name}: no such dependency with an upstream; there are: {there or 'none'}")
    return tuple(one for one in every if any(_means(name, one) for name in wanted))


def _of(chart: Chart) -> list[Tracked]:
    found: dict[str, Tracked] = {}
    for dependency in chart.dependencies:
        if dependency.kind.is_published and dependency.name not in found:
            found[dependency.name] = Tracked(chart, dependency, chart.subchart(dependency.name))
    return list(found.values())


def _means(name: str, one: Tracked) -> bool:
    return name in (one.chart.folder, one.key, f"{one.chart.folder}/{one.dependency.name}")
