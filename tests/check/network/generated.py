"""Clusters with all that a suggestion looks at, generated from a seed."""

import random
from typing import Any

from tests.network.generated import cluster as with_policies

_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")
_VERSIONS = {"Job": "batch/v1", "CronJob": "batch/v1", "Pod": "v1"}


def cluster(seed: int) -> list[dict[str, Any]]:
    """Workloads of every kind whose labels overlap, Services, monitors, webhooks, Prometheus, and some policies."""
    choose = random.Random(seed)
    made = with_policies(seed)
    namespaces = [body["metadata"]["name"] for body in made if body["kind"] == "Namespace"]
    bodies = [body for body in made if body["kind"] in ("Namespace", "NetworkPolicy")]
    if choose.random() < 0.5:
        bodies = [body for body in bodies if body["kind"] == "Namespace"]
    for body in (body for body in made if body["kind"] == "Pod"):
        bodies.append(_workload(choose, body))
        bodies += _services(choose, body)
    if choose.random() < 0.7:
        bodies.append(_object("monitoring.coreos.com/v1", "Prometheus", "k8s", choose.choice(namespaces), {}))
    bodies += [_monitor(choose, number, choose.choice(namespaces)) for number in range(choose.randint(0, 2))]
    if choose.random() < 0.5:
        accounts = [{"kind": "ServiceAccount", "name": "default", "namespace": choose.choice(namespaces)}]
        bodies.append(
            {**_object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "all", "", {}), "subjects": accounts}
        )
    return bodies


def _object(version: str, kind: str, name: str, namespace: str, spec: Any) -> dict[str, Any]:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **place}, "spec": spec}


def _workload(choose: random.Random, pod: dict[str, Any]) -> dict[str, Any]:
    kind = choose.choice(_KINDS)
    spec = {**pod["spec"], **({"hostNetwork": True} if choose.random() < 0.15 else {})}
    name, namespace, labels = (pod["metadata"][field] for field in ("name", "namespace", "labels"))
    if kind == "Pod":
        return {**pod, "spec": spec}
    template: dict[str, Any] = {"template": {"metadata": {"labels": labels}, "spec": spec}}
    if kind == "CronJob":
        template = {"jobTemplate": {"spec": template}}
    elif kind != "Job":
        template["selector"] = {"matchLabels": labels}
    return _object(_VERSIONS.get(kind, "apps/v1"), kind, name, namespace, template)


def _services(choose: random.Random, pod: dict[str, Any]) -> list[dict[str, Any]]:
    name, namespace, labels = (pod["metadata"][field] for field in ("name", "namespace", "labels"))
    if not labels or choose.random() < 0.3:
        return []
    declared = pod["spec"]["containers"][0]["ports"]
    ports = [
        {
            "name": f"port-{number}",
            "port": 80 + number,
            "protocol": port["protocol"],
            "targetPort": choose.choice((port["name"], port["containerPort"])),
        }
        for number, port in enumerate(declared)
    ] or [{"port": 80}]
    selector = dict(choose.sample(sorted(labels.items()), choose.randint(1, len(labels))))
    kind = choose.choice(("ClusterIP", "ClusterIP", "LoadBalancer"))
    service = _object("v1", "Service", name, namespace, {"selector": selector, "ports": ports, "type": kind})
    service["metadata"]["labels"] = labels
    hook = {"clientConfig": {"service": {"name": name, "namespace": namespace, "port": ports[0]["port"]}}}
    webhook = _object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", name, "", {})
    return [service, {**webhook, "webhooks": [hook]}] if choose.random() < 0.3 else [service]


def _monitor(choose: random.Random, number: int, namespace: str) -> dict[str, Any]:
    selector = {} if choose.random() < 0.5 else {"matchLabels": {"app": choose.choice("abc")}}
    places = choose.choice(({}, {"any": True}))
    if choose.random() < 0.5:
        spec = {"selector": selector, "namespaceSelector": places, "podMetricsEndpoints": [{"port": "metrics"}]}
        return _object("monitoring.coreos.com/v1", "PodMonitor", f"monitor-{number}", namespace, spec)
    endpoints = [choose.choice(({"port": "port-0"}, {"targetPort": "metrics"}, {"targetPort": 9090}))]
    spec = {"selector": selector, "namespaceSelector": places, "endpoints": endpoints}
    return _object("monitoring.coreos.com/v1", "ServiceMonitor", f"monitor-{number}", namespace, spec)
