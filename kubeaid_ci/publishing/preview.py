"""The preview of a change request: all that a reviewer sees, before it is opened."""

from collections.abc import Iterator

from kubeaid_ci.forge.proposal import Proposal, Published
from kubeaid_ci.report.markdown import code, escape, table


def page(proposal: Proposal, text: str) -> str:
    """Return the preview in Markdown: title, branches, people and labels, then the description `text`."""
    rows = [(name, ", ".join(map(code, values)) or "none") for name, values in _fields(proposal)]
    return f"# {escape(proposal.title)}\n\n{table(('', ''), rows)}\n{text}\n"


def lines(result: Published) -> tuple[str, ...]:
    """Return title, branches, people and labels of a proposal, a line each. Fields that are not set are left out."""
    fields = ((name, values) for name, values in _fields(result) if values)
    return (f"title: {result.title}", *(f"{name}: {', '.join(values)}" for name, values in fields))


def _fields(about: Proposal | Published) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "base", (about.base,)
    yield "branch", (about.branch,)
    yield "draft", ("yes" if about.draft else "no",)
    yield "labels", about.labels
    yield "reviewers", about.reviewers
    yield "team reviewers", about.team_reviewers
    yield "assignees", about.assignees
    yield "milestone", (about.milestone,) if about.milestone else ()
    yield "auto-merge", ("yes",) if about.auto_merge else ()
