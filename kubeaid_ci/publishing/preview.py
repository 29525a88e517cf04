"""Previews of change requests: what a reviewer will see, and the folder with a description and a patch for each."""

from collections.abc import Iterator
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import Proposal, Published
from kubeaid_ci.publishing.body import START
from kubeaid_ci.report.markdown import code, escape, table
from kubeaid_ci.runtime.files import refuse_links, write_atomically

_NAME = "kubeaid-ci-*.md"


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


def write(folder: Path, branch: str, *, page: str, patch: bytes) -> None:
    """Write the preview of a branch. Raises `UserError` if it cannot be written."""
    stem = branch.replace("/", "-")
    write_atomically(folder / f"{stem}.md", page.encode())
    write_atomically(folder / f"{stem}.patch", patch)


def clear(folder: Path) -> None:
    """Remove the previews that an earlier run wrote into a folder, and nothing else.

    A description is ours if it has our marker; its patch is the file next to it. Raises `UserError` if one cannot be
    removed.
    """
    for page in existing(folder):
        refuse_links(page)
        try:
            page.with_suffix(".patch").unlink(missing_ok=True)
            page.unlink()
        except OSError as error:
            raise UserError(f"{page}: cannot be removed: {error.strerror or error}") from error


def existing(folder: Path) -> tuple[Path, ...]:
    """Return the descriptions in a folder; empty if there is no such folder."""
    found = sorted(folder.glob(_NAME)) if folder.is_dir() else []
    return tuple(path for path in found if path.is_file() and START.encode() in path.read_bytes())
