"""A comparison as bytes, for the way between processes and for the cache: plain values, and no secrets in them."""

import json
from typing import Any

from kubeaid_ci.cache import code_digest
from kubeaid_ci.compare.difference import FieldChange, ObjectChange
from kubeaid_ci.diff.comparison import Comparison, ImageChange, NotCompared, OneSided
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import Action


def key(*inputs: object) -> str:
    """Names a comparison by all that it depends on, our own code included."""
    return f"comparison {code_digest.digest()} {inputs}"


def packed(comparison: Comparison) -> bytes:
    """The comparison as JSON."""
    return json.dumps(comparison, default=_plain, separators=(",", ":")).encode()


def unpacked(data: bytes) -> Comparison:
    """The comparison that `packed` gave."""
    said = json.loads(data)
    return Comparison(
        clusters=tuple(said["clusters"]),
        changes=tuple(map(_change, said["changes"])),
        findings=tuple(map(_finding, said["findings"])),
        images=tuple(ImageChange(**image) for image in said["images"]),
        diffs=said["diffs"],
        noise_only=said["noise_only"],
        charts=tuple(said["charts"]),
        added=tuple(OneSided(**one) for one in said["added"]),
        removed=tuple(OneSided(**one) for one in said["removed"]),
        not_compared=tuple(NotCompared(**one) for one in said["not_compared"]),
        applications=said["applications"],
    )


def _plain(value: Any) -> Any:
    return value.id if isinstance(value, Rule) else {name: getattr(value, name) for name in value.__slots__}


def _change(said: dict[str, Any]) -> ObjectChange:
    fields = tuple(FieldChange(**{**field, "action": Action(field["action"])}) for field in said["fields"])
    return ObjectChange(**{**said, "action": Action(said["action"]), "fields": fields})


def _finding(said: dict[str, Any]) -> Finding:
    return Finding(**{**said, "rule": RULES[said["rule"]], "severity": Severity(said["severity"])})
