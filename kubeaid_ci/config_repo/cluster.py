"""A cluster of a config repo."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from kubeaid_ci.config_repo.general_settings import GeneralSettings

APPLICATIONS = "argocd-apps"
"""The folder of a cluster's Applications; it is the root Application's chart."""
OUTPUT = "kube-prometheus"
"""The folder of a cluster's built manifests."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A folder ``k8s/<dir>/`` that has ``argocd-apps/`` or a vars file.

    With CAPI the folder and the cluster differ in name. `label` is the name, with the folder if other clusters have
    that name too: it is for people, `dir` is what identifies a cluster. Paths are relative to the config repo, with
    forward slashes. `vars_file` is None if the cluster has no monitoring that could be built.
    """

    name: str
    dir: str
    vars_file: str | None
    label: str = ""
    general: GeneralSettings = field(default_factory=GeneralSettings)
    has_applications: bool = True
    has_output: bool = False

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.name)

    @property
    def path(self) -> str:
        """The cluster's folder: ``k8s/<dir>``."""
        return f"k8s/{self.dir}"

    @property
    def output(self) -> str:
        """The folder of its built manifests: ``k8s/<dir>/kube-prometheus``."""
        return f"{self.path}/{OUTPUT}"


def labelled(clusters: Sequence[Cluster]) -> list[Cluster]:
    """Return all clusters of a config repo with unique labels.

    A name that another cluster's folder has is not clear either: on the command line it names that folder.
    """
    names = Counter(cluster.name for cluster in clusters)
    folders = {cluster.dir for cluster in clusters}
    return [
        replace(cluster, label=f"{cluster.name} ({cluster.dir})")
        if names[cluster.name] > 1 or (cluster.name != cluster.dir and cluster.name in folders)
        else cluster
        for cluster in clusters
    ]


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """One line of ``kubeaid-ci clusters``. None means unknown.

    `platform` is that of the vars file, else the cloud provider of the general settings file, which is `provider`.
    `kubernetes_version_from` names where the version is from: ``settings``, ``general`` or ``default``.
    `kubeaid_revision` is what the cluster pins.
    """

    name: str
    dir: str
    vars_file: str | None
    platform: str | None
    kubernetes_version: str
    release: str | None
    kubeaid_revision: str | None
    applications: tuple[str, ...]
    kubernetes_version_from: str = "default"
    provider: str | None = None
    general_file: str | None = None
