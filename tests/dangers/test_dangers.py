"""Each danger with a twin that is none."""

from typing import Any

import pytest

from kubeaid_ci.dangers import dangers
from kubeaid_ci.dangers import rules as change_rules
from kubeaid_ci.findings.finding import Severity
from tests.compare.rendered import at, changed, container, obj, workload
from tests.dangers.bodies import (
    ARGO,
    FORCE,
    HOOKS,
    KEEP,
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
from tests.dangers.test_corpus import DANGERS


def labels_for(level: str) -> Any:
    """An Application that creates its namespace for pods of a level."""
    labels = {"pod-security.kubernetes.io/enforce": level}
    spec = {"syncPolicy": {"managedNamespaceMetadata": {"labels": labels}}}
    return obj("Application", api="argoproj.io/v1alpha1", spec=spec)


STATEFUL = [
    claim(),
    workload("StatefulSet"),
    obj("Namespace", namespace=""),
    obj("PersistentVolume"),
    crd(version()),
    obj("StorageClass", api="storage.k8s.io/v1"),
    obj("Cluster", api="postgresql.cnpg.io/v1"),
]

# The rule, before, after; then a before and an after that look alike and are harmless.
CASES: list[tuple[str, Any, Any, Any, Any]] = [
    *(("state-removed", body, None, obj("Deployment", api="apps/v1"), None) for body in STATEFUL),
    ("application-removed", obj("Application", api=ARGO, metadata={"finalizers": ["resources-finalizer.argocd.argoproj.io"]}), None, None, application()),
    ("secret-removed", obj("Secret"), None, obj("ConfigMap"), None),
    ("protection-removed", obj("PodDisruptionBudget", api="policy/v1"), None, None, obj("PodDisruptionBudget", api="policy/v1")),
    ("protection-removed", obj("HorizontalPodAutoscaler", api="autoscaling/v2"), None, obj("HorizontalPodAutoscaler", api="example.com/v1"), None),
    (
        "protection-removed",
        obj("PodDisruptionBudget", api="policy/v1", spec={"minAvailable": 1}),
        obj("PodDisruptionBudget", api="policy/v1", spec={"minAvailable": 0}),
        obj("PodDisruptionBudget", api="policy/v1", spec={"minAvailable": 1}),
        obj("PodDisruptionBudget", api="policy/v1", spec={"minAvailable": 2}),
    ),
    ("protection-removed", webhook(), obj("ValidatingWebhookConfiguration", api=HOOKS, webhooks=[]), webhook(), webhook()),
    *(
        (
            "immutable-field",
            workload(kind, spec={"selector": {"matchLabels": {"a": "1"}}}),
            workload(kind, spec={"selector": {"matchLabels": {"a": "2"}}}),
            workload(kind, spec={"minReadySeconds": 1}),
            workload(kind, spec={"minReadySeconds": 2}),
        )
        for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    ),
    ("immutable-field", claims(storageClassName="a"), claims(storageClassName="b"), claims(), claims(resources={"requests": {"storage": "1024Mi"}})),
    ("immutable-field", workload("StatefulSet", spec={"serviceName": "a"}), workload("StatefulSet", spec={"serviceName": "b"}), service(a=1), service(a=2)),
    ("immutable-field", workload("StatefulSet"), workload("StatefulSet", spec={"podManagementPolicy": "Parallel"}), service(), service(a=2)),
    ("immutable-field", service(clusterIP="10.0.0.1"), service(clusterIP="None"), service(clusterIP="10.0.0.1"), service()),
    ("immutable-field", workload("Job", api="batch/v1"), workload("Job", api="batch/v1", pod={"restartPolicy": "Never"}), workload("CronJob", api="batch/v1"), workload("CronJob", api="batch/v1", pod={"restartPolicy": "Never"})),
    ("immutable-field", claim("2Gi"), claim("1Gi"), claim("1Gi"), claim("2Gi")),
    ("immutable-field", claim(), claim(storageClassName="other"), claim(), claim(volumeAttributesClassName="fast")),
    ("immutable-field", obj("StorageClass", api="storage.k8s.io/v1", parameters={"a": "1"}), obj("StorageClass", api="storage.k8s.io/v1", parameters={"a": "2"}), obj("StorageClass", api="storage.k8s.io/v1"), obj("StorageClass", api="storage.k8s.io/v1", allowVolumeExpansion=True)),
    ("immutable-field", binding("a"), binding("a", role="other"), binding("a"), binding("a")),
    ("immutable-field", obj("ConfigMap", immutable=True, data={"a": "1"}), obj("ConfigMap", immutable=True, data={"a": "2"}), obj("ConfigMap", data={"a": "1"}), obj("ConfigMap", data={"a": "2"})),
    ("immutable-field", obj("PersistentVolume", spec={"nfs": {"path": "/a"}}), obj("PersistentVolume", spec={"nfs": {"path": "/b"}}), obj("PersistentVolume", spec={"capacity": {"storage": "1Gi"}}), obj("PersistentVolume", spec={"capacity": {"storage": "2Gi"}})),
    ("immutable-field", crd(version()), crd(version(), scope="Cluster"), crd(version()), crd(version())),
    ("crd-version-removed", crd(version(), version("v1beta1", storage=False)), crd(version()), crd(version()), crd(version(), version("v2", storage=False))),
    ("crd-version-removed", crd(version()), crd(version(served=False)), crd(version(served=False)), crd(version())),
    ("crd-storage-changed", crd(version("v1"), version("v2", storage=False)), crd(version("v1", storage=False), version("v2")), crd(version()), crd(version())),
    *(
        ("crd-schema-narrowed", crd(version(schema=old)), crd(version(schema=new)), crd(version(schema=new)), crd(version(schema=harmless)))
        for old, new, harmless in (
            ({"properties": {"a": {}, "b": {}}}, {"properties": {"a": {}}}, {"properties": {"a": {}, "c": {}}}),
            ({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "integer"}, "type": {}}}),
            ({"required": ["a"]}, {"required": ["a", "b"]}, {"required": ["a"]}),
            ({}, {"required": ["a"]}, {}),
            ({"enum": ["a", "b"]}, {"enum": ["a"]}, {"enum": ["a"], "description": "x"}),
            ({"maxLength": 5}, {"maxLength": 3}, {}),
            ({"x-kubernetes-preserve-unknown-fields": True}, {}, {"x-kubernetes-preserve-unknown-fields": True}),
        )
    ),
    ("rbac-widened", role(rule("get", "pods")), role(rule("get delete", "pods")), role(rule("get delete", "pods")), role(rule("get", "pods"))),
    ("rbac-widened", role(rule("get", "pods")), role(rule("get", "pods secrets")), role(rule("*", "*", "*")), role(rule("get", "secrets"))),
    ("rbac-widened", role(), role(rule("*", "*", "*")), role(rule("get", "pods services")), role(rule("get", "services"), rule("get", "pods"))),
    ("rbac-widened", role(rule("escalate", "pods")), role(rule("escalate bind", "roles", "rbac.authorization.k8s.io")), role(), role()),
    ("rbac-widened", role(rule("create", "pods")), role(rule("create", "pods pods/exec")), role(rule("create", "*")), role(rule("create", "pods pods/exec"))),
    ("rbac-widened", role(rule("update", "leases", resourceNames=["a"])), role(rule("update", "leases")), role(rule("update", "leases")), role(rule("update", "leases", resourceNames=["a"]))),
    ("rbac-widened", role(), role(metadata={"labels": {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}}), role(), role(metadata={"labels": {"a": "true"}})),
    ("rbac-widened", None, role(rule("impersonate", "users")), None, role()),
    ("rbac-bound", binding("a", role="cluster-admin"), binding("a", "b", role="cluster-admin"), binding("a", "b", role="cluster-admin"), binding("a", role="cluster-admin")),
    ("rbac-bound", binding("a"), binding("a", "default"), binding("b", "a"), binding("a", "b")),
    ("rbac-bound", None, binding("system:authenticated", kind="Group"), binding("system:authenticated", kind="Group"), None),
    ("host-access", pod(), pod(hostNetwork=True), pod(hostNetwork=True), pod()),
    ("host-access", pod(), pod(hostPID=True), pod(), pod(hostPID=False)),
    ("host-access", pod(volumes=[]), pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}]), pod(), pod(volumes=[{"name": "v", "emptyDir": {}}])),
    ("host-access", main(ports=[{"containerPort": 1}]), main(ports=[{"containerPort": 1, "hostPort": 1}]), main(), main(ports=[{"containerPort": 1}])),
    ("privileges-raised", main(), secure(privileged=True), secure(privileged=True), secure(privileged=False)),
    ("privileges-raised", secure(allowPrivilegeEscalation=False), secure(), secure(), secure(allowPrivilegeEscalation=False)),
    ("privileges-raised", main(), secure(capabilities={"add": ["SYS_ADMIN"]}), secure(capabilities={"add": ["SYS_ADMIN"]}), main()),
    ("privileges-raised", secure(capabilities={"drop": ["ALL"]}), secure(capabilities={}), secure(capabilities={"drop": ["KILL"]}), secure(capabilities={"drop": ["ALL"]})),
    ("privileges-raised", secure(runAsNonRoot=True), secure(runAsNonRoot=False), secure(), secure(runAsNonRoot=True)),
    ("privileges-raised", pod(securityContext={"runAsNonRoot": True}), pod(), pod(), pod(securityContext={"runAsNonRoot": True})),
    ("privileges-raised", secure(runAsUser=1000), secure(runAsUser=0), secure(runAsUser=1000), secure(runAsUser=1001)),
    ("privileges-raised", secure(readOnlyRootFilesystem=True), secure(), secure(), secure(readOnlyRootFilesystem=True)),
    ("privileges-raised", main(), secure(seccompProfile={"type": "Unconfined"}), main(), secure(seccompProfile={"type": "RuntimeDefault"})),
    ("privileges-raised", secure(seccompProfile={"type": "RuntimeDefault"}), main(), main(), main()),
    (
        "privileges-raised",
        workload(),
        changed(workload(), "spec", "template", "metadata", "annotations", "container.apparmor.security.beta.kubernetes.io/main", to="unconfined"),
        workload(),
        changed(workload(), "spec", "template", "metadata", "annotations", "container.apparmor.security.beta.kubernetes.io/main", to="runtime/default"),
    ),
    ("pod-security-lowered", labels_for("restricted"), labels_for("privileged"), labels_for("baseline"), labels_for("restricted")),
    ("pod-security-lowered", obj("Namespace", metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}), obj("Namespace", metadata={"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}), obj("Namespace"), obj("Namespace", metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}})),
    ("identity-changed", pod(serviceAccountName="a"), pod(serviceAccountName="b"), pod(serviceAccount="a"), pod(serviceAccountName="a")),
    ("identity-changed", pod(automountServiceAccountToken=False), pod(), pod(), pod(automountServiceAccountToken=False)),
    ("container-added", pod(), pod(containers=[container(), container("side")]), pod(containers=[container(), container("side")]), pod()),
    ("container-added", pod(), pod(initContainers=[container("first")]), None, pod(initContainers=[container("first")])),
    ("command-changed", main(command=["a"]), main(command=["b"]), main(command=["a"]), main(command=["a"], tty=True)),
    ("command-changed", main(command=["/bin/sh"], args=["-c", "a"]), main(command=["/bin/sh"], args=["-c", "b"]), main(), main(args=[])),
    ("limits-removed", main(resources={"limits": {"cpu": 1}}), main(resources={}), main(resources={"limits": {"cpu": 1}}), main(resources={"limits": {"cpu": 2}})),
    ("scaled-to-zero", workload(spec={"replicas": 2}), workload(spec={"replicas": 0}), workload(spec={"replicas": 0}), workload(spec={"replicas": 1})),
    ("scaled-to-zero", workload(), workload(spec={"replicas": 0}), workload(), workload(spec={"replicas": 1})),
    ("image-registry-new", main(), main(image="evil.example.org/web:1.0.0"), main(), main(image="registry.example.com/web:1.0.1")),
    ("image-registry-new", main(image="nginx:1"), main(image="ghcr.io/nginx:1"), main(image="nginx:1"), main(image="docker.io/library/nginx:1")),
    ("image-new", main(), main(image="registry.example.com/wed:1.0.0"), main(), main(image="registry.example.com/web:2")),
    ("image-new", obj("Prometheus", api="monitoring.coreos.com/v1", spec={"image": "q.io/a:1"}), obj("Prometheus", api="monitoring.coreos.com/v1", spec={"image": "q.io/b:1"}), obj("Prometheus", api="monitoring.coreos.com/v1", spec={"image": "q.io/a:1"}), obj("Prometheus", api="monitoring.coreos.com/v1", spec={"image": "q.io/a:2"})),
    ("image-tag-mutable", main(), main(image="registry.example.com/web"), main(), main(image="registry.example.com/web:9@sha256:ab")),
    ("image-tag-mutable", main(), main(image="registry.example.com/web:latest"), main(image="registry.example.com/web:latest"), main()),
    ("image-tag-mutable", main(image="registry.example.com/web:1@sha256:ab"), main(image="registry.example.com/web:1"), main(), main(image="registry.example.com/web:1@sha256:ab")),
    ("hook-added", None, workload("Job", api="batch/v1", metadata={"annotations": {"helm.sh/hook": "pre-upgrade"}}), None, workload("Job", api="batch/v1", metadata={"annotations": {"helm.sh/hook": "test"}})),
    ("hook-added", workload("Job", api="batch/v1"), workload("Job", api="batch/v1", metadata={"annotations": {"argocd.argoproj.io/hook": "PreSync"}}), workload("Job", api="batch/v1"), workload("Job", api="batch/v1", metadata={"annotations": {"argocd.argoproj.io/hook": "Skip"}})),
    ("job-added", None, workload("Job", api="batch/v1"), workload("Job", api="batch/v1"), workload("Job", api="batch/v1", metadata={"labels": {"a": "b"}})),
    ("job-added", None, workload("CronJob", api="batch/v1"), workload("CronJob", api="batch/v1"), None),
    ("webhook-widened", None, webhook(), webhook(), None),
    ("webhook-widened", webhook(), webhook(failurePolicy="Fail"), webhook(failurePolicy="Ignore"), webhook()),
    ("webhook-widened", webhook(), webhook(rules=[{"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}]), webhook(rules=[{"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}]), webhook()),
    ("webhook-widened", webhook(), webhook(clientConfig={"url": "https://u:p@evil.example.org/x"}), webhook(), webhook(timeoutSeconds=5)),
    ("network-opened", policy(), None, obj("Thing"), None),
    ("network-opened", policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"a": "1"}}}]}]), policy(ingress=[{}]), policy(ingress=[{}]), policy(ingress=[])),
    ("network-opened", policy(ingress=[{"ports": [{"port": 1}]}]), policy(ingress=[{"ports": [{"port": 1}, {"port": 2}]}]), policy(ingress=[{"ports": [{"port": 1}]}]), policy(ingress=[{"ports": [{"port": 1, "protocol": "TCP"}]}])),
    ("network-opened", policy(policyTypes=["Ingress", "Egress"]), policy(), policy(), policy(policyTypes=["Ingress", "Egress"])),
    ("exposed", service(), service(type="LoadBalancer"), service(type="LoadBalancer"), service(type="ClusterIP")),
    ("exposed", service(), service(type="NodePort"), service(), service(type="ClusterIP")),
    ("exposed", service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"]), service(type="LoadBalancer"), service(type="LoadBalancer"), service(type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"])),
    ("exposed", ingress("a.example.com"), ingress("a.example.com", "b.example.com"), ingress("a.example.com", "b.example.com"), ingress("b.example.com", "a.example.com")),
    ("exposed", ingress("a.example.com", tls=[{"hosts": ["a.example.com"]}]), ingress("a.example.com"), ingress("a.example.com"), ingress("a.example.com", tls=[{"hosts": ["a.example.com"]}])),
    ("api-service-changed", obj("APIService", api="apiregistration.k8s.io/v1"), None, obj("APIService", api="example.com/v1"), None),
    ("finalizer-changed", obj("Thing"), obj("Thing", metadata={"finalizers": ["a/b"]}), obj("Thing", metadata={"finalizers": ["a", "b"]}), obj("Thing", metadata={"finalizers": ["b", "a"]})),
    ("sync-option-changed", obj("Thing"), obj("Thing", metadata=FORCE), obj("Thing", metadata=FORCE), obj("Thing")),
    ("sync-option-changed", claim(), claim() | {"metadata": {"name": "x", "namespace": "n"} | KEEP}, None, claim() | {"metadata": {"name": "x", "namespace": "n"} | KEEP}),
    ("sync-option-changed", application(), application(syncPolicy={"automated": {"prune": True}}), application(), application(syncPolicy={"syncOptions": ["CreateNamespace=true"]})),
    ("drift-ignored", application(), application(ignoreDifferences=[{"kind": "Secret", "jsonPointers": ["/data"]}]), application(ignoreDifferences=[{"kind": "Secret"}]), application()),
    ("source-changed", application(), application(source={"repoURL": "https://git.example.org/a/b"}), application(), application(source={"repoURL": "git@git.example.com:a/B"})),
    ("source-changed", application(destination={"namespace": "a"}), application(destination={"namespace": "b"}), application(), application(revisionHistoryLimit=2)),
    ("namespace-moved", obj("ConfigMap", data={"a": "1"}), obj("ConfigMap", namespace="m", data={"a": "1"}), obj("ConfigMap", data={"a": "1"}), obj("ConfigMap", "y", data={"a": "1"})),
    ("state-removed", workload("StatefulSet"), workload("StatefulSet", spec={"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}), workload("StatefulSet"), workload("StatefulSet", spec={"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"}})),
    ("state-removed", obj("PersistentVolume", spec={"persistentVolumeReclaimPolicy": "Retain"}), obj("PersistentVolume", spec={"persistentVolumeReclaimPolicy": "Delete"}), obj("PersistentVolume"), obj("PersistentVolume", spec={"persistentVolumeReclaimPolicy": "Retain"})),
    ("identity-changed", obj("ServiceAccount", automountServiceAccountToken=False), obj("ServiceAccount"), obj("ServiceAccount"), obj("ServiceAccount", automountServiceAccountToken=False)),
    ("identity-changed", obj("ServiceAccount"), obj("ServiceAccount", metadata={"annotations": {"eks.amazonaws.com/role-arn": "arn:x"}}), obj("ServiceAccount"), obj("ServiceAccount", metadata={"annotations": {"a": "b"}})),
    ("exposed", ingress("a", metadata={"annotations": {"nginx.ingress.kubernetes.io/auth-url": "x"}}), ingress("a"), ingress("a"), ingress("a", metadata={"annotations": {"nginx.ingress.kubernetes.io/auth-url": "x"}})),
    ("exposed", ingress("a"), ingress("a", metadata={"annotations": {"nginx.ingress.kubernetes.io/server-snippet": "x"}}), ingress("a"), ingress("a", metadata={"annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "x"}})),
    ("namespace-moved", workload(), changed(workload(spec={"replicas": 2}), "metadata", "namespace", to="m"), workload(), workload(spec={"replicas": 2})),
    ("namespace-moved", obj("RoleBinding", api=RBAC, subjects=[{"namespace": "n"}]), obj("RoleBinding", "y", api=RBAC, namespace="m", subjects=[{"namespace": "m"}]), obj("RoleBinding", api=RBAC), obj("RoleBinding", "y", api=RBAC)),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after", "_", "__"), CASES)
def test_a_danger_is_called_out(rule: str, before: Any, after: Any, _: Any, __: Any) -> None:
    assert rule in told(before, after)


@pytest.mark.parametrize(("rule", "_", "__", "before", "after"), CASES)
def test_its_twin_is_left_alone(rule: str, _: Any, __: Any, before: Any, after: Any) -> None:
    assert rule not in told(before, after)


@pytest.mark.parametrize(("_", "before", "after", "__", "___"), CASES)
def test_what_stays_as_it_is_is_no_danger(_: str, before: Any, after: Any, __: Any, ___: Any) -> None:
    assert check(before, before) == check(after, after) == []


def test_every_rule_has_a_danger() -> None:
    spoken = {f"change/{rule}" for rule in (*DANGERS, *(rule for rule, *_ in CASES))}
    assert spoken == {rule.id for rule in change_rules.RULES} - {"change/object-duplicate", "change/helm-engine"}


def test_errors_are_what_loses_data_or_fails_the_sync() -> None:
    assert [rule.id for rule in change_rules.RULES if rule.severity is Severity.ERROR] == [
        "change/state-removed",
        "change/application-removed",
        "change/immutable-field",
        "change/crd-version-removed",
    ]


def test_a_finding_names_cluster_application_and_object() -> None:
    (finding,) = check(claim(), None)
    assert finding.subject == "prod/web PersistentVolumeClaim n/x"
    assert finding.path == "templates/x.yaml"
    assert (
        finding.message
        == "the sync deletes it, where pruning is on: its volume is deleted with it, unless the reclaim policy is Retain"
    )


def test_what_argocd_does_not_prune_is_a_warning() -> None:
    kept = claim() | {"metadata": {"name": "x", "namespace": "n"} | KEEP}
    (finding,) = check(kept, None)
    assert (finding.rule, finding.severity) == (change_rules.STATE_REMOVED, Severity.WARNING)


def test_what_argocd_is_told_to_create_anew_is_a_warning() -> None:
    old, new = (workload(metadata=FORCE, spec={"selector": {"a": value}}) for value in "12")
    assert [(one.rule, one.severity) for one in check(old, new)] == [(change_rules.IMMUTABLE_FIELD, Severity.WARNING)]


def test_a_hook_is_deleted_before_it_is_created_again() -> None:
    hook = {"annotations": {"helm.sh/hook": "pre-upgrade"}}
    old, new = (
        workload("Job", api="batch/v1", metadata=hook, pod={"restartPolicy": policy})
        for policy in ("Never", "OnFailure")
    )
    assert check(old, new) == []


def test_what_can_take_over_the_cluster_is_told_apart_from_other_rights() -> None:
    (own,) = check(role(), role(rule("*", "things", "example.com")))
    assert own.message == "grants additional write access: * example.com/things"
    for strong in (rule("*", "pods"), rule("get", "secrets"), rule("get", "things", "*"), rule("bind", "x", RBAC[:-3])):
        (finding,) = check(role(), role(strong))
        assert finding.message.startswith("grants access that can take over the cluster: ")


def test_what_a_reviewer_hardly_needs_only_informs() -> None:
    assert told(role(), role(rule("get", "pods"))) == {"(rbac-widened)"}
    assert told(None, binding("web")) == {"(rbac-bound)"}
    assert told(main(args=["--a"]), main(args=["--b"])) == {"(command-changed)"}


def test_noise_hides_no_danger() -> None:
    ignoring = obj(
        "Application",
        "web",
        api=ARGO,
        spec={"ignoreDifferences": [{"group": "*", "kind": "*", "jsonPointers": ["/spec"]}]},
    )
    assert told([ignoring, pod()], [ignoring, pod(hostNetwork=True)]) == {"host-access"}


def test_dangers_are_found_in_cron_jobs_and_custom_resources() -> None:
    for path in (("spec", "jobTemplate", "spec", "template", "spec"), ("spec", "podTemplate", "spec")):
        old = changed(obj("CronJob", api="batch/v1", spec={}), *path, to={"containers": [container()]})
        assert told(old, changed(old, *path, "hostPID", to=True)) == {"host-access"}


def test_messages_hold_no_secrets() -> None:
    old, new = main(args=["--password=old-secret"]), main(command=["sh"], args=["-c", "login --password=new-secret"])
    told = "".join(
        one.message
        for one in [*check(old, new), *check(webhook(), webhook(clientConfig={"url": "https://u:new-secret@h/x"}))]
    )
    assert told
    assert "secret" not in told


@pytest.mark.parametrize("junk", [None, 1, "text", [1, None], {"a": None}, [[]]])
def test_manifests_that_hold_anything_anywhere_break_nothing(junk: Any) -> None:
    for _, before, after, *_ in CASES:
        for body in (before, after):
            for field in [name for name in body or {} if name not in ("apiVersion", "kind", "metadata")]:
                check(body, changed(body, field, to=junk))
                check(changed(body, field, to=junk), body)
                for inner in list(body[field]) if isinstance(body[field], dict) else []:
                    check(body, changed(body, field, inner, to=junk))


def test_duplicates_are_reported() -> None:
    (finding,) = dangers.duplicates([at(service())])
    assert (finding.rule, finding.subject) == (change_rules.OBJECT_DUPLICATE, "prod/web Service n/x")
