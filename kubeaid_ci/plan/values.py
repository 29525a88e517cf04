"""How Helm lays values over values."""

from collections.abc import Mapping
from typing import Any


def laid_over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a later file or set of values over those before it: mappings merge, all else replaces.

    A null stays: over the chart's own values it takes a key away.
    """
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = laid_over(below, value) if both else value  # type: ignore[arg-type] # both are mappings
    return merged


def with_parameter(base: Mapping[str, Any], parameter: Mapping[str, Any], *, indexed: bool) -> dict[str, Any]:
    """The values with one parameter set, as ``--set`` does.

    `indexed` is true where the parameter's name has an index (``a[1].b``): then lists are merged
    item by item, and what the parameter leaves open (null) stays.
    """
    return {**base, **{key: _set(base.get(key), value, indexed=indexed) for key, value in parameter.items()}}


def _set(below: Any, value: Any, *, indexed: bool) -> Any:
    match below, value:
        case Mapping(), Mapping():
            return with_parameter(below, value, indexed=indexed)
        case list(), list() if indexed:
            longest = range(max(len(below), len(value)))
            return [_item(below, value, at) for at in longest]
    return value


def _item(below: list[Any], value: list[Any], at: int) -> Any:
    old = below[at] if at < len(below) else None
    new = value[at] if at < len(value) else None
    return old if new is None else _set(old, new, indexed=True)
