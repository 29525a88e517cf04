"""A temporary checkout of one commit of a repository on this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.git.process import checked, git
from kubeaid_ci.git.repository import Repository


@contextmanager
def checkout_at(root: Path, commit: str) -> Iterator[Path]:
    """Check a commit out into a folder of its own, with the name of `root`, deleted when the context ends.

    The objects of `root` are borrowed; nothing in `root` is written. The origin is the same as that of `root`.
    Raises `OutsideError` if objects are missing, as in a partial clone.
    """
    objects = checked(git(["rev-parse", "--git-path", "objects"], folder=root), f"{root}").text
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as parent:
        folder = Path(parent, root.name or "repository")
        Repository.create(folder)
        (folder / ".git" / "objects" / "info" / "alternates").write_text(
            f"{Path(root.absolute(), objects).resolve()}\n"
        )
        if address := Repository(root).address():
            checked(git(["config", "remote.origin.url", address], folder=folder), f"{folder}")
        checked(
            git(["reset", "--hard", "--quiet", commit], folder=folder, reads_files=True), f"{root} at {commit[:12]}"
        )
        yield folder
