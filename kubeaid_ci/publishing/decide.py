"""Decides the actions that bring a proposal to an open change request, from the state of the remote."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import ChangeRequest, OnForeignCommits, Outcome, Proposal, Published
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.git.commit import Commit
from kubeaid_ci.publishing import body, comments


@dataclass(frozen=True, slots=True)
class Situation:
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


def decide(situation: Situation, policy: OnForeignCommits) -> Plan:
    """Return what is to be done. The same situation always gives the same plan."""
    foreign = situation.foreign and not _may_overwrite(situation, policy)
    if situation.rival and not foreign and not situation.satisfied:
        return Plan(Outcome.STOPPED, (), (comments.rival(situation.proposal.branch),))
    if situation.gone:
        return _stop(situation) if foreign else _withdraw(situation)
    if situation.last and _was_declined(situation, situation.last):
        return Plan(Outcome.STOPPED, (), (comments.declined(situation.last),))
    if foreign and not situation.covered:
        return _offer(situation, Push(onto_branch=True)) if policy == OnForeignCommits.STACK else _stop(situation)
    if foreign or situation.satisfied:
        return _offer(situation, None)
    return _offer(situation, Push())


def _may_overwrite(situation: Situation, policy: OnForeignCommits) -> bool:
    return policy == OnForeignCommits.OVERWRITE or _handed_back(situation)


def _handed_back(situation: Situation) -> bool:
    return situation.existing is not None and body.read(situation.existing.body).handed_back


def _was_declined(situation: Situation, last: ChangeRequest) -> bool:
    """Return whether somebody closed a change request that proposed exactly this: a no is not asked for twice."""
    offered = body.offered(situation.proposal.title, situation.content)
    return not last.merged and body.read(last.body).content == offered


def _withdraw(situation: Situation) -> Plan:
    """Nothing is proposed any more."""
    steps: list[Step] = []
    proposal, existing = situation.proposal, situation.existing
    if proposal.incomplete and (existing or situation.seen):
        return Plan(Outcome.STOPPED, (), (comments.incomplete(proposal.branch, proposal.incomplete),))
    if existing:
        text = proposal.closing or comments.nothing_left(proposal.base)
        steps += [Say("closed", text), Close(body.withdrawn(existing.body))]
    if situation.others:
        # Without its branch a change request is closed; these are not ours to close.
        message = comments.shared(proposal.branch, situation.others)
        return Plan(Outcome.CLOSED if steps else Outcome.UP_TO_DATE, tuple(steps), (message,))
    if situation.seen:
        steps.append(DeleteBranch())
    return Plan(Outcome.CLOSED if steps else Outcome.UP_TO_DATE, tuple(steps))


def _stop(situation: Situation) -> Plan:
    """Somebody else's commits are there, and they are not ours to touch."""
    proposal = situation.proposal
    text = comments.foreign(proposal.branch, situation.foreign, gone=situation.gone, command=proposal.command)
    steps = (Say("foreign-commits", text),) if situation.existing else ()
    return Plan(Outcome.STOPPED, steps, (text,))


def _offer(situation: Situation, push: Push | None) -> Plan:
    """The branch has, or gets, what is proposed; see to the change request."""
    existing, steps = situation.existing, []
    overwritten = situation.foreign and push is not None and not push.onto_branch
    edit = _edit(situation) if existing else None
    # The tick in the box is spent before the branch moves: it never counts for later commits.
    order: list[Step | None] = [edit, push] if _handed_back(situation) else [push, edit]
    steps = [step for step in order if step is not None]
    if existing and overwritten:
        # Said first, and once for each commit that is replaced: the words must outlive the commits.
        steps.insert(0, Say(f"overwritten:{situation.seen}", comments.overwritten(situation.foreign)))
    closing, messages = _of_other_bases(situation)
    if existing is None and situation.has_forge:
        return Plan(Outcome.CREATED, (*steps, Open(), *closing), messages)
    if existing is None and situation.seen is None:
        return Plan(Outcome.CREATED, tuple(steps), messages)
    return Plan(Outcome.UPDATED if steps else Outcome.UNCHANGED, (*steps, *closing), messages)


def _of_other_bases(situation: Situation) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Close our change requests to other bases: the branch does not hold what they propose. Name other people's."""
    branch, base = situation.proposal.branch, situation.proposal.base
    steps: list[Step] = []
    for request in situation.others:
        if body.is_ours(request.body):
            text = comments.other_base(branch, base, request.base, command=situation.proposal.command)
            steps += [Say("other-base", text, request), Close(body.withdrawn(request.body), request)]
    theirs = [request for request in situation.others if not body.is_ours(request.body)]
    return tuple(steps), (comments.shared(branch, theirs),) if theirs else ()


def _edit(situation: Situation) -> Edit | None:
    """Return the outdated fields of the change request, or None."""
    proposal, existing = situation.proposal, situation.existing
    if existing is None:
        return None
    text = text_of(situation, existing.body)
    renamed = proposal.title != existing.title and body.may_rename(existing)
    edit = Edit(
        title=proposal.title if renamed else None,
        body=None if body.same(text, existing.body) else text,
        draft=_draft(proposal, existing),
    )
    return None if edit == Edit() else edit


def text_of(situation: Situation, existing: str | None, *, draft: bool | None = None) -> str:
    """The text for the change request, put into the one that is there; `draft` where it is another than proposed."""
    proposal = situation.proposal if draft is None else replace(situation.proposal, draft=draft)
    limit, size = situation.body_limit, situation.body_size
    return body.write(existing, proposal, limit, content=situation.content, size=size)


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
