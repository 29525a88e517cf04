"""A cluster of a config repo, as its folder tells."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cluster:
    """One folder ``k8s/<dir>/`` with one vars file.

    With CAPI the folder and the cluster differ in name; the vars file names the cluster.
    Paths are relative to the config repo, with forward slashes.
    """

    name: str
    dir: str
    vars_file: str

    @property
    def path(self) -> str:
        """The cluster's folder: ``k8s/<dir>``."""
        return f"k8s/{self.dir}"

    @property
    def output(self) -> str:
        """The folder of its built manifests: ``k8s/<dir>/kube-prometheus``."""
        return f"{self.path}/kube-prometheus"


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """One line of ``kubeaid-ci clusters``. What the vars file or the Application leaves open is nothing."""

    name: str
    dir: str
    vars_file: str
    platform: str | None
    release: str | None
    kubeaid_revision: str | None
    applications: tuple[str, ...]
