"""Revisions of a repository: its work tree, the revision that each cluster pins, or a commit.

A text is parsed once, on the command line or at the entrance of a public function. Past that point a string names a
commit only in Git's own terms: a ref, or the whole id.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkTree:
    """The files of a checkout as they are, committed or not."""

    def __str__(self) -> str:
        return "worktree"


@dataclass(frozen=True, slots=True)
class Pinned:
    """The revision of the KubeAid repo that each cluster, or each Application, pins."""

    def __str__(self) -> str:
        return "pinned"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, by any name that Git has for it: a branch, a tag or an id."""

    name: str

    def __str__(self) -> str:
        return self.name


TreeRevision = WorkTree | Commit
"""The revision of one tree of files."""

Revision = TreeRevision | Pinned
"""The revision of the KubeAid repo, for all clusters of a run."""

WORK_TREE = WorkTree()
PINNED = Pinned()


def parse_revision(text: Revision | str) -> Revision:
    """Return the revision of a text (``worktree``, ``pinned`` or a name of a commit), or a revision as it is."""
    if isinstance(text, Pinned) or text == str(PINNED):
        return PINNED
    return parse_tree_revision(text)


def parse_tree_revision(text: TreeRevision | str) -> TreeRevision:
    """Return the revision of a text (``worktree`` or a name of a commit), or a revision as it is."""
    if not isinstance(text, str):
        return text
    return WORK_TREE if text == str(WORK_TREE) else Commit(text)
