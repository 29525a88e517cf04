"""Bring one proposal to an open change request, whatever state the branch and the forge are in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.forge import github_commits
from kubeaid_ci.forge.change_request import ChangeRequest, Outcome, Proposal, Published
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.forge.interface import Forge, ForgeError, find_or_create, upsert_comment
from kubeaid_ci.git import remote
from kubeaid_ci.git.commit import CommitStyle, commit_message
from kubeaid_ci.git.commit_repository import CommitRepository, PushRefusedError
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.publishing import body, branches, preview
from kubeaid_ci.publishing import comments as texts
from kubeaid_ci.publishing import decide as publish
from kubeaid_ci.publishing.preview import page
from kubeaid_ci.publishing.remote_state import RemoteState, read_remote_state
from kubeaid_ci.settings.publish import CommitVia, OnForeignCommits, PublishOptions

# How often the branch is read again because another run moved it. A lost race means that another run made progress,
# so a run that can take in what the others published needs at most as many tries as there are runs.
_TRIES, _TRIES_WITH_REFRESH = 3, 20

Refresh = Callable[[], tuple[Proposal, tuple[str, ...], Heads]]
"""Returns the proposal again with what other runs have published, the names of its clusters, and the remote's branches
that this was decided from."""


# GitLab and Gitea take titles of 255 characters, GitHub of 256; for a draft a prefix is part of the title.
_LONGEST_TITLE = 240


class _OvertakenError(Exception):
    """Another run moved the branch, or opened its change request, after they were read."""


def publish_proposal(
    proposal: Proposal,
    repository: CommitRepository,
    forge: Forge | None,
    *,
    style: CommitStyle,
    options: PublishOptions,
    clusters: Sequence[str] = (),
    heads: Heads | None = None,
    refresh: Refresh | None = None,
) -> Published:
    """Create, update, close or keep the change request of the proposal's branch.

    The proposal gets the people, labels and states of the options. Without a forge only the branch is pushed. A dry
    run reads the remote and does nothing else. `heads` are the remote's branches if they were read a moment ago.
    `refresh` is called after another run moved the branch. Every path is safe to run again.

    Raises `UserError` for a proposal that cannot be made, `OutsideError` if the remote or the forge refuses, or if
    other runs keep moving the branch; what was done so far is kept, and the next run continues from it.
    """
    _check(proposal, forge, options)
    done: Published | None = None
    for attempt in range(_TRIES_WITH_REFRESH if refresh else _TRIES):
        if attempt and refresh:
            proposal, clusters, heads = refresh()
        elif attempt:
            heads = None
        wanted, left_out = _without_ignored(_with_options(proposal, options), repository)
        reached = None if options.dry_run else forge
        remote_state = read_remote_state(wanted, repository, reached, style, overtaken=attempt > 0, heads=heads)
        if refresh and heads and remote_state.branch.seen != heads.commits.get(proposal.branch):
            continue  # it moved between the decision what belongs to it and now
        plan = publish.decide(remote_state.branch, options.on_foreign_commits or OnForeignCommits.STOP)
        plan = replace(plan, messages=(*left_out, *plan.messages))
        if options.preview and not remote_state.branch.gone:
            _write_preview(remote_state, repository, Path(options.preview))
        if options.dry_run:
            return replace(_published(remote_state, plan, clusters), dry_run=True)
        executor = _Executor(remote_state, plan, repository, forge, style, options.commit_via or CommitVia.GIT)
        try:
            done = _strongest(executor.run(clusters), done)
        except _OvertakenError:
            continue
        if refresh is None or not _describes(plan) or _is_at(repository, done):
            return done
    if refresh:
        raise OutsideError(f"{repository.access.url}: {texts.kept_moving(proposal.branch)}")
    message = texts.rival(proposal.branch)
    return _published(remote_state, publish.Plan(Outcome.STOPPED, (), (message,)), clusters)


def _with_options(proposal: Proposal, options: PublishOptions) -> Proposal:
    """Return the proposal with the people, labels and states that the options ask for, besides its own."""
    return replace(
        proposal,
        labels=(*proposal.labels, *options.labels),
        reviewers=options.reviewers,
        team_reviewers=options.team_reviewers,
        assignees=options.assignees,
        milestone=options.milestone,
        draft=proposal.draft or bool(options.draft),
        auto_merge=bool(options.auto_merge),
    )


def _describes(plan: publish.Plan) -> bool:
    """Return whether a plan writes the description of a change request."""
    return any(isinstance(step, publish.Open | publish.Edit) for step in plan.steps)


def _is_at(repository: CommitRepository, done: Published) -> bool:
    """Return whether the branch is still what we described. If not, another run's description may be overwritten."""
    return remote.remote_head(repository.access, done.branch) == done.head


