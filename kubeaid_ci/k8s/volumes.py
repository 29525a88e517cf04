"""The persistent volumes that an object asks for: claims, templates of claims, and storage of custom resources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubeaid_ci.k8s.fields import at, mapping, mappings, text, text_map
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.operated_pods import OPERATED
from kubeaid_ci.k8s.pods import pod_templates
from kubeaid_ci.k8s.selectors import Labels


class VolumeKind(StrEnum):
    """The origin of a volume."""

    CLAIM = "claim"
    TEMPLATE = "template"
    EPHEMERAL = "ephemeral"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume, or all volumes of one template. `labels` are those of the claims that are known from Git.

    `field` is the part of the object that asks for it, such as ``spec.storage``; empty for a claim. `name` is the name
    of the volume in the pods, empty if it is not known. `storage_class` is empty for the default class.
    """

    kind: VolumeKind
    field: str
    name: str
    labels: Labels
    storage_class: str = ""


_DATABASE_FIELDS: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("acid.zalan.do", "postgresql"): (("spec", "volume"),),
    ("grafana.integreatly.org", "Grafana"): (("spec", "persistentVolumeClaim"),),
    ("k8s.mariadb.com", "MariaDB"): (("spec", "storage"),),
    ("kafka.strimzi.io", "KafkaNodePool"): (("spec", "storage"),),
    ("kafka.strimzi.io", "Kafka"): (("spec", "kafka", "storage"), ("spec", "zookeeper", "storage")),
    ("postgresql.cnpg.io", "Cluster"): (("spec", "storage"), ("spec", "walStorage")),
}
"""Fields of custom resources that ask for a volume in their own words, such as ``size``."""

_BY_DEFAULT: Mapping[tuple[str, str], str] = {
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity"): "spec.statefulSet",
    ("mysql.oracle.com", "InnoDBCluster"): "spec.datadirVolumeClaimTemplate",
    ("rabbitmq.com", "RabbitmqCluster"): "spec.persistence",
}
"""Kinds whose operator makes a volume even if the object does not ask for one."""

_OPERATOR_LABELS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("postgresql.cnpg.io", "Cluster"): {
        "app.kubernetes.io/managed-by": "cloudnative-pg",
        "cnpg.io/cluster": "{name}",
        "cnpg.io/pvcRole": "PG_DATA",
    },
    ("acid.zalan.do", "postgresql"): {"application": "spilo", "cluster-name": "{name}"},
    ("rabbitmq.com", "RabbitmqCluster"): {
        "app.kubernetes.io/name": "{name}",
        "app.kubernetes.io/component": "rabbitmq",
        "app.kubernetes.io/part-of": "rabbitmq",
    },
    ("redis.redis.opstreelabs.in", "Redis"): {"app": "{name}", "redis_setup_type": "standalone"},
    ("redis.redis.opstreelabs.in", "RedisCluster"): {"redis_setup_type": "cluster"},
    ("redis.redis.opstreelabs.in", "RedisReplication"): {"app": "{name}", "redis_setup_type": "replication"},
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity"): {"app": "{name}-svc"},
}
"""The labels of claims that an operator makes."""

_WITHOUT_VOLUMES = frozenset({"argoproj.io", "helm.toolkit.fluxcd.io", "kyverno.io", "templates.gatekeeper.sh"})
"""Groups whose objects hold values or patterns of other objects, which ask for no volume themselves."""

_NO_VOLUME_KINDS = frozenset({"ephemeral", "none"})
_DEEPEST = 12


def volumes(manifest: Manifest) -> list[Volume]:
    """Return the volumes of an object, one for each claim or template; empty if it asks for none."""
    group, kind = manifest.key.group, manifest.key.kind
    if (group, kind) == ("", "PersistentVolumeClaim"):
        labels = Labels(text_map(manifest.body, "metadata", "labels"))
        storage_class = text(manifest.body, "spec", "storageClassName")
        return [Volume(VolumeKind.CLAIM, "", manifest.key.name, labels, storage_class)]
    if "." in group and not group.endswith(".k8s.io"):
        return [] if group in _WITHOUT_VOLUMES or group.endswith(".crossplane.io") else list(_custom(manifest))
    return [*_templates(manifest), *_ephemeral(manifest)]


