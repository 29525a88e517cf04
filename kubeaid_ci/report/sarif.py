"""The report as SARIF 2.1.0, for code scanning.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub reads of it:
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.report.json import dump
from kubeaid_ci.report.markdown import escape
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.rules import page_address
from kubeaid_ci.visible import one_line, visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}


def render(report: Report) -> str:
    """Return the report as one SARIF log with one run; a command's alerts are a category of their own."""
    rules = {finding.rule.id: finding.rule for finding in report.findings}
    order = {rule: number for number, rule in enumerate(sorted(rules))}
    driver = {
        "name": "kubeaid-ci",
        "version": report.version,
        "rules": [_rule(rules[rule]) for rule in order],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"kubeaid-ci/{report.command}/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding.rule.id]) for finding in report.findings],
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    title = rule.id.rpartition("/")[2].replace("-", " ").capitalize()
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.family}: {title}" if "/" in rule.id else title},
        "fullDescription": {"text": rule.help},
        "help": {"text": rule.help, "markdown": escape(rule.help)},
        "helpUri": page_address(rule),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.family], "problem.severity": _PROBLEMS[rule.severity]},
    }


def _result(finding: Finding, number: int) -> dict[str, Any]:
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": number,
        "level": _LEVELS[finding.severity],
        "message": {"text": visible(finding.message)},
        "locations": [_location(finding)],
        "partialFingerprints": {"kubeaidCiFinding/v1": finding.fingerprint},
        "suppressions": _suppressions(finding),
    }


def _location(finding: Finding) -> dict[str, Any]:
    """Return the location. Code scanning needs a file and line, so the subject replaces a missing file."""
    path = (finding.path or finding.subject).lstrip("/")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path, errors="surrogateescape"), "uriBaseId": _ROOT},
            "region": {"startLine": finding.line or 1},
        },
        "logicalLocations": [{"name": one_line(finding.subject)}],
    }


def _suppressions(finding: Finding) -> Sequence[dict[str, str]]:
    """Return the suppressions; an empty list means not suppressed. If one result has the key, all must."""
    if finding.suppressed_by is None:
        return []
    return [{"kind": "external", "status": "accepted", "justification": visible(finding.suppressed_by)}]
