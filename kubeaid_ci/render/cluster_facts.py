"""Kinds and other clusters that the objects of a cluster define, in any Application."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.argocd.application import destination_cluster
from kubeaid_ci.k8s.scopes import Scopes

_LABEL = "argocd.argoproj.io/secret-type"


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """The kinds and the other clusters that the objects of a cluster define.

    `scopes` are those of its custom resources. `names` are the names of clusters that Argo CD deploys to, by address;
    the cluster that Argo CD runs in has an empty address.
    """

    scopes: Scopes
    names: Mapping[str, str]

    def destination(self, cluster: str) -> str:
        """Return one spelling for the name and the address of a destination cluster."""
        if not cluster or self.names.get("") == cluster:
            return ""
        return self.names.get(cluster, cluster)

    def over(self, others: Iterable["ClusterFacts"]) -> "ClusterFacts":
        """Return these facts, completed by the others."""
        every = (*others, self)
        scopes = {kind: scope for facts in every for kind, scope in facts.scopes.items()}
        return ClusterFacts(scopes, {address: name for facts in every for address, name in facts.names.items()})


@dataclass(frozen=True, slots=True)
class RegisteredCluster:
    """The name of a cluster and its address, empty for the cluster that Argo CD runs in."""

    name: str
    address: str


def registered_cluster(body: Mapping[str, Any]) -> RegisteredCluster | None:
    """Return the cluster that a Secret registers; None if the object is no such Secret."""
    metadata = body.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    if body.get("kind") != "Secret" or not isinstance(labels, Mapping) or labels.get(_LABEL) != "cluster":
        return None
    name, server = _value(body, "name"), _value(body, "server")
    return RegisteredCluster(name or server, destination_cluster(server, "")) if server else None


def _value(secret: Mapping[str, Any], field: str) -> str:
    """Return a field of a Secret as text; empty if it has none that can be read. `stringData` wins over `data`."""
    texts, data = secret.get("stringData"), secret.get("data")
    if isinstance(texts, Mapping) and isinstance(texts.get(field), str):
        return str(texts[field])
    encoded = data.get(field) if isinstance(data, Mapping) else None
    try:
        return base64.b64decode(encoded, validate=True).decode() if isinstance(encoded, str) else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""