def _templates(manifest: Manifest) -> Iterator[Volume]:
    if manifest.key.kind != "StatefulSet":
        return
    # The controller adds the labels of the selector to the claims.
    selected = text_map(manifest.body, "spec", "selector", "matchLabels")
    for place, template in enumerate(mappings(manifest.body, "spec", "volumeClaimTemplates")):
        labels = Labels(text_map(template, "metadata", "labels") | selected)
        name, storage_class = text(template, "metadata", "name"), text(template, "spec", "storageClassName")
        yield Volume(VolumeKind.TEMPLATE, f"spec.volumeClaimTemplates[{place}]", name, labels, storage_class)


def _ephemeral(manifest: Manifest) -> Iterator[Volume]:
    for pods in pod_templates(manifest):
        for volume in mappings(pods.spec, "volumes"):
            template = mapping(volume, "ephemeral", "volumeClaimTemplate")
            if template:
                labels = Labels(text_map(template, "metadata", "labels"))
                field = f"{'.'.join(pods.path)}.volumes"
                storage_class = text(template, "spec", "storageClassName")
                yield Volume(VolumeKind.EPHEMERAL, field, text(volume, "name"), labels, storage_class)


def _custom(manifest: Manifest) -> Iterator[Volume]:
    key, body = manifest.key, manifest.body
    kind, labels = (key.group, key.kind), _operator_labels(manifest)
    fields: dict[str, tuple[str, Mapping[str, str]]] = {}
    for path in _DATABASE_FIELDS.get(kind, ()):
        storage = mapping(body, *path)
        if storage and text(storage, "type") not in _NO_VOLUME_KINDS and storage.get("ephemeral") is not True:
            fields[".".join(path)] = (_class_of(storage), {})
    for tablespace in mappings(body, "spec", "tablespaces") if key.group == "postgresql.cnpg.io" else ():
        fields[f"spec.tablespaces.{text(tablespace, 'name')}"] = (_class_of(mapping(tablespace, "storage")), {})
    for field, claim, own in _claims(body, ""):
        if not any(field == known or field.startswith(f"{known}.") for known in fields):
            fields[field] = (text(claim, "storageClassName"), own)
    default = _BY_DEFAULT.get(kind)
    if default and not any(field.startswith(default) for field in fields) and _wants_storage(body):
        fields[default] = ("", {})
    for field, (storage_class, own) in fields.items():
        known = Labels({**own, **labels}, complete=kind in _OPERATOR_LABELS)
        yield Volume(VolumeKind.CUSTOM, field, "", known, storage_class)


def _operator_labels(manifest: Manifest) -> dict[str, str]:
    kind, name = (manifest.key.group, manifest.key.kind), manifest.key.name
    if kind not in _OPERATOR_LABELS:
        return OPERATED[kind].pod_labels(manifest.body, name) if kind in OPERATED else {}
    fixed = {label: value.replace("{name}", name) for label, value in _OPERATOR_LABELS[kind].items()}
    return text_map(manifest.body, "spec", "inheritedMetadata", "labels") | fixed


def _class_of(storage: Mapping[str, Any]) -> str:
    return text(storage, "storageClass") or text(storage, "storageClassName") or text(storage, "class")


def _wants_storage(body: Mapping[str, Any]) -> bool:
    return str(at(body, "spec", "persistence", "storage")) not in ("0", "0Gi")


def _claims(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, str]]]:
    """Yield every specification of a claim: a mapping that requests storage, with its field and its labels."""
    if path.count(".") > _DEEPEST:
        return
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _claims(item, f"{path}[{place}]")
    elif isinstance(value, dict):
        if at(value, "resources", "requests", "storage") is not None:
            yield path.removesuffix(".spec"), value, {}
            return
        for field, below in value.items():
            if isinstance(below, dict | list) and field != "status":
                inside = f"{path}.{field}" if path else str(field)
                own = text_map(value, "metadata", "labels") if field == "spec" else {}
                for found, claim, labels in _claims(below, inside):
                    yield found, claim, labels or own
