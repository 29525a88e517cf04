"""The kinds of objects that name images, one line a kind, and artifacts of registries that are no images.

An operator may choose the image of a custom resource itself. A path leads to a reference (``spec.image``) or to a
mapping that holds its parts, such as repository and tag. ``[]`` means each item of a list, ``*`` each field. A path
with braces builds a reference of several fields.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

_DEFAULT = "its operator chooses the image"
_VERSION = "its operator chooses the image by the version"
_FROM_GITHUB = "Cluster API downloads its components from GitHub when it is applied; they cannot be mirrored as images"
_KUBEADM = "kubeadm pulls the images of the Kubernetes version"


@dataclass(frozen=True, slots=True)
class ImageKind:
    """A kind by group, with the paths of its images.

    `blind` is who chooses the image if no path of `decided_by` has a value; empty if the kind always names it.
    """

    group: str
    kind: str
    paths: tuple[str, ...] = ()
    blind: str = ""
    decided_by: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, paths: tuple[str, ...]) -> Self:
        """Return a kind that is written ``group/Kind``, whose objects are never blind."""
        group, _, kind = name.rpartition("/")
        return cls(group, kind, paths)


def _kind(name: str, *paths: str, blind: str = "", decided_by: tuple[str, ...] | None = None) -> ImageKind:
    """Return a kind that is written ``group/Kind``. The first path decides whether an object is blind."""
    group, _, kind = name.rpartition("/")
    return ImageKind(group, kind, paths, blind, paths[:1] if decided_by is None else decided_by)


_TABLE = (
    _kind("acid.zalan.do/postgresql", "spec.dockerImage", blind=_DEFAULT),
    _kind(
        "acid.zalan.do/OperatorConfiguration",
        "configuration.docker_image",
        "configuration.connection_pooler.connection_pooler_image",
        "configuration.logical_backup.logical_backup_docker_image",
        "configuration.sidecars[].image",
    ),
    _kind("agent.k8s.elastic.co/Agent", "spec.image", blind=_VERSION),
    _kind("apm.k8s.elastic.co/ApmServer", "spec.image", blind=_VERSION),
    _kind("apps.emqx.io/EMQX", "spec.image"),
    _kind(
        "argoproj.io/ArgoCD",
        "{spec.image}:{spec.version}",
        "{spec.dex.image}:{spec.dex.version}",
        blind=_DEFAULT,
        decided_by=("spec.image",),
    ),
    _kind("argoproj.io/ClusterWorkflowTemplate", "spec.templates[].container.image", "spec.templates[].script.image"),
    _kind("argoproj.io/Workflow", "spec.templates[].container.image", "spec.templates[].script.image"),
    _kind("argoproj.io/WorkflowTemplate", "spec.templates[].container.image", "spec.templates[].script.image"),
    _kind(
        "argoproj.io/CronWorkflow",
        "spec.workflowSpec.templates[].container.image",
        "spec.workflowSpec.templates[].script.image",
    ),
    _kind("beat.k8s.elastic.co/Beat", "spec.image", blind=_VERSION),
    _kind("cassandra.datastax.com/CassandraDatacenter", "spec.serverImage", blind=_VERSION),
    _kind("cdi.kubevirt.io/CDI", blind=_DEFAULT),
    _kind("ceph.rook.io/CephCluster", "spec.cephVersion.image"),
    _kind(
        "clickhouse.altinity.com/ClickHouseInstallation", blind=_DEFAULT, decided_by=("spec.templates.podTemplates",)
    ),
    _kind("controlplane.cluster.x-k8s.io/KubeadmControlPlane", blind=_KUBEADM),
    _kind("databases.spotahome.com/RedisFailover", "spec.redis.image", "spec.sentinel.image", blind=_DEFAULT),
    _kind("dragonflydb.io/Dragonfly", "spec.image", blind=_DEFAULT),
    _kind("elasticsearch.k8s.elastic.co/Elasticsearch", "spec.image", blind=_VERSION),
    _kind("flink.apache.org/FlinkDeployment", "spec.image"),
    _kind("fluentbit.fluent.io/FluentBit", "spec.image"),
    _kind("grafana.integreatly.org/Grafana", "spec.deployment.spec.template.spec.containers[].image", blind=_DEFAULT),
    _kind("installation.mattermost.com/Mattermost", "{spec.image}:{spec.version}", blind=_VERSION),
    _kind("jaegertracing.io/Jaeger", "spec.*.image", blind=_DEFAULT),
    _kind("k6.io/TestRun", "spec.runner.image", "spec.initializer.image", "spec.starter.image"),
    _kind("k8s.keycloak.org/Keycloak", "spec.image", blind=_DEFAULT),
    _kind(
        "k8s.mariadb.com/MariaDB",
        "spec.image",
        "spec.metrics.exporter.image",
        "spec.galera.agent.image",
        "spec.galera.initContainer.image",
        blind=_DEFAULT,
    ),
    _kind("k8s.mariadb.com/MaxScale", "spec.image", "spec.metrics.exporter.image", blind=_DEFAULT),
    _kind("k8ssandra.io/K8ssandraCluster", "spec.cassandra.serverImage", blind=_VERSION),
    _kind("kafka.strimzi.io/Kafka", "spec.kafka.image", "spec.*.image", "spec.entityOperator.*.image", blind=_VERSION),
    _kind("kafka.strimzi.io/KafkaBridge", "spec.image", blind=_DEFAULT),
    _kind("kafka.strimzi.io/KafkaConnect", "spec.image", blind=_VERSION),
    _kind("kafka.strimzi.io/KafkaMirrorMaker2", "spec.image", blind=_VERSION),
    _kind("kibana.k8s.elastic.co/Kibana", "spec.image", blind=_VERSION),
    _kind("kubevirt.io/KubeVirt", "{spec.imageRegistry}/virt-operator:{spec.imageTag}", blind=_DEFAULT),
    _kind("kubevirt.io/VirtualMachine", "spec.template.spec.volumes[].containerDisk.image"),
    _kind("logging.banzaicloud.io/FluentbitAgent", "spec.image", blind=_DEFAULT),
    _kind("logging.banzaicloud.io/Logging", "spec.fluentd.image", "spec.fluentbit.image", blind=_DEFAULT),
    _kind("logstash.k8s.elastic.co/Logstash", "spec.image", blind=_VERSION),
    _kind("loki.grafana.com/LokiStack", blind=_DEFAULT),
    _kind("maps.k8s.elastic.co/ElasticMapsServer", "spec.image", blind=_VERSION),
    _kind("minio.min.io/Tenant", "spec.image", "spec.kes.image", blind=_DEFAULT),
    _kind("mongodb.com/MongoDB", blind=_VERSION),
    _kind("mongodb.com/MongoDBOpsManager", blind=_VERSION),
    _kind("mongodbcommunity.mongodb.com/MongoDBCommunity", blind=_VERSION),
    _kind(
        "monitoring.coreos.com/Alertmanager", "spec.image", blind=_DEFAULT, decided_by=("spec.image", "spec.baseImage")
    ),
    _kind("monitoring.coreos.com/Prometheus", "spec.image", "spec.thanos.image", blind=_DEFAULT),
    _kind("monitoring.coreos.com/PrometheusAgent", "spec.image", blind=_DEFAULT),
    _kind("monitoring.coreos.com/ThanosRuler", "spec.image", blind=_DEFAULT),
    _kind("mysql.oracle.com/InnoDBCluster", blind=_VERSION),
    _kind("nvidia.com/ClusterPolicy", "spec.*", "spec.*.*"),
    _kind("nvidia.com/NVIDIADriver", "spec"),
    _kind("opensearch.opster.io/OpenSearchCluster", "spec.general.image", "spec.dashboards.image", blind=_VERSION),
    _kind("opentelemetry.io/Instrumentation", "spec.*.image"),
    _kind("opentelemetry.io/OpAMPBridge", "spec.image", blind=_DEFAULT),
    _kind("opentelemetry.io/OpenTelemetryCollector", "spec.image", "spec.targetAllocator.image", blind=_DEFAULT),
    _kind("opentelemetry.io/TargetAllocator", "spec.image", blind=_DEFAULT),
    _kind("operator.cluster.x-k8s.io/AddonProvider", blind=_FROM_GITHUB),
    _kind("operator.cluster.x-k8s.io/BootstrapProvider", blind=_FROM_GITHUB),
    _kind("operator.cluster.x-k8s.io/ControlPlaneProvider", blind=_FROM_GITHUB),
    _kind("operator.cluster.x-k8s.io/CoreProvider", blind=_FROM_GITHUB),
    _kind("operator.cluster.x-k8s.io/InfrastructureProvider", blind=_FROM_GITHUB),
    _kind("operator.cluster.x-k8s.io/IPAMProvider", blind=_FROM_GITHUB),
    _kind("operator.kubearmor.com/KubeArmorConfig", blind=_DEFAULT, decided_by=("spec.kubearmorImage",)),
    _kind("operator.tigera.io/APIServer", blind=_DEFAULT),
    _kind("operator.tigera.io/Goldmane", blind=_DEFAULT),
    _kind("operator.tigera.io/Installation", blind=_DEFAULT),
    _kind("operator.tigera.io/Whisker", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VLogs", "spec.image", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VMAgent", "spec.image", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VMAlert", "spec.image", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VMAlertmanager", "spec.image", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VMAuth", "spec.image", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VMCluster", "spec.*.image", blind=_DEFAULT),
    _kind("operator.victoriametrics.com/VMSingle", "spec.image", blind=_DEFAULT),
    _kind("pgv2.percona.com/PerconaPGCluster", "spec.image", "spec.*.*.image", "spec.pmm.image", blind=_VERSION),
    _kind("pkg.crossplane.io/Configuration", "spec.package"),
    _kind("pkg.crossplane.io/Function", "spec.package"),
    _kind("pkg.crossplane.io/Provider", "spec.package"),
    _kind(
        "postgres-operator.crunchydata.com/PostgresCluster",
        "spec.image",
        "spec.backups.pgbackrest.image",
        "spec.proxy.pgBouncer.image",
        "spec.monitoring.pgmonitor.exporter.image",
        blind=_VERSION,
    ),
    _kind(
        "postgresql.cnpg.io/Cluster",
        "spec.imageName",
        blind=_DEFAULT,
        decided_by=("spec.imageName", "spec.imageCatalogRef"),
    ),
    _kind("postgresql.cnpg.io/ClusterImageCatalog", "spec.images[].image"),
    _kind("postgresql.cnpg.io/ImageCatalog", "spec.images[].image"),
    _kind("postgresql.cnpg.io/Pooler", blind=_DEFAULT, decided_by=("spec.template.spec.containers",)),
    _kind("psmdb.percona.com/PerconaServerMongoDB", "spec.image", "spec.backup.image", "spec.pmm.image"),
    _kind("pxc.percona.com/PerconaXtraDBCluster", "spec.*.image", blind=_DEFAULT),
    _kind("rabbitmq.com/RabbitmqCluster", "spec.image", blind=_DEFAULT),
    _kind("redis.redis.opstreelabs.in/Redis", "spec.kubernetesConfig.image", "spec.*.image", "spec.sidecars[].image"),
    _kind("redis.redis.opstreelabs.in/RedisCluster", "spec.kubernetesConfig.image", "spec.*.image"),
    _kind("redis.redis.opstreelabs.in/RedisReplication", "spec.kubernetesConfig.image", "spec.*.image"),
    _kind("redis.redis.opstreelabs.in/RedisSentinel", "spec.kubernetesConfig.image", "spec.*.image"),
    _kind(
        "scylla.scylladb.com/ScyllaCluster",
        "{spec.repository}:{spec.version}",
        "{spec.agentRepository}:{spec.agentVersion}",
        blind=_VERSION,
        decided_by=("spec.repository",),
    ),
    _kind("solr.apache.org/SolrCloud", "spec.solrImage", blind=_DEFAULT),
    _kind("source.toolkit.fluxcd.io/OCIRepository", "{spec.url}:{spec.ref.tag}"),
    _kind("sparkoperator.k8s.io/SparkApplication", "spec.image", "spec.driver.image", "spec.executor.image"),
    _kind("tekton.dev/ClusterTask", "spec.steps[].image", "spec.sidecars[].image"),
    _kind("tekton.dev/Task", "spec.steps[].image", "spec.sidecars[].image", "spec.stepTemplate.image"),
    _kind("tempo.grafana.com/TempoStack", "spec.images.*", blind=_DEFAULT),
    _kind("temporal.io/TemporalCluster", "{spec.image}:{spec.version}", blind=_VERSION),
    _kind("vault.banzaicloud.com/Vault", "spec.image", "spec.bankVaultsImage", "spec.statsdImage", blind=_DEFAULT),
    _kind("zookeeper.pravega.io/ZookeeperCluster", "spec.image", blind=_DEFAULT),
)

KINDS: Mapping[tuple[str, str], ImageKind] = {(each.group, each.kind): each for each in _TABLE}
"""The kinds by group and kind."""


def with_declared(declared: Iterable[ImageKind]) -> Mapping[tuple[str, str], ImageKind]:
    """Return the table with kinds that settings declare; they replace those of the same name."""
    return {**KINDS, **{(each.group, each.kind): each for each in declared}}


IMAGE = "image"

_BY_KIND: Mapping[tuple[str, str], str] = {
    ("pkg.crossplane.io", "Configuration"): "crossplane-package",
    ("pkg.crossplane.io", "Function"): "crossplane-package",
    ("pkg.crossplane.io", "Provider"): "crossplane-package",
    ("source.toolkit.fluxcd.io", "OCIRepository"): "oci-artifact",
}
_BY_REPOSITORY: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(.*/)?trivy-(db|java-db)"), "vulnerability-database"),
    (re.compile(r"(.*/)?(trivy-checks|trivy-policies)"), "policy-bundle"),
    (re.compile(r"(.*/)?(vuls-[a-z-]*db|grype-db)"), "vulnerability-database"),
)


def artifact_type(repository: str, group: str = "", kind: str = "") -> str:
    """Return the type of what a repository holds: ``image``, or what the object or the name shows it to be."""
    if found := _BY_KIND.get((group, kind)):
        return found
    return next((name for pattern, name in _BY_REPOSITORY if pattern.fullmatch(repository)), IMAGE)
