"""Findings about publishing."""

from collections.abc import Iterable, Iterator, Mapping

from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.forge.change_request import Outcome, Published

STOPPED = Rule(
    "publish/stopped",
    Severity.WARNING,
    "The branch was not changed because somebody else's work is on it, somebody turned this down, another run was "
    "quicker or something could not be built: nothing may be lost. Do one of what the message names, and run again.",
)
FAILED = Rule(
    "publish/failed",
    Severity.ERROR,
    "This change request could not be brought up to date; others were. Correct what the message names, and run again.",
)
NOTE = Rule(
    "publish/note",
    Severity.INFO,
    "The change request is open, but some of its settings could not be applied. Look at the message, and "
    "correct the option or the permission that it names.",
)
RULES = (STOPPED, FAILED, NOTE)


def check(results: Iterable[Published], failed: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield the findings about each change request; `failed` has the errors by branch."""
    for branch, message in (failed or {}).items():
        yield FAILED.at(None, message, subject=branch)
    for result in results:
        rule = STOPPED if result.outcome is Outcome.STOPPED else NOTE
        for message in result.messages:
            yield rule.at(None, message, subject=result.branch)
