"""The fleet: every cluster of a config repo, rendered at one pair of revisions."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.versions import kubernetes_version
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.snapshot import WORKTREE, Snapshot
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.render import Side, render_side, renderer_of, without_clusters
from kubeaid_ci.render.renderer import Progress, Renderer
from kubeaid_ci.render.repositories import AtHand
from kubeaid_ci.render.results import Told
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class Fleet:
    """The clusters of a config repo whose Applications are rendered.

    `findings` are about folders that cannot be read as clusters, or that there is nothing to render.
    """

    side: Side
    repositories: AtHand
    settings: Settings
    renderer: Renderer
    findings: tuple[Finding, ...]

    @property
    def config_files(self) -> Snapshot:
        """The files of the config repo at the revision of the fleet."""
        return self.repositories.config_place("").files

    @property
    def all_clusters(self) -> tuple[Cluster, ...]:
        """The selected clusters, sorted by name."""
        return self.side.selection.clusters

    def clusters(self) -> Iterator[ClusterState]:
        """Yield the clusters in order of their names."""
        by_folder: dict[str, list[Told]] = {}
        for app, findings in self.side.told:
            by_folder.setdefault(app.dir, []).append((app, findings))
        for cluster in self.all_clusters:
            yield self._state(cluster, by_folder.get(cluster.dir, ()))

    def _state(self, cluster: Cluster, apps: Sequence[Told]) -> ClusterState:
        version = kubernetes_version(cluster, self.settings)
        findings: Mapping[str, tuple[Finding, ...]] = {app.app: found for app, found in apps}
        return ClusterState(
            cluster,
            version.version,
            version.source,
            tuple(app for app, _ in apps),
            findings,
            self.side.findings_on(cluster),
            self.side.scopes[cluster.dir],
            self.side.helm[cluster.dir],
        )


@contextmanager
def open_fleet(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: str = WORKTREE,
    config_ref: str = WORKTREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Iterator[Fleet]:
    """Render clusters; the parameters and errors are those of `render_clusters`.

    The workers and the open repositories end with the block.
    """
    own = settings or Settings()
    repositories = AtHand(Path(config_repo).resolve(), config_ref, Path(kubeaid).resolve(), kubeaid_ref)
    with (
        renderer_of(jobs, cache=cache, timeout=timeout, progress=progress) as renderer,
        render_side(repositories, renderer, clusters=clusters, settings=own) as side,
    ):
        findings = (*without_clusters([side]), *side.selection.findings)
        yield Fleet(side, repositories, own, renderer, findings)
