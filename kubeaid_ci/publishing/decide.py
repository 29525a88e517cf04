"""Decides the actions that bring a proposal to an open change request, from the state of the remote."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import ChangeRequest, Outcome, Proposal, Published
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.git.commit import Commit
from kubeaid_ci.publishing import body, comments
from kubeaid_ci.settings.publish import OnForeignCommits


@dataclass(frozen=True, slots=True)
class BranchState:
    """The state of the branch and its change request. `seen` is the commit that the branch ends with."""

    proposal: Proposal
    seen: str | None
    gone: bool
    """The base has all that is proposed already."""
    satisfied: bool = False
    """True if the branch changes exactly what is proposed."""
    covered: bool = False
    """The branch has all that is proposed, perhaps next to other changes."""
    foreign: tuple[Commit, ...] = ()
    existing: ChangeRequest | None = None
    has_forge: bool = True
    body_limit: int = 60_000
    body_size: Size = len
    content: bytes = b""
    """The changes of the proposal, as ``git diff-tree`` prints them."""
    last: ChangeRequest | None = None
    """The newest of the branch's change requests that are merged or closed, where it was requested."""
    rival: bool = False
    """Another run of this program moved the branch while this one ran, with newer content of the same files."""
    others: tuple[ChangeRequest, ...] = ()
    """Open change requests from the branch to other bases."""


@dataclass(frozen=True, slots=True)
class Push:
    """Put the proposal on the branch: on top of the base, or of the branch with its foreign commits."""

    onto_branch: bool = False


@dataclass(frozen=True, slots=True)
class DeleteBranch:
    """Remove the branch from the remote."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a change request."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Change the fields that are not None."""

    title: str | None = None
    body: str | None = None
    draft: bool | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Create or update the comment of this key. `on` is the change request if it is another than the branch's own."""

    key: str
    text: str
    on: ChangeRequest | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close the change request without merging it, with this description. `on` is as in `Say`."""

    body: str
    on: ChangeRequest | None = None


Step = Push | DeleteBranch | Open | Edit | Say | Close


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in order, and what they will have come to."""

    outcome: Outcome
    steps: tuple[Step, ...] = ()
    messages: tuple[str, ...] = ()


def decide(state: BranchState, policy: OnForeignCommits) -> Plan:
    """Return the actions to take. The same state always gives the same plan."""
    foreign = state.foreign and not _may_overwrite(state, policy)
    if state.rival and not foreign and not state.satisfied:
        return Plan(Outcome.STOPPED, (), (comments.rival(state.proposal.branch),))
    if state.gone:
        return _stop(state) if foreign else _withdraw(state)
    if state.last and _was_declined(state, state.last):
        return Plan(Outcome.STOPPED, (), (comments.declined(state.last),))
    if foreign and not state.covered:
        return _offer(state, Push(onto_branch=True)) if policy == OnForeignCommits.STACK else _stop(state)
    if foreign or state.satisfied:
        return _offer(state, None)
    return _offer(state, Push())


def _may_overwrite(state: BranchState, policy: OnForeignCommits) -> bool:
    return policy == OnForeignCommits.OVERWRITE or _handed_back(state)


def _handed_back(state: BranchState) -> bool:
    return state.existing is not None and body.read(state.existing.body).handed_back


def _was_declined(state: BranchState, last: ChangeRequest) -> bool:
    """Return whether somebody closed a change request that proposed exactly this: we do not reopen it."""
    offered = body.proposal_checksum(state.proposal.title, state.content)
    return not last.merged and body.read(last.body).content == offered


def _withdraw(state: BranchState) -> Plan:
    """Nothing is proposed any more."""
    steps: list[Step] = []
    proposal, existing = state.proposal, state.existing
    if proposal.incomplete and (existing or state.seen):
        return Plan(Outcome.STOPPED, (), (comments.incomplete(proposal.branch, proposal.incomplete),))
    if existing:
        text = proposal.closing or comments.nothing_left(proposal.base)
        steps += [Say("closed", text), Close(body.mark_withdrawn(existing.body))]
    if state.others:
        # Without its branch a change request is closed; these are not ours to close.
        message = comments.shared(proposal.branch, state.others)
        return Plan(Outcome.CLOSED if steps else Outcome.UP_TO_DATE, tuple(steps), (message,))
    if state.seen:
        steps.append(DeleteBranch())
    return Plan(Outcome.CLOSED if steps else Outcome.UP_TO_DATE, tuple(steps))


