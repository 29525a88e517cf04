"""What is to be done to bring a proposal to an open change request, decided from what was seen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.change_request import ChangeRequest
from kubeaid_ci.model.commit import Commit
from kubeaid_ci.model.publication import OnForeignCommits, Outcome, Proposal, Published
from kubeaid_ci.plan import body, comments


@dataclass(frozen=True, slots=True)
class Situation:
    """What was seen of the branch and its change request. `seen` is the commit that the branch ends with."""

    proposal: Proposal
    seen: str | None
    gone: bool
    """The base has all that is proposed already."""
    satisfied: bool = False
    """What the branch changes against the base is exactly what is proposed."""
    covered: bool = False
    """The branch has all that is proposed, perhaps beside other changes."""
    foreign: tuple[Commit, ...] = ()
    existing: ChangeRequest | None = None
    has_forge: bool = True
    body_limit: int = 60_000
    content: bytes = b""
    """What the proposal changes, as ``git diff-tree`` tells it."""
    last: ChangeRequest | None = None
    """The newest of the branch's change requests that are merged or closed, where it was asked for."""
    rival: bool = False
    """Another run of ours moved the branch while this one ran, and its content is not older."""


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
    """Change what is not nothing."""

    title: str | None = None
    body: str | None = None
    base: str | None = None
    draft: bool | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Have one comment of this key say this."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the change request without merging it, with this text."""

    body: str


Step = Push | DeleteBranch | Open | Edit | Say | Close


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in order, and what they will have come to."""

    outcome: Outcome
    steps: tuple[Step, ...] = ()
    messages: tuple[str, ...] = ()


def decide(situation: Situation, policy: OnForeignCommits) -> Plan:
    """What is to be done. The same situation always gives the same plan."""
    foreign = situation.foreign and not _may_overwrite(situation, policy)
    if situation.gone:
        return _stop(situation) if foreign else _withdraw(situation)
    if situation.last and _was_declined(situation, situation.last):
        return Plan(Outcome.STOPPED, (), (comments.declined(situation.last),))
    if situation.rival and not foreign and not situation.satisfied:
        return Plan(Outcome.STOPPED, (), (comments.rival(situation.proposal.branch),))
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
    """Whether somebody closed a change request that proposed exactly this: a no is not asked for twice."""
    offered = body.offered(situation.proposal.title, situation.content)
    return not last.merged and body.read(last.body).content == offered


def _withdraw(situation: Situation) -> Plan:
    """Nothing is proposed any more."""
    steps: list[Step] = []
    proposal, existing = situation.proposal, situation.existing
    if proposal.incomplete and (existing or situation.seen):
        return Plan(Outcome.STOPPED, (), (comments.incomplete(proposal.branch, proposal.incomplete),))
    if existing:
        steps += [Say("closed", comments.nothing_left(proposal.base)), Close(body.withdrawn(existing.body))]
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
    if existing is None and situation.has_forge:
        return Plan(Outcome.CREATED, (*steps, Open()))
    if existing is None and situation.seen is None:
        return Plan(Outcome.CREATED, tuple(steps))
    return Plan(Outcome.UPDATED if steps else Outcome.UNCHANGED, tuple(steps))


def _edit(situation: Situation) -> Edit | None:
    """What differs in the change request from what it should say, or nothing."""
    proposal, existing = situation.proposal, situation.existing
    if existing is None:
        return None
    text = text_of(situation, existing.body)
    renamed = proposal.title != existing.title and body.may_rename(existing)
    edit = Edit(
        title=proposal.title if renamed else None,
        body=None if body.same(text, existing.body) else text,
        base=None if proposal.base == existing.base else proposal.base,
        draft=_draft(proposal, existing),
    )
    return None if edit == Edit() else edit


def text_of(situation: Situation, existing: str | None, *, draft: bool | None = None) -> str:
    """The text for the change request, put into the one that is there; `draft` where it is another than proposed."""
    proposal = situation.proposal if draft is None else replace(situation.proposal, draft=draft)
    return body.write(existing, proposal, situation.body_limit, content=situation.content)


def _draft(proposal: Proposal, existing: ChangeRequest) -> bool | None:
    """Whether to make a draft of it or to make it ready; what a person made of it stays."""
    ours = body.read(existing.body).draft
    if proposal.draft and not ours and not existing.draft:
        return True
    if not proposal.draft and ours and existing.draft:
        return False
    return None


def wants_auto_merge(proposal: Proposal, request: ChangeRequest, done: Published) -> bool:
    """Whether to ask the forge to merge it: once for each commit where the forge does not say if it will."""
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
