"""``--issue``: the one issue of a repository about its errors."""

from typing import TYPE_CHECKING

from kubeaid_ci.cli.terminal import notice

if TYPE_CHECKING:
    from kubeaid_ci.forge.interface import Forge
    from kubeaid_ci.publishing.issue import Alarm
    from kubeaid_ci.report.report import Report


def update_issue(forge: "Forge", report: "Report", alarm: "Alarm") -> int:
    """Update the issue and return 0; if the forge fails, print its error and return its exit code.

    A forge that fails must not swallow the report.
    """
    from kubeaid_ci.errors import KubeaidCiError
    from kubeaid_ci.publishing.issue import keep_issue

    try:
        outcome, issue = keep_issue(forge, report, alarm)
    except KubeaidCiError as error:
        notice(f"kubeaid-ci: error: {error}")
        return error.exit_code
    notice(f"issue {outcome.value}{f': {issue.url}' if issue else ''}")
    return 0
