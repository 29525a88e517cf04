"""The YAML writer: byte for byte what `gojsontoyaml` prints, so that adopting it changes no file.

`gojsontoyaml` is ghodss/yaml v1.0.0 over go-yaml v2.4.0 with line wrapping off. Block style, two
spaces, sequences in a mapping not indented, no `---`. Keys are in natural order, digits by value (`sorter.go`).
"""

import re
from collections.abc import Iterable, Sequence
from functools import cmp_to_key, lru_cache
from typing import Any

from kubeaid_ci.documents import scalars
from kubeaid_ci.documents.garbage import without_garbage_collection
from kubeaid_ci.documents.scalars import float_text
from kubeaid_ci.errors import UserError

# Keys of only these characters are in code point order: no digits to compare by value, and no
# sign that code points put behind a character.
_SIMPLE = re.compile(r"[ -/:-@A-Za-z]*|[ -/:-@\[-`a-z]*")
_STEP = "  "


def dump(value: Any) -> str:
    """Write what `parse_json` gives (dict, list, str, int, float, bool, None) as one YAML document.

    Integers beyond 64 bits are written as floats, as Go holds them. Raises `UserError` for half a
    surrogate pair and for nesting beyond Python's recursion limit, `TypeError` for any other type.
    """
    parts: list[str] = []
    try:
        with without_garbage_collection():
            _node(value, "", parts)
    except RecursionError:
        raise UserError("the value is nested too deeply to be written as YAML") from None
    return "".join(parts)


def _node(value: Any, pad: str, parts: list[str]) -> None:
    """Write a value at the cursor, in the column of `pad`; end its last line."""
    if value and isinstance(value, dict):
        _mapping(value, pad, parts)
    elif value and isinstance(value, list):
        _sequence(value, pad, parts)
    else:
        # A scalar at the top of the document has an indent of its own, one step.
        parts.append(_scalar(value, pad or _STEP))


def _mapping(mapping: dict[str, Any], pad: str, parts: list[str]) -> None:
    deeper = pad + _STEP
    lead = ""
    for name in ordered(mapping):
        value = mapping[name]
        head = scalars.key(name)
        if head is None:
            parts.append(f"{lead}? {scalars.string(name, deeper)}{pad}: ")
            _node(value, deeper, parts)
        elif isinstance(value, str):
            parts.append(f"{lead}{head} {scalars.string(value, deeper)}")
        elif value and isinstance(value, dict):
            parts.append(f"{lead}{head}\n{deeper}")
            _mapping(value, deeper, parts)
        elif value and isinstance(value, list):
            parts.append(f"{lead}{head}\n{pad}")
            _sequence(value, pad, parts)
        else:
            parts.append(f"{lead}{head} {_scalar(value, deeper)}")
        lead = pad


def _sequence(sequence: list[Any], pad: str, parts: list[str]) -> None:
    deeper = pad + _STEP
    lead = "- "
    for value in sequence:
        parts.append(lead)
        _node(value, deeper, parts)
        lead = pad + "- "


def _scalar(value: Any, indent: str) -> str:
    """Spell a scalar or an empty collection, to the end of its last line."""
    return scalars.string(value, indent) if isinstance(value, str) else plain_text(value) + "\n"


def plain_text(value: Any) -> str:
    """Spell null, a boolean, a number or an empty collection. Raises `TypeError` for anything else.

    An integer beyond 64 bits is spelled as the float Go makes of it, one beyond floats by its digits.
    """
    match value:
        case None:
            text = "null"
        case bool():
            text = "true" if value else "false"
        case int():
            text = str(value) if -(1 << 63) <= value < 1 << 64 else _large(value)
        case float():
            text = float_text(value)
        case dict() | list():
            text = "{}" if isinstance(value, dict) else "[]"
        case _:
            raise TypeError(f"cannot write {type(value).__name__} as YAML: {value!r}")
    return text


def _large(value: int) -> str:
    try:
        return float_text(float(value))
    except OverflowError:
        return str(value)


def ordered(keys: Iterable[str]) -> Sequence[str]:
    """Sort keys into the order go-yaml writes them in.

    The rules contradict themselves for some sets (`a15` < `a1b` < `a2` < `a15`); Go's own order is
    random then, ours is always the same.
    """
    return _ordered(tuple(keys))


@lru_cache(maxsize=8192)
def _ordered(keys: tuple[str, ...]) -> Sequence[str]:
    alphabetic = sorted(keys)
    if len(keys) < 2 or _SIMPLE.fullmatch("".join(keys)):
        return alphabetic
    return sorted(alphabetic, key=cmp_to_key(compare_keys))


def compare_keys(one: str, other: str) -> int:
    """Return a negative number if `one` is before `other`, positive if behind, zero if they are equal."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return len(one) - len(other)
    a, b = one[at], other[at]
    if a.isalpha() and b.isalpha():
        return ord(a) - ord(b)
    if a.isalpha() or b.isalpha():
        return -1 if b.isalpha() else 1
    start = _carried(one, at) if "0" in (a, b) else 0
    return _sign(_run(one, at, start), _run(other, at, start)) or ord(a) - ord(b)


def _carried(text: str, at: int) -> int:
    """Return 1 if the digits right before are a number already, so that zeros behind it count."""
    while at > 0 and text[at - 1].isdecimal():
        at -= 1
        if text[at] != "0":
            return 1
    return 0


def _run(text: str, at: int, value: int) -> tuple[int, int]:
    """Give the value of the digits from a place on, in Go's 64 bits that wrap, and their end."""
    while at < len(text) and text[at].isdecimal():
        value = value * 10 + ord(text[at]) - ord("0")
        at += 1
    return (value + (1 << 63)) % (1 << 64) - (1 << 63), at


def _sign(one: tuple[int, int], other: tuple[int, int]) -> int:
    return (one > other) - (one < other)
