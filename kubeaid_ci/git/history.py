"""Finds the commits that changed a folder since it held some tree."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.git.process import git, git_dir

_MOST = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One commit that changed the folder: its id, its subject."""

    commit: str
    subject: str


def has(folder: Path, identity: str) -> bool:
    """Return whether the repository holds an object, without fetching it."""
    return git(["cat-file", "-e", "--end-of-options", identity], folder=folder).code == 0


def day(folder: Path, revision: str) -> date | None:
    """Return the UTC day of a commit, or None if there is no such commit."""
    options = ["--no-show-signature", "--max-count=1", "--format=%ct"]
    log = git(["log", *options, "--end-of-options", revision, "--"], folder=folder)
    seconds = log.text.strip()
    return datetime.fromtimestamp(int(seconds), UTC).date() if log.code == 0 and seconds.isdigit() else None


def last(folder: Path, path: str, *, revision: str = "HEAD") -> Step | None:
    """Return the newest commit that changed a folder, or None if no commit in reach did, or there is no repository."""
    if git_dir(folder) is None:
        return None
    # Where older commits were left out, the oldest of those that are there seems to have made everything.
    options = ["--no-show-signature", "--max-count=1", "--format=%H%x00%P%x00%s"]
    log = git(["--literal-pathspecs", "log", *options, revision, "--", path], folder=folder)
    commit, _, rest = log.text.partition("\0") if log.code == 0 else ("", "", "")
    parents, _, subject = rest.partition("\0")
    is_cut = not parents and git(["rev-parse", "--is-shallow-repository"], folder=folder).text == "true"
    return Step(commit, subject) if commit and not is_cut else None


def since(folder: Path, path: str, tree: str, *, revision: str = "HEAD") -> tuple[Step, ...] | None:
    """The commits that changed a folder after it held a tree, newest first.

    None if no commit in reach had it, or there is no repository.
    """
    if git_dir(folder) is None:
        return None
    options = ["--no-show-signature", f"--max-count={_MOST}", "--format=%H %s"]
    log = git(["--literal-pathspecs", "log", *options, revision, "--", path], folder=folder)
    commits = [line.partition(" ") for line in log.text.splitlines()] if log.code == 0 else []
    asked = "".join(f"{commit}:{path}\n" for commit, _, _ in commits).encode("utf-8", "surrogateescape")
    trees = git(["cat-file", "--batch-check=%(objectname)"], folder=folder, stdin=asked).text.splitlines()
    if tree not in trees:
        return None
    return tuple(Step(commit, subject) for commit, _, subject in commits[: trees.index(tree)])
