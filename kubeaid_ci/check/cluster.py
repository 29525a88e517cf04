"""Runs the checks of one cluster, or those of the repository, and packs the result for the cache."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from kubeaid_ci.argocd.application import Application, Source
from kubeaid_ci.cache import code_digest
from kubeaid_ci.check import families, places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

_FIELDS = {"build/pinned-revision-missing": "targetRevision", "gitops/repository-unknown": "repoURL"}
"""The field of a source that findings of rendering are about, if it is not the path."""


def check_cluster(state: ClusterState, context: CheckContext, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings of one cluster under these rules: those of rendering, then those of the checks.

    A module may have `REPLACES`, rules of rendering that its findings about the same Application make redundant.
    """
    reported = {rule.id for module in families.checks() for rule in module.RULES}
    rendering = [*state.findings, *(finding for found in state.app_findings.values() for finding in found)]
    found: list[Finding] = []
    replaced: set[tuple[str, str, str | None]] = set()
    for module in (module for module in _having(rules) if hasattr(module, "check")):
        findings = _judged(module.check(state, context), context, rules)
        found += findings
        for rule in getattr(module, "REPLACES", ()):
            replaced |= {(rule, finding.subject, finding.path) for finding in findings}
    rendered = [
        _with_line(finding, state, context)
        for finding in rendering
        if finding.rule.id not in reported and (finding.rule.id, finding.subject, finding.path) not in replaced
    ]
    return (*_judged(rendered, context, rules), *found)


def _with_line(finding: Finding, state: ClusterState, context: CheckContext) -> Finding:
    """Return a finding about an Application with the line of the source that it is about, if it has no line yet."""
    if finding.line is not None or finding.path is None:
        return finding
    app = next((app for app in state.apps if f"{state.cluster.label}/{app.app}" == finding.subject), None)
    if app is None or app.path != finding.path or app.application is None or not app.application.sources:
        return finding
    source, field = _unrendered(app, app.application), _FIELDS.get(finding.rule.id, "path")
    field = "repoURL" if source.remote is None and not source.chart else field
    return replace(finding, line=places.source_line(context.files, app, source, field))


def _unrendered(app: RenderedApp, application: Application) -> Source:
    """Return the source that has no address, else the first that could not be rendered, else the first."""
    sources = application.sources
    unread = [plan.source for plan in app.sources if plan.revision is None]
    invalid = [source for source in sources if source.remote is None and not source.chart]
    return next(iter((*invalid, *unread, *sources)))


def check_repository(context: CheckContext, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings about files of the config repo that belong to no cluster, under these rules."""
    modules = [module for module in _having(rules) if hasattr(module, "check_repository")]
    return _judged([finding for module in modules for finding in module.check_repository(context)], context, rules)


def _having(rules: frozenset[str]) -> Iterator[ModuleType]:
    return (module for module in families.checks() if any(rule.id in rules for rule in module.RULES))


def _judged(found: Iterable[Finding], context: CheckContext, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings of these rules, each once, with the severities of the settings."""
    severity = context.settings.severity
    unique = dict.fromkeys(finding for finding in found if finding.rule.id in rules)
    return tuple(replace(finding, severity=severity.get(finding.rule.id, finding.severity)) for finding in unique)


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
