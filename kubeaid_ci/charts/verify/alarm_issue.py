"""The one issue about vendored charts on the forge of a KubeAid repo: opened, kept up to date, and closed."""

from dataclasses import replace

from kubeaid_ci.charts import report as charts
from kubeaid_ci.charts.verify.verdict import ChartStatus
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.forge.interface import Forge
from kubeaid_ci.forge.issue import Issue, IssueOutcome
from kubeaid_ci.forge.issues import Issues
from kubeaid_ci.forge.proposal import Wishes
from kubeaid_ci.publishing import target
from kubeaid_ci.report import outcome
from kubeaid_ci.report.report import Report

KEY = "charts-verify"


def forge_of(kubeaid: str, wishes: Wishes) -> Forge:
    """The forge that a KubeAid repo, an address or a checkout, is on. Makes no request yet. Raises `UserError`."""
    forge = target.resolve(kubeaid, replace(wishes, dry_run=False)).forge
    if forge is None:
        raise UserError(f"{kubeaid}: no forge to keep an issue on; name one with --forge")
    return forge


def keep_issue(forge: Forge, report: Report) -> tuple[IssueOutcome, Issue | None]:
    """Update the issue from a verification of all charts: errors open it, and only a clean run closes it.

    What could not be compared is no reason to open an issue, but neither to close one.
    """
    issues = Issues(forge)
    errors = [one for one in outcome.speaking(report.findings) if one.severity is Severity.ERROR]
    if errors:
        title, text = charts.alarm(report, limit=forge.body_limit, size=forge.body_size)
        return issues.keep(KEY, title=title, text=text)
    if report.summary[ChartStatus.UNVERIFIABLE.value]:
        return IssueOutcome.UNCHANGED, None
    return issues.close(KEY, comment="Closed by kubeaid-ci: every vendored chart is what was reviewed and published.")
