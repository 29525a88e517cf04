"""Crafted changes whose danger must be called out, and those beside them that are none."""

from typing import Any

import pytest

from kubeaid_ci.dangers import rules as change_rules
from kubeaid_ci.findings.finding import Severity
from tests.compare.rendered import changed, container, obj, workload
from tests.dangers.bodies import (
    ARGO,
    HOOKS,
    NET,
    RBAC,
    application,
    binding,
    check,
    claim,
    claims,
    crd,
    ingress,
    main,
    pod,
    policy,
    role,
    rule,
    secure,
    service,
    told,
    version,
    webhook,
)

Change = tuple[str, Any, Any]
FINALIZER = {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}
BATCH, STORAGE, MONITORING, POLICY = "batch/v1", "storage.k8s.io/v1", "monitoring.coreos.com/v1", "policy/v1"
TEXT = {"type": "string"}


def annotated(body: Any, **annotations: str) -> Any:
    return changed(
        body, "metadata", "annotations", to={name.replace("__", "/"): said for name, said in annotations.items()}
    )


def labelled(**labels: str) -> Any:
    return obj(
        "Namespace", namespace="", metadata={"labels": {name.replace("__", "/"): said for name, said in labels.items()}}
    )


def props(**properties: Any) -> Any:
    return crd(version(schema={"properties": {"spec": {"properties": properties}}}))


def custom(kind: str, api: str, **spec: Any) -> Any:
    return obj(kind, api=api, spec=spec)


def at_spec(kind: str, api: str, field: str, old: Any, new: Any) -> tuple[Any, Any]:
    return custom(kind, api, **{field: old}), custom(kind, api, **{field: new})


def job(**fields: Any) -> Any:
    return workload("Job", api=BATCH, **fields)


def volume(**spec: Any) -> Any:
    return obj("PersistentVolume", namespace="", spec={"nfs": {"server": "a", "path": "/a"}} | spec)


def converted(name: str) -> Any:
    service_of = {"clientConfig": {"service": {"namespace": "n", "name": name}}}
    return crd(version(), conversion={"strategy": "Webhook", "webhook": service_of})


def mounting(read_only: bool = False, **mount: Any) -> Any:
    mounts = [{"name": "v", "mountPath": "/x", "readOnly": read_only} | mount]
    return pod(containers=[container(volumeMounts=mounts)], volumes=[{"name": "v", "hostPath": {"path": "/x"}}])


def balanced(**annotations: str) -> Any:
    return annotated(service(type="LoadBalancer"), **annotations)


def source(**fields: Any) -> Any:
    return application(source={"repoURL": "https://git.example.com/a/b.git", "path": "x"} | fields)


def project(**spec: Any) -> Any:
    return custom("AppProject", ARGO, **spec)


def routed(path: str = "/a", **spec: Any) -> Any:
    return custom("Ingress", NET, rules=[{"host": "a", "http": {"paths": [{"path": "/a"}, {"path": path}]}}], **spec)


HOLDERS = ["Backup.velero.io", "BackupStorageLocation.velero.io", "Bucket.s3.aws.upbound.io", "CassandraDatacenter.cassandra.datastax.com", "CephBlockPool.ceph.rook.io", "CephObjectStoreUser.ceph.rook.io", "ClickHouseInstallation.clickhouse.altinity.com", "Cluster.cluster.x-k8s.io", "Cluster.postgresql.cnpg.io", "CrdbCluster.crdb.cockroachlabs.com", "DBInstance.rds.services.k8s.aws", "Database.postgresql.cnpg.io", "Elasticsearch.elasticsearch.k8s.elastic.co", "HetznerCluster.infrastructure.cluster.x-k8s.io", "InnoDBCluster.mysql.oracle.com", "Kafka.kafka.strimzi.io", "KubeadmControlPlane.controlplane.cluster.x-k8s.io", "MariaDB.k8s.mariadb.com", "MongoDBCommunity.mongodbcommunity.mongodb.com", "OpenSearchCluster.opensearch.opster.io", "PerconaPGCluster.pgv2.percona.com", "PerconaServerMongoDB.psmdb.percona.com", "PerconaXtraDBCluster.pxc.percona.com", "PostgresCluster.postgres-operator.crunchydata.com", "RabbitmqCluster.rabbitmq.com", "RedisFailover.databases.spotahome.com", "SQLInstance.sql.cnrm.cloud.google.com", "Schedule.velero.io", "ScheduledBackup.postgresql.cnpg.io", "Tenant.minio.min.io", "ThingDatabase.example.com", "VMSingle.operator.victoriametrics.com", "VirtualMachine.kubevirt.io", "Volume.longhorn.io", "VolumeSnapshotContent.snapshot.storage.k8s.io", "ZookeeperCluster.zookeeper.pravega.io", "postgresql.acid.zalan.do"]  # fmt: skip

