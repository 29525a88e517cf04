"""The folder with the previews of one run: a description and a patch for each change request."""

from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.publishing.body import START
from kubeaid_ci.runtime.files import refuse_links, write_atomically

_NAME = "kubeaid-ci-*.md"


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
