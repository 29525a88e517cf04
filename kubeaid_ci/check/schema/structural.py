"""Structural schemas of CustomResourceDefinitions, applied as the API server does.

An object is pruned (unknown fields are dropped), loses its nulls, gets the defaults, and is then validated. Source:
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ and the packages
`schema/pruning` and `schema/defaulting` of k8s.io/apiextensions-apiserver. CEL rules (`x-kubernetes-validations`) and
formats are not evaluated.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.k8s.schemas import Path, Violation

Schema = Mapping[str, Any]

_ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}
_OF_EVERY_OBJECT = frozenset({"apiVersion", "kind", "metadata"})
_COPIED = frozenset(
    (
        *("enum", "format", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength"),
        *("minProperties", "minimum", "multipleOf", "pattern", "required", "uniqueItems"),
    )
)
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf")


@dataclass(slots=True)
class Coercion:
    """The changes that the API server makes to an object before it validates it.

    `unknown` are fields that the schema does not know, `repeated` the items of a list that must be unique.
    """

    schema: Schema
    prunes: bool = True
    unknown: list[Violation] = field(default_factory=list)
    repeated: list[Violation] = field(default_factory=list)

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the object as the API server validates it."""
        return self._mapping(body, self.schema, (), is_object=True)

    def _value(self, value: Any, schema: Schema, path: Path) -> Any:
        if isinstance(value, dict):
            is_object = schema.get("x-kubernetes-embedded-resource") is True
            return self._mapping(value, schema, path, is_object=is_object)
        if isinstance(value, list):
            return self._list(value, schema, path)
        return value

    def _mapping(self, value: Mapping[str, Any], schema: Schema, path: Path, *, is_object: bool) -> dict[str, Any]:
        properties, others = _schemas(schema, "properties"), _others(schema)
        keeps = not self.prunes or schema.get("x-kubernetes-preserve-unknown-fields") is True
        result: dict[str, Any] = {}
        unknown = []
        for name, item in value.items():
            own = properties.get(name, others)
            if is_object and name in _OF_EVERY_OBJECT and own is None:
                result[name] = item
            elif own is None and not keeps:
                unknown.append(str(name))
            elif item is not None or own is None or own.get("nullable") is True:
                result[name] = (
                    item if is_object and name == "metadata" else self._value(item, own or _ANYTHING, (*path, name))
                )
        if unknown:
            self.unknown.append(Violation(path, "", tuple(sorted(unknown))))
        for name, own in properties.items():
            if name not in result and own.get("default") is not None:
                result[name] = self._value(own["default"], own, (*path, name))
        return result

    def _list(self, value: list[Any], schema: Schema, path: Path) -> list[Any]:
        items = schema.get("items")
        own = items if isinstance(items, dict) else _ANYTHING
        default, nullable = own.get("default"), own.get("nullable") is True
        result = [
            self._value(default if item is None and not nullable else item, own, (*path, place))
            for place, item in enumerate(value)
        ]
        if repeated := next(_repeated(result, schema), None):
            self.repeated.append(Violation(path, repeated))
        return result


def json_schema(schema: Schema) -> dict[str, Any]:
    """Return a structural schema as a JSON schema, for objects that went through `Coercion`."""
    result: dict[str, Any] = {key: value for key, value in schema.items() if key in _COPIED and value is not None}
    result |= _types(schema) | _exclusive(schema)
    if properties := _schemas(schema, "properties"):
        result["properties"] = {name: json_schema(own) for name, own in properties.items()}
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = json_schema(schema["additionalProperties"])
    if isinstance(schema.get("items"), dict):
        result["items"] = json_schema(schema["items"])
    if isinstance(schema.get("not"), dict):
        result["not"] = json_schema(schema["not"])
    for name in _LISTS_OF_SCHEMAS:
        if isinstance(schema.get(name), list):
            result[name] = [json_schema(own) for own in schema[name] if isinstance(own, dict)]
    return result


def without_status(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object without its status, which the API server drops if it is a subresource."""
    return {key: value for key, value in body.items() if key != "status"}


def _types(schema: Schema) -> dict[str, Any]:
    if schema.get("x-kubernetes-int-or-string") is True:
        kinds = ["integer", "string"]
    elif isinstance(schema.get("type"), str) and schema["type"]:
        kinds = [schema["type"]]
    else:
        return {}
    return {"type": [*kinds, "null"] if schema.get("nullable") is True else kinds}


def _exclusive(schema: Schema) -> dict[str, Any]:
    """Return limits that OpenAPI 3.0 writes as a flag next to the limit, and JSON schema as a number."""
    limits = {"exclusiveMinimum": schema.get("minimum"), "exclusiveMaximum": schema.get("maximum")}
    return {name: limit for name, limit in limits.items() if schema.get(name) is True and limit is not None}


def _others(schema: Schema) -> Schema | None:
    """Return the schema of fields that `properties` does not name; None if it allows no such fields."""
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return others
    return _ANYTHING if others is True else None


def _schemas(schema: Schema, key: str) -> Mapping[str, Schema]:
    """Return the schemas in a mapping by name; anything else in it is left out."""
    value = schema.get(key)
    return {name: own for name, own in value.items() if isinstance(own, dict)} if isinstance(value, dict) else {}


def _repeated(items: list[Any], schema: Schema) -> Iterator[str]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys")
    if kind == "set" and _has_equal(map(_frozen, items)):
        yield "has an item twice"
    elif kind == "map" and isinstance(keys, list):
        named = [tuple(_frozen(item.get(key)) for key in keys) for item in items if isinstance(item, dict)]
        if _has_equal(named):
            yield f"has two items with the same {', '.join(map(str, keys))}"


def _has_equal(values: Iterable[Any]) -> bool:
    listed = list(values)
    return len(set(listed)) < len(listed)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted((str(key), _frozen(item)) for key, item in value.items()))
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    # 1 and true are equal in Python, but not in JSON.
    return (type(value).__name__, value)
