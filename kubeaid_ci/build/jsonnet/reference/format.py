"""Jsonnet's format operator: the directives of `'%05.1f' % x`, as go-jsonnet renders them.

The rules are those of https://jsonnet.org/ref/stdlib.html#format and of what go-jsonnet 0.20 does
where these are silent: it computes with floats, so the steps below are kept in its order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_FLAGS = "#0- +"
_KINDS = dict(zip("diuoxXeEfFgGcs%", "dddoxxeeffggcs%", strict=True))
# Ten to this power is the last one that a float holds exactly; so go-jsonnet's own `std.pow` cannot differ.
_MOST_DIGITS = 22
_DEFAULT_DIGITS = 6
_LAST_CODEPOINT = 0x10FFFF


class NotRenderedError(Exception):
    """A directive or value that is left to the reference."""


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive. `width` and `precision` are `*` if they are taken from the values."""

    key: str | None
    flags: frozenset[str]
    width: int | str
    precision: int | str | None
    kind: str
    capital: bool

    @property
    def is_plain(self) -> bool:
        """True for `%s`, which only needs the value as text."""
        return self.kind == "s" and self.width == 0


def number_text(value: float) -> str:
    """Spell a number as go-jsonnet does when it becomes text: `%.17g`, or `%.0f` for a whole number."""
    return f"{value:.0f}" if value == math.floor(value) else f"{value:.17g}"


@lru_cache(maxsize=4096)
def parse(template: str) -> tuple[str | Directive, ...]:
    """Split a format string into texts and directives. Raises `NotRenderedError` if it is invalid."""
    parts: list[str | Directive] = []
    at = 0
    while (percent := template.find("%", at)) >= 0:
        if percent > at:
            parts.append(template[at:percent])
        try:
            directive, at = _directive(template, percent + 1)
        except IndexError:
            raise NotRenderedError(template) from None
        parts.append(directive)
    return (*parts, template[at:]) if at < len(template) else tuple(parts)


def _directive(template: str, at: int) -> tuple[Directive, int]:
    key = None
    if template[at] == "(":
        end = template.find(")", at)
        if end < 0:
            raise NotRenderedError(template)
        key, at = template[at + 1 : end], end + 1
    start = at
    while template[at] in _FLAGS:
        at += 1
    flags = frozenset(template[start:at])
    width, at = _width(template, at)
    precision: int | str | None = None
    if template[at] == ".":
        precision, at = _width(template, at + 1)
    if template[at] in "hlL":
        at += 1
    letter = template[at]
    if letter not in _KINDS:
        raise NotRenderedError(template)
    return Directive(key, flags, width, precision, _KINDS[letter], letter in "XEFG"), at + 1


def _width(template: str, at: int) -> tuple[int | str, int]:
    if template[at] == "*":
        return "*", at + 1
    start = at
    while template[at] in "0123456789":
        at += 1
    return int(template[start:at] or "0"), at


def render(directive: Directive, width: float, precision: float | None, value: Any) -> str:
    """Render a number or text. Raises `NotRenderedError` for everything that needs the reference."""
    if precision is not None and not 0 <= precision <= _MOST_DIGITS:
        raise NotRenderedError(precision)
    if width > 1 << 16 or int(width) != width or int(precision or 0) != (precision or 0):
        raise NotRenderedError(width)
    text = _text(directive, int(width), None if precision is None else int(precision), value)
    return text.ljust(int(width)) if "-" in directive.flags else text.rjust(int(width))


def _text(directive: Directive, width: int, precision: int | None, value: Any) -> str:
    match directive.kind:
        case "%":
            return "%"
        case "s":
            return str(value)
        case "c":
            return _character(value)
    if not isinstance(value, float):
        raise NotRenderedError(value)
    return _number(directive, width if directive.flags >= {"0"} and "-" not in directive.flags else 0, precision, value)


def _number(directive: Directive, zeros: int, precision: int | None, value: float) -> str:
    digits = precision or 0
    match directive.kind:
        case "d":
            return _integer(directive.flags, value <= -1, _floor(abs(value)), width=zeros, digits=digits)
        case "o":
            return _integer(directive.flags, value <= -1, _floor(abs(value)), width=zeros, digits=digits, radix=8)
        case "x":
            return _hexadecimal(_floor(value), zeros, digits, directive)
        case "f":
            return _decimal(value, zeros, _DEFAULT_DIGITS if precision is None else precision, directive.flags)
    raise NotRenderedError(directive.kind)  # %e and %g need its logarithm, which differs in the last bit


def _floor(value: float) -> float:
    return float(math.floor(value))


def _character(value: Any) -> str:
    if isinstance(value, str) and len(value) == 1:
        return value
    if isinstance(value, float) and 0 <= value <= _LAST_CODEPOINT:
        return chr(int(value)).encode("utf-8", "replace").decode() if not 0xD800 <= value < 0xE000 else "\ufffd"
    raise NotRenderedError(value)


def _sign(negative: bool, flags: frozenset[str]) -> str:  # noqa: FBT001 - the sign of a number
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _integer(
    flags: frozenset[str],
    negative: bool,  # noqa: FBT001 - the sign of a number
    magnitude: float,
    *,
    width: int,
    digits: int = 0,
    radix: int = 10,
) -> str:
    prefix = "0" if radix == 8 and "#" in flags else ""
    text = prefix + _digits(magnitude, radix) if magnitude else "0"
    room = width - (1 if negative or flags & {" ", "+"} else 0)
    return _sign(negative, flags) + text.rjust(max(room, digits), "0")


def _digits(magnitude: float, radix: int) -> str:
    """Return the digits of a whole number, by divisions of floats: beyond 2^53 these are not the exact ones."""
    found: list[str] = []
    while magnitude != 0:
        found.append("0123456789abcdef"[int(math.fmod(magnitude, radix))])
        magnitude = _floor(magnitude / radix)
    return "".join(reversed(found))


def _hexadecimal(value: float, width: int, digits: int, directive: Directive) -> str:
    text = _digits(abs(value), 16) or "0"
    prefix = "0x" if "#" in directive.flags else ""
    room = width - (1 if value < 0 or directive.flags & {" ", "+"} else 0) - len(prefix)
    text = prefix + text.rjust(max(room, digits), "0")
    return _sign(value < 0, directive.flags) + (text.upper() if directive.capital else text)


def _decimal(value: float, width: int, digits: int, flags: frozenset[str]) -> str:
    """Return a number with `digits` decimals, rounded half away from zero."""
    denominator = 10.0**digits
    numerator = abs(value) * denominator + 0.5
    if math.isinf(numerator):
        raise NotRenderedError(value)
    whole = _floor(numerator / denominator)
    fraction = math.fmod(_floor(numerator), denominator)
    point = "." if digits or "#" in flags else ""
    text = _integer(flags, value < 0, whole, width=width - digits - len(point)) + point
    return text + _digits(fraction, 10).rjust(digits, "0") if digits else text


def positions(parts: Sequence[str | Directive]) -> tuple[list[tuple[int, int, int]], int]:
    """Return the positions of each directive's width, precision and value in an array (-1: none), and their number."""
    count = 0

    def take(is_taken: bool) -> int:  # noqa: FBT001 - one of three, in order
        nonlocal count
        count += is_taken
        return count - 1 if is_taken else -1

    found = [
        (take(part.width == "*"), take(part.precision == "*"), take(part.kind != "%"))
        for part in parts
        if isinstance(part, Directive)
    ]
    return found, count
