"""Kinds that hold data, backups or machines, and custom resources that ask for volumes."""

import re
from collections.abc import Mapping
from typing import Any

from kubeaid_ci.k8s.manifest import Manifest

_EVERY = ("*",)
_BUILT_IN = {
    ("", "PersistentVolumeClaim"): "its volume is deleted with it, unless the reclaim policy is Retain",
    ("", "PersistentVolume"): "pods lose the volume",
    ("", "Namespace"): "every object in the namespace is deleted with it",
    ("apps", "StatefulSet"): "its pods stop, and what its volumes hold is no longer served",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "every object of this kind is deleted with it",
    ("storage.k8s.io", "StorageClass"): "claims that ask for it stay pending",
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): "the snapshot is deleted with it, unless its class has Retain",
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"): "the snapshot is deleted with it, unless it has Retain",
}
# Custom resources whose controllers delete machines, data or backups along with them.
_OPERATED: Mapping[str, tuple[str, ...]] = {
    "acid.zalan.do": ("postgresql",),
    "app.redislabs.com": _EVERY,
    "apps.kubeblocks.io": ("Cluster",),
    "barmancloud.cnpg.io": ("ObjectStore",),
    "cassandra.datastax.com": ("CassandraDatacenter",),
    "cdi.kubevirt.io": ("DataVolume",),
    "ceph.rook.io": _EVERY,
    "clickhouse.altinity.com": ("ClickHouseInstallation",),
    "clickhouse-keeper.altinity.com": ("ClickHouseKeeperInstallation",),
    "cluster.x-k8s.io": ("Cluster", "Machine", "MachineDeployment", "MachinePool", "MachineSet"),
    "controlplane.cluster.x-k8s.io": _EVERY,
    "crdb.cockroachlabs.com": ("CrdbCluster",),
    "databases.spotahome.com": ("RedisFailover",),
    "dragonflydb.io": ("Dragonfly",),
    "druid.apache.org": ("Druid",),
    "elasticsearch.k8s.elastic.co": ("Elasticsearch",),
    "etcd.database.coreos.com": ("EtcdCluster",),
    "infra.contrib.fluxcd.io": ("Terraform",),
    "jetstream.nats.io": ("ObjectStore", "KeyValue", "Stream"),
    "k8s.mariadb.com": ("Backup", "Database", "MariaDB"),
    "k8ssandra.io": ("K8ssandraCluster",),
    "kafka.strimzi.io": ("Kafka", "KafkaTopic", "KafkaNodePool"),
    "karpenter.sh": ("NodePool",),
    "kubevirt.io": ("VirtualMachine",),
    "loki.grafana.com": ("LokiStack",),
    "longhorn.io": ("Backup", "BackupTarget", "BackupVolume", "RecurringJob", "Snapshot", "Volume"),
    "mariadb.mmontes.io": ("Backup", "Database", "MariaDB"),
    "minio.min.io": ("Tenant",),
    "mongodb.com": ("MongoDB", "MongoDBMultiCluster", "OpsManager"),
    "mongodbcommunity.mongodb.com": ("MongoDBCommunity",),
    "mysql.oracle.com": ("InnoDBCluster", "MySQLBackup"),
    "objectbucket.io": ("ObjectBucketClaim",),
    "opensearch.opster.io": ("OpenSearchCluster",),
    "pingcap.com": ("TidbCluster", "Backup", "BackupSchedule"),
    "planetscale.com": ("VitessCluster", "VitessKeyspace"),
    "postgres-operator.crunchydata.com": ("PostgresCluster",),
    "postgresql.cnpg.io": ("Backup", "Cluster", "Database", "ScheduledBackup"),
    "rabbitmq.com": ("Queue", "RabbitmqCluster", "Vhost"),
    "redis.redis.opstreelabs.in": ("Redis", "RedisCluster", "RedisReplication"),
    "scylla.scylladb.com": ("ScyllaCluster", "ScyllaDBCluster"),
    "solr.apache.org": ("SolrCloud",),
    "vault.banzaicloud.com": ("Vault",),
    "velero.io": ("Backup", "BackupStorageLocation", "Schedule", "VolumeSnapshotLocation"),
    "operator.victoriametrics.com": ("VMCluster", "VMSingle", "VLSingle", "VLCluster"),
    "yugabyte.com": ("YBCluster",),
    "zookeeper.pravega.io": ("ZookeeperCluster",),
}
# API groups of cloud resources and of database operators, by suffix.
_FAMILIES = (
    ".percona.com",
    ".aws.crossplane.io",
    ".azure.crossplane.io",
    ".gcp.crossplane.io",
    ".upbound.io",
    ".services.k8s.aws",
    ".cnrm.cloud.google.com",
)
_MACHINES = "infrastructure.cluster.x-k8s.io"
# What kinds of operators that are not known here call such things.
_CALLED = re.compile(r"(?:Cluster|Database|Bucket|Snapshot|Volume|Backup)$|(?:SQL|Postgres|Mongo|Redis)", re.IGNORECASE)
_VOLUMES = frozenset({"volumeClaimTemplate", "volumeClaimTemplates", "storageClassName", "storageClass", "pvcTemplate"})
_DEEPEST = 10


def lost_with(manifest: Manifest) -> str:
    """Return what is lost if the object is deleted; empty if everything can be recreated."""
    group, kind = manifest.key.group, manifest.key.kind
    if known := _BUILT_IN.get((group, kind)):
        return known
    kinds = _OPERATED.get(group, ())
    operated = kind in kinds or kinds == _EVERY or group.endswith(_FAMILIES)
    if operated or (group == _MACHINES and kind.endswith("Cluster")):
        return "its controller deletes what it runs, data included"
    if is_custom(group) and _asks_for_volumes(manifest.body.get("spec"), _DEEPEST):
        return "it asks for volumes, which its controller may delete with it"
    if is_custom(group) and _CALLED.search(kind):
        return "its controller may delete the resource behind it, including data"
    return ""


def is_custom(group: str) -> bool:
    """Return whether an API group is of custom resources, except Argo CD's and those defined by Kubernetes itself."""
    return "." in group and not group.endswith(".k8s.io") and group != "argoproj.io"


def _asks_for_volumes(value: Any, deepest: int) -> bool:
    if isinstance(value, dict):
        asks = any(name in _VOLUMES and below for name, below in value.items())
        return asks or (deepest > 0 and any(_asks_for_volumes(below, deepest - 1) for below in value.values()))
    return isinstance(value, list) and deepest > 0 and any(_asks_for_volumes(item, deepest - 1) for item in value)
