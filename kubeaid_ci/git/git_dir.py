"""The Git directory of a folder: found without Git, and never in a folder above."""

import os
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.errors import UserError


@dataclass(frozen=True, slots=True)
class GitDir:
    """A repository by its Git directory, and its work tree if it has one. Both paths are absolute."""

    path: Path
    work_tree: Path | None

    @property
    def arguments(self) -> list[str]:
        """Return the options that name the repository to Git."""
        named = [f"--git-dir={self.path}"]
        return [*named, f"--work-tree={self.work_tree}"] if self.work_tree else named


def git_dir(folder: Path) -> GitDir | None:
    """Return the repository whose top is `folder`, or None. Folders above it are never searched.

    It is not opened yet: see `process.open_failure`.
    """
    folder = folder.absolute()
    dot_git = folder / ".git"
    if dot_git.is_dir():
        return GitDir(dot_git, folder)
    if dot_git.is_file():
        # A linked work tree or a submodule: https://git-scm.com/docs/gitrepository-layout
        with dot_git.open("rb") as file:
            text = os.fsdecode(file.read(8192)).rstrip("\n")
        target = Path(folder, text.removeprefix("gitdir:").strip())
        return GitDir(target, folder) if text.startswith("gitdir:") and target.is_dir() else None
    is_bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    return GitDir(folder, None) if is_bare else None


def required_git_dir(folder: Path) -> GitDir:
    """Return the repository whose top is `folder`. Raises `UserError` if it is not one."""
    found = git_dir(folder)
    if found is None:
        raise UserError(f"{folder}: not the top of a Git repository")
    return found