def _strongest(now: Published, before: Published | None) -> Published:
    """Return the result of the last try with the outcome of all: what was created stays created."""
    order = (Outcome.UNCHANGED, Outcome.UPDATED, Outcome.CREATED)
    if before is None or now.outcome not in order or before.outcome not in order:
        return now
    return replace(now, outcome=max(now.outcome, before.outcome, key=order.index))


def _check(proposal: Proposal, forge: Forge | None, options: PublishOptions) -> None:
    publish.check_paths(proposal.files)
    if len(proposal.title) > _LONGEST_TITLE:
        raise UserError(
            f"the title of {proposal.branch} has {len(proposal.title)} characters; write at most {_LONGEST_TITLE}"
        )
    if proposal.branch == proposal.base:
        raise UserError(f"{proposal.branch}: a branch cannot be proposed to itself")
    made_by_github = forge is not None and forge.address.kind is ForgeKind.GITHUB
    if options.commit_via == CommitVia.API and not made_by_github and not options.dry_run:
        raise UserError("--commit-via api: only GitHub makes commits; leave the option out")


def _without_ignored(proposal: Proposal, repository: CommitRepository) -> tuple[Proposal, tuple[str, ...]]:
    """Return the proposal without new files that the repository's ignore files name, and a word about them."""
    ignored = repository.ignored([path for path, data in proposal.files.items() if data is not None])
    if not ignored:
        return proposal, ()
    wanted = {path: data for path, data in proposal.files.items() if path not in ignored}
    names = ", ".join(sorted(ignored)[:5])
    return replace(proposal, files=wanted), (f"left out {len(ignored)} files that Git is to ignore: {names}",)


