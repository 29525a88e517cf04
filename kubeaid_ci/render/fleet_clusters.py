"""The clusters of a fleet at each pair of revisions, and the addresses of repositories that they trust."""

from collections.abc import Mapping, Sequence
from itertools import chain

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import HOME, Folders, folders_of
from kubeaid_ci.config_repo.general_settings import Addresses
from kubeaid_ci.config_repo.selection import Selection, chosen, select
from kubeaid_ci.config_repo.versions import kubernetes_version, of_cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import WorkTree
from kubeaid_ci.render.applications import ClusterApplications
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.render.task import ScanResult, ScanTask
from kubeaid_ci.settings import Settings


def selected(repositories: Sequence[LocalRepositories], names: Sequence[str]) -> list[Selection]:
    """Return the clusters of each side with these names (none: all).

    Raises `UserError` if no side has a cluster of a name, or no side has clusters.
    """
    found = _folders_of_all(repositories)
    # A folder may be a cluster on one side only. The last side names it as it will be.
    every = {folder.dir: folder for folder in sorted(chain(*found), key=lambda folder: isinstance(folder, Cluster))}
    wanted = chosen(tuple(every.values()), names)
    return [select([folder for folder in folders if folder.dir in wanted]) for folders in found]


def _folders_of_all(repositories: Sequence[LocalRepositories]) -> list[Folders]:
    """The folders on each side. A side without clusters is no error if another side has some: they come or go."""
    found: list[Folders] = []
    errors = []
    for side in repositories:
        try:
            found.append(_folders(side))
        except UserError as error:
            errors.append(error)
            found.append(())
    if errors and not any(found):
        raise errors[0]
    return found


def _folders(side: LocalRepositories) -> Folders:
    where = str(side.config) if isinstance(side.config_ref, WorkTree) else f"{side.config} at {side.config_ref}"
    return folders_of(side.config_place(HOME).files, where=where)


def clusters_of(
    side: LocalRepositories,
    selection: Selection,
    settings: Settings,
    scans: Mapping[ScanTask, ScanResult],
    *,
    before: Mapping[str, ClusterApplications] | None = None,
) -> dict[str, ClusterApplications]:
    """Return the clusters of one side by folder. Addresses are those that the first side, `before`, names.

    A cluster that is new has those that the others name: a change must not define itself whom to trust.
    """
    clusters = {cluster.dir: _cluster(cluster, side, settings, scans) for cluster in selection.clusters}
    own = Addresses(settings.repositories.config, settings.repositories.kubeaid)
    old = before or {}
    every = own
    for cluster in old.values():
        every |= _of_general(cluster.cluster)
    for folder, cluster in clusters.items():
        cluster.before = old.get(folder)
        cluster.is_new = before is not None and cluster.before is None
        cluster.others = tuple(old.values()) if cluster.is_new else ()
        cluster.known = every if cluster.is_new else own | _of_general((cluster.before or cluster).cluster)
    return clusters


def _of_general(cluster: Cluster) -> Addresses:
    return Addresses.of(config=cluster.general.config, kubeaid=cluster.general.kubeaid)


def _cluster(
    cluster: Cluster, side: LocalRepositories, settings: Settings, scans: Mapping[ScanTask, ScanResult]
) -> ClusterApplications:
    version, own = kubernetes_version(cluster, settings).version, of_cluster(cluster, settings)
    return ClusterApplications(cluster, side, version, scans, (*settings.api_versions, *own.api_versions), own.helm)
