"""Go's own functions of templates, and sprig's for choices (Go's text/template/funcs.go, sprig's defaults.go)."""

import operator
import re
from collections.abc import Callable
from typing import Any

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate.values import (
    MISSING,
    NilList,
    Signature,
    StringMap,
    go_order,
    is_true,
    kind,
    quoted,
    to_text,
)
from kubeaid_ci.errors import UserError

_VERB = re.compile(r"%(?P<flags>[-0]?)(?P<width>\d{0,3})(?:\.(?P<precision>\d{1,2}))?(?P<verb>[a-zA-Z%])")


def is_empty(value: Any) -> bool:
    """Return whether sprig takes a value for empty: nil, zero, false, or without items."""
    return not is_true(value)


def _length(value: Any) -> int:
    match value:
        case str():
            return len(go_order(value))
        case list() | dict():
            return len(value)
    raise UserError(f"len of type {kind(value)}")


def _index(item: Any, *indexes: Any) -> Any:
    if item is MISSING or item is None:
        raise UserError("index of untyped nil")
    for index in indexes:
        match item:
            case list():
                if not isinstance(index, int) or isinstance(index, bool):
                    raise UserError(f"cannot index slice/array with type {kind(index)}")
                if not 0 <= index < len(item):
                    raise UserError(f"index out of range: {index}")
                item = item[index]
            case dict():
                if not isinstance(index, str):
                    raise UserError(f"value has type {kind(index)}; should be string")
                item = item.get(index, "" if isinstance(item, StringMap) else None)
            case None:
                raise UserError("index of nil pointer")
            case str():
                raise UnsupportedError("a byte of a text in a template")
            case _:
                raise UserError(f"can't index item of type {kind(item)}")
    return item


def _comparison_kind(value: Any) -> str:
    found = kind(value)
    return {"int64": "int", "slice": "none", "map": "none", "invalid": "none"}.get(found, found)


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise UserError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _same(first: Any, other: Any) -> bool:
    nils = [value is MISSING or value is None or isinstance(value, NilList) for value in (first, other)]
    if _comparison_kind(first) != _comparison_kind(other):
        if not any(nils):
            raise UserError("incompatible types for comparison")
        return False
    if _comparison_kind(first) == "none":
        if not any(nils):
            raise UserError(f"non-comparable types {kind(first)} and {kind(other)}")
        return all(nils)
    return bool(first == other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(first: Any, second: Any) -> bool:
        kinds = {_comparison_kind(first), _comparison_kind(second)}
        if kinds & {"bool", "none"}:
            raise UserError("invalid type for comparison")
        if len(kinds) > 1:
            raise UserError("incompatible types for comparison")
        if isinstance(first, str):
            return compare(go_order(first), go_order(second))
        return compare(first, second)

    return ordered


def _print(*values: Any) -> str:
    """Print values as Go's `fmt.Sprint` does: a space between two values that are no strings."""
    out = ""
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            out += " "
        out += to_text(value)
    return out


def _printf(form: str, *values: Any) -> str:
    rest = list(values)

    def replaced(found: re.Match[str]) -> str:
        if found["verb"] == "%":
            return "%"
        if not rest:
            raise UnsupportedError(f"printf {form!r} with too few values in a template")
        return _formatted(found, rest.pop(0))

    out = _VERB.sub(replaced, form)
    if rest or "%" in _VERB.sub("", form):
        raise UnsupportedError(f"printf {form!r} in a template")
    return out


def _formatted(found: re.Match[str], value: Any) -> str:
    width, precision, pads_zero = int(found["width"] or 0), found["precision"], found["flags"] == "0"
    match found["verb"], value:
        case "s", str() if precision is None and not pads_zero:
            text = value
        case "v", _ if precision is None and not pads_zero:
            text = to_text(value)
        case "q", str() if precision is None and not pads_zero:
            text = quoted(value)
        case "t", bool() if precision is None and not pads_zero:
            text = to_text(value)
        case "d", int() if precision is None and not isinstance(value, bool):
            return f"{value:0{width}d}" if pads_zero and width else _padded(str(value), found, width)
        case "f", float() if not pads_zero:
            text = f"{value:.{precision or 6}f}"
        case _:
            raise UnsupportedError(f"printf with {found[0]} for a value of type {kind(value)} in a template")
    return _padded(text, found, width)


def _padded(text: str, found: re.Match[str], width: int) -> str:
    return text.ljust(width) if found["flags"] == "-" else text.rjust(width)


def _default(default: Any, *values: Any) -> Any:
    return default if not values or is_empty(values[0]) else values[0]


def _fail(message: str) -> str:
    raise UserError(message)


SIGNATURES = {
    "not": Signature("value", lambda value: not is_true(value)),
    "len": Signature("value", _length),
    "index": Signature("value value*", _index),
    "eq": Signature("value value*", _equal),
    "ne": Signature("value value", lambda first, second: not _same(first, second)),
    "lt": Signature("value value", _ordered(operator.lt)),
    "le": Signature("value value", _ordered(operator.le)),
    "gt": Signature("value value", _ordered(operator.gt)),
    "ge": Signature("value value", _ordered(operator.ge)),
    "print": Signature("any*", _print),
    "println": Signature("any*", lambda *values: " ".join(map(to_text, values)) + "\n"),
    "printf": Signature("string any*", _printf),
    "default": Signature("any any*", _default),
    "empty": Signature("any", is_empty),
    "coalesce": Signature("any*", lambda *values: next((value for value in values if not is_empty(value)), None)),
    "all": Signature("any*", lambda *values: not any(map(is_empty, values))),
    "any": Signature("any*", lambda *values: not all(map(is_empty, values))),
    "ternary": Signature("any any bool", lambda yes, no, chosen: yes if chosen else no),
    "fail": Signature("string", _fail),
    "kindOf": Signature("any", kind),
    "kindIs": Signature("string any", lambda wanted, value: kind(value) == wanted),
}
