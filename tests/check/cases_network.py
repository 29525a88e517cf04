from typing import Any

from tests.check.cases import Case, deployment, objects

ALL = {"policyTypes": ["Ingress", "Egress"]}
WEB = {"podSelector": {"matchLabels": {"app": "web"}}}
DNS = {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]}
CLOSED = {**WEB, **ALL, "ingress": [{"from": [{"podSelector": {}}]}], "egress": [DNS]}
OBJECTS = "app/objects.yaml"


def policy(spec: Any, name: str = "web", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def cilium(spec: Any, kind: str = "CiliumNetworkPolicy") -> dict[str, Any]:
    return {"apiVersion": "cilium.io/v2", "kind": kind, "metadata": {"name": "web"}, "spec": spec}


def custom(api_version: str, kind: str, spec: Any = None, name: str = "main") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, "spec": spec or {}}


def agent(label: str) -> dict[str, Any]:
    body = deployment("agent", pod={"hostNetwork": True})
    body["kind"] = "DaemonSet"
    body["spec"]["selector"] = {"matchLabels": {"k8s-app": label}}
    body["spec"]["template"]["metadata"]["labels"] = {"k8s-app": label}
    return body


def monitored(spec: dict[str, Any]) -> tuple[Any, ...]:
    service = custom("v1", "Service", {"selector": {"app": "web"}, "ports": [{"name": "metrics", "port": 9090}]}, "web")
    service["metadata"]["labels"] = {"app": "web"}
    monitor = {"selector": {"matchLabels": {"app": "web"}}, "endpoints": [{"port": "metrics"}]}
    return (
        deployment(ports=[{"name": "metrics", "containerPort": 9090}]),
        service,
        custom("monitoring.coreos.com/v1", "ServiceMonitor", monitor, "web"),
        custom("monitoring.coreos.com/v1", "Prometheus", {"podMetadata": {"labels": {"app": "prometheus"}}}),
        policy({**WEB, "ingress": [spec]}),
    )


def served(rule: dict[str, Any], name: str = "web") -> tuple[Any, ...]:
    service = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": "http"}]}
    own = {"podSelector": {"matchLabels": {"app": name}}}
    return (
        deployment(name, ports=[{"name": "http", "containerPort": 8080}]),
        custom("v1", "Service", service, name),
        policy({**own, **ALL, "ingress": [rule]}, name),
    )


HOSTILE = [None, [], "text", {"podSelector": [], "ingress": {}}, {"ingress": [{"from": [{"ipBlock": {"cidr": 7}}]}]}]

