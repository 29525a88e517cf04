"""The merge base of two branches."""

from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.snapshot import WORKTREE
from kubeaid_ci.render.repositories import RevisionMissingError

DOTS = "..."
"""The suffix of a revision that means the merge base, as in Git."""


def before(root: Path, base: str, head: str) -> str:
    """The revision before a change: `base` itself, or of ``main...`` the commit at which `head` left main.

    `head` is ``worktree`` or a revision. Raises `UserError` where there is no such commit.
    """
    if not base.endswith(DOTS):
        return base
    repository = Repository.at(root)
    if repository is None:
        raise UserError(f"{root}: not a Git repository, so it has no revision {base}")
    names = (base.removesuffix(DOTS), "HEAD" if head == WORKTREE else head)
    commits = [repository.commit(name) for name in names]
    for name, commit in zip(names, commits, strict=True):
        if commit is None:
            raise RevisionMissingError(root, name)
    found = repository.merge_base(*(commit for commit in commits if commit))
    if found is None:
        raise UserError(f"{root}: {names[0]} and {names[1]} have no commit in common; fetch the whole history")
    return found
