"""Differences for display, by field or as a unified diff: values are bounded, secrets are masked."""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.compare.deltas import TEXT_SPELLING
from kubeaid_ci.compare.difference import ABSENT, Delta, Difference, FieldChange, ObjectChange, Step
from kubeaid_ci.compare.texts import held
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.redaction.manifests import Masked, hidden, masked
from kubeaid_ci.redaction.texts import masked_text, may_hold

MOST_FIELDS = 100
"""Maximum number of fields of one object shown before the rest is counted."""
LONGEST_VALUE = 240
MOST_LINES = 2000
_MOST_COMPARED = 30_000
"""Lines on a side beyond which a diff takes minutes; the largest definitions of kinds have fewer."""

_SIGN = "(secret)"
_OFTEN_THE_SAME = 500
"""Up to how many characters a text is likely to come again: types, descriptions, names."""
_LONGEST_OPENED = 64 * 1024
_OTHER = re.compile(r"[+-]?[\d.]+|true|false|null|~")
"""Texts that YAML would read as a number, a boolean or nothing."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def object_change(difference: Difference, *, noise: bool = False) -> ObjectChange:
    """One object's change; with `noise`, the fields that noise rules leave out as well, after the others."""
    manifest, before = difference.manifest, difference.before
    deltas = [delta for delta in difference.deltas if not delta.noise]
    if noise:
        deltas += [delta for delta in difference.deltas if delta.noise]
    return ObjectChange(
        manifest.cluster,
        manifest.app,
        manifest.key.kind,
        manifest.key.namespace,
        manifest.key.full_name,
        difference.action,
        tuple(map(_field, deltas[:MOST_FIELDS])),
        max(0, len(deltas) - MOST_FIELDS),
        manifest.key.group,
        before.app if before and difference.moved else None,
        str(difference.renamed_from.key) if difference.renamed_from else None,
        manifest.key.destination,
    )


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


def path(steps: Sequence[Step]) -> str:
    """Such as ``spec.template.spec.containers[grafana].image``."""
    parts: list[str] = []
    for step in steps:
        if step.item or not _PLAIN.issuperset(step.name) or not step.name:
            parts.append(f"[{step.name}]")
        else:
            parts.append(f".{step.name}" if parts else step.name)
    return "".join(parts)


def _field(delta: Delta) -> FieldChange:
    action = Action.ADDED if delta.before is ABSENT else Action.REMOVED if delta.after is ABSENT else Action.MODIFIED
    before, after = ("", "(spelled otherwise)") if delta.noise == TEXT_SPELLING else _values(delta.before, delta.after)
    return FieldChange(path(delta.steps), action, before, after, delta.noise or None)


def _values(old: Any, new: Any) -> tuple[str | None, str | None]:
    before, after = _text(old), _text(new)
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        before, after = _differing_lines(masked_text(old), masked_text(new))
    if before == after and before is not None:
        after = f"{after or _SIGN} (changed)"
    return _bounded(before), _bounded(after)


def _text(value: Any) -> str | None:
    """A value on one line; texts without quotes, where they cannot be taken for something else."""
    match value:
        case _ if value is ABSENT:
            return None
        case Masked():
            return str(value)
        case str():
            text = _safe_text(value)
            return text if text and text.strip() == text and not _OTHER.fullmatch(text) else _json(text)
    return _json(bare(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _safe_text(text: str) -> str:
    """A text without its secrets; JSON and YAML in it is opened where a name may stand next to its secret."""
    return _safe_once(text) if len(text) <= _OFTEN_THE_SAME else _safe(text)


@lru_cache(maxsize=8192)
def _safe_once(text: str) -> str:
    return _safe(text)


def _safe(text: str) -> str:
    inside = held(text) if len(text) <= _LONGEST_OPENED and may_hold(text) else None
    return masked_text(text) if inside is None or not any(hidden(masked(inside))) else _json(bare(masked(inside)))


def bare(value: Any) -> Any:
    """A value as it may be printed: secrets by their length, texts without the secrets in them."""
    match value:
        case dict():
            return {str(name): bare(item) for name, item in value.items()}
        case list():
            return [bare(item) for item in value]
        case Masked():
            return str(value)
        case str():
            return _safe_text(value)
    return value


def _differing_lines(old: str, new: str) -> tuple[str, str]:
    """The lines between what both texts begin and end with."""
    before, after = old.splitlines(), new.splitlines()
    shorter = min(len(before), len(after))
    start = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    end = next((n for n in range(shorter - start) if before[-1 - n] != after[-1 - n]), shorter - start)
    return "\n".join(before[start : len(before) - end]), "\n".join(after[start : len(after) - end])


def _bounded(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


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
