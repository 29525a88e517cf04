"""Bring one proposal to an open change request, whatever state the branch and the forge are in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kubeaid_ci.edges.forges import github_commits
from kubeaid_ci.edges.forges.interface import Forge, open_once, say_once
from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.edges.git_workshop import Workshop
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.model.change_request import ChangeRequest
from kubeaid_ci.model.commit import CommitStyle
from kubeaid_ci.model.forge import ForgeKind
from kubeaid_ci.model.publication import CommitVia, OnForeignCommits, Outcome, Proposal, Published
from kubeaid_ci.plan import body, commits, publish
from kubeaid_ci.plan import comments as texts

# The branch is looked at again so many times where others move it under our hands.
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """What was seen, with the names of the commits and trees that acting on it needs."""

    situation: publish.Situation
    heads: Heads
    base: str
    wanted: str
    """The tree to propose."""


class _OvertakenError(Exception):
    """Somebody else moved the branch after it was looked at; nothing was done to it."""


def publish_proposal(
    proposal: Proposal,
    workshop: Workshop,
    forge: Forge | None,
    *,
    style: CommitStyle,
    clusters: Sequence[str] = (),
    on_foreign_commits: OnForeignCommits = OnForeignCommits.STOP,
    commit_via: CommitVia = CommitVia.GIT,
    preview: Path | None = None,
    dry_run: bool = False,
) -> Published:
    """Create, update, close or leave alone the change request of the proposal's branch.

    Without a forge only the branch is pushed. `dry_run` reads the remote and does nothing else;
    `preview` is a folder that then gets the text and a patch. Every path is safe to run again.

    Raises `UserError` for a proposal that cannot be made, `OutsideError` where the remote or the forge
    refuses; what was done up to there stands, and the next run goes on from it.
    """
    _check(proposal, forge, commit_via)
    proposal, left_out = _without_ignored(proposal, workshop)
    overtaken = False
    for _ in range(_LOOKS):
        scene = _look(proposal, workshop, None if dry_run else forge, style, overtaken=overtaken)
        plan = publish.decide(scene.situation, on_foreign_commits)
        plan = replace(plan, messages=(*left_out, *plan.messages))
        if dry_run:
            _write_preview(scene, workshop, preview)
            return _published(scene, plan, clusters)
        try:
            return _Act(scene, plan, workshop, forge, style, commit_via).run(clusters)
        except _OvertakenError:
            overtaken = True
    message = texts.rival(proposal.branch)
    return _published(scene, publish.Plan(Outcome.STOPPED, (), (message,)), clusters)


def _check(proposal: Proposal, forge: Forge | None, commit_via: CommitVia) -> None:
    publish.check_paths(proposal.files)
    if proposal.branch == proposal.base:
        raise UserError(f"{proposal.branch}: a branch cannot be proposed to itself")
    if commit_via == CommitVia.API and (forge is None or forge.address.kind is not ForgeKind.GITHUB):
        raise UserError("--commit-via api: only GitHub makes commits; leave the option out")


def _without_ignored(proposal: Proposal, workshop: Workshop) -> tuple[Proposal, tuple[str, ...]]:
    """The proposal without new files that the repository's ignore files name, and a word about them."""
    ignored = workshop.ignored([path for path, data in proposal.files.items() if data is not None])
    if not ignored:
        return proposal, ()
    kept = {path: data for path, data in proposal.files.items() if path not in ignored}
    names = ", ".join(sorted(ignored)[:5])
    return replace(proposal, files=kept), (f"left out {len(ignored)} files that Git is to ignore: {names}",)


def _look(proposal: Proposal, workshop: Workshop, forge: Forge | None, style: CommitStyle, *, overtaken: bool) -> Scene:
    heads = workshop.see(*publish.looked_at(proposal), fetch=(proposal.base, proposal.branch))
    base, seen = heads.commits.get(proposal.base), heads.commits.get(proposal.branch)
    if base is None:
        raise UserError(f"{workshop.access.url}: has no branch {proposal.base} to propose to")
    if other := publish.branch_in_the_way(proposal.branch, heads.commits):
        raise UserError(texts.in_the_way(proposal.branch, other))
    wanted = workshop.tree_with(base, proposal.files)
    gone = wanted == workshop.tree_of(base)
    existing = None
    if forge and (seen or not gone):
        existing = next(iter(forge.find_open(proposal.branch)), None)
    situation = publish.Situation(proposal, seen, gone, existing=existing, has_forge=forge is not None)
    situation = replace(situation, body_limit=forge.body_limit if forge else body.NO_LIMIT)
    if seen:
        situation = _with_branch(situation, workshop, base, seen, wanted)
        date = max(style.date or 0, workshop.date_of(base))
        situation = replace(situation, rival=overtaken and workshop.date_of(seen) >= date)
    return Scene(situation, heads, base, wanted)


def _with_branch(
    situation: publish.Situation, workshop: Workshop, base: str, seen: str, wanted: str
) -> publish.Situation:
    """The situation with what the branch has."""
    root = workshop.merge_base(base, seen)
    return replace(
        situation,
        satisfied=root is not None and workshop.difference(root, seen) == workshop.difference(base, wanted),
        covered=not workshop.changed(seen, situation.proposal.files),
        foreign=tuple(commit for commit in workshop.commits_since(base, seen) if not commit.is_ours),
    )


