"""The labels of pods that an operator makes from a custom resource.

Each label is one that the operator sets on every such pod, taken from the operator's documentation or source. Labels
that differ between the pods of one object, such as the index of a replica, are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.k8s.fields import text_map

Kind = tuple[str, str]
"""API group and kind."""


@dataclass(frozen=True, slots=True)
class OperatedKind:
    """A kind whose operator makes pods. In `labels`, ``{name}`` is the name of the object.

    `own_labels` is the field whose labels the operator adds to the pods, `own_annotations` the same for annotations.
    """

    labels: Mapping[str, str]
    own_labels: tuple[str, ...] = ()
    own_annotations: tuple[str, ...] = ()

    def pod_labels(self, body: Mapping[str, Any], name: str) -> dict[str, str]:
        """Return the labels of the pods of one object."""
        fixed = {label: value.replace("{name}", name) for label, value in self.labels.items()}
        return text_map(body, *self.own_labels) | fixed if self.own_labels else fixed


_APP = "app.kubernetes.io"


def _prometheus(component: str, own: str) -> OperatedKind:
    labels = {
        f"{_APP}/instance": "{name}",
        f"{_APP}/managed-by": "prometheus-operator",
        f"{_APP}/name": component,
        own: "{name}",
    }
    return OperatedKind(labels, ("spec", "podMetadata", "labels"), ("spec", "podMetadata", "annotations"))


def _victoria(component: str) -> OperatedKind:
    labels = {
        f"{_APP}/name": component,
        f"{_APP}/instance": "{name}",
        f"{_APP}/component": "monitoring",
        "managed-by": "vm-operator",
    }
    return OperatedKind(labels, ("spec", "podMetadata", "labels"), ("spec", "podMetadata", "annotations"))


def _strimzi(kind: str, name: str) -> OperatedKind:
    return OperatedKind(
        {
            f"{_APP}/instance": "{name}",
            f"{_APP}/managed-by": "strimzi-cluster-operator",
            "strimzi.io/cluster": "{name}",
            "strimzi.io/kind": kind,
            f"{_APP}/name": name,
        }
    )


def _elastic(kind: str) -> OperatedKind:
    labels = {f"{kind}.k8s.elastic.co/cluster-name": "{name}", "common.k8s.elastic.co/type": kind}
    return OperatedKind(labels)


OPERATED: Mapping[Kind, OperatedKind] = {
    ("monitoring.coreos.com", "Alertmanager"): _prometheus("alertmanager", "alertmanager"),
    ("monitoring.coreos.com", "Prometheus"): _prometheus("prometheus", "prometheus"),
    ("monitoring.coreos.com", "PrometheusAgent"): _prometheus("prometheus-agent", "operator.prometheus.io/name"),
    ("monitoring.coreos.com", "ThanosRuler"): _prometheus("thanos-ruler", "thanos-ruler"),
    ("operator.victoriametrics.com", "VMAgent"): _victoria("vmagent"),
    ("operator.victoriametrics.com", "VMAlert"): _victoria("vmalert"),
    ("operator.victoriametrics.com", "VMAlertmanager"): _victoria("vmalertmanager"),
    ("operator.victoriametrics.com", "VMSingle"): _victoria("vmsingle"),
    ("operator.victoriametrics.com", "VMCluster"): OperatedKind(
        {f"{_APP}/instance": "{name}", f"{_APP}/component": "monitoring", "managed-by": "vm-operator"}
    ),
    ("postgresql.cnpg.io", "Cluster"): OperatedKind(
        {"cnpg.io/cluster": "{name}", "cnpg.io/podRole": "instance"},
        ("spec", "inheritedMetadata", "labels"),
        ("spec", "inheritedMetadata", "annotations"),
    ),
    ("postgresql.cnpg.io", "Pooler"): OperatedKind(
        {"cnpg.io/poolerName": "{name}", "cnpg.io/podRole": "pooler"},
        ("spec", "template", "metadata", "labels"),
        ("spec", "template", "metadata", "annotations"),
    ),
    ("acid.zalan.do", "postgresql"): OperatedKind(
        {"application": "spilo", "cluster-name": "{name}"}, (), ("spec", "podAnnotations")
    ),
    ("kafka.strimzi.io", "Kafka"): _strimzi("Kafka", "kafka"),
    ("kafka.strimzi.io", "KafkaConnect"): _strimzi("KafkaConnect", "kafka-connect"),
    ("kafka.strimzi.io", "KafkaMirrorMaker2"): _strimzi("KafkaMirrorMaker2", "kafka-mirror-maker-2"),
    ("kafka.strimzi.io", "KafkaBridge"): _strimzi("KafkaBridge", "kafka-bridge"),
    ("rabbitmq.com", "RabbitmqCluster"): OperatedKind(
        {f"{_APP}/name": "{name}", f"{_APP}/component": "rabbitmq", f"{_APP}/part-of": "rabbitmq"}
    ),
    ("redis.redis.opstreelabs.in", "Redis"): OperatedKind(
        {"app": "{name}", "redis_setup_type": "standalone", "role": "standalone"}
    ),
    ("redis.redis.opstreelabs.in", "RedisCluster"): OperatedKind({"redis_setup_type": "cluster"}),
    ("redis.redis.opstreelabs.in", "RedisReplication"): OperatedKind(
        {"app": "{name}", "redis_setup_type": "replication"}
    ),
    ("redis.redis.opstreelabs.in", "RedisSentinel"): OperatedKind({"redis_setup_type": "sentinel"}),
    ("databases.spotahome.com", "RedisFailover"): OperatedKind({f"{_APP}/part-of": "redis-failover"}),
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity"): OperatedKind({"app": "{name}-svc"}),
    ("psmdb.percona.com", "PerconaServerMongoDB"): OperatedKind({f"{_APP}/instance": "{name}"}),
    ("pxc.percona.com", "PerconaXtraDBCluster"): OperatedKind({f"{_APP}/instance": "{name}"}),
    ("pgv2.percona.com", "PerconaPGCluster"): OperatedKind({"postgres-operator.crunchydata.com/cluster": "{name}"}),
    ("postgres-operator.crunchydata.com", "PostgresCluster"): OperatedKind(
        {"postgres-operator.crunchydata.com/cluster": "{name}"}, ("spec", "metadata", "labels")
    ),
    ("k8s.mariadb.com", "MariaDB"): OperatedKind(
        {f"{_APP}/name": "mariadb", f"{_APP}/instance": "{name}"}, ("spec", "podMetadata", "labels")
    ),
    ("k8s.mariadb.com", "MaxScale"): OperatedKind({f"{_APP}/name": "maxscale", f"{_APP}/instance": "{name}"}),
    ("mysql.oracle.com", "InnoDBCluster"): OperatedKind({"mysql.oracle.com/cluster": "{name}"}),
    ("opensearch.opster.io", "OpenSearchCluster"): OperatedKind({"opster.io/opensearch-cluster": "{name}"}),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch"): _elastic("elasticsearch"),
    ("kibana.k8s.elastic.co", "Kibana"): OperatedKind(
        {"kibana.k8s.elastic.co/name": "{name}", "common.k8s.elastic.co/type": "kibana"}
    ),
    ("k8s.keycloak.org", "Keycloak"): OperatedKind(
        {"app": "keycloak", f"{_APP}/instance": "{name}", f"{_APP}/managed-by": "keycloak-operator"}
    ),
    ("grafana.integreatly.org", "Grafana"): OperatedKind({"app": "{name}"}),
    ("opentelemetry.io", "OpenTelemetryCollector"): OperatedKind(
        {
            f"{_APP}/component": "opentelemetry-collector",
            f"{_APP}/managed-by": "opentelemetry-operator",
            f"{_APP}/name": "{name}-collector",
        }
    ),
    ("ceph.rook.io", "CephCluster"): OperatedKind({f"{_APP}/created-by": "rook-ceph-operator"}),
}
"""Kinds whose operator makes pods, with the labels of these pods."""