def _stop(state: BranchState) -> Plan:
    """Somebody else's commits are there, and they are not ours to touch."""
    proposal = state.proposal
    text = comments.foreign(proposal.branch, state.foreign, gone=state.gone, command=proposal.command)
    steps = (Say("foreign-commits", text),) if state.existing else ()
    return Plan(Outcome.STOPPED, steps, (text,))


def _offer(state: BranchState, push: Push | None) -> Plan:
    """Return the plan by which the branch and its change request get what is proposed."""
    existing, steps = state.existing, []
    overwritten = state.foreign and push is not None and not push.onto_branch
    edit = _edit(state) if existing else None
    # The tick in the box is spent before the branch moves: it never counts for later commits.
    order: list[Step | None] = [edit, push] if _handed_back(state) else [push, edit]
    steps = [step for step in order if step is not None]
    if existing and overwritten:
        # Said first, and once for each commit that is replaced: the words must outlive the commits.
        steps.insert(0, Say(f"overwritten:{state.seen}", comments.overwritten(state.foreign)))
    closing, messages = _of_other_bases(state)
    if existing is None and state.has_forge:
        return Plan(Outcome.CREATED, (*steps, Open(), *closing), messages)
    if existing is None and state.seen is None:
        return Plan(Outcome.CREATED, tuple(steps), messages)
    return Plan(Outcome.UPDATED if steps else Outcome.UNCHANGED, (*steps, *closing), messages)


def _of_other_bases(state: BranchState) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Close our change requests to other bases: the branch does not hold what they propose. Name other people's."""
    branch, base = state.proposal.branch, state.proposal.base
    steps: list[Step] = []
    for request in state.others:
        if body.is_ours(request.body):
            text = comments.other_base(branch, base, request.base, command=state.proposal.command)
            steps += [Say("other-base", text, request), Close(body.mark_withdrawn(request.body), request)]
    theirs = [request for request in state.others if not body.is_ours(request.body)]
    return tuple(steps), (comments.shared(branch, theirs),) if theirs else ()


def _edit(state: BranchState) -> Edit | None:
    """Return the outdated fields of the change request, or None."""
    proposal, existing = state.proposal, state.existing
    if existing is None:
        return None
    text = text_of(state, existing.body)
    renamed = proposal.title != existing.title and body.may_rename(existing)
    edit = Edit(
        title=proposal.title if renamed else None,
        body=None if body.same(text, existing.body) else text,
        draft=_draft(proposal, existing),
    )
    return None if edit == Edit() else edit


def text_of(state: BranchState, existing: str | None, *, draft: bool | None = None) -> str:
    """Return the description with our part replaced; `draft` is set if the state differs from the proposal."""
    proposal = state.proposal if draft is None else replace(state.proposal, draft=draft)
    limit, size = state.body_limit, state.body_size
    return body.write(existing, proposal, limit, content=state.content, size=size)


def _draft(proposal: Proposal, existing: ChangeRequest) -> bool | None:
    """Return whether to make a draft of it or to make it ready; what a person made of it stays."""
    ours = body.read(existing.body).draft
    if proposal.draft and not ours and not existing.draft:
        return True
    if not proposal.draft and ours and existing.draft:
        return False
    return None


def wants_auto_merge(proposal: Proposal, request: ChangeRequest, done: Published) -> bool:
    """Return whether to ask the forge to merge it: once for each commit if the forge does not report the setting."""
    if not proposal.auto_merge or proposal.draft or request.auto_merge or not done.head:
        return False
    moved = done.outcome is Outcome.CREATED or done.head != request.head_sha
    return moved or request.auto_merge is False


def check_paths(paths: Iterable[str]) -> None:
    """Raise `UserError` for a path that does not stay inside the repository, or is Git's own."""
    for path in paths:
        parts = PurePosixPath(path).parts
        wrong = not parts or path.startswith("/") or str(PurePosixPath(path)) != path or "\0" in path
        if wrong or ".." in parts or any(part.lower() == ".git" for part in parts):
            raise UserError(f"not a path inside the repository: {path!r}")
