"""Clusters that exist before or after a change only."""

from collections.abc import Iterator

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.diff import unknown
from kubeaid_ci.diff.comparison import Comparison, NotCompared, OneSided
from kubeaid_ci.diff.rules import CLUSTER_ADDED, CLUSTER_REMOVED
from kubeaid_ci.diff.unknown import Apps
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.render.render import Side


def one_sided_clusters(was: Side, now: Side) -> Iterator[Comparison]:
    """Every cluster that Argo CD deploys on one side only or on none, and every folder that cannot be read on a side.

    Argo CD deploys a cluster if it has the folder of a root Application.
    """
    broken = {finding.subject: finding for side in (was, now) for finding in side.selection.findings}
    for folder, finding in broken.items():
        yield Comparison((), not_compared=(NotCompared(folder, "", finding.message),))
    old, new = ({cluster.dir: cluster for cluster in side.selection.clusters} for side in (was, now))
    for folder, cluster in {**old, **new}.items():
        before, after = old.get(folder), new.get(folder)
        if folder in broken or deployed_on_both(before, after):
            continue
        if before and (before.has_applications or not after):
            yield _removed(before, apps_of(was, folder))
        elif after and (after.has_applications or not before):
            yield _added(after, apps_of(now, folder), was)
        else:
            yield Comparison((cluster.label,))


def deployed_on_both(before: Cluster | None, after: Cluster | None) -> bool:
    """Return whether a cluster has the folder of a root Application before and after the change."""
    return bool(before and after and before.has_applications and after.has_applications)


def apps_of(side: Side, folder: str) -> Apps:
    """Return the Applications of a cluster on one side; none if the cluster does not exist there."""
    return unknown.apps_on_side(told for told in side.told if told[0].dir == folder)


def _removed(cluster: Cluster, apps: Apps) -> Comparison:
    count = sum(len(one.app.manifests) for one in apps.values())
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


def _added(cluster: Cluster, apps: Apps, was: Side) -> Comparison:
    everywhere = {f"{told[0].dir}/{told[0].app}": unknown.AppOnSide(*told) for told in was.told}
    count = sum(len(one.app.manifests) for one in apps.values())
    found = [CLUSTER_ADDED.at(cluster.path, f"cluster added ({count} objects)", subject=cluster.label)]
    return Comparison(
        (),
        findings=(
            *found,
            *(finding for one in apps.values() for finding in one.findings),
            *unknown.new_hosts(everywhere, apps),
        ),
        added=(OneSided(cluster.label, count),),
        not_compared=_not_known(cluster, apps),
        applications=len(apps),
    )


def _not_known(cluster: Cluster, apps: Apps) -> tuple[NotCompared, ...]:
    return tuple(
        NotCompared(cluster.label, name, reason) for name, one in apps.items() if (reason := unknown.of_one_side(one))
    )
