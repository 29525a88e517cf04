"""JSON and YAML inside a text, such as a dashboard or a file in a ConfigMap, opened to be compared by meaning."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.compare.matching import same
from kubeaid_ci.documents import plainjson
from kubeaid_ci.errors import UserError

_DEEPEST = 60
_LONGEST_JSON = 4 * 1024 * 1024
_LONGEST_YAML = 64 * 1024
_TAGGED = re.compile(r"(?:^|[\[{,]|[:?-][ \t])[ \t]*!\S", re.MULTILINE)
_EXACT_DIGITS = 15
_USUAL = re.compile(r"true|false|-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?")


def opened(old: str, new: str) -> tuple[Any, Any] | None:
    """Return the parsed content of two texts, if both hold a mapping or a list in the same notation; else None.

    A text in which a key is repeated is not opened: programs disagree on which one counts. Neither
    is one whose first line is a comment that differs: ``#cloud-config`` and its like have a meaning. Nor are
    texts that differ in the spelling of a number or another word that programs read in different ways.
    """
    if all(text.lstrip()[:1] in ("{", "[") for text in (old, new)):
        return _both(_json, old, new)
    if max(len(old), len(new)) > _LONGEST_YAML or _heading(old) != _heading(new):
        return None
    return _both(_yaml, old, new) if "\n" in old.strip() or "\n" in new.strip() else None


def held(text: str) -> Any:
    """Return the mapping or list that one text holds; empty if it holds none."""
    found = opened(text, text)
    return found[0] if found else None


def _both(read: Any, old: str, new: str) -> tuple[Any, Any] | None:
    try:
        values = read(old), read(new)
    except (ValueError, UserError):  # not of this notation: they are compared as text
        return None
    if not all(map(_shallow, values)) or (read is _yaml and _differ_in_spelling(old, new, values)):
        return None
    return values if type(values[0]) is type(values[1]) and isinstance(values[0], dict | list) else None


def _shallow(value: Any) -> bool:
    """Return whether what a text holds is nested no deeper than what follows it can go."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [below for item in level if isinstance(item, dict | list) for below in _below(item)]
        if not level:
            return True
    return False


def _below(item: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _json(text: str) -> Any:
    if len(text) > _LONGEST_JSON:
        raise ValueError("too large to be opened")
    return plainjson.parse(text, unique=True)


def _yaml(text: str) -> Any:
    if documents.duplicate_keys(text, "text"):
        raise ValueError("a key is there twice")
    return documents.load(text, where="text")


def _differ_in_spelling(old: str, new: str, values: tuple[Any, Any]) -> bool:
    """Return whether a reader with other types may see another difference: ``3.10`` and ``3.1``, ``010`` and ``8``.

    A program that wants text takes the number as it is written, and versions of YAML disagree on words and numbers.
    """
    if _TAGGED.search(old) or _TAGGED.search(new):
        return True
    before, after = (documents.load_spelled(text, where="text") for text in (old, new))
    if same(*values):
        return bool(before != after)
    return _unusual(before) != _unusual(after)


def _unusual(value: Any) -> Counter[str]:
    """Return the scalars that are not in the one form that every program reads as the same value."""
    if isinstance(value, tuple):
        is_usual = len(value[0]) <= _EXACT_DIGITS and _USUAL.fullmatch(value[0])
        return Counter() if is_usual else Counter(value)
    found: Counter[str] = Counter()
    for item in _below(value) if isinstance(value, dict | list) else ():
        found += _unusual(item)
    return found


def _heading(text: str) -> str:
    first = text.partition("\n")[0].strip()
    return first if first.startswith("#") else ""
