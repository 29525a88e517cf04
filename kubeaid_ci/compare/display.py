"""Differences for display, by field or as a unified diff: values are bounded, secrets are masked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import unified_diff
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.compare.deltas import TEXT_SPELLING
from kubeaid_ci.compare.difference import ABSENT, Delta, Difference, FieldChange, ObjectChange, Step
from kubeaid_ci.compare.noise import API_SPELLING
from kubeaid_ci.compare.texts import held
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.redaction.manifests import Masked, hidden, masked
from kubeaid_ci.redaction.texts import masked_text, may_hold

MOST_FIELDS = 100
"""Maximum number of fields of one object shown before the rest is counted."""
LONGEST_VALUE = 240
MOST_LINES = 2000
MOST_CONTENT_LINES = 300
"""Maximum number of lines of one object that a report has; a person reads less."""
_LONGEST_LINE = 400
_MOST_CONTENT_COMPARED = 3_000
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
    """Return one object's change; with `noise`, the fields that noise rules leave out as well, after the others."""
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


def content(difference: Difference, *, noise: bool = False) -> str:
    """Return an added object as YAML, or the changed lines of a modified one with their context.

    Empty for a removed object, and if only the schemas of a kind differ, which have thousands of lines. Without
    `noise`, fields that noise rules leave out are as after the change. Lines have any length: see `narrowed`.
    """
    if difference.after is None:
        return ""
    old = difference.before if noise else _with_noise_of_after(difference)
    before, after = _yaml_sides(_without_schemas(old), _without_schemas(difference.after))
    if difference.before is None:
        return _bounded_lines(after, MOST_CONTENT_LINES)
    if max(len(before), len(after)) > _MOST_CONTENT_COMPARED:
        return f"… {len(before)} lines became {len(after)}; show the diff with --unified\n"
    return _bounded_lines([*unified_diff(before, after, lineterm="")][2:], MOST_CONTENT_LINES)


def unified(difference: Difference) -> str:
    """Return a unified diff, empty if only the order of keys differs; beyond `MOST_LINES` it is shortened.

    Lines have any length: see `narrowed`.
    """
    before, after = _yaml_sides(difference.before, difference.after)
    old, new = (str(side.key) if side else "/dev/null" for side in (difference.before, difference.after))
    if max(len(before), len(after)) > _MOST_COMPARED and before and after:
        return f"--- {old}\n+++ {new}\n… {len(before)} lines became {len(after)}; too many to be compared by line\n"
    return _bounded_lines([*unified_diff(before, after, old, new, lineterm="")], MOST_LINES)


def narrowed(text: str) -> str:
    """Return a text with its long lines cut. Remove secrets first: half of one would not be recognized."""
    return "".join(
        f"{line}\n" if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… ({len(line)} characters)\n"
        for line in text.splitlines()
    )


def path(steps: Sequence[Step]) -> str:
    """Return such as ``spec.template.spec.containers[grafana].image``."""
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
        safe = masked_text(old), masked_text(new)
        before, after = map("\n".join, _differing(*(text.splitlines() for text in safe)))
        if before == after and safe[0] != safe[1]:  # only the ends of lines differ
            before, after = map(_json, map("".join, _differing(*(text.splitlines(keepends=True) for text in safe))))
    if before == after and before is not None:
        after = f"{after or _SIGN} (changed)"
    return _bounded(before), _bounded(after)


def _text(value: Any) -> str | None:
    """Return a value on one line; texts without quotes, where they cannot be taken for something else."""
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
    """Return a text without its secrets; JSON and YAML in it is opened where a name may stand next to its secret."""
    return _safe_once(text) if len(text) <= _OFTEN_THE_SAME else _safe(text)


@lru_cache(maxsize=8192)
def _safe_once(text: str) -> str:
    return _safe(text)


def _safe(text: str) -> str:
    inside = held(text) if len(text) <= _LONGEST_OPENED and may_hold(text) else None
    return masked_text(text) if inside is None or not any(hidden(masked(inside))) else _json(bare(masked(inside)))


def bare(value: Any) -> Any:
    """Return a value as it may be printed: secrets by their length, texts without the secrets in them."""
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


def _differing(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines between what both texts begin and end with."""
    shorter = min(len(before), len(after))
    start = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    end = next((n for n in range(shorter - start) if before[-1 - n] != after[-1 - n]), shorter - start)
    return before[start : len(before) - end], after[start : len(after) - end]


def _bounded(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST_VALUE:
        return text
    return f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


def _yaml_sides(before: Manifest | None, after: Manifest | None) -> tuple[list[str], list[str]]:
    """Return the lines of both states as YAML, secrets masked."""
    old, new = ({} if side is None else masked(side.body, side.key) for side in (before, after))
    known = {(secret.size, repr(secret.value)) for secret in hidden(old)}
    marks = known if before is not None else None
    return _lines(_with_text(old, known)), _lines(_with_text(new, marks))


def _with_noise_of_after(difference: Difference) -> Manifest | None:
    """Return the object before the change, with the fields that are only noise as they are after it.

    Fields within lists and opened texts stay, and those of another spelling: what changes may be in another field.
    """
    before, after = difference.before, difference.after
    if before is None or after is None:
        return before
    body = before.body
    for delta in difference.deltas:
        if delta.noise not in ("", API_SPELLING) and not any(step.item or step.opened for step in delta.steps):
            body = _with_field_of(after.body, body, [step.name for step in delta.steps])
    return replace(before, body=body)


def _with_field_of(source: Any, target: Any, path: Sequence[str]) -> Any:
    """Return `target` with the field at a path as `source` has it: with the same value, or without it."""
    if not isinstance(source, Mapping) or not isinstance(target, Mapping):
        return target
    name = path[0]
    if len(path) > 1:
        return {**target, name: _with_field_of(source.get(name), target[name], path[1:])} if name in target else target
    without = {key: value for key, value in target.items() if key != name}
    return {**target, name: source[name]} if name in source else without


def _without_schemas(manifest: Manifest | None) -> Manifest | None:
    """Return the definition of a kind without its schemas, which have thousands of lines; any other object as it is."""
    if manifest is None or manifest.key.kind != "CustomResourceDefinition":
        return manifest
    spec = manifest.body.get("spec")
    versions = spec.get("versions") if isinstance(spec, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(versions, list):
        return manifest
    short = [
        {name: "(left out)" if name == "schema" else value for name, value in version.items()}
        if isinstance(version, Mapping)
        else version
        for version in versions
    ]
    return replace(manifest, body={**manifest.body, "spec": {**spec, "versions": short}})


def _with_text(value: Any, known: set[tuple[int | None, str]] | None) -> Any:
    """Return the value with its secrets as text.

    `known` are the secrets of the other side: one that is missing there is marked, or it would look the same.
    """
    match value:
        case Mapping():
            return {str(name): _with_text(item, known) for name, item in value.items()}
        case list():
            return [_with_text(item, known) for item in value]
        case Masked():
            is_known = known is None or (value.size, repr(value.value)) in known
            return str(value) if is_known else f"{value} (changed)"
    return bare(value)


def _lines(body: Any) -> list[str]:
    return documents.dump(body).splitlines() if body else []


def _bounded_lines(lines: list[str], most: int) -> str:
    if len(lines) > most:
        lines = [*lines[:most], f"… {len(lines) - most} more lines"]
    return "".join(f"{line}\n" for line in lines)
