"""From a build to open change requests on the config repo."""

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

from kubeaid_ci.build.build import Progress, build_clusters
from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.errors import KubeaidCiError, OutsideError, UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.change_request import Outcome, Proposal, Published
from kubeaid_ci.git import attributes
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import WORK_TREE, Pinned, Revision, WorkTree, parse_revision
from kubeaid_ci.net.address import Remote
from kubeaid_ci.publishing import branches, preview
from kubeaid_ci.publishing import comments as texts
from kubeaid_ci.publishing.branches import Group
from kubeaid_ci.publishing.changes import ClusterChange
from kubeaid_ci.publishing.checkout import PublishCheckout, clone_base
from kubeaid_ci.publishing.rules import check
from kubeaid_ci.publishing.target import Target, resolve
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.settings.publish import PublishOptions

# How often the clusters are built again because the base branch moved.
_TRIES = 3


class _BaseMovedError(Exception):
    """The base branch moved in what clusters are built from."""


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A proposal that could not be published, and why; others were."""

    clusters: tuple[str, ...]
    branch: str
    error: KubeaidCiError


@dataclass(frozen=True, slots=True)
class Publication(JsonResult):
    """The builds and the published results. `failed` is empty unless there are `results` as well."""

    builds: Builds
    results: tuple[Published, ...]
    failed: tuple[Unpublished, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return the findings about the change requests; those about clusters are in `builds`."""
        return tuple(check(self.results, {each.branch: str(each.error) for each in self.failed}))


