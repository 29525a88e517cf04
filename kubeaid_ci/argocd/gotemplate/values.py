"""The values of a Go template: how Go prints, quotes, compares and sorts them, and how functions take them.

Text, numbers and lists are Python's: `int` is Go's ``int``, `float` its ``float64``, as all numbers of JSON are.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

_LARGE = 6
_ESCAPES = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", '"': '\\"',
}  # fmt: skip
_ASCII, _BASIC_PLANE = 0x80, 0x10000


class Missing(Enum):
    """The value of a key that a map does not have, unlike None, which is null."""

    MISSING = "missing"


MISSING = Missing.MISSING


class StringMap(dict[str, str]):
    """Go's ``map[string]string``: no function takes it where it wants a ``map[string]any``."""


class Int64(int):
    """Go's ``int64``: no function takes it where it wants an ``int``."""


class NilList(list[Any]):
    """A list that Go never made: it is empty, and null in JSON."""


class StringList(list[str]):
    """Go's ``[]string``."""


def from_json(value: Any) -> Any:
    """Return data as Go reads it from JSON: every number is a float64."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return float(value)
        case Mapping():
            return {key: from_json(item) for key, item in value.items()}
        case list():
            return [from_json(item) for item in value]
    return value


def to_text(value: Any) -> str:
    """Return a value as Go's ``%v`` prints it inside another value, where nil is ``<nil>``."""
    match value:
        case None | Missing():
            return "<nil>"
        case bool():
            return str(value).lower()
        case float():
            return format_float(value)
        case dict():
            return f"map[{' '.join(f'{key}:{to_text(value[key])}' for key in sorted(value, key=go_order))}]"
        case list():
            return f"[{' '.join(map(to_text, value))}]"
    return str(value)


def go_order(text: str) -> bytes:
    """Return the sort key of a text: Go compares bytes."""
    return text.encode("utf-8", "surrogatepass")


def format_float(value: float) -> str:
    """Return a float64 as Go's ``%v`` prints it: the shortest digits, ``1e+06`` from a million on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    digits, exponent, sign = _digits(value)
    if exponent < -4 or exponent >= _LARGE:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits.ljust(exponent + 1, "0")
    fraction = f".{whole[exponent + 1 :]}" if len(whole) > exponent + 1 else ""
    return f"{sign}{whole[: exponent + 1]}{fraction}"


def _digits(value: float) -> tuple[str, int, str]:
    """Return the shortest digits that name a float, the exponent of the first, and the sign."""
    found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?", repr(value))
    assert found  # a float that is finite  # noqa: S101
    whole, fraction = found[2], found[3] or ""
    exponent = int(found[4] or 0) + len(whole) - 1
    digits = whole + fraction
    stripped = digits.lstrip("0")
    if not stripped:
        return "0", 0, found[1]
    return stripped.rstrip("0") or "0", exponent - (len(digits) - len(stripped)), found[1]


def is_true(value: Any) -> bool:
    """Return whether ``if`` takes a value for true: what is not zero, empty or nil."""
    return value is not MISSING and bool(value)


def kind(value: Any) -> str:
    """Return the kind of a value, as Go's reflection names it."""
    if value is None or value is MISSING:
        return "invalid"
    return next(name for known, name in _KINDS if isinstance(value, known))


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (str, "string"),
    (Int64, "int64"),
    (int, "int"),
    (float, "float64"),
    (dict, "map"),
    (list, "slice"),
)


def quoted(text: str) -> str:
    """Return a text in double quotes, with escapes for what is not printable (Go's `strconv.Quote`)."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < _ASCII:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BASIC_PLANE else f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class Signature:
    """The kinds of a function's parameters, with spaces between, and what computes its value.

    A kind is `string`, `int`, `bool`, `dict`, `any`, where a missing value is None, or `value`, where it is MISSING.
    A ``*`` behind the last kind: any number of these.
    """

    parameters: str
    compute: Callable[..., Any]

    def kinds(self, count: int) -> list[str] | None:
        """Return the kind of each of `count` arguments; None if the function takes another number."""
        kinds = self.parameters.split()
        if not kinds or not kinds[-1].endswith("*"):
            return kinds if len(kinds) == count else None
        *fixed, last = kinds
        return [*fixed, *[last[:-1]] * (count - len(fixed))] if count >= len(fixed) else None
