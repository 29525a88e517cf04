"""The commits of a branch, and whose they are."""

from collections.abc import Callable

from kubeaid_ci.git import own_commits
from kubeaid_ci.git.commit import Commit
from kubeaid_ci.git.process import checked
from kubeaid_ci.runtime.processes import Finished

RAW = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id")
"""Arguments of Git for the changes of a commit, or the difference of two trees."""
_TRAILERS = [
    f"%(trailers:key={name},valueonly,separator=%x20)" for name in (own_commits.TRAILER, own_commits.BASE_TRAILER)
]
_FIELDS = ("%H", "%P", "%T", "%ct", "%cn", "%s", *_TRAILERS)

Run = Callable[..., Finished]
"""Runs Git in a repository with these arguments."""


def commits_since(run: Run, base: str, head: str) -> tuple[Commit, ...]:
    """The commits that a branch has next to those of the base, by `Workshop.commits_since`."""
    found = _log(run, head, f"^{base}")
    own = {commit.sha for commit in found}
    former = sorted({commit.base for commit in found if commit.is_ours and commit.base in own})
    return _log(run, head, f"^{base}", *(f"^{sha}" for sha in former)) if former else found


def merged(run: Run, one: str, other: str) -> str | None:
    """The tree that a merge without conflicts gives. Also None for Git before 2.38, which cannot compute it."""
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
    claim = own_commits.claim_of(trailers)
    single = claim is not None and len(parents.split()) < 2
    raw = checked(run(*RAW, "--root", sha), "git diff-tree").stdout if single else None
    found = None if raw is None else own_commits.checksum(subject, raw)
    return Commit(sha, tuple(parents.split()), tree, int(date), committer, subject, claim, found, base or None)


def _is_plain_merge(run: Run, row: list[str], own: set[str]) -> bool:
    parents = row[1].split()
    if len(parents) != 2 or own.issuperset(parents):
        return False
    return merged(run, *parents) == row[2]
