"""Settings of a cluster from the settings file, else from the cluster's own files."""

from dataclasses import dataclass

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.k8s.api import DEFAULT
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import ClusterSettings, Settings


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    """The version of Kubernetes that a cluster counts as, and where it is from: settings, general or default."""

    version: Version
    source: str


def of_cluster(cluster: Cluster, settings: Settings) -> ClusterSettings:
    """Return the settings of one cluster, by its folder or its name."""
    return settings.clusters.get(cluster.dir) or settings.clusters.get(cluster.name) or ClusterSettings()


def kubernetes_version(cluster: Cluster, settings: Settings) -> KubernetesVersion:
    """Return a cluster's version of Kubernetes: the settings win, then its general settings file, then the default."""
    version = of_cluster(cluster, settings).kubernetes_version or settings.kubernetes_version
    if version:
        return KubernetesVersion(version, "settings")
    if cluster.general.kubernetes_version:
        return KubernetesVersion(cluster.general.kubernetes_version, "general")
    return KubernetesVersion(Version.parse(DEFAULT), "default")
