"""Objects written in two ways of which the API server, or Argo CD, makes the same; and those that only look like it."""

import base64
import json
from typing import Any

import pytest

from tests.compare.rendered import changed, changes, container, obj, paths, workload
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
    main,
    pod,
    policy,
    role,
    rule,
    secure,
    service,
    version,
    webhook,
)

Pair = tuple[str, Any, Any]
STORAGE = "storage.k8s.io/v1"
HTTP = {"httpGet": {"path": "/", "port": 1}}
SOURCE = {"repoURL": "https://git.example.com/a/b", "path": "x", "targetRevision": "1"}


def encoded(text: str, *, wrapped: bool = False) -> str:
    return (base64.encodebytes if wrapped else base64.b64encode)(text.encode()).decode()


def secret(**fields: Any) -> Any:
    return obj("Secret", **fields)


def config(text: Any) -> Any:
    return obj("ConfigMap", data={"file": text})


def volumes(**source: Any) -> Any:
    return pod(volumes=[{"name": "v", **source}])


def variables(*env: Any) -> Any:
    return main(env=list(env))


def scheduled(field: str, *terms: Any) -> Any:
    return pod(affinity={"nodeAffinity": {field: list(terms)}})


def sourced(**helm: Any) -> Any:
    return application(source=SOURCE | {"helm": helm})


def in_spec(kind: str, api: str, base: Any, **defaults: Any) -> list[Pair]:
    """One pair for each default, written out or not."""
    return [(f"{kind} {name}", base, changed(base, "spec", name, to=said)) for name, said in defaults.items()]


