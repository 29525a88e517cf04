"""Readers for objects that may hold anything anywhere: a value of another type counts as absent."""

from collections.abc import Mapping
from typing import Any


def at(value: Any, *keys: str) -> Any:
    """Return the value at a path of keys; None if it does not exist."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value: Any, *keys: str) -> Mapping[str, Any]:
    """Return the mapping at a path; empty if there is no mapping."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def mappings(value: Any, *keys: str) -> list[Mapping[str, Any]]:
    """Return the mappings in the list at a path."""
    found = at(value, *keys)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts(value: Any, *keys: str) -> list[str]:
    """Return the strings in the list at a path."""
    found = at(value, *keys)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def text(value: Any, *keys: str) -> str:
    """Return the string at a path; empty if there is no string."""
    found = at(value, *keys)
    return found if isinstance(found, str) else ""


def text_map(value: Any, *keys: str) -> dict[str, str]:
    """Return the entries of the mapping at a path whose key and value are strings, such as labels."""
    return {key: item for key, item in mapping(value, *keys).items() if isinstance(key, str) and isinstance(item, str)}
