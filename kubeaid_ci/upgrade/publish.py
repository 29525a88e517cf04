"""Publishes upgrades as change requests on the config repo: one for each cluster, or one for all."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kubeaid_ci.diff.comparison import ScanNote
from kubeaid_ci.errors import KubeaidCiError, OutsideError
from kubeaid_ci.forge.change_request import Proposal, Published
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.publishing import body as bodies
from kubeaid_ci.publishing import branches, preview
from kubeaid_ci.publishing.checkout import PublishCheckout, clone_base
from kubeaid_ci.publishing.proposal import publish_proposal
from kubeaid_ci.publishing.publish import refuse_filtered
from kubeaid_ci.publishing.rules import check
from kubeaid_ci.publishing.target import Target, resolve
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.settings import Settings, file
from kubeaid_ci.settings.publish import PublishOptions
from kubeaid_ci.upgrade import announcement
from kubeaid_ci.upgrade.prepare import UpgradeOptions, addresses_of, prepare
from kubeaid_ci.upgrade.result import ClusterUpgrade, Upgrades, UpgradeStatus

# How often the upgrade is prepared again because the base branch moved.
_TRIES = 3
_COMMAND = "kubeaid-ci upgrade --publish"
# Names of branches never change, so that the next run finds its branches again.
_TOPIC = "upgrade"


def publish_upgrades(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    to: str,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    wave: str | None = None,
    accept_dangers: bool = False,
    kubeaid_addresses: Sequence[str] = (),
    together: bool = False,
    options: PublishOptions | None = None,
    scan_note: ScanNote | None = None,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Upgrades:
    """Propose to move clusters to a KubeAid revision: a change request for each cluster, or one for all `together`.

    `config_repo` is an address, or a checkout whose ``origin`` is published to; the checkout itself is only read. The
    other parameters are those of `upgrade_clusters`. A cluster whose rehearsal has errors gets no change request unless
    `accept_dangers`; `together` that holds for all of them. A change request that is open is updated, also if `to` is
    another revision, and closed if nothing is left of it.

    `scan_note` is as for `publish_charts`.

    One that cannot be published does not block the others. Raises `UserError` if nothing can be upgraded at all and
    `OutsideError` if the remote cannot be read; every run is safe to repeat.
    """
    addresses = addresses_of(kubeaid_addresses)
    upgrade = UpgradeOptions(to, tuple(clusters), tuple(apps), accept_dangers, together, wave or "", addresses)
    root = Path(kubeaid).resolve()
    target = resolve(str(config_repo), options or PublishOptions())
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        for number in range(_TRIES):
            if target.options.preview:
                preview.clear(Path(target.options.preview))
            checkout = clone_base(target, Path(folder) / str(number))
            known = (settings or Settings()).merge(file.read(checkout.folder))
            made = prepare(checkout.folder, root, upgrade, RunOptions(known, jobs, cache, timeout, progress))
            heads = _look(checkout)
            if not checkout.is_outdated(heads):
                date, everything = _date(root, made.to), not (clusters or wave)
                return _Offer(target, checkout, made, heads, date, everything, scan_note).all(upgrade)
    raise OutsideError(f"{target.access.url}: {checkout.base} kept moving during the upgrade; run again later")


def _look(checkout: PublishCheckout) -> Heads:
    """Return the base and all branches of upgrades."""
    prefixes = (branches.prefix(checkout.base, checkout.base), branches.prefix(checkout.base, None))
    ours = [name for prefix in prefixes for name in branch_patterns(prefix)]
    return checkout.repository.fetch_heads(checkout.base, *ours, *branches.OLD, fetch=(checkout.base,))


def _date(kubeaid: Path, to: str) -> int | None:
    """Return the date of the revision, so that the same upgrade always is the same commit."""
    repository = Repository(kubeaid)
    commit = repository.target(to)
    return repository.date(commit) if commit else None


@dataclass(frozen=True, slots=True)
class _Offer:
    target: Target
    checkout: PublishCheckout
    made: Upgrades
    heads: Heads
    date: int | None
    everything: bool
    scan_note: ScanNote | None = None

    def all(self, upgrade: UpgradeOptions) -> Upgrades:
        """Publish every group of clusters, and return the upgrades with their change requests."""
        prefix = branches.prefix(self.checkout.base, self.heads.default)
        ready = [cluster for cluster in self.made.clusters if cluster.status is not UpgradeStatus.REFUSED]
        shared = common_branch(prefix=prefix)
        own = {cluster.dir: cluster_branch(cluster.dir, prefix=prefix) for cluster in self.made.clusters}
        groups = {shared: ready} if upgrade.together else {own[cluster.dir]: [cluster] for cluster in ready}
        done: dict[str, Published | KubeaidCiError] = {}
        for branch, group in groups.items():
            if self._changed(group) or branch in self.heads.commits:
                replaced = tuple(own.values()) if upgrade.together else (shared,) if self.everything else ()
                done[branch] = self._attempt(branch, group, replaced)
        by_folder = {
            cluster.dir: done[branch] for branch, group in groups.items() if branch in done for cluster in group
        }
        clusters = tuple(self._result(cluster, by_folder.get(cluster.dir)) for cluster in self.made.clusters)
        requests = [request for request in done.values() if isinstance(request, Published)]
        failed = {branch: str(one) for branch, one in done.items() if isinstance(one, KubeaidCiError)}
        return replace(self.made, clusters=clusters, findings=(*self.made.findings, *check(requests, failed)))

    def _changed(self, group: Sequence[ClusterUpgrade]) -> list[ClusterUpgrade]:
        return [cluster for cluster in group if self.made.files.get(cluster.dir)]

    def _result(self, cluster: ClusterUpgrade, done: Published | KubeaidCiError | None) -> ClusterUpgrade:
        cluster = replace(cluster, dry_run=bool(self.target.options.dry_run))
        match done:
            case Published():
                return replace(cluster, request=done)
            case KubeaidCiError():
                return replace(cluster, status=UpgradeStatus.FAILED, error=str(done), exit_code=done.exit_code)
        return cluster

    def _attempt(
        self, branch: str, group: Sequence[ClusterUpgrade], replaced: tuple[str, ...]
    ) -> Published | KubeaidCiError:
        options, errors = self.target.options, sum(cluster.errors for cluster in self._changed(group))
        try:
            return publish_proposal(
                self._proposal(branch, self._changed(group), replaced),
                # No file of an upgrade is left out because of an ignore file.
                replace(self.checkout.repository, checkout=None),
                self.target.forge,
                style=replace(self.target.style, date=self.date),
                clusters=[cluster.cluster for cluster in group],
                # Nobody has looked at accepted errors yet.
                options=replace(options, auto_merge=options.auto_merge and not errors),
                heads=self.heads,
            )
        except KubeaidCiError as error:
            return error

    def _proposal(self, branch: str, group: Sequence[ClusterUpgrade], replaced: tuple[str, ...]) -> Proposal:
        files: Mapping[str, bytes | None] = {
            path: data for cluster in group for path, data in self.made.files[cluster.dir].items()
        }
        refuse_filtered(self.checkout.folder, [path for path, data in files.items() if data is not None])
        options = self.target.options
        text = partial(announcement.body, self.made, group, scan_note=self.scan_note)
        proposal = Proposal(
            branch,
            self.checkout.base,
            announcement.title(group, self.made.to, chosen=options.title) if group else "chore(kubeaid): upgrade",
            "",
            files,
            command=_COMMAND,
            supersedes=tuple(name for name in replaced if name != branch),
        )
        if not group:
            return proposal
        return replace(
            proposal,
            body=text(limit=self.target.limit, size=self.target.size),
            whole=text(limit=bodies.NO_LIMIT) if options.preview else "",
            labels=announcement.labels(self.made, group),
        )


def cluster_branch(folder: str, *, prefix: str) -> str:
    """Return the branch of a cluster's upgrade, by its folder; it does not depend on the revision."""
    return f"{prefix}/{_TOPIC}/{branches.part(folder)}"


def common_branch(*, prefix: str) -> str:
    """Return the branch of an upgrade of several clusters."""
    return f"{prefix}/{_TOPIC}-all"


def branch_patterns(prefix: str) -> tuple[str, ...]:
    """Return the patterns of all branches of upgrades."""
    return (f"{prefix}/{_TOPIC}/*", common_branch(prefix=prefix), f"{prefix}/{_TOPIC}", prefix)