ALIKE: list[Pair] = [
    *(
        (f"pod {name}", pod(), pod(**{name: said}))
        for name, said in {
            "affinity": {},
            "dnsPolicy": "ClusterFirst",
            "enableServiceLinks": True,
            "hostNetwork": False,
            "hostUsers": True,
            "imagePullSecrets": [],
            "initContainers": [],
            "restartPolicy": "Always",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "serviceAccountName": "default",
            "terminationGracePeriodSeconds": 30,
            "tolerations": None,
            "volumes": [],
        }.items()
    ),
    *(
        (f"container {name}", main(), main(**{name: said}))
        for name, said in {
            "args": [],
            "command": [],
            "env": [],
            "lifecycle": {},
            "livenessProbe": None,
            "ports": [],
            "resources": {},
            "securityContext": {"capabilities": {"drop": []}, "privileged": False, "readOnlyRootFilesystem": False},
            "terminationMessagePolicy": "File",
            "tty": False,
        }.items()
    ),
    *(
        (f"probe {name}", main(livenessProbe=HTTP), main(livenessProbe=HTTP | {name: said}))
        for name, said in {"failureThreshold": 3, "initialDelaySeconds": 0, "periodSeconds": 10, "timeoutSeconds": 1}.items()
    ),
    ("probe scheme", main(readinessProbe=HTTP), main(readinessProbe={"httpGet": HTTP["httpGet"] | {"scheme": "HTTP"}})),
    ("a port's protocol", main(ports=[{"containerPort": 1}]), main(ports=[{"containerPort": 1, "protocol": "TCP"}])),
    ("a mount", main(volumeMounts=[{"mountPath": "/a"}]), main(volumeMounts=[{"mountPath": "/a", "readOnly": False}])),
    *((f"mode of {kind}", volumes(**{kind: {"x": 1}}), volumes(**{kind: {"x": 1, "defaultMode": 420}})) for kind in ("configMap", "secret", "projected")),
    ("an empty variable", variables({"name": "A"}), variables({"name": "A", "value": ""})),
    ("variables in another order", variables({"name": "A", "value": "1"}, {"name": "B", "value": "2"}), variables({"name": "B", "value": "2"}, {"name": "A", "value": "1"})),
    ("a field's version", variables({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}), variables({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x", "apiVersion": "v1"}}})),
    ("tolerations", pod(tolerations=[{"key": "a"}, {"key": "b"}]), pod(tolerations=[{"key": "b", "operator": "Equal"}, {"key": "a"}])),
    ("terms", scheduled("preferredDuringSchedulingIgnoredDuringExecution", {"weight": 1}, {"weight": 2}), scheduled("preferredDuringSchedulingIgnoredDuringExecution", {"weight": 2}, {"weight": 1})),
    *in_spec("Deployment", "apps/v1", workload(), minReadySeconds=0, paused=False, progressDeadlineSeconds=600, revisionHistoryLimit=10, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}),
    *in_spec("StatefulSet", "apps/v1", workload("StatefulSet"), podManagementPolicy="OrderedReady", updateStrategy={"type": "RollingUpdate"}),
    *in_spec("DaemonSet", "apps/v1", workload("DaemonSet"), updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}),
    *in_spec("Job", "batch/v1", workload("Job", api="batch/v1"), backoffLimit=6, completionMode="NonIndexed", suspend=False),
    *in_spec("CronJob", "batch/v1", workload("CronJob", api="batch/v1"), concurrencyPolicy="Allow", failedJobsHistoryLimit=1, suspend=False),
    *in_spec("Service", "v1", service(a=1), clusterIP="", externalIPs=[], sessionAffinity="None", type="ClusterIP"),
    ("a service's port", service(ports=[{"port": 1}]), service(ports=[{"port": 1, "protocol": "TCP", "targetPort": 1}])),
    ("a claim's mode", claim(), claim(volumeMode="Filesystem")),
    ("a claim template", claims(), claims(volumeMode="Filesystem", resources={"requests": {"storage": "1024Mi"}})),
    ("a claim template's kind", claims(), changed(changed(claims(), "spec", "volumeClaimTemplates", 0, "kind", to="PersistentVolumeClaim"), "spec", "volumeClaimTemplates", 0, "status", to={})),
    ("a secret's type", secret(), secret(type="Opaque", immutable=False)),
    ("a secret as text", secret(data={"a": encoded("x"), "b": "Yg=="}), secret(stringData={"a": "x"}, data={"b": "Yg=="})),
    ("a secret on several lines", secret(data={"a": encoded("x" * 90)}), secret(data={"a": encoded("x" * 90, wrapped=True)})),
    ("no data", obj("ConfigMap"), obj("ConfigMap", data={})),
    ("a storage class", obj("StorageClass", api=STORAGE), obj("StorageClass", api=STORAGE, parameters={}, reclaimPolicy="Delete", volumeBindingMode="Immediate")),
    ("a volume", obj("PersistentVolume", spec={"a": 1}), obj("PersistentVolume", spec={"a": 1, "persistentVolumeReclaimPolicy": "Retain"})),
    ("a priority", obj("PriorityClass", api="scheduling.k8s.io/v1", value=1), obj("PriorityClass", api="scheduling.k8s.io/v1", value=1, globalDefault=False)),
    ("an autoscaler", obj("HorizontalPodAutoscaler", api="autoscaling/v2", spec={"a": "100m"}), obj("HorizontalPodAutoscaler", api="autoscaling/v2", spec={"a": "100m", "minReplicas": 1})),
    ("a metric", obj("HorizontalPodAutoscaler", api="autoscaling/v2", spec={"metrics": [{"averageValue": "100m"}]}), obj("HorizontalPodAutoscaler", api="autoscaling/v2", spec={"metrics": [{"averageValue": "0.1"}]})),
    ("a webhook", webhook(), webhook(matchPolicy="Equivalent", namespaceSelector={}, objectSelector={}, timeoutSeconds=10)),
    ("a webhook's scope", webhook(), changed(webhook(), "webhooks", 0, "rules", 0, "scope", to="*")),
    ("a webhook's port", webhook(), changed(webhook(), "webhooks", 0, "clientConfig", "service", "port", to=443)),
    ("a role without rules", role(), obj("ClusterRole", api=RBAC)),
    ("a role's rules", role(rule("get list", "pods services")), role(rule("get list", "pods"), rule("list get", "services"))),
    ("a binding", binding("a"), changed(changed(binding("a"), "roleRef", "apiGroup", to=RBAC[:-3]), "subjects", 0, "apiGroup", to="")),
    ("a policy's types", obj("NetworkPolicy", api=NET, spec={"podSelector": {}, "ingress": [{}]}), policy(ingress=[{}])),
    ("a policy's ports", policy(ingress=[{"ports": [{"port": 1}, {"port": 2}]}]), policy(ingress=[{"ports": [{"port": 2, "protocol": "TCP"}, {"port": 1}], "from": []}])),
    ("no rules", policy(), policy(ingress=[])),
    ("a definition", crd(version()), crd(version(), conversion={"strategy": "None"}, preserveUnknownFields=False)),
    ("a definition's names", crd(version(), names={"kind": "A"}), crd(version(), names={"kind": "A", "singular": "a", "listKind": "AList"})),
    ("a schema's values", crd(version(schema={"enum": ["a", "b"], "required": ["x", "y"]})), crd(version(schema={"enum": ["b", "a"], "required": ["y", "x"]}))),
    ("one source", application(source=SOURCE), obj("Application", api=ARGO, spec={"project": "default", "sources": [SOURCE]})),
    ("values as they are", sourced(values="a: 1\nb:\n  c: 2\n"), sourced(valuesObject={"a": 1, "b": {"c": 2}})),
    ("options of a sync", application(syncPolicy={"syncOptions": ["A=true", "B=true"]}), application(syncPolicy={"syncOptions": ["B=true", "A=true"], "automated": None})),
    ("an automatic sync", application(syncPolicy={"automated": {}}), application(syncPolicy={"automated": {"prune": False}})),
    ("labels", workload(), workload(metadata={"labels": {}, "annotations": None})),
    ("pods' annotations", workload(), changed(workload(), "spec", "template", "metadata", to={"annotations": {}, "creationTimestamp": None})),
    ("a whole number", workload(spec={"replicas": 1}), workload(spec={"replicas": 1.0})),
    ("yaml on one line", config("a: [1, 2]\n"), config("a:\n- 1\n- 2\n")),
    ("json in an annotation", workload(metadata={"annotations": {"a": '{"x":1,"y":2}'}}), workload(metadata={"annotations": {"a": '{\n "y": 2, "x": 1}'}})),
    ("a large dashboard", config(json.dumps(list(range(9000)))), config(json.dumps(list(range(9000)), indent=1))),
    ("pods of an operator", obj("Prometheus", api="monitoring.coreos.com/v1", spec={"podMetadata": {"labels": {"app.kubernetes.io/version": "1"}}}), obj("Prometheus", api="monitoring.coreos.com/v1", spec={"podMetadata": {"labels": {"app.kubernetes.io/version": "2"}}})),
]  # fmt: skip

DIFFERENT: list[Pair] = [
    ("the blanks of a script", config("echo a\necho b\n"), config("echo a  \necho b\n")),
    ("the blanks of a script in yaml", config("run: |\n  a\n  b\nx: 1\n"), config("run: |\n  a \n  b\nx: 1\n")),
    ("the program of a script", config("#!/bin/sh\na: 1\n"), config("#!/bin/bash\na: 1\n")),
    ("variables that refer to others", variables({"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}), variables({"name": "B", "value": "$(A)"}, {"name": "A", "value": "1"})),
    ("a variable given twice", variables({"name": "A", "value": "1"}, {"name": "A", "value": "2"}), variables({"name": "A", "value": "2"}, {"name": "A", "value": "1"})),
    ("a variable's type", variables({"name": "A", "value": "true"}), variables({"name": "A", "value": True})),
    ("arguments", main(args=["a", "b"]), main(args=["b", "a"])),
    ("sources of variables", main(envFrom=[{"prefix": "a"}, {"prefix": "b"}]), main(envFrom=[{"prefix": "b"}, {"prefix": "a"}])),
    ("containers that run first", pod(initContainers=[container("a"), container("b")]), pod(initContainers=[container("b"), container("a")])),
    ("a sidecar", pod(initContainers=[container("a")]), pod(initContainers=[container("a", restartPolicy="Always")])),
    ("an empty folder", volumes(emptyDir={}), volumes()),
    ("a context of its own", pod(securityContext={"runAsNonRoot": True}, containers=[container()]), pod(securityContext={"runAsNonRoot": True}, containers=[container(securityContext={"runAsNonRoot": False})])),
    ("peers in every namespace", policy(ingress=[{"from": [{"podSelector": {}}]}]), policy(ingress=[{"from": [{"podSelector": {}, "namespaceSelector": {}}]}])),
    ("everything let in", policy(ingress=[]), policy(ingress=[{}])),
    ("what goes out", policy(), policy(policyTypes=["Ingress", "Egress"])),
    ("a budget for all", obj("PodDisruptionBudget", api="policy/v1", spec={}), obj("PodDisruptionBudget", api="policy/v1", spec={"selector": {}})),
    ("a number of replicas", workload(), workload(spec={"replicas": 1})),
    ("another secret", secret(data={"a": encoded("x")}), secret(stringData={"a": "y"})),
    ("a text that wins over data", secret(data={"a": encoded("x")}), secret(data={"a": encoded("x")}, stringData={"a": "y"})),
    ("claim templates", workload("StatefulSet", spec={"volumeClaimTemplates": [{"a": 1}, {"b": 2}]}), workload("StatefulSet", spec={"volumeClaimTemplates": [{"b": 2}, {"a": 1}]})),
    ("a number in json", config('{"a": 1}'), config('{"a": "1"}')),
    ("a truth in json", config('{"a": 1}'), config('{"a": true}')),
    ("a version in yaml", config("a: 1.10\nb: 1\n"), config('a: "1.10"\nb: 1\n')),
    ("a label that selects", service(selector={"type": "ClusterIP"}), service(selector={})),
    ("a custom resource's defaults", obj("Thing", api="example.com/v1", spec={"template": {"spec": {}}}), obj("Thing", api="example.com/v1", spec={"template": {"spec": {"restartPolicy": "Always"}}})),
    ("a custom resource's empty fields", obj("Thing", api="example.com/v1", spec={}), obj("Thing", api="example.com/v1", spec={"labels": {}})),
    ("a service of another group", obj("Service", api="serving.knative.dev/v1", spec={}), obj("Service", api="serving.knative.dev/v1", spec={"type": "ClusterIP"})),
    ("rights of all instead of one name", role(rule("get", "pods", resourceNames=["*"])), role(rule("get", "pods"))),
    ("rights of one more", role(rule("get", "pods")), role(rule("get", "pods"), rule("get", "services"))),
    ("a second source", application(source=SOURCE), obj("Application", api=ARGO, spec={"project": "default", "sources": [SOURCE, SOURCE]})),
    ("other values as they are", sourced(values="a: 1\n"), sourced(valuesObject={"a": "1"})),
    ("a webhook that sees less", webhook(), webhook(namespaceSelector={"matchLabels": {"a": "b"}})),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [pytest.param(*sides, id=what) for what, *sides in ALIKE])
def test_what_is_only_written_otherwise_shows_nothing(before: Any, after: Any) -> None:
    assert changes(before, after) == changes(after, before) == []
    assert check(before, after) == check(after, before) == []


@pytest.mark.parametrize(("before", "after"), [pytest.param(*sides, id=what) for what, *sides in DIFFERENT])
def test_what_only_looks_alike_shows(before: Any, after: Any) -> None:
    assert changes(before, after)
    assert changes(after, before)


def test_what_differs_beside_a_default_shows_as_it_is_written() -> None:
    old, new = main(), secure(privileged=False, runAsUser=5)
    (field,) = changes(old, new)[0].fields
    assert (field.path, field.after) == (
        "spec.template.spec.containers[main].securityContext",
        '{"privileged": false, "runAsUser": 5}',
    )
    assert paths(service(ports=[{"port": 1}]), service(ports=[{"port": 2, "protocol": "TCP"}])) == [
        "spec.ports[1]",
        "spec.ports[2]",
    ]


def test_an_object_of_very_many_fields_is_compared_once() -> None:
    old, new = (obj("ConfigMap", data={f"key{number}": said for number in range(20_000)}) for said in "ab")
    (change,) = changes(old, new)
    assert len(change.fields) + change.fields_left_out == 20_000


def test_a_secret_given_as_text_shows_what_changes_in_it() -> None:
    old, new = secret(data={"a": encoded("one"), "b": encoded("x")}), secret(stringData={"a": "other", "b": "x"})
    assert paths(old, new) == ["data.a"]
    assert "other" not in repr(changes(old, new))


@pytest.mark.parametrize("junk", [None, 1, "text", [1, None], {"a": None}, [[]]])
def test_objects_that_hold_anything_anywhere_break_nothing(junk: Any) -> None:
    for _, before, after in (*ALIKE, *DIFFERENT):
        for body in (before, after):
            for field in [name for name in body if name not in ("apiVersion", "kind", "metadata")]:
                changes(body, changed(body, field, to=junk))
                for inner in list(body[field]) if isinstance(body[field], dict) else []:
                    changes(changed(body, field, inner, to=junk), body)
    assert changes(obj("Secret", data=junk), obj("Secret", stringData=junk)) is not None
    assert changes(obj("A", api=HOOKS), obj("A", api=HOOKS, webhooks=junk)) is not None
