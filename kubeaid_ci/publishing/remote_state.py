"""A look at the remote and the forge: what is there, as deciding what to do needs it."""

from dataclasses import dataclass, replace

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import Proposal
from kubeaid_ci.forge.interface import Forge
from kubeaid_ci.git.commit import CommitStyle
from kubeaid_ci.git.commit_repository import CommitRepository
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.publishing import body, branches, decide
from kubeaid_ci.publishing import comments as texts


@dataclass(frozen=True, slots=True)
class RemoteState:
    """The state of the remote, with the ids of the commits and trees that actions need."""

    branch: decide.BranchState
    heads: Heads
    base: str
    wanted: str
    """The tree to propose."""


def read_remote_state(
    proposal: Proposal,
    repository: CommitRepository,
    forge: Forge | None,
    style: CommitStyle,
    *,
    overtaken: bool,
    heads: Heads | None = None,
) -> RemoteState:
    """Look at the branch and its change request; `overtaken` is true if the branch was moved by others meanwhile.

    `heads` are the remote's branches where they were requested a moment ago. Raises `UserError` if the
    base is missing or another branch is in the way.
    """
    fetch = (proposal.base, proposal.branch)
    heads = repository.fetch_heads(*branches.refs_to_fetch(proposal.base, proposal.branch), fetch=fetch, known=heads)
    base, seen = heads.commits.get(proposal.base), heads.commits.get(proposal.branch)
    if base is None:
        raise UserError(f"{repository.access.url}: has no branch {proposal.base} to propose to")
    if other := branches.conflicting_branch(proposal.branch, heads.commits):
        raise UserError(texts.conflicting_branch(proposal.branch, other))
    wanted = repository.tree_with(base, proposal.files)
    content = repository.difference(base, wanted)
    state = decide.BranchState(
        proposal,
        seen,
        gone=not content,
        content=content,
        has_forge=forge is not None,
        body_limit=forge.body_limit if forge else body.NO_LIMIT,
        body_size=forge.body_size if forge else len,
    )
    if seen:
        state = _with_branch(state, repository, base, seen, style)
        date = max(style.date or 0, repository.date_of(base))
        newer = overtaken and repository.date_of(seen) >= date
        state = replace(state, rival=newer and _contradicts(repository, base, seen, wanted))
    return RemoteState(_with_forge(state, repository, forge, base) if forge else state, heads, base, wanted)


def _contradicts(repository: CommitRepository, base: str, seen: str, wanted: str) -> bool:
    """Return whether a file that the branch changes is another one in the tree that is proposed."""
    root = repository.merge_base(base, seen)
    theirs = repository.changed_paths(root, seen) if root else ()
    return not set(theirs).isdisjoint(repository.changed_paths(seen, wanted))


def _with_branch(
    state: decide.BranchState, repository: CommitRepository, base: str, seen: str, style: CommitStyle
) -> decide.BranchState:
    """Return the state with what the branch has."""
    root = repository.merge_base(base, seen)
    same = root is not None and repository.difference(root, seen) == state.content
    return replace(
        state,
        # Who starts to sign wants the commit that is there signed too.
        satisfied=same and (style.signing is None or repository.is_signed(seen)),
        covered=not repository.changed(seen, state.proposal.files),
        foreign=tuple(commit for commit in repository.commits_since(base, seen) if not commit.is_ours),
    )


def _with_forge(state: decide.BranchState, repository: CommitRepository, forge: Forge, base: str) -> decide.BranchState:
    """Return the state with its change requests, without a request if the branch does not exist."""
    branch, target, seen = state.proposal.branch, state.proposal.base, state.seen
    if state.gone and not seen:
        return state
    found = forge.find_open(branch)
    state = replace(state, others=tuple(request for request in found if request.base != target))
    if existing := next((request for request in found if request.base == target), None):
        return replace(state, existing=existing)
    if state.gone and not state.foreign:
        return state
    last = forge.find_last(branch, base=target)
    spent = bool(seen and last and last.merged) and repository.adds_nothing(str(seen), base)
    return replace(state, last=last, foreign=() if spent else state.foreign)
