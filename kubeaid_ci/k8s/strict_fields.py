"""Readers of fields of an object that a person wrote: a value of a wrong type is an error."""

from collections.abc import Mapping
from typing import Any

from kubeaid_ci.errors import UserError


def text(fields: Mapping[str, Any], key: str) -> str:
    """Return a field as text; empty if it is not set. Raises `UserError` for a boolean, a list or a mapping."""
    value = fields.get(key)
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | dict() | list():
            raise UserError(f"{key}: expected text")
    return str(value)


def texts(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return a list of strings; empty if it is not set. Raises `UserError` for anything else."""
    value = fields.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserError(f"{key}: expected a list of texts")
    return tuple(value)


def mapping(fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a mapping; empty if it is not set. Raises `UserError` for anything else."""
    value = fields.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"{key}: expected keys with values")
    return value


def mappings(fields: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return a list of mappings; empty if it is not set. Raises `UserError` for anything else."""
    value = fields.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise UserError(f"{key}: expected a list of keys with values")
    return value
