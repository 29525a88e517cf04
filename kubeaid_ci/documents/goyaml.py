"""The YAML writer: byte for byte what `gojsontoyaml` prints, so that adopting it changes no file.

`gojsontoyaml` is ghodss/yaml v1.0.0 over go-yaml v2.4.0 with line wrapping off. Block style, two
spaces, sequences in a mapping not indented, keys in natural order, no `---`.
"""

from typing import Any

from kubeaid_ci.documents import scalars
from kubeaid_ci.documents.floats import float_text
from kubeaid_ci.documents.garbage import without_garbage_collection
from kubeaid_ci.documents.keys import ordered
from kubeaid_ci.errors import UserError

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
