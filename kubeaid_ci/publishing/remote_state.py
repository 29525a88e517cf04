"""A look at the remote and the forge: what is there, as deciding what to do needs it."""

from dataclasses import dataclass, replace

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import Proposal
from kubeaid_ci.forge.interface import Forge
from kubeaid_ci.git.commit import CommitStyle
from kubeaid_ci.git.commit_repository import Workshop
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.publishing import body, branches, decide
from kubeaid_ci.publishing import comments as texts


@dataclass(frozen=True, slots=True)
class Scene:
    """The state of the remote, with the ids of the commits and trees that actions need."""

    situation: decide.Situation
    heads: Heads
    base: str
    wanted: str
    """The tree to propose."""


def look(
    proposal: Proposal,
    workshop: Workshop,
    forge: Forge | None,
    style: CommitStyle,
    *,
    overtaken: bool,
    heads: Heads | None = None,
) -> Scene:
    """Look at the branch and its change request; `overtaken` is true if the branch was moved by others meanwhile.

    `heads` are the remote's branches where they were requested a moment ago. Raises `UserError` if the
    base is missing or another branch is in the way.
    """
    fetch = (proposal.base, proposal.branch)
    heads = workshop.see(*branches.looked_at(proposal.base, proposal.branch), fetch=fetch, known=heads)
    base, seen = heads.commits.get(proposal.base), heads.commits.get(proposal.branch)
    if base is None:
        raise UserError(f"{workshop.access.url}: has no branch {proposal.base} to propose to")
    if other := branches.in_the_way(proposal.branch, heads.commits):
        raise UserError(texts.in_the_way(proposal.branch, other))
    wanted = workshop.tree_with(base, proposal.files)
    content = workshop.difference(base, wanted)
    situation = decide.Situation(
        proposal,
        seen,
        gone=not content,
        content=content,
        has_forge=forge is not None,
        body_limit=forge.body_limit if forge else body.NO_LIMIT,
        body_size=forge.body_size if forge else len,
    )
    if seen:
        situation = _with_branch(situation, workshop, base, seen, style)
        date = max(style.date or 0, workshop.date_of(base))
        newer = overtaken and workshop.date_of(seen) >= date
        situation = replace(situation, rival=newer and _contradicts(workshop, base, seen, wanted))
    return Scene(_with_forge(situation, workshop, forge, base) if forge else situation, heads, base, wanted)


def _contradicts(workshop: Workshop, base: str, seen: str, wanted: str) -> bool:
    """Return whether a file that the branch changes is another one in the tree that is proposed."""
    root = workshop.merge_base(base, seen)
    theirs = workshop.changed_paths(root, seen) if root else ()
    return not set(theirs).isdisjoint(workshop.changed_paths(seen, wanted))


def _with_branch(
    situation: decide.Situation, workshop: Workshop, base: str, seen: str, style: CommitStyle
) -> decide.Situation:
    """The situation with what the branch has."""
    root = workshop.merge_base(base, seen)
    same = root is not None and workshop.difference(root, seen) == situation.content
    return replace(
        situation,
        # Who starts to sign wants the commit that is there signed too.
        satisfied=same and (style.signing is None or workshop.is_signed(seen)),
        covered=not workshop.changed(seen, situation.proposal.files),
        foreign=tuple(commit for commit in workshop.commits_since(base, seen) if not commit.is_ours),
    )


def _with_forge(situation: decide.Situation, workshop: Workshop, forge: Forge, base: str) -> decide.Situation:
    """Return the state with its change requests, without a request if the branch does not exist."""
    branch, target, seen = situation.proposal.branch, situation.proposal.base, situation.seen
    if situation.gone and not seen:
        return situation
    found = forge.find_open(branch)
    situation = replace(situation, others=tuple(request for request in found if request.base != target))
    if existing := next((request for request in found if request.base == target), None):
        return replace(situation, existing=existing)
    if situation.gone and not situation.foreign:
        return situation
    last = forge.find_last(branch, base=target)
    spent = bool(seen and last and last.merged) and workshop.adds_nothing(str(seen), base)
    return replace(situation, last=last, foreign=() if spent else situation.foreign)
