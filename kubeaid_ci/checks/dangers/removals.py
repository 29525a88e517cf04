"""What goes with an object that is removed, and objects that another namespace holds from now on."""

from collections.abc import Iterator

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.reading import Said, annotations, body, both, is_kind, sync_options, text, texts
from kubeaid_ci.model.difference import Difference
from kubeaid_ci.model.finding import Severity

_STATE = {
    ("", "PersistentVolumeClaim"): "its volume is deleted with it, unless the reclaim policy is Retain",
    ("", "PersistentVolume"): "pods lose the volume",
    ("", "Namespace"): "every object in the namespace is deleted with it",
    ("apps", "StatefulSet"): "its pods stop, and what its volumes hold is no longer served",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "every object of this kind is deleted with it",
    ("storage.k8s.io", "StorageClass"): "claims that ask for it stay pending",
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): "the snapshot is deleted with it, unless its class says Retain",
}
# Custom resources whose controllers delete machines or data along with them.
_OPERATED = {
    "acid.zalan.do": ("postgresql",),
    "ceph.rook.io": ("CephCluster", "CephBlockPool", "CephFilesystem", "CephObjectStore"),
    "cluster.x-k8s.io": ("Cluster", "MachineDeployment", "MachinePool"),
    "clickhouse.altinity.com": ("ClickHouseInstallation",),
    "elasticsearch.k8s.elastic.co": ("Elasticsearch",),
    "k8s.mariadb.com": ("MariaDB",),
    "kafka.strimzi.io": ("Kafka", "KafkaTopic", "KafkaNodePool"),
    "mongodbcommunity.mongodb.com": ("MongoDBCommunity",),
    "postgresql.cnpg.io": ("Cluster",),
    "rabbitmq.com": ("RabbitmqCluster",),
    "velero.io": ("BackupStorageLocation", "Schedule"),
}
_PROTECTION = {
    ("policy", "PodDisruptionBudget"): "nodes may be drained of all its pods at once",
    ("autoscaling", "HorizontalPodAutoscaler"): "the number of pods no longer follows the load",
    ("", "LimitRange"): "containers without limits of their own have none",
    ("", "ResourceQuota"): "the namespace may use all there is",
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): "what it refused is admitted",
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): "what it refused is admitted",
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "what it refused is admitted",
    ("kyverno.io", "ClusterPolicy"): "what it refused is admitted",
    ("kyverno.io", "Policy"): "what it refused is admitted",
}
_NETWORK_GROUPS = frozenset(
    {"networking.k8s.io", "cilium.io", "crd.projectcalico.org", "projectcalico.org", "policy.networking.k8s.io"}
)
_FINALIZER = "resources-finalizer.argocd.argoproj.io"


def check(difference: Difference) -> Iterator[Said]:
    """What is lost with an object that goes."""
    yield from _moved(difference)
    if difference.after is not None:
        yield from _retention(difference)
        return
    key = difference.manifest.key
    kept = "Prune=false" in sync_options(difference.before)
    state = _STATE.get((key.group, key.kind)) or _operated(key.group, key.kind)
    if state:
        yield _state(state, kept=kept)
    elif key.kind == "Application" and key.group == "argoproj.io":
        yield _application(difference)
    elif key.kind in ("Secret", "SealedSecret", "ExternalSecret") and not kept and not _generated(difference):
        yield Said(rules.SECRET_REMOVED, "the sync deletes this secret; pods that use it will not start")
    elif key.kind.endswith("NetworkPolicy") and key.group in _NETWORK_GROUPS:
        yield Said(rules.NETWORK_OPENED, "the policy is removed: the traffic that it kept out is let through")
    elif protection := _PROTECTION.get((key.group, key.kind)):
        yield Said(rules.PROTECTION_REMOVED, f"it is removed: {protection}")


def _state(what: str, *, kept: bool) -> Said:
    if kept:
        message = "it leaves Git, and stays in the cluster because of Prune=false: nothing cares for it from then on"
        return Said(rules.STATE_REMOVED, message, Severity.WARNING)
    return Said(rules.STATE_REMOVED, f"the sync deletes it, where pruning is on: {what}")


def _operated(group: str, kind: str) -> str:
    return "its controller deletes what it runs, data included" if kind in _OPERATED.get(group, ()) else ""


def _generated(difference: Difference) -> bool:
    """Whether the secret is Helm's own or goes with a hook, so that nobody else uses it."""
    return "helm.sh/hook" in annotations(difference.before)


def _application(difference: Difference) -> Said:
    name = text(body(difference.before), "metadata", "name")
    if any(entry.startswith(_FINALIZER) for entry in texts(body(difference.before), "metadata", "finalizers")):
        return Said(rules.APPLICATION_REMOVED, f"the sync deletes Application {name} and everything that it deployed")
    message = (
        f"Application {name} is removed; what it deployed stays in the cluster, and nothing cares for it from then on"
    )
    return Said(rules.APPLICATION_REMOVED, message, Severity.WARNING)


def _retention(difference: Difference) -> Iterator[Said]:
    """Volumes that go sooner than before."""
    if difference.before is None:
        return
    if is_kind(difference, "apps", "StatefulSet"):
        old, new = both(difference, "spec", "persistentVolumeClaimRetentionPolicy")
        for field, when in (("whenDeleted", "it is deleted"), ("whenScaled", "it is scaled down")):
            if new.get(field) == "Delete" != old.get(field):
                yield Said(rules.STATE_REMOVED, f"from now on its volumes are deleted when {when}", Severity.WARNING)
    elif is_kind(difference, "", "PersistentVolume"):
        old, new = both(difference, "spec")
        if new.get("persistentVolumeReclaimPolicy") == "Delete" != old.get("persistentVolumeReclaimPolicy"):
            yield Said(rules.STATE_REMOVED, "from now on its data is deleted with its claim", Severity.WARNING)


def _moved(difference: Difference) -> Iterator[Said]:
    before, after = difference.renamed_from, difference.after
    if before is not None and after is not None and before.key.namespace != after.key.namespace:
        old, new = before.key.namespace or "(none)", after.key.namespace or "(none)"
        yield Said(rules.NAMESPACE_MOVED, f"it is deleted in namespace {old} and created anew in namespace {new}")