CASES = (
    Case(
        "network/policy-invalid",
        firing=objects(deployment(), policy({**WEB, "ingress": [{"ports": [{"port": 70000}]}]})),
        at=f"{OBJECTS}:25",
        says="NetworkPolicy apps/web is refused: spec.ingress[0].ports[0].port: 70000 is not between 1 and 65535",
        quiet=objects(deployment(), policy(CLOSED)),
        hostile=objects(*(policy(spec, f"policy-{number}") for number, spec in enumerate(HOSTILE))),
        hostile_fires=True,
    ),
    Case(
        "network/policy-selects-nothing",
        firing=objects(deployment(), policy({"podSelector": {"matchLabels": {"app": "wbe"}}})),
        at=f"{OBJECTS}:23",
        says="NetworkPolicy apps/web selects no pods: none in the namespace apps has app=wbe",
        quiet=objects(
            deployment(),
            policy(CLOSED),
            custom("postgresql.cnpg.io/v1", "Cluster", name="db"),
            policy({"podSelector": {"matchLabels": {"cnpg.io/cluster": "db"}}}, "db"),
            custom("databases.example.com/v1", "Store", name="cart"),
            policy({"podSelector": {"matchLabels": {"app": "cart"}}}, "cart"),
            policy({"podSelector": {}}, "default-deny"),
        ),
        # The labels are no text, and a CronJob has none at all: its pods have those of the controller.
        hostile=objects(
            custom("batch/v1", "CronJob", {"jobTemplate": {"spec": {"template": {"spec": {"containers": [None, 7]}}}}}),
            policy({"podSelector": {"matchExpressions": [{"key": "job-name", "operator": "Exists"}]}}),
        ),
    ),
    Case(
        "network/policy-not-enforced",
        firing=objects(deployment(), agent("cilium"), custom("crd.projectcalico.org/v1", "NetworkPolicy")),
        at=f"{OBJECTS}:36",
        says="Cilium, the network plugin of the cluster, knows no NetworkPolicy of crd.projectcalico.org",
        quiet=objects(deployment(), agent("cilium"), policy(CLOSED), cilium({"endpointSelector": {}, "ingress": [{}]})),
        hostile=objects(
            agent("cilium"), agent("calico-node"), custom("projectcalico.org/v3", "GlobalNetworkPolicy", [])
        ),
    ),
    Case(
        "network/policy-not-read",
        firing=objects(deployment(), custom("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy")),
        at=f"{OBJECTS}:18",
        quiet=objects(deployment(), policy(CLOSED)),
        hostile=objects(custom("crd.projectcalico.org/v1", "NetworkPolicy", 7)),
        hostile_fires=True,
    ),
    Case(
        "network/workload-without-policy",
        firing=objects(deployment()),
        at=f"{OBJECTS}:1",
        says="Deployment apps/web: no policy restricts its ingress or egress",
        quiet=objects(deployment(), deployment("node", pod={"hostNetwork": True}), policy(CLOSED)),
        # A policy that is refused covers nothing.
        hostile=objects(deployment(), policy({**CLOSED, "egress": [{"ports": [{"port": -1}]}]})),
        hostile_fires=True,
    ),
    Case(
        "network/open-to-world",
        firing=objects(deployment(), policy({**CLOSED, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]})),
        at=f"{OBJECTS}:28",
        says="Deployment apps/web accepts traffic from anywhere, the internet included, on every port",
        quiet=objects(
            deployment(ports=[{"name": "http", "containerPort": 8080}]),
            custom("v1", "Service", {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 8080}]}),
            policy({**CLOSED, "ingress": [{"ports": [{"port": 8080}]}]}),
        ),
        # Together the two halves are everything.
        hostile=objects(
            deployment(),
            policy({**CLOSED, "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/1"}}]}]}),
            policy({**CLOSED, "ingress": [{"from": [{"ipBlock": {"cidr": "128.0.0.0/1"}}]}]}, "other"),
        ),
        hostile_fires=True,
    ),
    Case(
        "network/open-to-cluster",
        firing=objects(deployment(), policy({**CLOSED, "ingress": [{"from": [{"namespaceSelector": {}}]}]})),
        at=f"{OBJECTS}:28",
        says="Deployment apps/web accepts traffic from every pod of the cluster on every port",
        quiet=objects(
            deployment(),
            policy({**CLOSED, "ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"port": 80}]}]}),
        ),
        # An empty rule of Cilium lets nothing through.
        hostile=objects(deployment(), cilium({"endpointSelector": {}, "ingress": [{}], "egress": [{}]})),
    ),
    Case(
        "network/service-blocked",
        firing=objects(*served({"ports": [{"port": 80}]})),
        at=f"{OBJECTS}:26",
        says="Service apps/web: 8080/TCP of Deployment apps/web is closed; NetworkPolicy apps/web opens 80/TCP",
        quiet=objects(*served({"ports": [{"port": "http"}]})),
        # A range, and a rule without ports, open more than they name.
        hostile=objects(*served({"ports": [{"port": 1, "endPort": 65535}]}), *served({}, "other")),
    ),
    Case(
        "network/namespace-uncovered",
        firing=objects(deployment(), deployment("api"), policy(CLOSED)),
        at="",
        says="namespace apps: 1 of 2 workloads are restricted in both directions, 1 without a policy",
        quiet=objects(deployment(), policy({"podSelector": {}, **ALL})),
        hostile=objects(deployment(pod={"hostNetwork": True}), policy(7)),
    ),
    Case(
        "network/scrape-blocked",
        firing=objects(*monitored({"from": [{"podSelector": {"matchLabels": {"app": "shop"}}}]})),
        at=f"{OBJECTS}:38",
        says="policies keep Prometheus apps/main from 9090/TCP of Deployment apps/web",
        quiet=objects(*monitored({"from": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]})),
        # A label that only the operator may set: Prometheus may have it.
        hostile=objects(*monitored({"from": [{"podSelector": {"matchLabels": {"unknown": "label"}}}]})),
    ),
)
