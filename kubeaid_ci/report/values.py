"""Model values as the plain values that JSON knows."""

from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import PurePath
from typing import Any

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.net.address import Remote
from kubeaid_ci.semver.version import Version


def plain(value: Any) -> Any:
    """A model value as dicts, lists, text, numbers, booleans and nothing.

    A dataclass becomes a dict by its field names, in their order; what has one written form (an
    enum, a version, a repository address, a path, a date) becomes that text. Raises `TypeError` for
    anything else.
    """
    if isinstance(value, Finding):
        return plain_finding(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Set):
        return sorted(plain(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type | Remote | Version | ObjectId):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return _written(value)


def _written(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Remote() | Version() | ObjectId():
            return str(value)
        case PurePath():
            return value.as_posix()
        case date():
            return value.isoformat()
    raise TypeError(f"no plain form for {type(value).__name__}")


def plain_finding(finding: Finding) -> dict[str, Any]:
    """A finding as the JSON format shows it: its rule by id, with the rule's help."""
    return {
        "rule": finding.rule.id,
        "severity": finding.severity.value,
        "subject": finding.subject,
        "message": finding.message,
        "help": finding.rule.help,
        "path": finding.path,
        "line": finding.line,
        "fingerprint": finding.fingerprint,
        "suppressed_by": finding.suppressed_by,
    }
