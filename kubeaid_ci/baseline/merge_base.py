"""The revision before a change, which may be the merge base of two branches."""

from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import Commit, TreeRevision, WorkTree, parse_tree_revision
from kubeaid_ci.render.repositories import RevisionMissingError

DOTS = "..."
"""The suffix of a revision that means the merge base, as in Git."""


def before(root: Path, base: str, head: TreeRevision) -> TreeRevision:
    """Return the revision that a text of ``--base`` means: of ``main...`` the commit at which `head` left main.

    Raises `UserError` if a merge base does not exist.
    """
    if not base.endswith(DOTS):
        return parse_tree_revision(base)
    repository = Repository.at(root)
    if repository is None:
        raise UserError(f"{root}: not a Git repository, so it has no revision {base}")
    names = (base.removesuffix(DOTS), "HEAD" if isinstance(head, WorkTree) else head.name)
    commits = [repository.commit(name) for name in names]
    for name, commit in zip(names, commits, strict=True):
        if commit is None:
            raise RevisionMissingError(root, name)
    found = repository.merge_base(*(commit for commit in commits if commit))
    if found is None:
        raise UserError(f"{root}: {names[0]} and {names[1]} have no commit in common; fetch the whole history")
    return Commit(found)
