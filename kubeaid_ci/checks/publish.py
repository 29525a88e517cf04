"""What publishing could not, or need not, do."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.model.finding import Finding, Rule, Severity
from kubeaid_ci.model.publication import Outcome, Published

STOPPED = Rule(
    "publish/stopped",
    Severity.WARNING,
    "The branch was left alone because somebody else's work is on it or another run was quicker, and nothing of theirs "
    "may be lost. Do one of what the message names, and run again.",
)
NOTE = Rule(
    "publish/note",
    Severity.INFO,
    "The change request is open, but something beside it could not be done as asked. Look at the message, and "
    "correct the option or the permission that it names.",
)


def check(results: Iterable[Published]) -> Iterator[Finding]:
    """Yield what the publisher has to say of each change request."""
    for result in results:
        rule = STOPPED if result.outcome is Outcome.STOPPED else NOTE
        for message in result.messages:
            yield rule.at(None, message, subject=result.branch)
