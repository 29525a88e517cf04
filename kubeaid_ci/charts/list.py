"""Lists umbrella charts with what they declare, lock and vendor."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.charts import source, structure
from kubeaid_ci.charts.ledger import check as ledger_checks
from kubeaid_ci.charts.ledger.ledger import Ledger
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision, parse_tree_revision
from kubeaid_ci.helm.chart import Chart, Dependency, Subchart
from kubeaid_ci.helm.dependencies import ResolvedDependency, resolve, undeclared
from kubeaid_ci.report.json_result import JsonResult


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One dependency of an umbrella chart, one vendored chart that none declares, or a chart without either.

    `state` is ``vendored``, ``linked``, ``packed``, ``missing`` or ``undeclared``, and empty for a chart
    without dependencies; `lock` is ``current``, ``stale`` or ``none``; `ledger` is ``recorded``,
    ``different``, ``missing`` or, if there is nothing to record, ``none``. `alias` is the name that Helm renders the
    dependency under, if it is not the chart's.
    """

    chart: str
    subchart: str
    declared: str
    vendored: str
    repository: str
    kind: str
    state: str
    lock: str
    ledger: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class ChartList(JsonResult):
    """The lines in order of chart and folder, and the charts that cannot be read. `has_ledger` is False without one."""

    lines: tuple[ChartLine, ...]
    findings: tuple[Finding, ...]
    has_ledger: bool = True


def list_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    cache: bool = True,
) -> ChartList:
    """Return what the umbrella charts of a KubeAid repo declare, lock and vendor; all of them, or those named."""
    repo = source.read(Path(kubeaid).resolve(), parse_tree_revision(ref), cache=cache)
    with repo.snapshot:
        chosen = source.selected(repo.charts, charts)
    lines = [line for chart in chosen.charts for line in _lines(chart, repo.ledger)]
    lines.sort(key=lambda line: (line.chart, line.subchart, line.alias))
    return ChartList(tuple(lines), tuple(map(structure.invalid, chosen.bad)), repo.ledger.exists)


def _lines(chart: Chart, ledger: Ledger) -> Iterator[ChartLine]:
    listed = set()
    for found in resolve(chart):
        yield _line(chart, found, found.subchart, ledger)
        listed.add(found.subchart)
    for found in resolve(chart):
        for rival in found.rivals:
            if rival not in listed:
                yield _line(chart, found, rival, ledger)
    for subchart in undeclared(chart):
        yield _line(chart, None, subchart, ledger)
    if not chart.dependencies and not chart.subcharts:
        yield ChartLine(chart.folder, "", "", "", "", "", "", _lock(chart), "none")


def _line(chart: Chart, found: ResolvedDependency | None, subchart: Subchart | None, ledger: Ledger) -> ChartLine:
    dependency = found.dependency if found else None
    return ChartLine(
        chart.folder,
        subchart.folder if subchart else found.folder if found else "",
        dependency.version if dependency else "",
        subchart.version if subchart else "",
        dependency.repository if dependency else "",
        dependency.kind.value if dependency else "none",
        _state(found, subchart),
        _lock(chart),
        _recorded(chart, dependency, subchart, ledger),
        dependency.alias if dependency else "",
    )


def _state(found: ResolvedDependency | None, subchart: Subchart | None) -> str:
    if found is None:
        return "undeclared"
    if subchart is not None and subchart.chart is not None:
        return "linked" if subchart.is_link else "vendored"
    return "packed" if found.archive else "missing"


def _lock(chart: Chart) -> str:
    if chart.lock is None:
        return "none"
    return "current" if chart.lock.is_current else "stale"


def _recorded(chart: Chart, dependency: Dependency | None, subchart: Subchart | None, ledger: Ledger) -> str:
    if subchart is None or subchart.is_link:
        return "none"
    one = Vendored(chart.folder, subchart, dependency)
    entry = ledger.entries.get(one.key)
    if entry is None:
        return "missing"
    is_other = entry.version != subchart.version or ledger_checks.differs(one, entry)
    return "different" if is_other else "recorded"
