"""Network policies of real clusters: coverage, agreement with network-config-analyzer, and what suggestions promise."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.network.coverage import coverage
from kubeaid_ci.check.network.traffic import traffic
from kubeaid_ci.network.network import Network
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.fleet import open_fleet
from tests.check.network import promises
from tests.network.connectivity import connectivities
from tests.network.test_differential import compare

pytestmark = pytest.mark.real
# Of the public config repo: without a policy, with one for ingress, with one for both directions.
COVERAGE = {
    "akshay": (10, 5, 4),
    "hcloud-vpn101": (19, 0, 4),
    "KDS-kubeaid-test": (13, 0, 4),
    "mytestcluster5": (7, 5, 4),
}


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ClusterState]:
    config, kubeaid = (os.environ[name] for name in ("KUBEAID_CONFIG_CHECKOUT", "KUBEAID_CHECKOUT"))
    cache = tmp_path_factory.mktemp("cache")
    with open_fleet(config, kubeaid, kubeaid_ref="pinned", cache=cache) as fleet:
        return {state.cluster.label: state for state in fleet.clusters()}


@pytest.mark.parametrize("name", COVERAGE)
def test_the_workloads_with_policies_are_counted(clusters: dict[str, ClusterState], name: str) -> None:
    figures = coverage(clusters[name], CheckContext())["network"]
    none, ingress_only, both = COVERAGE[name]
    assert figures == {
        "workloads": none + ingress_only + both,
        "none": none,
        "ingress_only": ingress_only,
        "both": both,
    }


def test_suggestions_leave_no_workload_and_block_nothing(clusters: dict[str, ClusterState]) -> None:
    assert sum(promises.check(state, name) for name, state in clusters.items()) > 1000


@pytest.mark.parametrize("suggested", [False, True])
def test_every_connection_is_what_the_other_tool_says(
    clusters: dict[str, ClusterState], tmp_path: Path, suggested: bool
) -> None:
    states = {name: promises.applied(state) if suggested else state for name, state in clusters.items() if state.apps}
    made = {name: list(_bodies(traffic(state)[0].network)) for name, state in states.items()}
    answers = connectivities(made.values(), tmp_path)
    compared = [compare(bodies, answer, name) for (name, bodies), answer in zip(made.items(), answers, strict=True)]
    assert sum(compared) > 10_000


def _bodies(network: Network) -> Iterator[dict]:
    """The pods of a cluster by themselves, with the labels that are known, and the policies."""
    for name in {pods.namespace for pods in network.pods}:
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for pods in network.pods:
        if not pods.host_network:
            key, labels = pods.manifest.key, dict(pods.template.labels)
            metadata = {"name": f"{key.kind}-{key.name}".lower(), "namespace": pods.namespace, "labels": labels}
            containers = [{**container, "image": "example.com/main:1"} for container in pods.template.containers()]
            spec = {"containers": [{"name": "main", "ports": one.get("ports", [])} for one in containers]}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    for policy in network.policies:
        body = policy.manifest.body
        # That tool takes the policy types in one order only.
        spec = {**body["spec"], "policyTypes": sorted(body["spec"].get("policyTypes", ["Ingress"]), reverse=True)}
        metadata = {"name": policy.manifest.key.name, "namespace": policy.manifest.key.namespace}
        yield {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": metadata, "spec": spec}
