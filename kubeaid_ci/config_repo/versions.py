"""The version of Kubernetes and the revision of KubeAid that a cluster has."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.api import DEFAULT
from kubeaid_ci.k8s.fields import mapping
from kubeaid_ci.net.address import Remote
from kubeaid_ci.semver.version import Version

if TYPE_CHECKING:
    from kubeaid_ci.settings import ClusterSettings, Settings

VERSION_LABEL = "kubeaid.io/version"


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    """The version of Kubernetes that a cluster counts as, and where it is from: settings, general or default."""

    version: Version
    source: str


def of_cluster(cluster: Cluster, settings: "Settings") -> "ClusterSettings":
    """Return the settings of one cluster, by its folder or its name."""
    from kubeaid_ci.settings import ClusterSettings  # workers that only evaluate jsonnet need no settings

    return settings.clusters.get(cluster.dir) or settings.clusters.get(cluster.name) or ClusterSettings()


def kubernetes_version(cluster: Cluster, settings: "Settings") -> KubernetesVersion:
    """Return a cluster's version of Kubernetes: the settings win, then its general settings file, then the default."""
    version = of_cluster(cluster, settings).kubernetes_version or settings.kubernetes_version
    if version:
        return KubernetesVersion(version, "settings")
    if cluster.general.kubernetes_version:
        return KubernetesVersion(cluster.general.kubernetes_version, "general")
    return KubernetesVersion(Version.parse(DEFAULT), "default")


@dataclass(frozen=True, slots=True)
class Pinned:
    """The revision a cluster pins; None is the default branch (``HEAD``). `tag_prefix` is that of its tag."""

    revision: str | None
    tag_prefix: str = ""


def pinned(application: Mapping[str, Any], kubeaid: Collection[Remote]) -> Pinned | None:
    """Return the KubeAid revision of a cluster's kube-prometheus Application; None if it names none.

    A source that points at a KubeAid repository names it by its ``targetRevision``. If the Application points at the
    config repo itself, the label `VERSION_LABEL` names it, else the ``targetRevision`` of its source unless that is
    ``HEAD``: the platform's build script reads it so.
    """
    spec = mapping(application, "spec")
    several = spec.get("sources")
    for source in (mapping(spec, "source"), *(map(mapping, several) if isinstance(several, list) else ())):
        if is_kubeaid(source.get("repoURL"), kubeaid):
            revision = _revision(source)
            prefix = source.get("tagPrefix")
            return Pinned(None if revision in ("", "HEAD") else revision, prefix if isinstance(prefix, str) else "")
    label = mapping(application, "metadata", "labels").get(VERSION_LABEL)
    if label is not None and str(label):
        return Pinned(str(label))
    revision = _revision(mapping(spec, "source"))
    return Pinned(revision) if revision not in ("", "HEAD") else None


def _revision(source: Mapping[str, Any]) -> str:
    revision = source.get("targetRevision")
    return "" if revision is None else str(revision)


def is_kubeaid(address: object, kubeaid: Collection[Remote]) -> bool:
    """True if an address is one of the KubeAid repo. Anybody may call a repository KubeAid: its name does not count."""
    if not isinstance(address, str):
        return False
    try:
        remote = Remote.parse(address)
    except UserError:
        return False
    return remote in kubeaid
