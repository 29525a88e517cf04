"""Runs the checks of one cluster, or those of the repository."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from types import ModuleType

from kubeaid_ci.argocd.application import Application, Source
from kubeaid_ci.check import families, places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding
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
    return tuple(replace(one, severity=severity.get(one.rule.id, one.severity)) for one in unique)
