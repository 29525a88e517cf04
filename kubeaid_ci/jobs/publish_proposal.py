"""Bring one proposal to an open change request, whatever state the branch and the forge are in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kubeaid_ci.edges.files import write_atomically
from kubeaid_ci.edges.forges import github_commits
from kubeaid_ci.edges.forges.interface import Forge, Trouble, open_once, say_once
from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.edges.git_workshop import Workshop
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.jobs.publish_scene import Scene, look
from kubeaid_ci.model.change_request import ChangeRequest
from kubeaid_ci.model.commit import CommitStyle
from kubeaid_ci.model.forge import ForgeKind
from kubeaid_ci.model.publication import CommitVia, OnForeignCommits, Outcome, Proposal, Published
from kubeaid_ci.plan import body, branches, commits, publish
from kubeaid_ci.plan import comments as texts

# The branch is looked at again so many times where others move it under our hands.
_LOOKS = 3


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
    heads: Heads | None = None,
) -> Published:
    """Create, update, close or leave alone the change request of the proposal's branch.

    Without a forge only the branch is pushed. `dry_run` reads the remote and does nothing else.
    `preview` is a folder that gets the whole text and a patch. `heads` are the remote's branches where they
    were asked for a moment ago. Every path is safe to run again.

    Raises `UserError` for a proposal that cannot be made, `OutsideError` where the remote or the forge
    refuses; what was done up to there stands, and the next run goes on from it.
    """
    _check(proposal, forge, commit_via, dry_run=dry_run)
    proposal, left_out = _without_ignored(proposal, workshop)
    overtaken = False
    for _ in range(_LOOKS):
        scene = look(proposal, workshop, None if dry_run else forge, style, overtaken=overtaken, heads=heads)
        plan = publish.decide(scene.situation, on_foreign_commits)
        plan = replace(plan, messages=(*left_out, *plan.messages))
        if preview and not scene.situation.gone:
            _write_preview(scene, workshop, preview)
        if dry_run:
            return replace(_published(scene, plan, clusters), dry_run=True)
        try:
            return _Act(scene, plan, workshop, forge, style, commit_via).run(clusters)
        except _OvertakenError:
            overtaken, heads = True, None
    message = texts.rival(proposal.branch)
    return _published(scene, publish.Plan(Outcome.STOPPED, (), (message,)), clusters)


def _check(proposal: Proposal, forge: Forge | None, commit_via: CommitVia, *, dry_run: bool) -> None:
    publish.check_paths(proposal.files)
    if proposal.branch == proposal.base:
        raise UserError(f"{proposal.branch}: a branch cannot be proposed to itself")
    made_by_github = forge is not None and forge.address.kind is ForgeKind.GITHUB
    if commit_via == CommitVia.API and not made_by_github and not dry_run:
        raise UserError("--commit-via api: only GitHub makes commits; leave the option out")


def _without_ignored(proposal: Proposal, workshop: Workshop) -> tuple[Proposal, tuple[str, ...]]:
    """The proposal without new files that the repository's ignore files name, and a word about them."""
    ignored = workshop.ignored([path for path, data in proposal.files.items() if data is not None])
    if not ignored:
        return proposal, ()
    kept = {path: data for path, data in proposal.files.items() if path not in ignored}
    names = ", ".join(sorted(ignored)[:5])
    return replace(proposal, files=kept), (f"left out {len(ignored)} files that Git is to ignore: {names}",)


@dataclass(slots=True)
class _Act:
    """Does the steps of one plan, and keeps what they come to."""

    scene: Scene
    plan: publish.Plan
    workshop: Workshop
    forge: Forge | None
    style: CommitStyle
    commit_via: CommitVia
    warnings: tuple[str, ...] = ()

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
                case publish.Open() if self.forge:
                    request, created = self._open(self.forge)
                    done = done if created else replace(done, outcome=Outcome.UPDATED)
                case _ if self.forge and request:
                    self._talk(self.forge, request, step)
        if self.forge is None or request is None:
            return done
        self._finish(self.forge, request, done)
        return replace(done, number=request.number, url=request.url, messages=(*done.messages, *self.warnings))

    def _push(self, *, onto_branch: bool) -> str:
        proposal, parent = self.scene.situation.proposal, self.scene.base
        if onto_branch and self.scene.situation.seen:
            parent = self.scene.situation.seen
        tree = self.workshop.tree_with(parent, proposal.files)
        difference = self.workshop.difference(parent, tree)
        message = commits.message(proposal.title, difference, self.style, base=self.scene.base)
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

    def _open(self, forge: Forge) -> tuple[ChangeRequest, bool]:
        situation = self.scene.situation
        proposal, text = situation.proposal, publish.text_of(situation, None)
        try:
            return open_once(forge, proposal, title=proposal.title, body=text)
        except Trouble as trouble:
            if trouble.status != 422 or not proposal.draft:
                raise
            # GitHub has no drafts in private repositories of its free plan.
            ready, text = replace(proposal, draft=False), publish.text_of(situation, None, draft=False)
            opened = open_once(forge, ready, title=proposal.title, body=text)
            self.warnings += (f"not a draft: {trouble}",)
            return opened

    def _talk(self, forge: Forge, request: ChangeRequest, step: publish.Step) -> None:
        match step:
            case publish.Say(key, text):
                say_once(forge, request, key, text)
            case publish.Close(text):
                forge.close(request, body=text)
            case publish.Edit():
                self._edit(forge, request, step)

    def _edit(self, forge: Forge, request: ChangeRequest, step: publish.Edit) -> None:
        draft = None
        if step.draft is not None:
            failed = _attempt(partial(forge.set_draft, request, draft=step.draft))
            self.warnings += failed
            # What the text says is what is so: the next run tries again.
            draft = not step.draft if failed else step.draft
            request = replace(request, draft=draft)
        text = None
        if step.body is not None:
            # Read again: somebody may have written a note since the first look, while the push took its time.
            now = next((one for one in forge.find_open(request.head) if one.number == request.number), request)
            wanted = publish.text_of(self.scene.situation, now.body, draft=draft)
            text = None if body.same(wanted, now.body) else wanted
        if (step.title, text, step.base) != (None, None, None):
            forge.edit(request, title=step.title, body=text, base=step.base)

    def _finish(self, forge: Forge, request: ChangeRequest, done: Published) -> None:
        """Labels, reviewers, auto-merge, old branches: none of them is worth losing the change request."""
        if done.outcome not in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED):
            return
        proposal = self.scene.situation.proposal
        self.warnings += forge.decorate(request, proposal)
        if publish.wants_auto_merge(proposal, request, done):
            self.warnings += _attempt(partial(forge.auto_merge, replace(request, head_sha=done.head or "")))
        for old in sorted(set(branches.OLD) & set(self.scene.heads.commits)):
            self.warnings += _attempt(partial(_retire, forge, old, proposal.base, request))


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


def _write_preview(scene: Scene, workshop: Workshop, folder: Path) -> None:
    proposal = scene.situation.proposal
    whole = replace(proposal, body=proposal.whole or proposal.body)
    text = body.write(None, whole, body.NO_LIMIT, content=scene.situation.content)
    stem = proposal.branch.replace("/", "-")
    write_atomically(folder / f"{stem}.md", f"{text}\n".encode())
    write_atomically(folder / f"{stem}.patch", workshop.patch(scene.base, scene.wanted))
