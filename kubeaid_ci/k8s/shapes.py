"""The shape of a Kubernetes object as its Go types have it: which fields there are, and what each holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubeaid_ci.errors import UserError


class Scalar(StrEnum):
    """A value without fields of its own, in the words of an error message."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    COUNT = "a number or text"
    DATA = "any data"


TEXT, FLAG, NUMBER, COUNT, DATA = Scalar


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, each item of one shape."""

    item: "Shape"


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with any keys, each value of one shape."""

    item: "Shape"


TEXTS = ListOf(TEXT)
TEXTS_BY_NAME = MapOf(TEXT)

Shape = Scalar | ListOf | MapOf | Mapping[str, "Shape"]
"""A mapping is a struct: its fields by name."""

_SCALARS: Mapping[Scalar, tuple[type, ...]] = {
    Scalar.TEXT: (str,),
    Scalar.FLAG: (bool,),
    Scalar.NUMBER: (int,),
    Scalar.COUNT: (int, str),
}


def check(shape: Shape, value: Any, where: str = "") -> None:
    """Raise `UserError`, naming the field, if a value is of another type than Kubernetes accepts there."""
    if value is None:
        return
    match shape:
        case Scalar():
            accepted = _SCALARS.get(shape)
            if accepted and (not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted)):
                quote = "; write it in quotes" if shape is TEXT and isinstance(value, int | float) else ""
                raise UserError(f"{where}: expected {shape}, not {_written(value)}{quote}")
        case ListOf(item):
            if not isinstance(value, list):
                raise UserError(f"{where}: expected a list, not {_written(value)}")
            for place, each in enumerate(value):
                check(item, each, f"{where}[{place}]")
        case _:
            if not isinstance(value, Mapping):
                raise UserError(f"{where}: expected keys with values, not {_written(value)}")
            for key, each in value.items():
                inside = shape.item if isinstance(shape, MapOf) else shape.get(key, DATA)
                check(inside, each, f"{where}.{key}" if where else str(key))


def unknown_fields(shape: Shape, value: Any, where: str = "") -> Iterator[str]:
    """Return the fields of a value that its type does not have, each with its path."""
    match shape:
        case ListOf(item) if isinstance(value, list):
            for place, each in enumerate(value):
                yield from unknown_fields(item, each, f"{where}[{place}]")
        case MapOf(item) if isinstance(value, Mapping):
            for key, each in value.items():
                yield from unknown_fields(item, each, f"{where}.{key}")
        case Mapping() if isinstance(value, Mapping):
            for key, each in value.items():
                path = f"{where}.{key}" if where else str(key)
                if key not in shape:
                    yield path
                else:
                    yield from unknown_fields(shape[key], each, path)


def decoded_over(shape: Shape, old: Any, new: Any) -> Any:
    """Return what Go's `json.Unmarshal` makes of data and of the value that it decodes into.

    A field that the data does not have keeps its value, in the items of a list too: the first item of a new list is
    decoded over the first item of the old one. So is a null. Raises as `check`.
    """
    if new is None:
        return old
    match shape:
        case ListOf(item) if isinstance(new, list):
            items = old if isinstance(old, list) else []
            return [decoded_over(item, items[at] if at < len(items) else None, one) for at, one in enumerate(new)]
        case MapOf() if isinstance(new, Mapping):
            return {**(old if isinstance(old, Mapping) else {}), **new}
        case Mapping() if isinstance(new, Mapping):
            before = old if isinstance(old, Mapping) else {}
            known = {key: value for key, value in new.items() if key in shape}
            return {**before, **{key: decoded_over(shape[key], before.get(key), value) for key, value in known.items()}}
    return new


def _written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case list():
            return "a list"
    return "keys with values"