@dataclass(slots=True)
class _Executor:
    """Does the steps of one plan, and collects the warnings."""

    remote_state: RemoteState
    plan: publish.Plan
    repository: CommitRepository
    forge: Forge | None
    style: CommitStyle
    commit_via: CommitVia
    warnings: tuple[str, ...] = ()

    def run(self, clusters: Sequence[str]) -> Published:
        """Do all steps. Raises `_OvertakenError` if another run moved the branch or opened its change request."""
        done = _published(self.remote_state, self.plan, clusters)
        request = self.remote_state.branch.existing
        for step in self.plan.steps:
            match step:
                case publish.Push(onto_branch):
                    done = replace(done, head=self._push(onto_branch=onto_branch))
                case publish.DeleteBranch():
                    done = self._delete(done)
                case publish.Open() if self.forge:
                    request, created = self._open(self.forge)
                    if not created:
                        raise _OvertakenError(request.url)
                case _ if self.forge and request:
                    self._talk(self.forge, request, step)
        if self.forge is None or request is None:
            return done
        self._finish(self.forge, request, done)
        return replace(done, number=request.number, url=request.url, messages=(*done.messages, *self.warnings))

    def _delete(self, done: Published) -> Published:
        """Delete the branch. If the remote forbids that, nothing is lost: a note reports it."""
        try:
            self._move(None)
        except PushRefusedError as refusal:
            nothing_else = len(self.plan.steps) == 1
            outcome = Outcome.UP_TO_DATE if nothing_else else done.outcome
            return replace(done, outcome=outcome, messages=(*done.messages, texts.not_deleted(done.branch, refusal)))
        return replace(done, head=None)

    def _push(self, *, onto_branch: bool) -> str:
        proposal, parent = self.remote_state.branch.proposal, self.remote_state.base
        if onto_branch and self.remote_state.branch.seen:
            parent = self.remote_state.branch.seen
        tree = self.repository.tree_with(parent, proposal.files)
        difference = self.repository.difference(parent, tree)
        message = commit_message(proposal.title, difference, self.style, base=self.remote_state.base)
        if self.commit_via == CommitVia.API and self.forge:
            changed = self.repository.changed(parent, proposal.files)
            base_tree = self.repository.tree_of(parent)
            new = github_commits.commit(
                self.forge, parent, base_tree=base_tree, tree=tree, changed=changed, message=message
            )
        else:
            new = self.repository.commit(tree, parent, message=message, style=self.style)
        self._move(new)
        return new

    def _move(self, new: str | None) -> None:
        branch, seen = self.remote_state.branch.proposal.branch, self.remote_state.branch.seen
        if new and self.commit_via == CommitVia.API and self.forge:
            moved = github_commits.move(self.forge, self.repository.access, branch, new=new, seen=seen)
        else:
            moved = self.repository.push(branch, new=new, seen=seen)
        if not moved:
            raise _OvertakenError(branch)

    def _open(self, forge: Forge) -> tuple[ChangeRequest, bool]:
        state = self.remote_state.branch
        proposal, text = state.proposal, publish.text_of(state, None)
        try:
            return find_or_create(forge, proposal, title=proposal.title, body=text)
        except ForgeError as error:
            if error.status != 422 or not proposal.draft:
                raise
            # GitHub has no drafts in private repositories of its free plan.
            ready, text = replace(proposal, draft=False), publish.text_of(state, None, draft=False)
            opened = find_or_create(forge, ready, title=proposal.title, body=text)
            self.warnings += (f"not a draft: {error}",)
            return opened

    def _talk(self, forge: Forge, request: ChangeRequest, step: publish.Step) -> None:
        match step:
            case publish.Say(key, text, on):
                upsert_comment(forge, on or request, key, text)
            case publish.Close(text, on):
                forge.close(on or request, body=text)
            case publish.Edit():
                self._edit(forge, request, step)

    def _edit(self, forge: Forge, request: ChangeRequest, step: publish.Edit) -> None:
        draft = None
        if step.draft is not None:
            failed = _attempt(partial(forge.set_draft, request, draft=step.draft))
            self.warnings += failed
            # The text must match the state: the next run tries again.
            draft = not step.draft if failed else step.draft
            request = replace(request, draft=draft)
        text = None
        if step.body is not None:
            # Read again: somebody may have written a note since the first look, while the push took its time.
            now = next((one for one in forge.find_open(request.head) if one.number == request.number), request)
            wanted = publish.text_of(self.remote_state.branch, now.body, draft=draft)
            text = None if body.same(wanted, now.body) else wanted
        if (step.title, text) != (None, None):
            forge.edit(request, title=step.title, body=text)

    def _finish(self, forge: Forge, request: ChangeRequest, done: Published) -> None:
        """Labels, reviewers, auto-merge, old branches: none of them is worth losing the change request."""
        if done.outcome not in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED):
            return
        proposal = self.remote_state.branch.proposal
        self.warnings += forge.set_metadata(request, proposal)
        if publish.wants_auto_merge(proposal, request, done):
            self.warnings += _attempt(partial(forge.auto_merge, replace(request, head_sha=done.head or "")))
        for old in sorted({*branches.OLD, *proposal.supersedes} & set(self.remote_state.heads.commits)):
            self.warnings += _attempt(partial(_retire, forge, old, proposal.base, request))


def _attempt(act: Callable[[], None]) -> tuple[str, ...]:
    try:
        act()
    except OutsideError as error:
        return (str(error),)
    return ()


def _retire(forge: Forge, branch: str, base: str, request: ChangeRequest) -> None:
    """Close what the earlier scripts or releases opened, with a pointer to what takes its place."""
    for old in forge.find_open(branch):
        if old.base == base:
            upsert_comment(forge, old, "superseded", texts.superseded(request.url))
            forge.close(old)


def _published(remote_state: RemoteState, plan: publish.Plan, clusters: Sequence[str]) -> Published:
    state = remote_state.branch
    proposal, existing = state.proposal, state.existing
    return Published(
        tuple(clusters),
        plan.outcome,
        existing.number if existing else None,
        existing.url if existing else None,
        proposal.branch,
        proposal.base,
        state.seen,
        plan.messages,
        title=proposal.title,
        labels=proposal.labels,
        reviewers=proposal.reviewers,
        team_reviewers=proposal.team_reviewers,
        assignees=proposal.assignees,
        milestone=proposal.milestone,
        draft=proposal.draft,
        auto_merge=proposal.auto_merge,
    )


def _write_preview(remote_state: RemoteState, repository: CommitRepository, folder: Path) -> None:
    proposal = remote_state.branch.proposal
    whole = replace(proposal, body=proposal.whole or proposal.body)
    text = body.write(None, whole, body.NO_LIMIT, content=remote_state.branch.content)
    preview.write(
        folder,
        proposal.branch,
        page=page(proposal, text),
        patch=repository.patch(remote_state.base, remote_state.wanted),
    )
