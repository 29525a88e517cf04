"""Reads the fields of an object that somebody wrote."""

from collections.abc import Mapping
from typing import Any

from kubeaid_ci.errors import UserError


def text(said: Mapping[str, Any], key: str) -> str:
    """A field as text, an empty text if it is not set; raises `UserError` if it is a list or has fields of its own."""
    value = said.get(key)
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | dict() | list():
            raise UserError(f"{key}: expected text")
    return str(value)


def texts(said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A field as a list of texts; raises `UserError` if it is not one."""
    value = said.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserError(f"{key}: expected a list of texts")
    return tuple(value)


def mapping(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A field that has fields of its own; raises `UserError` if it has none."""
    value = said.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"{key}: expected keys with values")
    return value


def mappings(said: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A field as a list of what has fields of its own; raises `UserError` if it is not one."""
    value = said.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise UserError(f"{key}: expected a list of keys with values")
    return value
