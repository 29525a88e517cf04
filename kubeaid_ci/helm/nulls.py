"""Check whether a values file may hold what versions of Helm treat differently: nulls, or several YAML documents."""

import json
import re
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError

_EXPLICIT = re.compile(r"(?:^|[\s:,\[{])(?:~|null|!!null)(?=[\s,\]}#]|$)", re.IGNORECASE | re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#.*", re.MULTILINE)
_FLOW = re.compile(r"\{[ \t]*[^\s{}]|^\s*\?", re.MULTILINE)
_EMPTY_KEY = re.compile(r"^(?P<indent>[ -]*)[^\s#].*:[ \t]*(?:[&!]\S+[ \t]*)*(?:#.*)?$")
_LINE_IN_USE = re.compile(r"^(?P<indent> *)(?P<item>-(?:\s|$))?[^\s#]")


_LARGE = 10_000
"""Characters. Reading more to be sure takes longer than to render once too often."""


@lru_cache(maxsize=4096)
def may_depend_on_helm(text: str) -> bool:
    """Return False only if all versions of Helm read the same values from a text, and none of them is null."""
    if text.startswith("{"):
        return _json_may(text)
    text = _COMMENT.sub("", text)
    if "\n---" in text:
        return True
    is_likely = _EXPLICIT.search(text) is not None or _has_empty_key(text)
    if is_likely and len(text) > _LARGE:
        return True
    return (is_likely or _FLOW.search(text) is not None) and _parsed_may(text)


def _has_empty_key(text: str) -> bool:
    pending = -1
    for line in map(str.rstrip, text.split("\n")):
        found = _LINE_IN_USE.match(line)
        if not found:
            continue
        indent = len(found["indent"])
        # A list may be as far left as the key that it belongs to.
        if pending >= 0 and (indent < pending or (indent == pending and not found["item"])):
            return True
        key = _EMPTY_KEY.match(line)
        pending = len(key["indent"]) if key else -1
    return pending >= 0


def _json_may(text: str) -> bool:
    try:
        return _has_null(json.loads(text))
    except ValueError:
        return True


def _parsed_may(text: str) -> bool:
    try:
        return any(map(_has_null, documents.load_all(text, where="values")))
    except UserError:
        return True


def _has_null(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and any(map(_has_null, value.values())))
