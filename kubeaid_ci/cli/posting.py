"""Posts to a forge after the report: a comment on a change request, or the one issue of a repository.

A forge that fails must not swallow the report: its error is printed, and its exit code returned.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from kubeaid_ci import __version__
from kubeaid_ci.cli.options import Options
from kubeaid_ci.cli.publish_options import chosen_publish_options
from kubeaid_ci.cli.terminal import notice
from kubeaid_ci.errors import KubeaidCiError, OutsideError
from kubeaid_ci.findings.finding import Severity

if TYPE_CHECKING:
    from kubeaid_ci.ci.comment import Place
    from kubeaid_ci.diff.comparison import Comparison
    from kubeaid_ci.forge.interface import Forge
    from kubeaid_ci.publishing.issue import IssueTopic
    from kubeaid_ci.report.report import Report


def comment_place(values: dict[str, Any], options: Options, *, of: str) -> "Place | None":
    """Return the change request to comment on, if requested. Fails before the work is done, not after it."""
    if not values["comment"] and values["comment_on"] is None:
        return None
    from kubeaid_ci.ci.comment import place
    from kubeaid_ci.cli.repositories import kubeaid_target

    repository = options.config_repo if of == "config" else kubeaid_target(options)
    return place(repository, chosen_publish_options(dict(values), options.settings.publish), values["comment_on"])


def post_comment(
    comparison: "Comparison", options: Options, place: "Place", command: str, compared: tuple[str, dict[str, Any]]
) -> int:
    """Create or update the comment about a comparison. Return 0, or the exit code of a forge that fails."""
    from kubeaid_ci.cli.ending import run_address
    from kubeaid_ci.diff.comment_text import Silenced, comment
    from kubeaid_ci.findings import suppress
    from kubeaid_ci.report import provenance

    about, revisions = compared
    spoken = tuple(finding for finding in comparison.findings if finding.suppressed_by is None)
    after = suppress.apply(spoken, options.new_suppressions, today=date.today(), ran=())
    new = sum(finding.suppressed_by is not None for finding in after)
    silenced = Silenced(len(comparison.findings) - len(spoken), new)
    try:
        unsuppressed = replace(comparison, findings=spoken)
        origin = provenance.line(revisions, version=__version__, made=datetime.now(UTC), run=run_address())
        text = comment(
            unsuppressed, about=about, limit=place.limit, size=place.forge.body_size, silenced=silenced, origin=origin
        )
        worth_saying = comparison.differs or any(finding.severity is not Severity.INFO for finding in spoken)
        if others := place.say(command, text, update_only=not worth_saying):
            notice(f"kubeaid-ci: {others} comments with our marker belong to another user, and were not changed")
    except OutsideError as error:
        notice(f"kubeaid-ci: error: cannot post the comment: {error}")
        return error.exit_code
    return 0


def update_issue(forge: "Forge", report: "Report", topic: "IssueTopic") -> int:
    """Open, update or close the issue about a report's errors. Return 0, or the exit code of a forge that fails."""
    from kubeaid_ci.publishing.issue import keep_issue

    try:
        outcome, issue = keep_issue(forge, report, topic)
    except KubeaidCiError as error:
        notice(f"kubeaid-ci: error: {error}")
        return error.exit_code
    notice(f"issue {outcome.value}{f': {issue.url}' if issue else ''}")
    return 0