def publish(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    options: PublishOptions | None = None,
    kubeaid_ref: Revision | str = WORK_TREE,
    kubeaid_addresses: Collection[Remote] = (),
    engine: str = "rjsonnet",
    validate: bool = False,
    cross_check: bool = False,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Publication:
    """Build clusters on the newest state of the config repo's base branch, and offer what differs.

    `config_repo` is an address, or a checkout whose ``origin`` is published to; the checkout itself is only read. The
    parameters from `kubeaid_ref` on are those of `build_clusters`. Without `clusters` every cluster is built. One
    change request holds all clusters, or each has its own (`PublishOptions.per_cluster`). If `clusters` names some,
    and the one change request has others already, these are built too and stay in it, also if another run adds them
    while this one runs.

    One that cannot be published does not block the others. Raises `UserError` if nothing can be published at all
    and `OutsideError` if the remote or the forge fails; every run is safe to repeat.
    """
    build = partial(
        build_clusters,
        kubeaid=kubeaid,
        kubeaid_ref=kubeaid_ref,
        kubeaid_addresses=kubeaid_addresses,
        engine=engine,
        validate=validate,
        cross_check=cross_check,
        jobs=jobs,
        cache=cache,
        timeout=timeout,
        progress=progress,
    )
    target = resolve(str(config_repo), options or PublishOptions())
    date = _source_date(kubeaid, parse_revision(kubeaid_ref))
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder, ThreadPoolExecutor(1) as aside:
        for number in range(_TRIES):
            if target.options.preview:
                preview.clear(Path(target.options.preview))
            checkout = clone_base(target, Path(folder) / str(number))
            # A first look while the clusters are built: if there is nothing to publish, it is the only one.
            first = aside.submit(checkout.remote_heads)
            fleet = _Fleet(checkout, build)
            fleet.build(clusters)
            heads = first.result()
            try:
                return _Publisher(target, checkout, fleet, date, named=bool(clusters)).all(heads)
            except _BaseMovedError:
                continue
    raise OutsideError(
        f"{target.access.url}: base branch {checkout.base} kept moving during the build; run again later"
    )


@dataclass(slots=True)
class _Fleet:
    """The clusters that are built by now, in a clone of the base branch, and what that changes by cluster folder."""

    checkout: PublishCheckout
    build_in: Callable[..., Builds]
    builds: Builds = field(default_factory=lambda: Builds((), ()))
    changes: dict[str, ClusterChange] = field(default_factory=dict)

    def build(self, names: Sequence[str]) -> None:
        """Build more clusters (none: all)."""
        made = self.build_in(self.checkout.folder, clusters=names)
        changes, made = _changes(self.checkout, made)
        results = sorted((*self.builds.results, *made.results), key=lambda result: (result.cluster, result.dir))
        self.builds = Builds(tuple(results), (*self.builds.findings, *made.findings))
        self.changes |= changes

    def add_proposed(self, heads: Heads) -> Heads:
        """Build the clusters that the branch for all clusters changes already, so that they stay in it.

        Returns the remote's branches as they were then.
        """
        folders, heads = self.checkout.proposed(heads)
        built = {result.dir for result in self.builds.results}
        if more := [folder for folder in folders if folder not in built]:
            self.build(more)
        return heads

    def changed(self, group: Group) -> list[ClusterChange]:
        """Return the changes of a group's clusters."""
        return [self.changes[result.dir] for result in group.built if result.dir in self.changes]

    def is_busy(self, group: Group, heads: Heads) -> bool:
        """Return whether something is proposed, or was."""
        return group.branch in heads.commits or bool(self.changed(group))


def _changes(checkout: PublishCheckout, builds: Builds) -> tuple[dict[str, ClusterChange], Builds]:
    """Return what changed by cluster folder. A cluster that cannot be compared counts as failed."""
    changed = [result for result in builds.results if result.status is BuildStatus.CHANGED]
    if not changed:
        return {}, builds
    try:
        return _compared(checkout, changed), builds
    except KubeaidCiError:
        return _compared_one_by_one(checkout, changed, builds)


def _compared(checkout: PublishCheckout, changed: Sequence[BuildResult]) -> dict[str, ClusterChange]:
    from kubeaid_ci.publishing.changes import cluster_changes

    refuse_filtered(checkout.folder, [path for result in changed for path in result.written])
    ignored = checkout.repository.ignored([path for result in changed for path in result.written])
    return dict(cluster_changes(Repository(checkout.folder), changed, ignored=ignored))


def refuse_filtered(checkout: Path, paths: Sequence[str]) -> None:
    """Raise `UserError` if Git would not commit the bytes of a file, but what a filter driver makes of them.

    Filter drivers are programs of one machine, and publishing runs none. Git LFS is one.
    """
    for path, attribute in attributes.rewritten(checkout, paths, commit=None).items():
        if attribute.startswith("filter"):
            raise UserError(
                f"{path}: {attribute} in .gitattributes: publishing runs no filter, so the file would be committed as"
                f" it is; exclude kube-prometheus/ from that line, or commit what kubeaid-ci build writes yourself"
            )


def _compared_one_by_one(
    checkout: PublishCheckout, changed: Sequence[BuildResult], builds: Builds
) -> tuple[dict[str, ClusterChange], Builds]:
    from kubeaid_ci.publishing.rules import FAILED

    done: dict[str, ClusterChange] = {}
    failed: dict[str, str] = {}
    for result in changed:
        try:
            done |= _compared(checkout, [result])
        except KubeaidCiError as error:
            failed[result.dir] = str(error)
    results = tuple(
        replace(result, status=BuildStatus.FAILED, error=failed[result.dir]) if result.dir in failed else result
        for result in builds.results
    )
    findings = [
        FAILED.at(f"k8s/{result.dir}", failed[result.dir], subject=result.cluster)
        for result in changed
        if result.dir in failed
    ]
    return done, Builds(results, (*builds.findings, *findings))


def _source_date(kubeaid: str | os.PathLike[str], ref: Revision) -> Callable[[], int | None]:
    """Return a function for the date of the commit that is built from, None if clusters pin their own."""

    @cache
    def date() -> int | None:
        if isinstance(ref, Pinned):
            return None
        repository = Repository.at(Path(kubeaid).resolve())
        return repository.date("HEAD" if isinstance(ref, WorkTree) else ref.name) if repository else None

    return date


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Brings the branches up to date with what was built. `named` is true if only some clusters were requested."""

    target: Target
    checkout: PublishCheckout
    fleet: _Fleet
    date: Callable[[], int | None]
    named: bool

    def all(self, heads: Heads) -> Publication:
        """Publish every branch. One that fails does not block the others. Raises `_BaseMovedError`."""
        groups, heads = self._groups(heads)
        if any(self.fleet.is_busy(group, heads) for group in groups):
            groups, heads = self._groups(self.checkout.remote_heads())
        if self.checkout.is_outdated(heads):
            raise _BaseMovedError
        offered = [self._one(group, heads) for group in groups if not group.built]
        if offered:
            # What was closed is no longer in the way of the others.
            heads = self.checkout.remote_heads()
        offered = [*(self._one(group, heads) for group in groups if group.built), *offered]
        results = tuple(each for each in offered if isinstance(each, Published))
        failed = tuple(each for each in offered if isinstance(each, Unpublished))
        if failed and not results:
            raise failed[0].error
        return Publication(self.fleet.builds, results, failed)

    def _groups(self, heads: Heads) -> tuple[tuple[Group, ...], Heads]:
        """Return what each branch holds, and the remote's branches that this was decided from."""
        if not self.target.options.per_cluster:
            heads = self.fleet.add_proposed(heads) if self.named else heads
            return branches.single_group(self.fleet.builds, self.checkout.root(heads)), heads
        stale = self.checkout.stale_branches(heads, everything=not self.named)
        return branches.per_cluster(self.fleet.builds, self.checkout.branch_names(heads), stale=stale), heads

    def _one(self, group: Group, heads: Heads) -> Published | Unpublished:
        names = self._names(group)
        if not self.fleet.is_busy(group, heads):
            return Published(names, Outcome.UP_TO_DATE, None, None, group.branch, self.checkout.base, None)
        try:
            return self._publish(group, heads)
        except KubeaidCiError as error:
            return Unpublished(names, group.branch, error)

    def _publish(self, group: Group, heads: Heads) -> Published:
        from kubeaid_ci.publishing.proposal import publish_proposal

        options = self.target.options
        return publish_proposal(
            self._proposal(group, heads),
            self.checkout.repository,
            self.target.forge,
            style=replace(self.target.style, date=self.date()),
            clusters=self._names(group),
            options=options,
            heads=heads,
            refresh=None if options.per_cluster else self._refreshed,
        )

    def _refreshed(self) -> tuple[Proposal, tuple[str, ...], Heads]:
        """Return the proposal for all clusters after another run moved its branch, by `Refresh`."""
        (group,), heads = self._groups(self.checkout.remote_heads())
        if self.checkout.is_outdated(heads):
            raise _BaseMovedError
        return self._proposal(group, heads), self._names(group), heads

    def _names(self, group: Group) -> tuple[str, ...]:
        changed = [change.result for change in self.fleet.changed(group)]
        return tuple(result.cluster for result in changed or group.built)

    def _proposal(self, group: Group, heads: Heads) -> Proposal:
        from kubeaid_ci.publishing import body, request_text

        options, limit, changes = self.target.options, self.target.limit, self.fleet.changed(group)
        text = partial(request_text.body, changes, group.failed)
        files = {path: data for each in changes for path, data in _files(self.checkout.folder, each.result).items()}
        return Proposal(
            group.branch,
            self.checkout.base,
            request_text.title(changes, given=options.title),
            text(limit=limit, size=self.target.size) if changes else "",
            files,
            draft=bool(group.failed),
            whole=text(limit=body.NO_LIMIT) if changes and options.preview else "",
            incomplete=tuple(each.cluster for each in group.failed),
            closing=texts.stale_branch(group.branch, group.successor) if not group.built else "",
            supersedes=self.checkout.superseded(group, heads),
        )


def _files(checkout: Path, result: BuildResult) -> Mapping[str, bytes | None]:
    written: dict[str, bytes | None] = {path: (checkout / path).read_bytes() for path in result.written}
    return written | dict.fromkeys(result.removed)
