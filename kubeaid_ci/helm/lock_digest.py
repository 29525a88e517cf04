"""The digest in a Chart.lock, as Helm makes it.

It covers what is declared and what was locked, never the content of a chart. The rule is that of
Helm's resolver (https://github.com/helm/helm/blob/v4.2.3/internal/resolver/resolver.go): SHA-256 of
both lists of dependencies as Go writes JSON.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kubeaid_ci.helm.go_types import sanitized, text

# Go escapes these in JSON wherever they stand in a string, so that it may go into HTML.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
ALIASES = ("@", "alias:")
"""Prefix of a repository alias, as in ``@corp``: a name in one user's Helm settings."""
_LOCKED = ("name", "version", "repository")


def digest(declared: Iterable[Mapping[str, Any]], locked: Sequence[Mapping[str, Any]]) -> str:
    """Return the digest for the dependencies of a chart and those of its lock, each as plain values."""
    fields = ({key: entry[key] for key in _LOCKED if key in entry} for entry in locked)
    return _hashed([_cleaned(_resolved(declared, locked)), list(map(_dependency, fields))])


def _resolved(
    declared: Iterable[Mapping[str, Any]], locked: Sequence[Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    """Yield the declared dependencies with resolved repository aliases, as Helm writes and hashes them in the lock."""
    for number, one in enumerate(declared):
        known = locked[number] if number < len(locked) else {}
        is_alias = text(one.get("repository")).startswith(ALIASES)
        yield {**one, "repository": known["repository"]} if is_alias and known.get("repository") else one


def old_digest(declared: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of Helm 2 in requirements.lock, which Helm still accepts for charts of API version v1."""
    return _hashed({"dependencies": _cleaned(declared)})


def _cleaned(declared: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the declared values as Helm takes them: each kind of space as a plain space, without unprintable ones."""
    found = []
    for entry in map(_dependency, declared):
        found.append({key: sanitized(value) if isinstance(value, str) else value for key, value in entry.items()})
        if isinstance(tags := entry.get("tags"), list):
            found[-1]["tags"] = list(map(sanitized, tags))
    return found


def _dependency(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dependency in Go's order of fields, without those that Go leaves out when they are empty."""
    fields: dict[str, Any] = {"name": text(entry.get("name"))}
    if version := text(entry.get("version")):
        fields["version"] = version
    fields["repository"] = text(entry.get("repository"))
    if condition := text(entry.get("condition")):
        fields["condition"] = condition
    if tags := entry.get("tags"):
        fields["tags"] = [text(tag) for tag in tags] if isinstance(tags, list) else tags
    if entry.get("enabled"):
        fields["enabled"] = True
    if imports := entry.get("import-values"):
        fields["import-values"] = _sorted(imports)
    if alias := text(entry.get("alias")):
        fields["alias"] = alias
    return fields


def _sorted(value: Any) -> Any:
    """Return a value with sorted keys, as Go writes maps."""
    match value:
        case dict():
            return {key: _sorted(value[key]) for key in sorted(value)}
        case list():
            return [_sorted(item) for item in value]
    return value


def _hashed(value: Sequence[Any] | Mapping[str, Any]) -> str:
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign, escape in _ESCAPED.items():
        written = written.replace(sign, escape)
    return "sha256:" + hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
