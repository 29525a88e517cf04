"""JSON Schemas (draft 2020-12) of what the JSON format prints, from the types that `report.json.plain` accepts.

Objects may have more properties than a schema lists, because fields are added in later versions.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import is_dataclass
from datetime import date
from enum import Enum
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints, is_typeddict

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.net.address import Remote
from kubeaid_ci.report.json import SCHEMA, Envelope, PlainFinding, printed_fields
from kubeaid_ci.semver.version import Version

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SIMPLE = {NoneType: "null", bool: "boolean", int: "integer", float: "number", str: "string"}
_TEXTS = (Remote, Version, ObjectId, PurePath)


def document(command: str, result: type | UnionType, more: Mapping[str, Any] | None = None) -> Schema:
    """Return the schema of what a command prints with ``--format json``, whose results are `result` values.

    `more` are the types of fields that only this command may print. The document refers to nothing outside of itself.
    Raises `TypeError` for a type that has no plain form.
    """
    definitions = Definitions()
    envelope, results = definitions.of(Envelope), definitions.of(result)
    own = {name: definitions.of(hint) for name, hint in (more or {}).items()}
    return {
        "$schema": DRAFT,
        "$id": f"{SCHEMA}/{command.replace(' ', '-')}",
        "title": f"kubeaid-ci {command} --format json",
        **envelope,
        "properties": {"command": {"const": command}, "results": {"items": results}, **own},
        "$defs": definitions.by_name(),
    }


class Definitions:
    """Schemas of types. Each class with fields is one definition, by its name."""

    def __init__(self) -> None:
        self._classes: dict[str, type] = {}
        self._schemas: dict[str, Schema] = {}

    def by_name(self) -> Schema:
        """Return the definitions so far, sorted by name."""
        return dict(sorted(self._schemas.items()))

    def of(self, hint: Any) -> Schema:
        """Return the schema of a type as annotations write it. Raises `TypeError` if it has no plain form."""
        origin, arguments = get_origin(hint), get_args(hint)
        if hint in (Any, object):
            return {}
        if origin in (Union, UnionType):
            return self._union(arguments)
        if origin is Literal:
            return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
        if origin in (Required, NotRequired):
            return self.of(arguments[0])
        if isinstance(origin, type):
            return self._container(origin, arguments)
        if isinstance(hint, type):
            return self._class(hint)
        raise TypeError(f"no JSON Schema for {hint!r}")

    def _union(self, members: Sequence[Any]) -> Schema:
        schemas = [self.of(member) for member in members]
        if all(schema.keys() == {"type"} for schema in schemas):
            return {"type": [schema["type"] for schema in schemas]}
        return {"anyOf": schemas}

    def _container(self, origin: type, arguments: tuple[Any, ...]) -> Schema:
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if issubclass(origin, tuple) and arguments[-1] is not ...:
            items = [self.of(argument) for argument in arguments]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        if issubclass(origin, Sequence | Set):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"no JSON Schema for {origin.__name__}")

    def _class(self, cls: type) -> Schema:
        if cls in _SIMPLE:
            return {"type": _SIMPLE[cls]}
        if issubclass(cls, Finding):
            return self.of(PlainFinding)
        if issubclass(cls, Enum):
            return {"enum": [member.value for member in cls]}
        if issubclass(cls, _TEXTS):
            return {"type": "string"}
        if issubclass(cls, date):
            return {"type": "string", "format": "date"}
        if is_typeddict(cls) or is_dataclass(cls):
            return self._reference(cls)
        raise TypeError(f"no JSON Schema for {cls.__name__}")

    def _reference(self, cls: type) -> Schema:
        name = cls.__name__.removeprefix("Plain")
        if self._classes.setdefault(name, cls) is not cls:
            raise TypeError(f"two classes named {name} in one schema: rename {cls.__module__}.{name}")
        if name not in self._schemas:
            self._schemas[name] = {}  # a class may contain itself
            self._schemas[name] = self._object(cls)
        return {"$ref": f"#/$defs/{name}"}

    def _object(self, cls: type) -> Schema:
        hints = get_type_hints(cls, include_extras=True)
        if is_dataclass(cls):
            names = required = printed_fields(cls)
        else:
            names = list(hints)
            required = [name for name in names if name in cls.__required_keys__]  # type: ignore[attr-defined]
        properties = {name: self.of(hints[name]) for name in names}
        return {"type": "object", "properties": properties} | ({"required": required} if required else {})
