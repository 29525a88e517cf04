"""sprig's functions for numbers (numeric.go): all of them count in int64."""

import math
import re
from typing import Any

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate.values import Int64, Signature
from kubeaid_ci.errors import UserError

_DECIMAL = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.0+)?")
_LARGEST = 2**63
_MOST = 100_000


def to_int(value: Any) -> int:
    """Return a value as an integer as https://github.com/spf13/cast does; what is no number is 0."""
    match value:
        case bool():
            return int(value)
        case int():
            return int(value)
        case float() if math.isfinite(value) and abs(value) < _LARGEST:
            return math.trunc(value)
        case str() if _DECIMAL.fullmatch(value) and abs(int(value.partition(".")[0])) < _LARGEST:
            return int(value.partition(".")[0])
        case str() if any(char.isdigit() for char in value):
            raise UnsupportedError(f"{value!r} as a number in a template")
        case float():
            raise UnsupportedError(f"{value} as an integer in a template")
    return 0


def _to_float(value: Any) -> float:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?", value):
            raise UnsupportedError(f"{value!r} as a number in a template")
        return float(value)
    return float(value) if isinstance(value, int | float) else 0.0


def _wrapped(number: int) -> Int64:
    """Return a number of 64 bits, as Go counts."""
    return Int64((number + _LARGEST) % (2 * _LARGEST) - _LARGEST)


def _divided(first: Any, second: Any) -> Int64:
    one, other = to_int(first), to_int(second)
    if not other:
        raise UserError("integer divide by zero")
    return _wrapped(abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1))


def _remainder(first: Any, second: Any) -> Int64:
    one, other = to_int(first), to_int(second)
    if not other:
        raise UserError("integer divide by zero")
    return Int64(abs(one) % abs(other) * (-1 if one < 0 else 1))


def _until(start: int, stop: int, step: int) -> list[int]:
    found = range(start, stop, step) if step and (stop > start) == (step > 0) else range(0)
    if len(found) > _MOST:
        raise UnsupportedError(f"until with {len(found)} numbers in a template")
    return list(found)


def _atoi(text: str) -> int:
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return int(text) if abs(int(text)) < _LARGEST else 0
    return 0


SIGNATURES = {
    "int": Signature("any", to_int),
    "int64": Signature("any", lambda value: Int64(to_int(value))),
    "float64": Signature("any", _to_float),
    "atoi": Signature("string", _atoi),
    "add": Signature("any*", lambda *items: _wrapped(sum(map(to_int, items)))),
    "add1": Signature("any", lambda value: _wrapped(to_int(value) + 1)),
    "sub": Signature("any any", lambda first, second: _wrapped(to_int(first) - to_int(second))),
    "mul": Signature("any any*", lambda *items: _wrapped(math.prod(map(to_int, items)))),
    "div": Signature("any any", _divided),
    "mod": Signature("any any", _remainder),
    "max": Signature("any any*", lambda *items: Int64(max(map(to_int, items)))),
    "biggest": Signature("any any*", lambda *items: Int64(max(map(to_int, items)))),
    "min": Signature("any any*", lambda *items: Int64(min(map(to_int, items)))),
    "floor": Signature("any", lambda value: float(math.floor(_to_float(value)))),
    "ceil": Signature("any", lambda value: float(math.ceil(_to_float(value)))),
    "until": Signature("int", lambda count: _until(0, count, 1 if count > 0 else -1)),
    "untilStep": Signature("int int int", _until),
}
