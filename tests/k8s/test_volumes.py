from typing import Any

import pytest

from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.k8s.volumes import VolumeKind, volumes

CLAIM = {"resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast"}
TEMPLATE = {"metadata": {"labels": {"own": "1"}}, "spec": CLAIM}


def found(api_version: str, kind: str, spec: Any, **metadata: Any) -> list[tuple[str, str]]:
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "db", **metadata}, "spec": spec}
    made = volumes(Manifest(ObjectId.of(body), body, ""))
    return [(volume.kind.value, volume.field) for volume in made]


@pytest.mark.parametrize(
    ("api_version", "kind", "spec", "fields"),
    [
        ("v1", "PersistentVolumeClaim", CLAIM, [""]),
        ("apps/v1", "StatefulSet", {"volumeClaimTemplates": [TEMPLATE, TEMPLATE]}, ["spec.volumeClaimTemplates[0]", "spec.volumeClaimTemplates[1]"]),
        ("monitoring.coreos.com/v1", "Prometheus", {"storage": {"volumeClaimTemplate": TEMPLATE}}, ["spec.storage.volumeClaimTemplate"]),
        ("monitoring.coreos.com/v1", "Alertmanager", {"storage": {"emptyDir": {}}}, []),
        ("postgresql.cnpg.io/v1", "Cluster", {"storage": {"size": "1Gi"}, "walStorage": {"size": "1Gi"}}, ["spec.storage", "spec.walStorage"]),
        ("postgresql.cnpg.io/v1", "Cluster", {"storage": {"pvcTemplate": CLAIM}, "tablespaces": [{"name": "a", "storage": {}}]}, ["spec.storage", "spec.tablespaces.a"]),
        ("acid.zalan.do/v1", "postgresql", {"volume": {"size": "1Gi"}}, ["spec.volume"]),
        ("rabbitmq.com/v1beta1", "RabbitmqCluster", {}, ["spec.persistence"]),
        ("rabbitmq.com/v1beta1", "RabbitmqCluster", {"persistence": {"storage": "0"}}, []),
        ("kafka.strimzi.io/v1", "KafkaNodePool", {"storage": {"type": "jbod", "volumes": []}}, ["spec.storage"]),
        ("kafka.strimzi.io/v1", "KafkaNodePool", {"storage": {"type": "ephemeral"}}, []),
        ("k8s.mariadb.com/v1alpha1", "MariaDB", {"storage": {"ephemeral": True}}, []),
        ("example.com/v1", "Shop", {"nodes": [{"data": {"volumeClaimTemplate": TEMPLATE}}]}, ["spec.nodes[0].data.volumeClaimTemplate"]),
        # Objects that carry values of others ask for nothing themselves.
        ("argoproj.io/v1alpha1", "Application", {"helm": {"valuesObject": {"data": CLAIM}}}, []),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", {"data": CLAIM}, []),
        ("apps/v1", "Deployment", {"template": {"spec": {"volumes": [{"name": "a", "emptyDir": {}}]}}}, []),
    ],
)  # fmt: skip
def test_the_volumes_of_an_object(api_version, kind, spec, fields):
    assert [field for _, field in found(api_version, kind, spec)] == fields


def test_a_volume_of_a_pod_may_ask_for_a_claim():
    spec = {"template": {"spec": {"volumes": [{"name": "cache", "ephemeral": {"volumeClaimTemplate": TEMPLATE}}]}}}
    assert found("apps/v1", "Deployment", spec) == [(VolumeKind.EPHEMERAL.value, "spec.template.spec.volumes")]


def labels(api_version: str, kind: str, spec: Any) -> tuple[dict[str, str], bool]:
    body = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "db"}, "spec": spec}
    (volume,) = volumes(Manifest(ObjectId.of(body), body, ""))
    return dict(volume.labels.known), volume.labels.complete


def test_claims_have_the_labels_of_their_controller():
    spec = {"selector": {"matchLabels": {"app": "db"}}, "volumeClaimTemplates": [TEMPLATE]}
    assert labels("apps/v1", "StatefulSet", spec) == ({"own": "1", "app": "db"}, True)
    inherited = {"storage": {"size": "1Gi"}, "inheritedMetadata": {"labels": {"team": "a"}}}
    known, complete = labels("postgresql.cnpg.io/v1", "Cluster", inherited)
    assert complete
    assert known["app.kubernetes.io/managed-by"] == "cloudnative-pg"
    assert known["team"] == "a"
    assert labels("example.com/v1", "Shop", {"data": {"volumeClaimTemplate": TEMPLATE}}) == ({"own": "1"}, False)
