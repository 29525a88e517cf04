"""The report on the result of each job, whose JSON is the same for a command and for a caller of the library."""

from kubeaid_ci import __version__
from kubeaid_ci.jobs.charts_list import ChartList
from kubeaid_ci.jobs.charts_offer import ChartPublication
from kubeaid_ci.jobs.clusters import Clusters
from kubeaid_ci.jobs.publish import Publication
from kubeaid_ci.model.build import Builds
from kubeaid_ci.model.chart_update import Updates
from kubeaid_ci.model.chart_verdict import Verification
from kubeaid_ci.model.check import Checks
from kubeaid_ci.model.checkup import Checkup
from kubeaid_ci.model.comparison import Comparison
from kubeaid_ci.model.json_result import JsonResult
from kubeaid_ci.model.linting import Lint
from kubeaid_ci.model.outlook import Outlooks
from kubeaid_ci.model.rendering import Renderings
from kubeaid_ci.model.report import Report
from kubeaid_ci.report import build, chart_update, charts, check, clusters, diff, doctor, json, outlook, publish, render


def as_json(result: JsonResult) -> str:
    """Return the report on a result as the JSON that its command prints."""
    return json.render(report_of(result))


def report_of(result: JsonResult) -> Report:  # noqa: PLR0911 - one for each kind of result
    """Return the report on a result. Its command is the one that gives such results."""
    match result:
        case Builds():
            return build.report(result, version=__version__, check=result.check)
        case Clusters():
            return clusters.report(result.clusters, result.findings, version=__version__)
        case Renderings():
            command = "charts render" if result.helm else "render"
            return render.report(result, command=command, version=__version__)
        case Comparison():
            return diff.report(result, command="charts diff" if result.helm else "diff", version=__version__)
        case Publication():
            return publish.report(result.builds, result.results, result.findings, version=__version__)
        case Checks():
            return check.report(result, version=__version__)
        case Checkup():
            return doctor.report(result, version=__version__)
        case _:
            return _report_of_charts(result)


def _report_of_charts(result: JsonResult) -> Report:
    match result:
        case Verification():
            return charts.verification(result, version=__version__)
        case Lint():
            return charts.lint(result, version=__version__)
        case ChartList():
            return charts.listing(result.lines, result.findings, version=__version__, has_ledger=result.has_ledger)
        case Outlooks():
            return outlook.report(result, version=__version__)
        case Updates():
            return chart_update.report(result, command=result.command, version=__version__)
        case ChartPublication():
            command = result.updates.command
            return chart_update.report(result.updates, result.findings, command=command, version=__version__)
        case _:
            raise TypeError(f"{type(result).__name__}: no report is known")
