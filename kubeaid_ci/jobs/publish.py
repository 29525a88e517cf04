"""From a build to open change requests on the config repo."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.errors import KubeaidCiError, OutsideError
from kubeaid_ci.jobs.build import build_clusters
from kubeaid_ci.jobs.publish_desk import Desk, set_up
from kubeaid_ci.jobs.publish_target import Target, resolve
from kubeaid_ci.model.build import BuildResult, Builds, BuildStatus
from kubeaid_ci.model.cluster_change import ClusterChange
from kubeaid_ci.model.publication import Outcome, Proposal, Published, Wishes
from kubeaid_ci.plan import branches
from kubeaid_ci.plan.branches import Group

# The clusters are built again so many times where the base branch moves under our hands.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Unpublished:
    """What could not be published, and why; other change requests were."""

    clusters: tuple[str, ...]
    branch: str
    error: KubeaidCiError


@dataclass(frozen=True, slots=True)
class Publication:
    """What was built, and what became of it. `failed` is empty unless there are `results` beside it."""

    builds: Builds
    results: tuple[Published, ...]
    failed: tuple[Unpublished, ...] = ()


def publish(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    wishes: Wishes | None = None,
    **build: Any,
) -> Publication:
    """Build clusters on the newest state of the config repo's base branch, and offer what differs.

    `config_repo` is an address, or a checkout whose ``origin`` is published to; the checkout itself is
    only read. `build` are options of `build_clusters`. Without `clusters` every cluster is built. One
    change request holds all clusters, or each has its own (`Wishes.per_cluster`). Where `clusters` names
    some, and the one change request has others already, these are built too and stay in it.

    One that cannot be published stops no other. Raises `UserError` where nothing can be published at all
    and `OutsideError` where the remote or the forge fails; every run is safe to repeat.
    """
    target = resolve(str(config_repo), wishes or Wishes())
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder, ThreadPoolExecutor(1) as aside:
        for number in range(_TRIES):
            desk = set_up(target, Path(folder) / str(number))
            named = [*clusters, *desk.proposed()] if clusters and not target.wishes.per_cluster else clusters
            # A first look while the clusters are built: where nothing is to be published, it is the only one.
            seen = aside.submit(desk.look)
            builds = build_clusters(desk.checkout, kubeaid, clusters=named, check=False, **build)
            changes = _changes(desk, builds)
            groups = _groups(target, desk, builds, seen.result(), named=bool(clusters))
            heads = desk.look() if any(_is_busy(group, changes, seen.result()) for group in groups) else seen.result()
            if not desk.is_outdated(heads):
                offer = _Offer(target, desk, heads, changes, _source_date(kubeaid, build))
                return _publication(builds, offer.all(groups))
    raise OutsideError(
        f"{target.access.url}: {desk.base} moved each time while the clusters were built; run again when it rests"
    )


def _is_busy(group: Group, changes: Mapping[str, ClusterChange], heads: Heads) -> bool:
    """Whether something is to be done, or at least looked at: something is proposed, or was."""
    return group.branch in heads.commits or any(result.dir in changes for result in group.built)


def _changes(desk: Desk, builds: Builds) -> Mapping[str, ClusterChange]:
    changed = [result for result in builds.results if result.status is BuildStatus.CHANGED]
    if not changed:
        return {}
    from kubeaid_ci.jobs.publish_changes import cluster_changes

    ignored = desk.workshop.ignored([path for result in changed for path in result.written])
    return cluster_changes(Repository(desk.checkout), changed, ignored=ignored)


def _source_date(kubeaid: str | os.PathLike[str], build: Mapping[str, Any]) -> Callable[[], int | None]:
    """Tells the date of the commit that is built from; what is pinned is named by the config repo's own commit."""
    ref = build.get("kubeaid_ref", "worktree")

    @cache
    def date() -> int | None:
        repository = None if ref == "pinned" else Repository.at(Path(kubeaid).resolve())
        return repository.date("HEAD" if ref == "worktree" else ref) if repository else None

    return date


def _groups(target: Target, desk: Desk, builds: Builds, heads: Heads, *, named: bool) -> tuple[Group, ...]:
    if not target.wishes.per_cluster:
        return branches.together(builds)
    return branches.each(builds, desk.branches(), left_over=() if named else desk.left_over(heads))


@dataclass(frozen=True, slots=True)
class _Offer:
    """All that the branches are brought up to date from. `changes` is by the cluster's folder."""

    target: Target
    desk: Desk
    heads: Heads
    changes: Mapping[str, ClusterChange]
    date: Callable[[], int | None]

    def all(self, groups: Sequence[Group]) -> list[Published | Unpublished]:
        """Every branch, one after another; one that fails stops no other."""
        return [self._one(group) for group in groups]

    def _one(self, group: Group) -> Published | Unpublished:
        changes = [self.changes[result.dir] for result in group.built if result.dir in self.changes]
        names = tuple(one.result.cluster for one in changes) or tuple(one.cluster for one in group.built)
        if not _is_busy(group, self.changes, self.heads):
            return Published(names, Outcome.UP_TO_DATE, None, None, group.branch, self.desk.base, None)
        try:
            return self._publish(self._proposal(group, changes), names)
        except KubeaidCiError as error:
            return Unpublished(names, group.branch, error)

    def _publish(self, proposal: Proposal, clusters: tuple[str, ...]) -> Published:
        from kubeaid_ci.jobs.publish_proposal import publish_proposal

        wishes = self.target.wishes
        return publish_proposal(
            proposal,
            self.desk.workshop,
            self.target.forge,
            style=replace(self.target.style, date=self.date()),
            clusters=clusters,
            on_foreign_commits=wishes.on_foreign_commits,
            commit_via=wishes.commit_via,
            preview=Path(wishes.preview) if wishes.preview else None,
            dry_run=wishes.dry_run,
            heads=self.heads,
        )

    def _proposal(self, group: Group, changes: Sequence[ClusterChange]) -> Proposal:
        from kubeaid_ci.plan import body
        from kubeaid_ci.report import change_request

        wishes, limit = self.target.wishes, self.target.limit
        files = {path: data for one in changes for path, data in _files(self.desk.checkout, one.result).items()}
        return Proposal(
            group.branch,
            self.desk.base,
            change_request.title(changes, given=wishes.title),
            change_request.body(changes, group.failed, limit=limit) if changes else "",
            files,
            labels=wishes.labels,
            reviewers=wishes.reviewers,
            team_reviewers=wishes.team_reviewers,
            assignees=wishes.assignees,
            milestone=wishes.milestone,
            draft=wishes.draft or bool(group.failed),
            auto_merge=wishes.auto_merge,
            whole=change_request.body(changes, group.failed, limit=body.NO_LIMIT) if changes and wishes.preview else "",
            incomplete=tuple(one.cluster for one in group.failed),
        )


def _publication(builds: Builds, offered: Sequence[Published | Unpublished]) -> Publication:
    results = tuple(one for one in offered if isinstance(one, Published))
    failed = tuple(one for one in offered if isinstance(one, Unpublished))
    if failed and not results:
        raise failed[0].error
    return Publication(builds, results, failed)


def _files(checkout: Path, result: BuildResult) -> Mapping[str, bytes | None]:
    written: dict[str, bytes | None] = {path: (checkout / path).read_bytes() for path in result.written}
    return written | dict.fromkeys(result.removed)
