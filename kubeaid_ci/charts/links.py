"""Links and submodules through which a chart renders content that is not in its folder.

Helm follows every link (https://github.com/helm/helm/blob/v4.2.3/internal/sympath/walk.go), and Argo CD checks out
submodules. A link to a chart right in ``charts/`` is looked into elsewhere, as a vendored chart.
"""

import posixpath
from collections.abc import Iterator

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git import links
from kubeaid_ci.git.tree import GITLINK
from kubeaid_ci.helm.chart import CHARTS, Chart, Charts, Subchart
from kubeaid_ci.helm.dependencies import origins
from kubeaid_ci.helm.repository import plain

_CHARTS = "charts"
_RENDERED = ("templates", "crds")


def check(charts: Charts) -> Iterator[Finding]:
    """Yield the links and submodules of the chosen charts that bring in content, in order of path.

    A link that leads nowhere in the repository has a rule of its own.
    """
    by_folder = {chart.folder: chart for chart in charts.charts}
    for path, entry in charts.files.items():
        if not entry.may_be_folder or not path.startswith(f"{CHARTS}/") or path.count("/") < 2:
            continue
        chart = by_folder.get(path.split("/")[1])
        if chart is None:
            continue
        if entry.mode == GITLINK:
            yield from _submodule(chart, path)
        elif place := links.follow(path, charts.links):
            yield from _link(chart, path, charts.links[path], is_checked=f"{place}/".startswith(f"{CHARTS}/"))


def _submodule(chart: Chart, path: str) -> Iterator[Finding]:
    inner = path.removeprefix(f"{chart.path}/")
    message = f"{plain(inner)} is another repository; Argo CD checks it out and Helm uses it, and no check looks there"
    yield RULES["chart/linked-content"].at(path, message, subject=chart.folder, key=inner, content="submodule")


def _link(chart: Chart, path: str, target: str, *, is_checked: bool) -> Iterator[Finding]:
    """`is_checked` is true if the link leads to a place below the umbrella charts."""
    inner = path.removeprefix(f"{chart.path}/")
    what = f"{plain(inner)} is a link to {plain(target)}"
    if inner == _CHARTS:
        message = f"{what}; Helm renders every chart behind it, and none of them is checked"
        yield RULES["chart/subchart-undeclared"].at(path, message, subject=chart.folder, key=inner, content=target)
        return
    vendored = next((one for one in chart.subcharts if inner.startswith(f"{_CHARTS}/{one.folder}/")), None)
    rule = RULES["chart/linked-content"]
    if vendored is not None:
        if not is_checked or _is_published(chart, vendored):
            message = f"{what}; Helm uses what is behind it, and the chart's checksum does not cover it"
            yield rule.at(path, message, subject=f"{chart.folder}/{vendored.folder}", key=inner, content=target)
    elif posixpath.dirname(inner) != _CHARTS and (not is_checked or inner.split("/")[0] in _RENDERED):
        message = f"{what}; Helm uses what is behind it, and no check looks there"
        yield rule.at(path, message, subject=chart.folder, severity=Severity.WARNING, key=inner, content=target)


def _is_published(chart: Chart, subchart: Subchart) -> bool:
    """Return whether the chart has an upstream: no published archive holds a link."""
    origin = next((dependency for one, dependency in origins(chart) if one is subchart), None)
    return origin is not None and (origin.kind.is_published or origin.is_out_of_reach)
