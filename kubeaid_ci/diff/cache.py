"""A comparison as bytes, for the cache and for worker processes: plain values, and no secrets in them."""

import json
from typing import Any

from kubeaid_ci.cache import code_digest
from kubeaid_ci.compare.difference import FieldChange, ObjectChange
from kubeaid_ci.diff.comparison import Comparison, ImageChange, NotCompared, OneSided
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import Action


def key(*inputs: object) -> str:
    """Return the name of a comparison in the cache: all that it depends on, our own code included."""
    return f"comparison {code_digest.digest()} {inputs}"


def packed(comparison: Comparison) -> bytes:
    """Return the comparison as JSON; a rule is its id."""

    def plain(value: Any) -> Any:
        return value.id if isinstance(value, Rule) else {name: getattr(value, name) for name in value.__slots__}

    return json.dumps(comparison, default=plain, separators=(",", ":")).encode()


def unpacked(data: bytes) -> Comparison:
    """Return the comparison that `packed` wrote."""
    entry = json.loads(data)
    return Comparison(
        clusters=tuple(entry["clusters"]),
        changes=tuple(map(_change, entry["changes"])),
        findings=tuple(
            Finding(**{**fields, "rule": RULES[fields["rule"]], "severity": Severity(fields["severity"])})
            for fields in entry["findings"]
        ),
        images=tuple(ImageChange(**image) for image in entry["images"]),
        diffs=entry["diffs"],
        noise_only=entry["noise_only"],
        charts=tuple(entry["charts"]),
        added=tuple(OneSided(**cluster) for cluster in entry["added"]),
        removed=tuple(OneSided(**cluster) for cluster in entry["removed"]),
        not_compared=tuple(NotCompared(**app) for app in entry["not_compared"]),
        applications=entry["applications"],
        contents_left_out=entry["contents_left_out"],
    )


def _change(entry: dict[str, Any]) -> ObjectChange:
    fields = tuple(FieldChange(**{**field, "action": Action(field["action"])}) for field in entry["fields"])
    return ObjectChange(**{**entry, "action": Action(entry["action"]), "fields": fields})
