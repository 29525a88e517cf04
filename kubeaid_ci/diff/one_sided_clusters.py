"""Clusters that exist before or after a change only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.selection import Selection
from kubeaid_ci.diff import unknown
from kubeaid_ci.diff import unknown as not_compared
from kubeaid_ci.diff.comparison import Comparison, NotCompared, OneSided
from kubeaid_ci.diff.rules import CLUSTER_ADDED, CLUSTER_REMOVED
from kubeaid_ci.diff.unknown import AppOnSide, Apps
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.render.cluster_state import ClusterState


@dataclass(slots=True)
class OneSidedClusters:
    """Every cluster that Argo CD deploys on one side only or on none, and every folder that cannot be read on a side.

    Argo CD deploys a cluster if it has the folder of a root Application.
    """

    broken: Mapping[str, Finding]
    """Findings about folders that cannot be read, by folder."""
    folders: Sequence[str]
    """The folders of the clusters, in the order of the result."""
    _found: dict[str, Comparison] = field(default_factory=dict)
    _added: dict[str, Apps] = field(default_factory=dict)
    _before: dict[str, AppOnSide] = field(default_factory=dict)

    @classmethod
    def of(cls, before: Selection, after: Selection) -> Self:
        """Return those of two selections of clusters, before their Applications are known."""
        broken = {finding.subject: finding for side in (before, after) for finding in side.findings}
        return cls(broken, tuple(dict.fromkeys(cluster.dir for side in (before, after) for cluster in side.clusters)))

    def add_before(self, before: ClusterState | None) -> None:
        """Add the Applications of a cluster before the change: a new cluster is compared with them."""
        for app in apps_of(before).values() if before else ():
            self._before[f"{app.app.dir}/{app.app.app}"] = _without_objects(app)

    def add(self, before: ClusterState | None, after: ClusterState | None) -> None:
        """Add a cluster; None where it does not exist."""
        self.add_before(before)
        old, new = before.cluster if before else None, after.cluster if after else None
        if deployed_on_both(old, new):
            return
        if before and old and (old.has_applications or not new):
            self._found[old.dir] = _removed(old, apps_of(before))
        elif after and new and (new.has_applications or not old):
            apps = apps_of(after)
            self._found[new.dir] = _of_added(new, apps)
            self._added[new.dir] = {name: _without_objects(app) for name, app in apps.items()}
        elif cluster := new or old:
            self._found[cluster.dir] = Comparison((cluster.label,))

    def unreadable(self) -> Iterator[Comparison]:
        """Yield the folders that cannot be read on a side."""
        for folder, finding in self.broken.items():
            yield Comparison((), not_compared=(NotCompared(folder, "", finding.message),))

    def comparison(self, folder: str) -> Comparison | None:
        """Return what is known of a cluster when all were added. None if it is on both sides, or unreadable."""
        if folder not in self._found or folder in self.broken:
            return None
        found, apps = self._found[folder], self._added.get(folder, {})
        return replace(found, findings=(*found.findings, *not_compared.new_hosts(self._before, apps)))


def deployed_on_both(before: Cluster | None, after: Cluster | None) -> bool:
    """Return whether a cluster has the folder of a root Application before and after the change."""
    return bool(before and after and before.has_applications and after.has_applications)


def apps_of(state: ClusterState) -> Apps:
    """Return the Applications of a cluster on one side."""
    return {app.app: AppOnSide(app, state.app_findings[app.app]) for app in state.apps}


def _without_objects(app: AppOnSide) -> AppOnSide:
    return AppOnSide(replace(app.app, manifests=()))


def _removed(cluster: Cluster, apps: Apps) -> Comparison:
    count = sum(len(side.app.manifests) for side in apps.values())
    if cluster.has_applications:
        message = f"cluster removed: {cluster.path}/argocd-apps is gone ({count} objects were managed by Argo CD)"
        finding = CLUSTER_REMOVED.at(cluster.path, message, subject=cluster.label)
    else:
        message = "folder removed; it had no argocd-apps/, so Argo CD deployed nothing from it"
        finding = CLUSTER_REMOVED.at(cluster.path, message, subject=cluster.label, severity=Severity.INFO)
    return Comparison(
        (),
        findings=(finding,),
        removed=(OneSided(cluster.label, count),),
        not_compared=_not_known(cluster, apps),
        applications=len(apps),
    )


def _of_added(cluster: Cluster, apps: Apps) -> Comparison:
    count = sum(len(side.app.manifests) for side in apps.values())
    found = [CLUSTER_ADDED.at(cluster.path, f"cluster added ({count} objects)", subject=cluster.label)]
    return Comparison(
        (),
        findings=(*found, *(finding for side in apps.values() for finding in side.findings)),
        added=(OneSided(cluster.label, count),),
        not_compared=_not_known(cluster, apps),
        applications=len(apps),
    )


def _not_known(cluster: Cluster, apps: Apps) -> tuple[NotCompared, ...]:
    return tuple(
        NotCompared(cluster.label, name, reason) for name, side in apps.items() if (reason := unknown.of_one_side(side))
    )
