"""What network-config-analyzer says about a cluster, an independent implementation of NetworkPolicy by IBM.

It needs a Python of its own, since it pins its dependencies: `KUBEAID_CI_TEST_CONNECTIVITY` names it. `.ci/run`
installs it.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml

VARIABLE = "KUBEAID_CI_TEST_CONNECTIVITY"
_LINE = re.compile(r"(\S+) => (\S+) : (.*)")
_ALL = "All connections"
_PROTOCOLS = ("TCP", "UDP", "SCTP")


def oracle() -> str:
    """The Python that has the tool; skips the test if there is none, fails in CI."""
    python = os.environ.get(VARIABLE, "")
    if not python:
        reason = f"{VARIABLE} does not name a Python with network-config-analyzer==2.1.0; .ci/run installs one"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return python


@dataclass(frozen=True)
class Connectivity:
    """The connections of a cluster: lines of source, target and ports by protocol."""

    lines: tuple[tuple[str, str, dict[str, list[tuple[int, int]]]], ...]

    def allows(self, source: str, target: str, protocol: str, port: int) -> bool:
        """Whether a connection is allowed. An end is a pod as ``namespace/name``, or an address."""
        return any(
            _is(source, written)
            and _is(target, to)
            and any(low <= port <= high for low, high in ports.get(protocol, ()))
            for written, to, ports in self.lines
        )


def connectivities(clusters: Iterable[list[dict[str, Any]]], folder: Path) -> Iterator[Connectivity]:
    """The connectivity of each cluster, from one process."""
    files = []
    for number, objects in enumerate(clusters):
        files.append(folder / f"{number}.yaml")
        files[-1].write_text(yaml.safe_dump_all(objects))
    script = str(Path(__file__).with_name("connectivity_oracle.py"))
    arguments = [oracle(), script, *(file.name for file in files)]
    process = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    assert [answer["file"] for answer in answers] == [file.name for file in files]
    for answer in answers:
        yield Connectivity(tuple(_line(line) for line in answer["text"].splitlines() if "=>" in line))


def _line(line: str) -> tuple[str, str, dict[str, list[tuple[int, int]]]]:
    match = _LINE.fullmatch(line.strip())
    assert match, line
    source, target, connections = match.groups()
    return source, target, _ports(connections)


def _ports(connections: str) -> dict[str, list[tuple[int, int]]]:
    if connections == _ALL:
        return {protocol: [(1, 65535)] for protocol in _PROTOCOLS}
    found = dict(re.findall(r"(protocols|dst_ports):([^:{}]*?)(?=,[a-z_]+:|\})", connections))
    assert set(re.findall(r"(\w+):", connections)) == set(found), connections
    protocols = [name.strip() for name in found["protocols"].split(",")] if "protocols" in found else _PROTOCOLS
    assert set(protocols) <= set(_PROTOCOLS), connections
    ports = [_range(item) for item in found.get("dst_ports", "1-65535").split(",")]
    return dict.fromkeys(protocols, ports)


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition("-")
    return int(low), int(high or low)


def _is(end: str, written: str) -> bool:
    """Whether an end is the one of a line, which is a pod, an address, or a range or list of addresses."""
    if "/" in end or written.count(".") < 3:
        return end == written
    return any(ip_address(low) <= ip_address(end) <= ip_address(high or low) for low, _, high in _ranges(written))


def _ranges(written: str) -> Iterator[tuple[str, str, str]]:
    return (item.partition("-") for item in written.split(","))