GUARDS = [
    ("ClusterIssuer", "cert-manager.io/v1"),
    ("Certificate", "cert-manager.io/v1"),
    ("MutatingWebhookConfiguration", HOOKS),
    ("ScaledObject", "keda.sh/v1alpha1"),
    ("VerticalPodAutoscaler", "autoscaling.k8s.io/v1"),
    ("PriorityClass", "scheduling.k8s.io/v1"),
    ("K8sPSPCapabilities", "constraints.gatekeeper.sh/v1beta1"),
    ("AppProject", ARGO),
]

POD_CHANGES: dict[str, list[tuple[Any, Any]]] = {
    "host-access": [
        ({}, {"hostIPC": True}),
        ({"hostUsers": False}, {}),
        ({}, {"securityContext": {"windowsOptions": {"hostProcess": True}}}),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/var/log"}}]}, {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
    ],
    "privileges-raised": [
        ({}, {"shareProcessNamespace": True}),
        ({"securityContext": {"runAsUser": 1000}}, {}),
        ({"securityContext": {"runAsGroup": 1000}}, {"securityContext": {"runAsGroup": 0}}),
        ({}, {"securityContext": {"fsGroup": 0}}),
        ({}, {"securityContext": {"supplementalGroups": [0]}}),
        ({}, {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
        ({"securityContext": {"sysctls": [{"name": "a", "value": "0"}]}}, {"securityContext": {"sysctls": [{"name": "a", "value": "1"}]}}),
        ({}, {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}}),
        ({"runtimeClassName": "gvisor"}, {}),
        ({"initContainers": [container("i")]}, {"initContainers": [container("i", securityContext={"privileged": True})]}),
    ],
    "container-added": [
        ({}, {"initContainers": [container("i", restartPolicy="Always")]}),
        ({}, {"ephemeralContainers": [container("e")]}),
    ],
    "state-removed": [
        ({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "a"}}]}, {"volumes": [{"name": "v", "emptyDir": {}}]}),
        ({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "a"}}]}, {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "b"}}]}),
    ],
    "image-registry-new": [({}, {"volumes": [{"name": "v", "image": {"reference": "evil.example.org/x:1"}}]})],
    "identity-changed": [({"automountServiceAccountToken": False}, {"automountServiceAccountToken": True})],
}  # fmt: skip

CONTAINER_CHANGES: dict[str, list[tuple[Any, Any]]] = {
    "privileges-raised": [
        ({"securityContext": {"runAsUser": 1000}}, {}),
        ({}, {"securityContext": {"runAsGroup": 0}}),
        ({}, {"securityContext": {"procMount": "Unmasked"}}),
        ({}, {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}}),
        ({"securityContext": {"capabilities": {"add": ["CHOWN"]}}}, {"securityContext": {"capabilities": {"add": ["ALL"]}}}),
    ],
    "host-access": [({}, {"volumeMounts": [{"name": "d", "mountPath": "/x", "mountPropagation": "Bidirectional"}]})],
    "protection-removed": [
        ({"livenessProbe": {"httpGet": {"port": 1}}}, {}),
        ({"readinessProbe": {"tcpSocket": {"port": 1}}}, {}),
    ],
    "image-downgraded": [({"image": "registry.example.com/web:2.0.0"}, {"image": "registry.example.com/web:1.9.9"})],
}  # fmt: skip

