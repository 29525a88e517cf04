"""sprig's functions for lists and maps (list.go, dict.go)."""

from collections.abc import Callable
from typing import Any

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate.basic_functions import is_empty
from kubeaid_ci.argocd.gotemplate.number_functions import to_int
from kubeaid_ci.argocd.gotemplate.text_functions import texts
from kubeaid_ci.argocd.gotemplate.values import NilList, Signature, StringList, StringMap, go_order, kind, to_text
from kubeaid_ci.errors import UserError


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise UserError(f"a list is wanted, not {kind(value)}")
    return list(value)


def _same(first: Any, second: Any) -> bool:
    """Return whether two values are deeply equal: also of the same types."""
    if type(first) is not type(second):
        return False
    match first:
        case list():
            return len(first) == len(second) and all(map(_same, first, second))
        case dict():
            return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    return bool(first == second)


def _has(wanted: Any, value: Any) -> bool:
    return value is not None and any(_same(item, wanted) for item in _list(value))


def _unique(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in _list(value):
        if not any(_same(item, known) for known in found):
            found.append(item)
    return found


def _slice(value: Any, *indexes: Any) -> Any:
    items = _list(value)
    if not items:
        return None
    start = to_int(indexes[0]) if indexes else 0
    end = to_int(indexes[1]) if len(indexes) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise UserError(f"slice: {start} to {end} is out of range")
    # Go keeps the type of the list.
    return type(value)(items[start:end])


def _sorted(value: Any) -> StringList:
    return StringList(sorted(texts(value), key=go_order) if isinstance(value, list) else [to_text(value)])


def _dict(*items: Any) -> dict[str, Any]:
    padded = [*items, ""] if len(items) % 2 else list(items)
    return {to_text(key): value for key, value in zip(padded[::2], padded[1::2], strict=True)}


def _set(target: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    if _holds(value, target):
        raise UnsupportedError("set of a map in itself in a template")
    target[key] = value
    return target


def _holds(value: Any, wanted: dict[str, Any]) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is wanted or any(_holds(item, wanted) for item in items)


def _unset(target: dict[str, Any], key: str) -> dict[str, Any]:
    target.pop(key, None)
    return target


def _any_order(found: list[Any], name: str) -> list[Any]:
    if len(found) > 1:
        raise UnsupportedError(f"{name} of a map, which Go gives in any order, in a template")
    return found


def _dig(*args: Any) -> Any:
    if len(args) < 3:
        raise UserError("dig needs at least three arguments")
    *path, default, value = args
    for name in path:
        if not isinstance(value, dict) or isinstance(value, StringMap) or not isinstance(name, str):
            raise UserError("dig: not a map")
        if name not in value:
            return default
        value = value[name]
    return value


def _picked(source: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}


def _omitted(source: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name not in names}


_LISTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "first": ("any", lambda value: next(iter(_list(value)), None)),
    "last": ("any", lambda value: next(iter(_list(value)[::-1]), None)),
    "rest": ("any", lambda value: _list(value)[1:] if value else NilList(_list(value))),
    "initial": ("any", lambda value: _list(value)[:-1] if value else NilList(_list(value))),
    "append": ("any any", lambda value, item: [*_list(value), item]),
    "prepend": ("any any", lambda value, item: [item, *_list(value)]),
    "reverse": ("any", lambda value: _list(value)[::-1]),
    "compact": ("any", lambda value: [item for item in _list(value) if not is_empty(item)]),
    "uniq": ("any", _unique),
    "without": (
        "any any*",
        lambda value, *gone: [item for item in _list(value) if not any(_same(item, one) for one in gone)],
    ),
    "has": ("any any", _has),
    "slice": ("any any*", _slice),
}
SIGNATURES = {
    **{name: Signature(*found) for name, found in _LISTS.items()},
    **{f"must{name[0].upper()}{name[1:]}": Signature(*found) for name, found in _LISTS.items()},
    "list": Signature("any*", lambda *items: list(items)),
    "tuple": Signature("any*", lambda *items: list(items)),
    "concat": Signature("any*", lambda *lists: [item for one in lists for item in _list(one)] or NilList()),
    "sortAlpha": Signature("any", _sorted),
    "deepEqual": Signature("any any", _same),
    "dict": Signature("any*", _dict),
    "get": Signature("dict string", lambda source, key: source.get(key, "")),
    "hasKey": Signature("dict string", lambda source, key: key in source),
    "set": Signature("dict string any", _set),
    "unset": Signature("dict string", _unset),
    "keys": Signature("dict*", lambda *dicts: StringList(_any_order([key for one in dicts for key in one], "keys"))),
    "values": Signature("dict", lambda source: _any_order(list(source.values()), "values")),
    "pick": Signature("dict string*", _picked),
    "omit": Signature("dict string*", _omitted),
    "dig": Signature("any*", _dig),
}
