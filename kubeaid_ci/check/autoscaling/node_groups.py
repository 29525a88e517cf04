"""Cluster autoscalers and the groups of nodes that they scale.

https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler/cloudprovider
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.k8s.fields import mappings, text, text_map, texts
from kubeaid_ci.k8s.pods import workload
from kubeaid_ci.semver.version import Version, is_like_version

CLUSTER_API = "clusterapi"
_API_GROUP = "cluster.x-k8s.io"
_BOUNDS = f"{_API_GROUP}/cluster-api-autoscaler-node-group-"
MIN_SIZE, MAX_SIZE = f"{_BOUNDS}min-size", f"{_BOUNDS}max-size"
_CAPACITY = "capacity.cluster-autoscaler.kubernetes.io/"
_IMAGE = re.compile(r"(?:^|/)cluster-autoscaler(?:-[a-z0-9]+)?:(?P<tag>[^@]+)")
_NAMESPACE = re.compile(r"[:,]namespace=(?P<name>[^,]+)")
_WITH_COUNTS = re.compile(r"(?P<low>[^:]*):(?P<high>[^:]*):(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Autoscaler:
    """A cluster autoscaler. `options` has the values of each option in its command line, without dashes."""

    item: Applied
    options: Mapping[str, tuple[str, ...]]
    version: Version | None

    @property
    def provider(self) -> str:
        """The cloud provider, such as ``clusterapi``, ``aws``, ``azure`` or ``gce``; that of the program by default."""
        return next(iter(self.options.get("cloud-provider", ())), "gce")

    @property
    def groups_are_elsewhere(self) -> bool:
        """True if the groups of Cluster API are in another cluster, which a kubeconfig names."""
        authoritative = "clusterapi-cloud-config-authoritative" in self.options
        return "cloud-config" in self.options or ("kubeconfig" in self.options and not authoritative)

    @property
    def static_groups(self) -> Iterator[tuple[str, str, str]]:
        """Yield the groups of ``--nodes``: smallest and largest size and name, as written."""
        for value in self.options.get("nodes", ()):
            if found := _WITH_COUNTS.fullmatch(value):
                yield found["low"], found["high"], found["name"]
            else:
                yield "", "", value

    @property
    def discovery(self) -> tuple[str, ...]:
        """The values of ``--node-group-auto-discovery``."""
        return tuple(value for value in self.options.get("node-group-auto-discovery", ()) if value)

    @property
    def namespace(self) -> str | None:
        """The namespace that auto-discovery looks for groups of Cluster API in; None for every namespace."""
        found = (_NAMESPACE.search(value) for value in self.discovery)
        return next((match["name"] for match in found if match), None)

    def discovers(self, group: "NodeGroup") -> bool:
        """Return whether auto-discovery finds a group of Cluster API."""
        return not self.discovery or any(_selects(value, group) for value in self.discovery)


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """A MachineDeployment or MachinePool. `low` and `high` are its bounds as written, None if not set."""

    item: Applied
    low: str | None
    high: str | None

    @property
    def has_capacity(self) -> bool:
        """True if annotations give the processors and memory of a node, which scaling from zero needs."""
        annotations = text_map(self.item.manifest.body, "metadata", "annotations")
        return all(f"{_CAPACITY}{resource}" in annotations for resource in ("cpu", "memory"))


def autoscalers(items: Iterable[Applied]) -> list[Autoscaler]:
    """Return the cluster autoscalers of a cluster."""
    found = []
    for item in items:
        pods = workload(item.manifest) if item.manifest.key.kind in ("Deployment", "StatefulSet") else None
        for container in pods.containers() if pods else ():
            image = _IMAGE.search(text(container, "image"))
            words = [*texts(container, "command"), *texts(container, "args")]
            if image or any(word.endswith("/cluster-autoscaler") for word in words[:1]):
                tag = image["tag"] if image else ""
                version = Version.parse(tag) if is_like_version(tag) else None
                found.append(Autoscaler(item, _options(words), version))
    return found


def node_groups(items: Iterable[Applied]) -> list[NodeGroup]:
    """Return the groups of Cluster API."""
    found = []
    for item in items:
        key = item.manifest.key
        if key.group == _API_GROUP and key.kind in ("MachineDeployment", "MachinePool", "MachineSet"):
            annotations = text_map(item.manifest.body, "metadata", "annotations")
            found.append(NodeGroup(item, annotations.get(MIN_SIZE), annotations.get(MAX_SIZE)))
    return found


def _options(words: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the options of a command line: ``--name=value``, ``--name value`` and ``--name``."""
    found: dict[str, tuple[str, ...]] = {}
    for place, word in enumerate(words):
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        follows = words[place + 1] if place + 1 < len(words) else "-"
        if not equals and not follows.startswith("-"):
            value = follows
        found[name] = (*found.get(name, ()), value)
    return found


def _selects(discovery: str, group: NodeGroup) -> bool:
    """Return whether ``clusterapi:namespace=x,clusterName=y,label=z`` selects a group."""
    body, key = group.item.manifest.body, group.item.manifest.key
    for pair in discovery.partition(":")[2].split(","):
        name, _, value = pair.partition("=")
        if name == "namespace" and value != key.namespace:
            return False
        if name == "clusterName" and value != text(body, "spec", "clusterName"):
            return False
        if name not in ("", "namespace", "clusterName") and text_map(body, "metadata", "labels").get(name) != value:
            return False
    return True


def machine_templates_readable(items: Iterable[Applied], autoscaler: Autoscaler) -> bool:
    """Return whether a role in the Application of the autoscaler allows it to read machine templates."""
    for item in items:
        key = item.manifest.key
        if key.kind not in ("ClusterRole", "Role") or item.app.app != autoscaler.item.app.app:
            continue
        for rule in mappings(item.manifest.body, "rules"):
            groups, resources, verbs = (texts(rule, field) for field in ("apiGroups", "resources", "verbs"))
            in_group = any(group in ("*", f"infrastructure.{_API_GROUP}") for group in groups)
            templates = any(name == "*" or name.endswith("machinetemplates") for name in resources)
            if in_group and templates and {"get", "*"} & set(verbs):
                return True
    return False
