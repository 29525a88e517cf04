"""Messages for the errors of jsonschema-rs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kubeaid_ci.k8s.schemas import Violation

if TYPE_CHECKING:
    import jsonschema_rs

_MOST_CHARACTERS = 120


def violation(error: "jsonschema_rs.ValidationError") -> Violation:
    """Return what a schema refuses, in words and without the value, which may be a secret."""
    path = tuple(error.instance_path)
    if error.kind.name == "additionalProperties":
        return Violation(path, "", tuple(sorted(error.kind.value)))
    return Violation(path, _message(error))


def _message(error: "jsonschema_rs.ValidationError") -> str:
    name, value = error.kind.name, error.kind.value
    wanted = [*value] if name == "type" else _wanted_types(error.kind)
    match name:
        case _ if wanted:
            message = f"must be {_types(wanted)}, not {_type(error.instance)}"
        case "required":
            message = f"lacks the field {value}"
        case "enum":
            message = f"must be one of {_cut(', '.join(map(str, value)))}"
        case "pattern":
            message = f"must match {_cut(str(value))}"
        case "oneOf" | "anyOf":
            message = f"has none of the forms that are allowed ({name})"
        case "uniqueItems":
            message = "has an item twice"
        case _ if name in _LIMITS:
            message = f"{_LIMITS[name]} {value}"
        case _:
            message = f"is refused ({name})"
    return message


_LIMITS = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be more than",
    "exclusiveMaximum": "must be less than",
    "minLength": "must have at least this number of characters:",
    "maxLength": "must have at most this number of characters:",
    "minItems": "must have at least this number of items:",
    "maxItems": "must have at most this number of items:",
    "minProperties": "must have at least this number of fields:",
    "maxProperties": "must have at most this number of fields:",
    "multipleOf": "must be a multiple of",
}


_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
}


def _wanted_types(kind: Any) -> list[str]:
    """Return the types of alternatives that differ only by type, such as a number or text."""
    errors = [error for branch in getattr(kind, "context", ()) for error in branch]
    if not errors or any(error.kind.name != "type" for error in errors):
        return []
    return [name for error in errors for name in error.kind.types]


def _types(names: Sequence[str]) -> str:
    return " or ".join(name for name in sorted(set(names)) if name != "null") or "null"


def _type(value: Any) -> str:
    return _TYPES.get(type(value), "object")


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
