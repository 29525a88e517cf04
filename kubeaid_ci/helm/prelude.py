"""A template that corrects values before any other template sees them.

Values reach the engine as JSON, which knows no integers, and it coalesces nulls by its own rules. Helm executes the
template with the deepest path first, so one at such a path can set what differs.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Steps = tuple[str, ...]
_MISSING = object()


def path(files: Iterable[str]) -> str:
    """Return a path below ``templates/`` that is deeper than all `files`, so Helm executes it first."""
    return f"templates/{'0/' * (max((name.count('/') for name in files), default=0) + 1)}values.yaml"


def prelude(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> str:
    """Return a template that makes the values `wanted` of those that the engine has; empty if they are the same.

    An `int` in `wanted` becomes an int64; `actual` has floats only.
    """
    return "".join(f"{{{{- $_ := {call} }}}}" for call in _changes(wanted, actual, ()))


def _changes(wanted: Mapping[str, Any], actual: Mapping[str, Any], steps: Steps) -> Iterator[str]:
    for key in actual:
        if key not in wanted:
            yield f"unset {_place(steps)} {_text(key)}"
    for key, value in wanted.items():
        other = actual.get(key, _MISSING)
        if isinstance(value, dict) and isinstance(other, dict):
            yield from _changes(value, other, (*steps, key))
        elif not _same(value, other):
            yield f"set {_place(steps)} {_text(key)} {_expression(value)}"


def _place(steps: Steps) -> str:
    return f"(index .Values {' '.join(map(_text, steps))})" if steps else ".Values"


def _same(wanted: Any, actual: Any) -> bool:
    if type(wanted) is not type(actual):
        return False
    match wanted:
        case int() if not isinstance(wanted, bool):
            return False
        case list():
            return len(wanted) == len(actual) and all(map(_same, wanted, actual))
        case dict():
            return wanted.keys() == actual.keys() and all(_same(wanted[key], actual[key]) for key in wanted)
    return bool(wanted == actual)


def _expression(value: Any) -> str:
    match value:
        case dict():
            return f"(dict {' '.join(f'{_text(key)} {_expression(item)}' for key, item in value.items())})"
        case list():
            return f"(list {' '.join(map(_expression, value))})"
        case None | bool():
            return {None: "nil", True: "true", False: "false"}[value]
        case float():
            return f'(float64 "{value!r}")'
    return f"(int64 {value})" if isinstance(value, int) else _text(str(value))


def _text(text: str) -> str:
    """Return a text as Go writes it: JSON's escapes are Go's, but for pairs of surrogates."""
    return json.dumps(text, ensure_ascii=False)
