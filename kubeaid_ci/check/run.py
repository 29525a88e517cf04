"""Runs the checks of one cluster, or those of the repository."""

from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

from kubeaid_ci.check import families
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.fleet import ClusterState


def check_cluster(state: ClusterState, context: CheckContext, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings of one cluster under these rules: those of rendering, then those of the checks."""
    reported = {rule.id for module in families.checks() for rule in module.RULES}
    rendering = [*state.findings, *(finding for found in state.app_findings.values() for finding in found)]
    found = [finding for finding in rendering if finding.rule.id not in reported]
    found += [
        finding for module in _having(rules) if hasattr(module, "check") for finding in module.check(state, context)
    ]
    return _judged(found, context, rules)


def check_repository(context: CheckContext, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings about files of the config repo that belong to no cluster, under these rules."""
    modules = [module for module in _having(rules) if hasattr(module, "check_repository")]
    return _judged([finding for module in modules for finding in module.check_repository(context)], context, rules)


def _having(rules: frozenset[str]) -> Iterator[ModuleType]:
    return (module for module in families.checks() if any(rule.id in rules for rule in module.RULES))


def _judged(found: list[Finding], context: CheckContext, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings of these rules, each once, with the severities of the settings."""
    severity = context.settings.severity
    unique = dict.fromkeys(finding for finding in found if finding.rule.id in rules)
    return tuple(replace(one, severity=severity.get(one.rule.id, one.severity)) for one in unique)
