"""Values files as versions of Helm read them: their YAML documents, and whether versions read them differently.

Helm 4 uses `NewYAMLReader` of ``k8s.io/apimachinery/pkg/util/yaml``: a separator is a line that starts with ``---``.
Versions differ in nulls and in files of several documents.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError

_SEPARATOR = "---"
_BUFFER = 4_096
"""Bytes. A last line of a multiple of it, without a line break, is lost by the reader."""
_EXPLICIT = re.compile(r"(?:^|[\s:,\[{])(?:~|null|!!null)(?=[\s,\]}#]|$)", re.IGNORECASE | re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#.*", re.MULTILINE)
_FLOW = re.compile(r"\{[ \t]*[^\s{}]|^[ \t]*\?", re.MULTILINE)
# A dash without a space behind it begins a key.
_EMPTY_KEY = re.compile(r"^(?P<indent>(?: |-(?=[ \t]|$))*+)(?:[^\s#].*)?:[ \t]*(?:[&!]\S+(?:[ \t]+|$))*(?:#.*)?$")
_LINE_IN_USE = re.compile(r"^(?P<indent> *)(?P<item>-(?:\s|$))?[^\s#]")
_LARGE = 10_000
"""Characters. Reading more to be sure takes longer than to render once too often."""


def value_documents(text: str, *, loses_last_line: bool) -> Iterator[str]:
    """Yield the documents of a values file. Raises `ValueError` for a separator with text after it."""
    lines: list[str] = []
    for line in _lines(text, loses_last_line=loses_last_line):
        after = line.removeprefix(_SEPARATOR).strip() if line.startswith(_SEPARATOR) else None
        if after and not after.startswith("#"):
            raise ValueError("a line starts with --- and has more text; put it on the next line")
        if after is not None and lines:
            yield "".join(lines)
            lines = []
        else:
            lines.append(line)
    if lines:
        yield "".join(lines)


def _lines(text: str, *, loses_last_line: bool) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    lost = loses_last_line and len(last.encode("utf-8", "surrogatepass")) % _BUFFER == 0
    return lines if lost else [*lines, f"{last}\n"]


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
