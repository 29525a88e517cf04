"""Clusters with network policies, generated from a seed."""

import random
from typing import Any

_KEYS = ("app", "tier", "example.com/team")
_VALUES = ("a", "b", "c")
_NAMES = ("http", "dns", "metrics")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_NUMBERS = (1, 53, 80, 8080, 9090, 30000, 65535)
_BLOCKS = (
    ("0.0.0.0/0", ("10.0.0.0/8", "192.168.0.0/16", "128.0.0.0/1")),
    ("10.0.0.0/8", ("10.1.0.0/16", "10.1.2.0/24")),
    ("10.1.0.0/16", ("10.1.2.0/24",)),
    ("192.168.1.7/24", ()),
    ("203.0.113.9/32", ()),
)
ADDRESSES = ("1.1.1.1", "10.0.0.1", "10.1.2.3", "10.1.3.1", "192.168.1.200", "203.0.113.9", "203.0.113.10", "200.0.0.1")


def cluster(seed: int) -> list[dict[str, Any]]:
    """Namespaces, pods and network policies that the API server takes."""
    return list(_Generator(random.Random(seed)).objects())


class _Generator:
    def __init__(self, choose: random.Random) -> None:
        self.choose = choose
        self.namespaces = [f"ns{number}" for number in range(choose.randint(1, 3))]

    def objects(self):
        for name in self.namespaces:
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": self.labels()}}
        for number in range(self.choose.randint(2, 5)):
            yield self.pod(f"pod{number}")
        for number in range(self.choose.randint(1, 5)):
            yield self.policy(f"policy{number}")

    def labels(self):
        return {key: self.choose.choice(_VALUES) for key in _KEYS if self.choose.random() < 0.6}

    def pod(self, name):
        names = self.choose.sample(_NAMES, self.choose.randint(0, len(_NAMES)))
        ports = [
            {"name": port, "containerPort": self.choose.choice(_NUMBERS), "protocol": self.choose.choice(_PROTOCOLS)}
            for port in names
        ]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": self.choose.choice(self.namespaces), "labels": self.labels()},
            "spec": {"containers": [{"name": "main", "image": "example.com/main:1", "ports": ports}]},
        }

    def policy(self, name):
        spec: dict[str, Any] = {"podSelector": self.selector()}
        types = self.choose.choice((None, ["Ingress"], ["Egress"], ["Ingress", "Egress"]))
        if types is not None:
            spec["policyTypes"] = types
        if types is None or "Ingress" in types:
            self.rules(spec, "ingress", "from", empty=True)
        if types is None or "Egress" in types:
            self.rules(spec, "egress", "to", empty=types is not None)
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": self.choose.choice(self.namespaces)},
            "spec": spec,
        }

    def rules(self, spec, field, peers, *, empty):
        """An absent field, or rules; no rule at all only where that means what it means without the field."""
        number = self.choose.choice((None, *range(0 if empty else 1, 4)))
        if number is not None:
            spec[field] = [self.rule(peers) for _ in range(number)]

    def rule(self, peers):
        rule = {}
        if self.choose.random() < 0.8:
            rule[peers] = [self.peer() for _ in range(self.choose.randint(0, 3))]
        if self.choose.random() < 0.7:
            rule["ports"] = [self.port() for _ in range(self.choose.randint(0, 3))]
        return rule

    def peer(self):
        if self.choose.random() < 0.25:
            block, inner = self.choose.choice(_BLOCKS)
            excepted = self.choose.sample(inner, self.choose.randint(0, len(inner)))
            return {"ipBlock": {"cidr": block, **({"except": excepted} if excepted else {})}}
        peer = {}
        if self.choose.random() < 0.6:
            peer["podSelector"] = self.selector()
        if not peer or self.choose.random() < 0.5:
            peer["namespaceSelector"] = self.selector(namespace=True)
        return peer

    def selector(self, *, namespace=False):
        selector: dict[str, Any] = {}
        keys = (*_KEYS, "kubernetes.io/metadata.name") if namespace else _KEYS
        if self.choose.random() < 0.4:
            selector["matchLabels"] = {key: self.value(key) for key in self.choose.sample(keys, 1)}
        if self.choose.random() < 0.4:
            selector["matchExpressions"] = [
                self.expression(self.choose.choice(keys)) for _ in range(self.choose.randint(1, 2))
            ]
        return selector

    def expression(self, key):
        operator = self.choose.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        expression = {"key": key, "operator": operator}
        if operator in ("In", "NotIn"):
            expression["values"] = [self.value(key) for _ in range(self.choose.randint(1, 2))]
        return expression

    def value(self, key):
        return self.choose.choice(self.namespaces if key.endswith("metadata.name") else _VALUES)

    def port(self):
        port: dict[str, Any] = {}
        if self.choose.random() < 0.7:
            port["protocol"] = self.choose.choice(_PROTOCOLS)
        kind = self.choose.random()
        if kind < 0.3:
            port["port"] = self.choose.choice(_NAMES)
        elif kind < 0.9:
            port["port"] = self.choose.choice(_NUMBERS)
            if self.choose.random() < 0.3:
                port["endPort"] = self.choose.randint(port["port"], 65535)
        return port