CARRIERS = {
    "Deployment.apps": ("spec", "template", "spec"),
    "CronJob.batch": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Pod.": ("spec",),
    "PodTemplate.": ("template", "spec"),
    "ReplicationController.": ("spec", "template", "spec"),
    "Rollout.argoproj.io": ("spec", "template", "spec"),
    "Service.serving.knative.dev": ("spec", "template", "spec"),
    "Prometheus.monitoring.coreos.com": ("spec",),
}


def carried(carrier: str, spec: Any) -> Any:
    kind, _, group = carrier.partition(".")
    return changed(
        obj(kind, api=f"{group}/v1" if group else "v1"), *CARRIERS[carrier], to={"containers": [container()]} | spec
    )


DANGERS: dict[str, list[Change]] = {
    "state-removed": [
        *((holder, obj(holder.partition(".")[0], api=f"{holder.partition('.')[2]}/v1"), None) for holder in HOLDERS),
        ("a resource that asks for volumes", custom("Thing", "example.com/v1", storage={"volumeClaimTemplate": {"spec": {}}}), None),
        ("a claim under another name", claim(), changed(claim(), "metadata", "name", to="y")),
        ("a volume that is recycled", volume(persistentVolumeReclaimPolicy="Retain"), volume(persistentVolumeReclaimPolicy="Recycle")),
        ("a snapshot class", obj("VolumeSnapshotClass", api="snapshot.storage.k8s.io/v1", deletionPolicy="Retain"), obj("VolumeSnapshotClass", api="snapshot.storage.k8s.io/v1", deletionPolicy="Delete")),
        ("a cloud resource", *at_spec("Bucket", "s3.aws.upbound.io/v1", "deletionPolicy", "Orphan", "Delete")),
        ("a broker's claims", *at_spec("KafkaNodePool", "kafka.strimzi.io/v1", "storage", {"deleteClaim": False}, {"deleteClaim": True})),
        ("a secret of an operator", *at_spec("ExternalSecret", "external-secrets.io/v1", "target", {}, {"deletionPolicy": "Delete"})),
        ("monitoring without a volume", custom("Prometheus", MONITORING, storage={"volumeClaimTemplate": {"spec": {}}}), custom("Prometheus", MONITORING)),
    ],
    "application-removed": [
        ("a set", custom("ApplicationSet", ARGO), None),
        ("another name", obj("Application", "a", api=ARGO, metadata=FINALIZER, spec={"x": 1}), obj("Application", "b", api=ARGO, metadata=FINALIZER, spec={"x": 1})),
        ("without its finalizer", application(), None),
    ],
    "secret-removed": [
        *((kind, obj(kind, api=api), None) for kind, api in (("VaultStaticSecret", "secrets.hashicorp.com/v1beta1"), ("SopsSecret", "isindir.github.com/v1"), ("ClusterSecretStore", "external-secrets.io/v1"))),
        ("a key", obj("Secret", data={"a": "YQ==", "b": "Yg=="}), obj("Secret", data={"a": "YQ=="})),
    ],
    "secret-source-changed": [
        ("another store", *at_spec("ExternalSecret", "external-secrets.io/v1", "secretStoreRef", {"name": "a"}, {"name": "b"})),
        ("another server", *at_spec("ClusterSecretStore", "external-secrets.io/v1", "provider", {"vault": {"server": "a"}}, {"vault": {"server": "b"}})),
        ("another authority", *at_spec("ClusterIssuer", "cert-manager.io/v1", "acme", {"server": "a"}, {"server": "b"})),
        ("another issuer", *at_spec("Certificate", "cert-manager.io/v1", "issuerRef", {"name": "a"}, {"name": "b"})),
    ],
    "backup-changed": [
        ("another bucket", *at_spec("BackupStorageLocation", "velero.io/v1", "objectStorage", {"bucket": "a"}, {"bucket": "b"})),
        ("less often", *at_spec("Schedule", "velero.io/v1", "schedule", "0 * * * *", "0 0 1 * *")),
        ("without a namespace", *at_spec("Schedule", "velero.io/v1", "template", {}, {"excludedNamespaces": ["db"]})),
        ("none of a database", custom("Cluster", "postgresql.cnpg.io/v1", backup={"a": 1}), custom("Cluster", "postgresql.cnpg.io/v1")),
    ],
    "protection-removed": [
        *((kind, obj(kind, api=api), None) for kind, api in GUARDS),
        ("a budget that holds nothing", custom("PodDisruptionBudget", POLICY, minAvailable=1), custom("PodDisruptionBudget", POLICY)),
        ("an impossible autoscaler", custom("HorizontalPodAutoscaler", "autoscaling/v2", minReplicas=1, maxReplicas=3), custom("HorizontalPodAutoscaler", "autoscaling/v2", minReplicas=4, maxReplicas=3)),
        ("a quota's bound", *at_spec("ResourceQuota", "v1", "hard", {"pods": 1}, {})),
        ("a range's bound", *at_spec("LimitRange", "v1", "limits", [{"type": "Container"}], [])),
        ("all pods at once", workload(), workload(spec={"strategy": {"type": "Recreate"}})),
        ("all pods unavailable", workload(), workload(spec={"strategy": {"rollingUpdate": {"maxUnavailable": "100%"}}})),
        ("out of the mesh", labelled(**{"istio-injection": "enabled"}), labelled(**{"istio-injection": "disabled"})),
        ("a webhook that sees less", webhook(rules=[{"operations": ["CREATE", "DELETE"], "apiGroups": [""], "resources": ["pods"]}]), webhook()),
        ("a policy that only reports", *at_spec("ClusterPolicy", "kyverno.io/v1", "validationFailureAction", "Enforce", "Audit")),
        ("a binding that only audits", *at_spec("ValidatingAdmissionPolicyBinding", HOOKS, "validationActions", ["Deny"], ["Audit"])),
        ("a policy with other rules", *at_spec("ValidatingAdmissionPolicy", HOOKS, "validations", [{"expression": "a"}], [{"expression": "true"}])),
    ],
    "drain-blocked": [
        ("a new budget", None, custom("PodDisruptionBudget", POLICY, maxUnavailable=0)),
        ("all must run", custom("PodDisruptionBudget", POLICY, minAvailable=1), custom("PodDisruptionBudget", POLICY, minAvailable="100%")),
    ],
    "scaled-to-zero": [
        ("by an autoscaler", *at_spec("HorizontalPodAutoscaler", "autoscaling/v2", "minReplicas", 1, 0)),
        ("by KEDA", *at_spec("ScaledObject", "keda.sh/v1alpha1", "maxReplicaCount", 3, 0)),
        ("backups", *at_spec("Schedule", "velero.io/v1", "paused", False, True)),
    ],
    "immutable-field": [
        ("another claim template", workload("StatefulSet"), claims()),
        ("a larger claim template", claims(), claims(resources={"requests": {"storage": "2Gi"}})),
        ("a claim template's chart label", changed(claims(), "spec", "volumeClaimTemplates", 0, "metadata", "labels", to={"helm.sh/chart": "a-1.0.0"}), changed(claims(), "spec", "volumeClaimTemplates", 0, "metadata", "labels", to={"helm.sh/chart": "a-1.0.1"})),
        ("a job's chart label", changed(job(), "spec", "template", "metadata", "labels", to={"helm.sh/chart": "a-1.0.0"}), changed(job(), "spec", "template", "metadata", "labels", to={"helm.sh/chart": "a-1.0.1"})),
        ("a job's image", job(), job(pod={"containers": [container(image="registry.example.com/web:1.0.1")]})),
        ("a job's failure policy", job(), job(spec={"podFailurePolicy": {"rules": []}})),
        ("a pod's variables", obj("Pod", spec={"containers": [container()]}), obj("Pod", spec={"containers": [container(env=[{"name": "A"}])]})),
        ("a service's addresses", service(clusterIPs=["10.0.0.1"]), service(clusterIPs=["10.0.0.2"])),
        ("a service's family", service(ipFamilies=["IPv4"]), service(ipFamilies=["IPv6"])),
        ("a balancer's class", service(type="LoadBalancer", loadBalancerClass="a"), service(type="LoadBalancer", loadBalancerClass="b")),
        ("a claim of another unit", claim("1Gi"), claim("1G")),
        ("a claim's volume", claim(volumeName="a"), claim(volumeName="b")),
        ("an immutable text", obj("ConfigMap", immutable=True, data={"a": '{"a":1}'}), obj("ConfigMap", immutable=True, data={"a": '{"a": 1}'})),
        ("mutable again", obj("Secret", immutable=True), obj("Secret")),
        ("a driver", *at_spec("CSIDriver", STORAGE, "attachRequired", True, False)),
        ("a snapshot's source", *at_spec("VolumeSnapshot", "snapshot.storage.k8s.io/v1", "source", {"a": "1"}, {"a": "2"})),
        ("a database that shrinks", *at_spec("Cluster", "postgresql.cnpg.io/v1", "storage", {"size": "10Gi"}, {"size": "1Gi"})),
    ],
    "crd-version-removed": [
        ("the one of the old form", obj("CustomResourceDefinition", api="apiextensions.k8s.io/v1beta1", spec={"version": "v1alpha1"}), crd(version("v1"))),
    ],
    "crd-storage-changed": [("no conversion", converted("a"), crd(version(), conversion={"strategy": "None"}))],
    "crd-schema-narrowed": [
        ("every field", props(a={"properties": {"x": TEXT}}), props(a={})),
        ("a field called description", props(description=TEXT, a=TEXT), props(a=TEXT)),
        ("a field of items", props(a={"items": {"properties": {"x": TEXT, "y": TEXT}}}), props(a={"items": {"properties": {"x": TEXT}}})),
        ("only some values", props(a=TEXT), props(a=TEXT | {"enum": ["a"]})),
        ("another value", props(a={"enum": ["a", "c"]}), props(a={"enum": ["a", "b", "d"]})),
        ("not null", props(a=TEXT | {"nullable": True}), props(a=TEXT)),
        ("no unknown fields", crd(version(), preserveUnknownFields=True), crd(version(), preserveUnknownFields=False)),
        *((demand, props(a={}), props(a={demand: [{"required": ["x"]}]})) for demand in ("allOf", "anyOf", "oneOf")),
        ("no item twice", props(a={"type": "array"}), props(a={"type": "array", "x-kubernetes-list-type": "set"})),
        ("only numbers", props(a={"x-kubernetes-int-or-string": True}), props(a={"type": "integer"})),
        ("a rule", props(a={}), props(a={"x-kubernetes-validations": [{"rule": "self == oldSelf"}]})),
        ("another rule", props(a={"x-kubernetes-validations": [{"rule": "a"}]}), props(a={"x-kubernetes-validations": [{"rule": "b"}]})),
    ],
    "webhook-widened": [
        ("a conversion", crd(version()), converted("a")),
        ("another conversion", converted("a"), converted("b")),
        ("another path", webhook(clientConfig={"service": {"path": "/a"}}), webhook(clientConfig={"service": {"path": "/b"}})),
        ("an address no more", webhook(clientConfig={"url": "https://x.example.com"}), webhook()),
        ("objects of the cluster", webhook(rules=[{"scope": "Namespaced"}]), webhook(rules=[{"scope": "*"}])),
        ("every namespace", webhook(namespaceSelector={"matchLabels": {"a": "b"}}), webhook(namespaceSelector={})),
        ("a policy that changes", None, custom("MutatingAdmissionPolicy", HOOKS)),
    ],
    "rbac-widened": [
        *((what, role(rule("get", "pods")), role(rule("get", "pods"), wider)) for what, wider in {
            "escalate": rule("escalate", "roles", RBAC[:-3]),
            "impersonate": rule("impersonate", "users"),
            "logs in": rule("create", "pods/exec"),
            "any subresource": rule("create", "pods/*"),
            "nodes": rule("get", "nodes/proxy"),
            "tokens": rule("create", "serviceaccounts/token"),
            "approves": rule("update", "certificatesigningrequests/approval", "certificates.k8s.io"),
            "every address": {"verbs": ["*"], "nonResourceURLs": ["*"]},
        }.items()),
        ("any name", role(rule("get", "secrets", resourceNames=["a"])), role(rule("get", "secrets", resourceNames=[]))),
        ("every role", role(aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}), role(aggregationRule={"clusterRoleSelectors": [{}]})),
        ("of a project", project(roles=[]), project(roles=[{"name": "a", "policies": ["p, proj:x:a, applications, *, x/*, allow"]}])),
        ("of ArgoCD's people", obj("ConfigMap", "argocd-rbac-cm", data={"policy.default": ""}), obj("ConfigMap", "argocd-rbac-cm", data={"policy.default": "role:admin"})),
    ],
    "rbac-bound": [
        *((name, None, binding(name, kind=kind)) for name, kind in (("system:masters", "Group"), ("system:unauthenticated", "Group"), ("system:anonymous", "User"), ("default", "ServiceAccount"))),
        ("another kind of role", obj("RoleBinding", api=RBAC, roleRef={"kind": "Role", "name": "a"}, subjects=[{"kind": "User", "name": "u"}]), obj("RoleBinding", api=RBAC, roleRef={"kind": "ClusterRole", "name": "admin"}, subjects=[{"kind": "User", "name": "u"}])),
    ],
    "host-access": [
        ("another mount that writes", mounting(read_only=True), mounting(mountPath="/y")),
        ("another container", changed(mounting(), "spec", "template", "spec", "containers", to=[container()]), mounting()),
    ],
    "privileges-raised": [
        ("a step of a workflow", custom("WorkflowTemplate", ARGO, templates=[{"name": "a", "container": container()}]), custom("WorkflowTemplate", ARGO, templates=[{"name": "a", "container": container(securityContext={"privileged": True})}])),
        ("a step of a pipeline", custom("Task", "tekton.dev/v1", steps=[container()]), custom("Task", "tekton.dev/v1", steps=[container(securityContext={"privileged": True})])),
    ],
    "image-registry-new": [("of a database", *at_spec("Cluster", "postgresql.cnpg.io/v1", "imageName", "ghcr.io/a/pg:16", "evil.example.org/a/pg:16"))],
    "image-downgraded": [("the release before", main(image="registry.example.com/web:v2.0"), main(image="registry.example.com/web:v1.9.9"))],
    "network-opened": [
        ("a cluster's policy", obj("CiliumNetworkPolicy", api="cilium.io/v2", specs=[{}]), obj("CiliumNetworkPolicy", api="cilium.io/v2", specs=[{"ingress": [{}]}])),
        ("an admin's policy", *at_spec("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1", "priority", 1, 2)),
        ("the mesh's encryption", *at_spec("PeerAuthentication", "security.istio.io/v1", "mtls", {"mode": "STRICT"}, {"mode": "PERMISSIVE"})),
        ("the mesh's policy", custom("AuthorizationPolicy", "security.istio.io/v1"), None),
        ("any peer", policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}]}]), policy(ingress=[{"from": []}])),
        ("a range of ports", policy(ingress=[{"ports": [{"port": 1}]}]), policy(ingress=[{"ports": [{"port": 1, "endPort": 99}]}])),
        ("an exception", policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}]), policy(ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}])),
    ],
    "exposed": [
        *((name, balanced(**{name: said}), balanced()) for name, said in {
            "service.beta.kubernetes.io__aws-load-balancer-internal": "true",
            "service.beta.kubernetes.io__azure-load-balancer-internal": "true",
            "networking.gke.io__load-balancer-type": "Internal",
            "load-balancer.hetzner.cloud__disable-public-network": "true",
        }.items()),
        ("a balancer to the internet", balanced(service__aws_load_balancer_scheme="internal"), balanced(service__aws_load_balancer_scheme="internet-facing")),
        ("another port", service(type="LoadBalancer", ports=[{"port": 443}]), service(type="LoadBalancer", ports=[{"port": 443}, {"port": 22}])),
        ("one name without TLS", ingress("a", "b", tls=[{"hosts": ["a", "b"]}]), ingress("a", "b", tls=[{"hosts": ["a"]}])),
        ("another path", routed(), routed("/admin")),
        ("another controller", routed(ingressClassName="inside"), routed(ingressClassName="outside")),
        ("no redirect", annotated(routed(), nginx__ssl_redirect="true"), annotated(routed(), **{"nginx.ingress.kubernetes.io__ssl-redirect": "false"})),
        ("an ingress to the internet", annotated(routed(), **{"alb.ingress.kubernetes.io__scheme": "internal"}), annotated(routed(), **{"alb.ingress.kubernetes.io__scheme": "internet-facing"})),
        ("a route of Traefik", None, custom("IngressRoute", "traefik.io/v1alpha1", routes=[{"match": "Host(`a`)"}])),
        ("a route of Istio", *at_spec("VirtualService", "networking.istio.io/v1", "hosts", ["a"], ["a", "b"])),
        ("a route that goes", custom("HTTPRoute", "gateway.networking.k8s.io/v1", hostnames=["a"]), None),
        ("a gateway without TLS", *at_spec("Gateway", "gateway.networking.k8s.io/v1", "listeners", [{"port": 443, "tls": {}}], [{"port": 443}])),
    ],
    "sync-option-changed": [
        ("by itself", application(), application(syncPolicy={"automated": {}})),
        ("by itself again", application(syncPolicy={"automated": {"enabled": False, "prune": True}}), application(syncPolicy={"automated": {"prune": True}})),
        ("Helm's keep", annotated(claim(), **{"helm.sh__resource-policy": "keep"}), claim()),
    ],
    "drift-ignored": [
        ("extraneous", workload(), annotated(workload(), **{"argocd.argoproj.io__compare-options": "IgnoreExtraneous"})),
        ("a wider place", application(ignoreDifferences=[{"kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]), application(ignoreDifferences=[{"kind": "Deployment", "jsonPointers": ["/spec"]}])),
    ],
    "source-changed": [
        ("another chart", source(path="", chart="a"), source(path="", chart="b")),
        ("another cluster", application(destination={"server": "https://a"}), application(destination={"server": "https://b"})),
        ("a set's repository", *at_spec("ApplicationSet", ARGO, "template", {"spec": {"source": {"repoURL": "https://a.example.com/x"}}}, {"spec": {"source": {"repoURL": "https://b.example.com/x"}}})),
        ("any repository", project(sourceRepos=["a"]), project(sourceRepos=["*"])),
        ("a new project for all", None, project(destinations=[{"server": "*", "namespace": "*"}])),
        ("forbidden kinds", project(clusterResourceBlacklist=[{"group": "*", "kind": "*"}]), project()),
        ("every kind", project(namespaceResourceWhitelist=[{"group": "", "kind": "ConfigMap"}]), project()),
        ("namespaces", project(), project(sourceNamespaces=["*"])),
    ],
}  # fmt: skip

HARMLESS: list[Change] = [
    ("a step to real numbers", props(a={"type": "integer"}), props(a={"type": "number"})),
    ("numbers or texts", props(a={"type": "integer"}), props(a={"x-kubernetes-int-or-string": True})),
    ("values in another order", props(a={"enum": ["a", "b"]}), props(a={"enum": ["b", "a"]})),
    ("one more value", props(a={"enum": ["a", "c"]}), props(a={"enum": ["a", "b", "c"]})),
    ("any value", props(a={"enum": ["a"]}), props(a={})),
    ("longer texts", props(a={"maxLength": 3}), props(a={"maxLength": 5})),
    ("shorter texts", props(a={"minLength": 3}), props(a={"minLength": 1})),
    ("any text", props(a={"pattern": "^a"}), props(a={})),
    ("another message", props(a={"x-kubernetes-validations": [{"rule": "a", "message": "x"}]}), props(a={"x-kubernetes-validations": [{"rule": "a", "message": "y"}]})),
    ("null as well", props(a=TEXT), props(a=TEXT | {"nullable": True})),
    ("a larger claim", claim("1Gi"), claim("2Gi")),
    ("a larger database", *at_spec("Cluster", "postgresql.cnpg.io/v1", "storage", {"size": "1Gi"}, {"size": "10Gi"})),
    ("a newer version", main(image="registry.example.com/web:1.9.0"), main(image="registry.example.com/web:1.10.0")),
    ("another build of it", main(image="registry.example.com/web:1.9.0"), main(image="registry.example.com/web:1.9.0-r2")),
    ("a user that is told to be none of root", pod(securityContext={"runAsUser": 1, "runAsNonRoot": True}), pod(securityContext={"runAsNonRoot": True})),
    ("what the pod says as well", pod(securityContext={"runAsNonRoot": True}, containers=[container(securityContext={"runAsNonRoot": True})]), pod(securityContext={"runAsNonRoot": True})),
    ("a machine's image", *at_spec("Thing", "example.com/v1", "imageName", "ubuntu-22.04", "ubuntu-24.04")),
    ("a smaller budget", custom("PodDisruptionBudget", POLICY, maxUnavailable=2), custom("PodDisruptionBudget", POLICY, maxUnavailable=1)),
    ("an issuer of its own", None, custom("ClusterIssuer", "cert-manager.io/v1")),
    ("a machine template that is replaced", obj("HCloudMachineTemplate", "a", api="infrastructure.cluster.x-k8s.io/v1", spec={"a": 1}), obj("HCloudMachineTemplate", "b", api="infrastructure.cluster.x-k8s.io/v1", spec={"a": 2})),
    ("a project of its own", None, project(sourceRepos=["https://git.example.com/a"])),
    ("no command", main(), main(command=[], lifecycle={})),
    ("less time to wait", webhook(timeoutSeconds=10), webhook(timeoutSeconds=5)),
    ("Ingress in its new group", obj("Ingress", api="extensions/v1beta1", spec={}), obj("Ingress", api=NET, spec={})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "before", "after"),
    [pytest.param(name, *sides, id=f"{name}: {what}") for name, cases in DANGERS.items() for what, *sides in cases],
)
def test_a_crafted_danger_is_called_out(wanted: str, before: Any, after: Any) -> None:
    assert wanted in told(before, after)
    assert check(before, before) == check(after, after) == []


@pytest.mark.parametrize(("before", "after"), [pytest.param(*sides, id=what) for what, *sides in HARMLESS])
def test_a_change_that_looks_like_a_danger_is_none(before: Any, after: Any) -> None:
    assert told(before, after) == set()


@pytest.mark.parametrize("carrier", CARRIERS)
def test_pods_are_looked_at_wherever_they_are_specified(carrier: str) -> None:
    for wanted, cases in POD_CHANGES.items():
        for old, new in cases:
            assert wanted in told(carried(carrier, old), carried(carrier, new)), (wanted, old, new)
    for wanted, cases in CONTAINER_CHANGES.items():
        for old, new in cases:
            before, after = (carried(carrier, {"containers": [container(**fields)]}) for fields in (old, new))
            assert wanted in told(before, after), (wanted, old, new)


def test_a_new_path_in_the_same_repository_only_informs() -> None:
    assert told(source(), source(path="y")) == {"(source-changed)"}
    assert told(obj("PrometheusRule", api=MONITORING), None) == {"(protection-removed)"}


def test_an_application_set_that_keeps_what_it_made_is_a_warning() -> None:
    (finding,) = check(custom("ApplicationSet", ARGO, syncPolicy={"preserveResourcesOnDeletion": True}), None)
    assert (finding.rule, finding.severity) == (change_rules.APPLICATION_REMOVED, Severity.WARNING)


def test_a_definition_names_what_its_schema_takes_no_more() -> None:
    (finding,) = check(props(a=TEXT, b=TEXT), props(a=TEXT | {"enum": ["x"]}))
    assert finding.message == "stricter validation: v1 spec.a is now restricted to some values, v1 spec.b was removed"


def test_secure_contexts_of_the_pod_hold_for_its_containers() -> None:
    alone, shared = secure(runAsUser=1000), pod(securityContext={"runAsUser": 1000})
    assert told(alone, shared) == told(shared, alone) == set()


def test_what_is_said_of_an_object_is_bounded_whatever_it_holds() -> None:
    for finding in check(main(), main(image=f"evil.example.org/{'x' * 100_000}:1", command=["a"])):
        assert len(finding.message) < 2_100


def test_a_policy_of_very_many_peers_and_ports_is_not_multiplied_out() -> None:
    peers, ports = [{"ipBlock": {"cidr": f"10.0.0.{n}"}} for n in range(3_000)], [{"port": n} for n in range(3_000)]
    large = policy(ingress=[{"from": peers, "ports": ports}])
    for before, after in ((policy(), large), (large, policy(ingress=[{}]))):
        assert told(before, after) == {"network-opened"}
