"""Reads history: the commits of a branch and their authors, and the commits that changed a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.git.commit import BASE_TRAILER, TRAILER, Commit, claim_of, commit_checksum
from kubeaid_ci.git.git_dir import git_dir
from kubeaid_ci.git.process import checked, git
from kubeaid_ci.runtime.processes import Finished

RAW = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id")
"""Arguments of Git for the changes of a commit, or the difference of two trees."""
_TRAILERS = [f"%(trailers:key={name},valueonly,separator=%x20)" for name in (TRAILER, BASE_TRAILER)]
_FIELDS = ("%H", "%P", "%T", "%ct", "%cn", "%s", *_TRAILERS)
_MOST_COMMITS = 100

Run = Callable[..., Finished]
"""Runs Git in a repository with these arguments."""


def commits_since(run: Run, base: str, head: str) -> tuple[Commit, ...]:
    """Return the commits that a branch has next to those of the base, by `CommitRepository.commits_since`."""
    found = _log(run, head, f"^{base}")
    own = {commit.sha for commit in found}
    former = sorted({commit.base for commit in found if commit.is_ours and commit.base in own})
    return _log(run, head, f"^{base}", *(f"^{sha}" for sha in former)) if former else found


def merged(run: Run, one: str, other: str) -> str | None:
    """Return the tree that a merge without conflicts gives. Also None for Git before 2.38, which cannot compute it."""
    done = run("merge-tree", "--write-tree", one, other)
    return done.text.partition("\n")[0] if done.code == 0 else None


def _log(run: Run, *revisions: str) -> tuple[Commit, ...]:
    options = ["-z", "--no-show-signature", "--no-mailmap", f"--format={'%x00'.join(_FIELDS)}"]
    output = checked(run("log", *options, *revisions), "git log").stdout.decode("utf-8", "replace")
    fields, width = output.removesuffix("\0").split("\0"), len(_FIELDS)
    rows = [fields[start : start + width] for start in range(0, len(fields) - width + 1, width)]
    own = {row[0] for row in rows}
    return tuple(_commit(run, row) for row in rows if not _is_plain_merge(run, row, own))


def _commit(run: Run, row: list[str]) -> Commit:
    sha, parents, tree, date, committer, subject, trailers, base = row
    claim = claim_of(trailers)
    single = claim is not None and len(parents.split()) < 2
    raw = checked(run(*RAW, "--root", sha), "git diff-tree").stdout if single else None
    found = None if raw is None else commit_checksum(subject, raw)
    return Commit(sha, tuple(parents.split()), tree, int(date), committer, subject, claim, found, base or None)


def _is_plain_merge(run: Run, row: list[str], own: set[str]) -> bool:
    parents = row[1].split()
    if len(parents) != 2 or own.issuperset(parents):
        return False
    return merged(run, *parents) == row[2]


@dataclass(frozen=True, slots=True)
class FolderCommit:
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


def last(folder: Path, path: str, *, revision: str = "HEAD") -> FolderCommit | None:
    """Return the newest commit that changed a folder, or None if no commit in reach did, or there is no repository."""
    if git_dir(folder) is None:
        return None
    # Where older commits were left out, the oldest of those that are there seems to have made everything.
    options = ["--no-show-signature", "--max-count=1", "--format=%H%x00%P%x00%s"]
    log = git(["--literal-pathspecs", "log", *options, revision, "--", path], folder=folder)
    commit, _, rest = log.text.partition("\0") if log.code == 0 else ("", "", "")
    parents, _, subject = rest.partition("\0")
    is_cut = not parents and git(["rev-parse", "--is-shallow-repository"], folder=folder).text == "true"
    return FolderCommit(commit, subject) if commit and not is_cut else None


def since(folder: Path, path: str, tree: str, *, revision: str = "HEAD") -> tuple[FolderCommit, ...] | None:
    """Return the commits that changed a folder after it held a tree, newest first.

    None if no commit in reach had it, or there is no repository.
    """
    if git_dir(folder) is None:
        return None
    options = ["--no-show-signature", f"--max-count={_MOST_COMMITS}", "--format=%H %s"]
    log = git(["--literal-pathspecs", "log", *options, revision, "--", path], folder=folder)
    commits = [line.partition(" ") for line in log.text.splitlines()] if log.code == 0 else []
    asked = "".join(f"{commit}:{path}\n" for commit, _, _ in commits).encode("utf-8", "surrogateescape")
    trees = git(["cat-file", "--batch-check=%(objectname)"], folder=folder, stdin=asked).text.splitlines()
    if tree not in trees:
        return None
    return tuple(FolderCommit(commit, subject) for commit, _, subject in commits[: trees.index(tree)])
