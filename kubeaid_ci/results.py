"""The report on the result of each job, whose JSON is the same for a command and for a caller of the library."""

from kubeaid_ci import __version__
from kubeaid_ci.build import report as build
from kubeaid_ci.build.result import Builds
from kubeaid_ci.bundle import report as bundle
from kubeaid_ci.bundle.result import BundleResult
from kubeaid_ci.charts import report as charts
from kubeaid_ci.charts.lint import Lint
from kubeaid_ci.charts.list import ChartList
from kubeaid_ci.charts.update import report
from kubeaid_ci.charts.update import report as chart_update
from kubeaid_ci.charts.update.offer import ChartPublication
from kubeaid_ci.charts.update.outdated import OutdatedCharts
from kubeaid_ci.charts.update.result import Updates
from kubeaid_ci.charts.verify.verdict import Verification
from kubeaid_ci.check import report as check
from kubeaid_ci.check.result import Checks
from kubeaid_ci.checkup import report as doctor
from kubeaid_ci.checkup.result import Checkup
from kubeaid_ci.clusters import report as clusters
from kubeaid_ci.clusters.clusters import Clusters
from kubeaid_ci.diff import report as diff
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.images.report import list_report, lock_report, mirror_report, override_report
from kubeaid_ci.images.result import ImageLock, ImageMirror, ImageOverrides
from kubeaid_ci.publishing import report as publish
from kubeaid_ci.publishing.publish import Publication
from kubeaid_ci.render import report as render
from kubeaid_ci.render.rendering import Renderings
from kubeaid_ci.report import json
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.report.report import Report
from kubeaid_ci.sbom import report as sbom
from kubeaid_ci.sbom.model import Sbom
from kubeaid_ci.scan import report as scan
from kubeaid_ci.scan.model import Scan
from kubeaid_ci.upgrade import report as upgrade
from kubeaid_ci.upgrade import shadow_report
from kubeaid_ci.upgrade.result import Upgrades
from kubeaid_ci.upgrade.shadow import Shadow


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
        case Upgrades():
            return upgrade.report(result, version=__version__)
        case Shadow():
            return shadow_report.report(result, version=__version__)
        case Checks():
            return check.report(result, version=__version__)
        case Checkup():
            return doctor.report(result, version=__version__)
        case _:
            return _report_of_charts(result)


def _report_of_charts(result: JsonResult) -> Report:  # noqa: PLR0911 - as above
    match result:
        case Verification():
            return charts.verification(result, version=__version__)
        case Lint():
            return charts.lint(result, version=__version__)
        case ChartList():
            return charts.listing(result.lines, result.findings, version=__version__, has_ledger=result.has_ledger)
        case OutdatedCharts():
            return report.outdated_report(result, version=__version__)
        case Updates():
            return chart_update.update_report(result, command=result.command, version=__version__)
        case ChartPublication():
            command = result.updates.command
            return chart_update.update_report(result.updates, result.findings, command=command, version=__version__)
        case _:
            return _report_of_images(result)


def _report_of_images(result: JsonResult) -> Report:  # noqa: PLR0911 - as above
    match result:
        case ImageInventory():
            return list_report(result)
        case ImageLock():
            return lock_report(result)
        case ImageMirror():
            return mirror_report(result)
        case ImageOverrides():
            return override_report(result)
        case Scan():
            return scan.report(result, version=__version__)
        case Sbom():
            return sbom.report(result, version=__version__)
        case BundleResult():
            return bundle.report(result, version=__version__)
        case _:
            raise TypeError(f"{type(result).__name__}: no report is known")
