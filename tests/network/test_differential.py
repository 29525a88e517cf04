"""NetworkPolicy as we read it against network-config-analyzer, on generated clusters."""

import os
from ipaddress import ip_address
from itertools import product
from pathlib import Path
from typing import Any

from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.network.model import End, Outside, PodGroup, Port, Protocol
from kubeaid_ci.network.network import Network, read_network
from kubeaid_ci.network.reach import connects
from tests.network.connectivity import Connectivity, connectivities
from tests.network.generated import ADDRESSES, cluster

NUMBERS = (1, 2, 53, 54, 80, 81, 8080, 9090, 9091, 29999, 30000, 40000, 65534, 65535)
SEEDS = int(os.environ.get("KUBEAID_CI_TEST_POLICY_SETS", "150"))
_BATCH = 500


def test_every_connection_of_generated_clusters_is_what_the_other_tool_says(tmp_path: Path) -> None:
    compared = 0
    for start in range(0, SEEDS, _BATCH):
        seeds = range(start, min(start + _BATCH, SEEDS))
        folder = tmp_path / str(start)
        folder.mkdir()
        for seed, answer in zip(seeds, connectivities(map(cluster, seeds), folder), strict=True):
            compared += compare(cluster(seed), answer, f"seed {seed}")
    assert compared > 100 * SEEDS


def compare(bodies: list[dict[str, Any]], answer: Connectivity, name: str) -> int:
    network = read_network([found for body in bodies for found in objects("", body)])
    assert not network.invalid, name
    ends = dict(_ends(network))
    compared = 0
    for (source, from_), (target, to) in product(ends.items(), repeat=2):
        if source == target or not (isinstance(from_, PodGroup) or isinstance(to, PodGroup)):
            continue
        for protocol, number in product(Protocol, NUMBERS):
            ours = connects(network.policies, from_, to, Port(number, protocol))
            theirs = answer.allows(source, target, protocol, number)
            assert ours is theirs, f"{name}: {source} to {target} at {number}/{protocol}: {ours}, not {theirs}"
            compared += 1
    return compared


def _ends(network: Network) -> list[tuple[str, End]]:
    pods = [(f"{pods.namespace}/{pods.manifest.key.name}", pods) for pods in network.pods]
    return [*pods, *((address, Outside(ip_address(address))) for address in ADDRESSES)]
