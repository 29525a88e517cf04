"""A change of one object as a unified diff of its YAML, secrets masked."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.compare.shown import bare
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.redaction.manifests import hidden, masked
from kubeaid_ci.redaction.masked import Masked

MOST_LINES = 2000
_MOST_COMPARED = 30_000
"""Lines on a side beyond which a diff takes minutes; the largest definitions of kinds have fewer."""


def unified(difference: Difference) -> str:
    """The diff, an empty text if only the order of keys differs; shortened beyond `MOST_LINES`, with a note."""
    old, new = _masked(difference.before), _masked(difference.after)
    known = {(secret.size, repr(secret.value)) for secret in hidden(old)}
    before, after = (_lines(_spelled(side, known)) for side in (old, new))
    was, now = (str(side.key) if side else "/dev/null" for side in (difference.before, difference.after))
    if max(len(before), len(after)) > _MOST_COMPARED and before and after:
        return f"--- {was}\n+++ {now}\n… {len(before)} lines became {len(after)}; too many to be compared by line\n"
    lines = list(unified_diff(before, after, was, now, lineterm=""))
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"… {len(lines) - MOST_LINES} more lines"]
    return "".join(f"{line}\n" for line in lines)


def _masked(manifest: Manifest | None) -> Any:
    return {} if manifest is None else masked(manifest.body, manifest.key)


def _spelled(value: Any, known: set[tuple[int | None, str]]) -> Any:
    """The value with secrets as text; a secret missing on the other side is marked, or it would look the same."""
    match value:
        case Mapping():
            return {str(name): _spelled(item, known) for name, item in value.items()}
        case list():
            return [_spelled(item, known) for item in value]
        case Masked():
            return str(value) if (value.size, repr(value.value)) in known else f"{value} (changed)"
    return bare(value)


def _lines(body: Any) -> list[str]:
    return documents.dump(body).splitlines() if body else []
