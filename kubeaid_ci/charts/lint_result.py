"""The result of linting umbrella charts."""

from dataclasses import dataclass

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.render.rendering import RenderStatus
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.semver.version import Version


@dataclass(frozen=True, slots=True)
class ChartLint:
    """One umbrella chart: how its default values rendered on the newest version, and how many objects that gave."""

    chart: str
    status: RenderStatus
    objects: int
    error: str | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Lint(JsonResult):
    """Results in order of chart, and every finding.

    `kubernetes` are the versions that were rendered for, `helm` those whose rules were followed.
    """

    results: tuple[ChartLint, ...]
    findings: tuple[Finding, ...]
    kubernetes: tuple[Version, ...]
    helm: tuple[str, ...] = ()
