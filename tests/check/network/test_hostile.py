"""Objects with anything anywhere: never a crash, and never a workload that counts as restricted without a valid policy."""

import copy
import os
import random
from typing import Any

from kubeaid_ci.check import families
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import coverage
from kubeaid_ci.check.network.suggest import suggest
from kubeaid_ci.check.network.traffic import traffic
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.render.cluster_state import ClusterState
from tests.check.network.generated import cluster
from tests.check.network.states import with_manifests

SEEDS = int(os.environ.get("KUBEAID_CI_TEST_HOSTILE", "150"))
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**70,
    1.5,
    float("nan"),
    "",
    "x" * 300,
    "\x00\n: {",
    "10.0.0.0/99",
    "::ffff:0:0/96",
    [],
    [None],
    [[]],
    {},
    {"": None},
    {1: 2},
    {None: []},
    {"matchLabels": {"a": None}},
)
CILIUM = {
    "endpointSelector": {"matchLabels": {"k8s:app": "a"}},
    "enableDefaultDeny": {"ingress": True},
    "ingress": [{"fromEndpoints": [{}], "toPorts": [{"ports": [{"port": "80", "protocol": "TCP", "endPort": 90}]}]}],
    "ingressDeny": [{"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}], "icmps": [{}]}],
    "egress": [{"toEntities": ["world"]}, {"toFQDNs": [{"matchName": "example.com"}]}, {"toCIDR": ["1.1.1.1"]}],
}


def test_nothing_crashes_on_objects_of_any_shape() -> None:
    findings = 0
    for seed in range(SEEDS):
        state = hostile(seed)
        for module in families.checks(["network"]):
            findings += sum(1 for _ in module.check(state, CheckContext()))
        figures = coverage(state, CheckContext())["network"]
        assert 0 <= figures["none"] + figures["ingress_only"] + figures["both"] <= figures["workloads"]
        for suggestion in suggest(state, CheckContext()):
            assert suggestion.path.startswith("k8s/one/network-policies/")
    assert findings > SEEDS


def test_a_policy_that_is_refused_restricts_nothing() -> None:
    for seed in range(SEEDS):
        for each in traffic(hostile(seed)):
            refused = {id(invalid.manifest) for invalid in each.network.invalid}
            assert not any(id(policy.manifest) in refused for policy in each.network.policies)


def hostile(seed: int) -> ClusterState:
    """A generated cluster with a few values replaced by junk."""
    choose = random.Random(seed)
    bodies = copy.deepcopy(cluster(seed))
    for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"):
        metadata = {"name": "cilium", "namespace": "ns0"}
        bodies.append({"apiVersion": "cilium.io/v2", "kind": kind, "metadata": metadata, "spec": copy.deepcopy(CILIUM)})
    for body in bodies:
        for _ in range(choose.choice((0, 1, 1, 3))):
            _spoil(choose, body)
    return with_manifests(found for body in bodies for found in objects("app/objects.yaml", body))


def _spoil(choose: random.Random, body: dict[Any, Any]) -> None:
    """Replace a value somewhere in an object, or give it a key that it should not have."""
    places = [(holder, key) for holder, key in _places(body) if key not in ("apiVersion", "kind")]
    holder, key = choose.choice(places)
    holder[key] = copy.deepcopy(choose.choice(JUNK))


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            found += [(value, key), *_places(value[key])]
    return found
