"""The one issue of a repository about its errors: opened, updated, and closed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.forge.interface import Forge
from kubeaid_ci.forge.issues import Issue, IssueOutcome, Issues
from kubeaid_ci.publishing import target
from kubeaid_ci.report import outcome
from kubeaid_ci.report.markdown import fit, quiet
from kubeaid_ci.report.markdown_page import parts
from kubeaid_ci.report.report import Report
from kubeaid_ci.settings.publish import PublishOptions
from kubeaid_ci.visible import one_line, shortened

_MOST_NAMES = 4
_LONGEST_NAMES = 160
_FRAME = 200
"""Room for the marker that the forge's module puts first, in its measure."""


@dataclass(frozen=True, slots=True)
class IssueTopic:
    """The matter of an issue.

    `key` is hidden in its text. The title begins with `title`, and the text with `about`. `closing` is the comment that
    closes the issue. `unknown` is the count in the summary of a report for which it is not closed: what could not be
    checked is no reason to open an issue, but neither to close one. `name` makes the name for the title of the subject
    of a finding.
    """

    key: str
    title: str
    about: str
    closing: str
    unknown: str = ""
    name: Callable[[str], str] = str


def forge_of(repository: str, options: PublishOptions) -> Forge:
    """Return the forge of a repository, an address or a checkout. Makes no request yet. Raises `UserError`."""
    forge = target.resolve(repository, replace(options, dry_run=False)).forge
    if forge is None:
        raise UserError(f"{repository}: no forge to keep an issue on; name one with --forge")
    return forge


def keep_issue(forge: Forge, report: Report, topic: IssueTopic) -> tuple[IssueOutcome, Issue | None]:
    """Update the issue from a check of everything: errors open it, and only a clean run closes it."""
    issues = Issues(forge)
    errors = [finding for finding in outcome.speaking(report.findings) if finding.severity is Severity.ERROR]
    if errors:
        title = _title(topic, {topic.name(finding.subject) for finding in errors})
        room = forge.body_limit - forge.body_size(topic.about) - _FRAME
        text = f"{topic.about}\n{fit(parts(report), room, size=forge.body_size)}"
        return issues.keep(topic.key, title=title, text=text)
    if topic.unknown and report.summary[topic.unknown]:
        return IssueOutcome.UNCHANGED, None
    return issues.close(topic.key, comment=topic.closing)


def _title(topic: IssueTopic, names: Collection[str]) -> str:
    """Return the title of an issue, with the first names."""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    named = quiet(one_line(", ".join(sorted(names)[:_MOST_NAMES])))
    return f"{topic.title}: {shortened(named, _LONGEST_NAMES)}{more}"