@dataclass(slots=True)
class _Act:
    """Does the steps of one plan, and keeps what they come to."""

    scene: Scene
    plan: publish.Plan
    workshop: Workshop
    forge: Forge | None
    style: CommitStyle
    commit_via: CommitVia

    def run(self, clusters: Sequence[str]) -> Published:
        """Do all steps; raises `_OvertakenError` where the branch moved meanwhile."""
        done = _published(self.scene, self.plan, clusters)
        request = self.scene.situation.existing
        for step in self.plan.steps:
            match step:
                case publish.Push(onto_branch):
                    done = replace(done, head=self._push(onto_branch=onto_branch))
                case publish.DeleteBranch():
                    self._move(None)
                    done = replace(done, head=None)
                case publish.Open(title, text):
                    request, created = self._open(title, text)
                    done = done if created else replace(done, outcome=Outcome.UPDATED)
                case _ if self.forge and request:
                    self._talk(self.forge, request, step)
        if self.forge is None or request is None:
            return done
        warnings = self._finish(self.forge, request, done)
        return replace(done, number=request.number, url=request.url, messages=(*done.messages, *warnings))

    def _push(self, *, onto_branch: bool) -> str:
        proposal, parent = self.scene.situation.proposal, self.scene.base
        if onto_branch and self.scene.situation.seen:
            parent = self.scene.situation.seen
        tree = self.workshop.tree_with(parent, proposal.files)
        message = commits.message(proposal.title, self.workshop.difference(parent, tree), self.style)
        if self.commit_via == CommitVia.API and self.forge:
            changed = self.workshop.changed(parent, proposal.files)
            base_tree = self.workshop.tree_of(parent)
            new = github_commits.commit(
                self.forge, parent, base_tree=base_tree, tree=tree, changed=changed, message=message
            )
        else:
            new = self.workshop.commit(tree, parent, message=message, style=self.style)
        self._move(new)
        return new

    def _move(self, new: str | None) -> None:
        branch, seen = self.scene.situation.proposal.branch, self.scene.situation.seen
        if new and self.commit_via == CommitVia.API and self.forge:
            moved = github_commits.move(self.forge, self.workshop.access, branch, new=new, seen=seen)
        else:
            moved = self.workshop.push(branch, new=new, seen=seen)
        if not moved:
            raise _OvertakenError(branch)

    def _open(self, title: str, text: str) -> tuple[ChangeRequest | None, bool]:
        if self.forge is None:
            return None, True
        return open_once(self.forge, self.scene.situation.proposal, title=title, body=text)

    def _talk(self, forge: Forge, request: ChangeRequest, step: publish.Step) -> None:
        match step:
            case publish.Say(key, text):
                say_once(forge, request, key, text)
            case publish.Close():
                forge.close(request)
            case publish.Edit(title, text, base, draft):
                if draft is not None:
                    forge.set_draft(request, draft=draft)
                    request = replace(request, draft=draft)
                if (title, text, base) != (None, None, None):
                    forge.edit(request, title=title, body=text, base=base)

    def _finish(self, forge: Forge, request: ChangeRequest, done: Published) -> tuple[str, ...]:
        """Labels, reviewers, auto-merge, old branches: none of them is worth losing the change request."""
        if done.outcome not in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED):
            return ()
        proposal = self.scene.situation.proposal
        warnings = forge.decorate(request, proposal)
        if publish.wants_auto_merge(proposal, request, done):
            published = replace(request, head_sha=done.head or "")
            warnings += _attempt(lambda: forge.auto_merge(published))
        for old in set(publish.OLD_BRANCHES) & set(self.scene.heads.commits):
            warnings += _attempt(partial(_retire, forge, old, proposal.base, request))
        return warnings


def _attempt(act: Callable[[], None]) -> tuple[str, ...]:
    try:
        act()
    except OutsideError as error:
        return (str(error),)
    return ()


def _retire(forge: Forge, branch: str, base: str, request: ChangeRequest) -> None:
    """Close what the earlier scripts opened, with a pointer to what takes its place."""
    for old in forge.find_open(branch):
        if old.base == base:
            say_once(forge, old, "superseded", texts.superseded(request.url))
            forge.close(old)


def _published(scene: Scene, plan: publish.Plan, clusters: Sequence[str]) -> Published:
    situation = scene.situation
    existing = situation.existing
    return Published(
        tuple(clusters),
        plan.outcome,
        existing.number if existing else None,
        existing.url if existing else None,
        situation.proposal.branch,
        situation.proposal.base,
        situation.seen,
        plan.messages,
    )


def _write_preview(scene: Scene, workshop: Workshop, folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    proposal = scene.situation.proposal
    stem = proposal.branch.replace("/", "-")
    (folder / f"{stem}.md").write_text(body.write(None, proposal, scene.situation.body_limit) + "\n")
    (folder / f"{stem}.patch").write_bytes(workshop.patch(scene.base, scene.wanted))
