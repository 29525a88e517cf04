"""The result of checking one cluster as bytes, and the name under which a cache keeps it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.cache import code_digest
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.render.cluster_state import ClusterState


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one cluster."""

    coverage: Mapping[str, Mapping[str, int]]
    findings: tuple[Finding, ...]


def key(state: ClusterState | None, context: CheckContext, rules: frozenset[str]) -> str:
    """Name the result by all that it depends on, our own code included; without a state that of the repository."""
    parts = hashlib.sha256()
    for part in (*_inputs(context, rules), *(_of_cluster(state) if state else ())):
        data = part.encode("utf-8", "surrogatepass")
        parts.update(b"%d " % len(data) + data)
    return f"check {code_digest.digest()} {parts.hexdigest()}"


def _inputs(context: CheckContext, rules: frozenset[str]) -> Iterator[str]:
    yield repr((sorted(rules), context.settings, context.origin, context.folders))
    yield repr((context.schemas.source, sorted(context.files.ids.items())))


def _of_cluster(state: ClusterState) -> Iterator[str]:
    yield repr((state.cluster, state.version, state.version_from, state.helm))
    yield repr((sorted(state.scopes.items()), state.findings, sorted(state.app_findings.items())))
    for app in state.apps:
        yield repr((app.app, app.status, app.digest, app.path, app.application, app.destination, app.holder, app.sync))
        yield repr((app.sources, app.error, app.hosts, app.other_revisions, app.masked))
        for source in app.sources:
            yield repr(source.source.body)
            yield from (text for layer in source.values for text in (layer.path, layer.text))


def packed(checked: Checked) -> bytes:
    """Return the result as JSON."""
    findings = [_plain(finding) for finding in checked.findings]
    return json.dumps({"coverage": checked.coverage, "findings": findings}, separators=(",", ":")).encode()


def unpacked(data: bytes) -> Checked:
    """Return the result that `packed` gave."""
    plain = json.loads(data)
    return Checked(plain["coverage"], tuple(_finding(finding) for finding in plain["findings"]))


def _plain(finding: Finding) -> dict[str, Any]:
    plain = {name: getattr(finding, name) for name in Finding.__slots__}
    return {name: value.id if isinstance(value, Rule) else value for name, value in plain.items()}


def _finding(plain: dict[str, Any]) -> Finding:
    return Finding(**{**plain, "rule": RULES[plain["rule"]], "severity": Severity(plain["severity"])})
