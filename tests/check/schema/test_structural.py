"""Custom resources as the API server takes them: pruned, without nulls, with defaults, then validated."""

from typing import Any

import pytest

from kubeaid_ci.check.installed_schemas import PackagedSchemas
from kubeaid_ci.check.schema.structural import Coercion, json_schema
from kubeaid_ci.k8s.schemas import written

SCHEMAS = PackagedSchemas()
TEXT = {"type": "string"}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def refused(schema: dict[str, Any], spec: Any, *, prunes: bool = True) -> list[str]:
    whole = of(spec=schema)
    coercion = Coercion(whole, prunes=prunes)
    body = coercion.apply({"apiVersion": "example.com/v1", "kind": "Lamp", "metadata": {"name": "a"}, "spec": spec})
    found = [*SCHEMAS.compiled(json_schema(whole)).violations(body), *coercion.unknown, *coercion.repeated]
    return [f"{written(one.path)} {one.message or f'unknown {list(one.fields)}'}" for one in found]


MAP = {"type": "array", "items": of(name=TEXT), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
SET = {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}
KEPT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
EMBEDDED = of(spec=of(a=TEXT)) | {"x-kubernetes-embedded-resource": True}


@pytest.mark.parametrize(
    ("schema", "spec"),
    [
        (of(a=TEXT), {"a": None}),
        (of(a=TEXT), {}),
        (of(a=TEXT) | {"required": ["a"]}, {"a": "x"}),
        (of(a={**TEXT, "default": "x"}) | {"required": ["a"]}, {}),
        (of(a={**TEXT, "default": "x"}) | {"required": ["a"]}, {"a": None}),
        (of(a=of(b={**TEXT, "default": "x"}) | {"default": {}, "required": ["b"]}) | {"required": ["a"]}, {}),
        (of(a={**TEXT, "nullable": True}) | {"required": ["a"]}, {"a": None}),
        (of(a={"x-kubernetes-int-or-string": True}), {"a": 1}),
        (of(a={"x-kubernetes-int-or-string": True}), {"a": "1"}),
        (of(a={"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, TEXT]}), {"a": "25%"}),
        (of(a={"type": "integer"}), {"a": 1.0}),
        (of(a={"type": "number", "minimum": 0, "exclusiveMinimum": False}), {"a": 0}),
        (KEPT, {"a": [{"b": None}], "c": {"d": 1}}),
        ({**KEPT, **of(a=of(b=TEXT))}, {"c": 1}),
        ({"type": "object", "additionalProperties": TEXT}, {"a": "x"}),
        ({"type": "object", "additionalProperties": True}, {"a": {"b": 1}}),
        ({"type": "object", "additionalProperties": {**TEXT, "nullable": True}}, {"a": None}),
        (of(a=MAP), {"a": [{"name": "x"}, {"name": "y"}]}),
        (of(a=SET), {"a": ["x", "y"]}),
        (of(a={**SET, "items": {"x-kubernetes-int-or-string": True}}), {"a": [1, "1", True]} | {"a": [1, "1"]}),
        (EMBEDDED, {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "b"}}, "spec": {"a": "x"}}),
        (of(a={**TEXT, "format": "date-time"}), {"a": "no date"}),
        (of(a={**TEXT, "x-kubernetes-validations": [{"rule": "self == 'b'"}]}), {"a": "x"}),
        (of(a={**TEXT, "nullable": True, "enum": ["x", None]}), {"a": None}),
        ({**of(a=TEXT, b=TEXT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": "x"}),
    ],
)
def test_what_the_api_server_takes(schema, spec):
    assert refused(schema, spec) == []


@pytest.mark.parametrize(
    ("schema", "spec", "told"),
    [
        (of(a=TEXT), {"b": "x"}, "spec unknown ['b']"),
        (of(a=TEXT), {"b": None}, "spec unknown ['b']"),
        ({"type": "object"}, {"b": 1}, "spec unknown ['b']"),
        (of(a=of(b=TEXT)), {"a": {"c": 1, "d": 2}}, "spec.a unknown ['c', 'd']"),
        (of(a={"type": "array", "items": of(b=TEXT)}), {"a": [{}, {"c": 1}]}, "spec.a[1] unknown ['c']"),
        ({"type": "object", "additionalProperties": of(b=TEXT)}, {"x": {"c": 1}}, "spec.x unknown ['c']"),
        ({**KEPT, **of(a=of(b=TEXT))}, {"a": {"c": 1}}, "spec.a unknown ['c']"),
        (EMBEDDED, {"apiVersion": "v1", "kind": "Pod", "status": {}}, "spec unknown ['status']"),
        (of(a=TEXT) | {"required": ["a"]}, {"a": None}, "spec lacks the field a"),
        (of(a={"type": "array", "items": TEXT}), {"a": ["x", None]}, "spec.a[1] must be string, not null"),
        (of(a={"x-kubernetes-int-or-string": True}), {"a": 1.5}, "spec.a must be integer or string, not number"),
        (of(a={"type": "integer"}), {"a": "1"}, "spec.a must be integer, not string"),
        (of(a={"type": "number", "minimum": 0, "exclusiveMinimum": True}), {"a": 0}, "spec.a must be more than 0"),
        (of(a={"type": "number", "maximum": 9, "exclusiveMaximum": True}), {"a": 9}, "spec.a must be less than 9"),
        (of(a={**TEXT, "enum": ["x"]}), {"a": "y"}, "spec.a must be one of x"),
        (of(a={**TEXT, "pattern": "^[a-z]+$"}), {"a": "A"}, "spec.a must match ^[a-z]+$"),
        (of(a={**TEXT, "nullable": True, "enum": ["x"]}), {"a": None}, "spec.a must be one of x"),
        (of(a=MAP), {"a": [{"name": "x"}, {"name": "x"}]}, "spec.a has two items with the same name"),
        (of(a=SET), {"a": ["x", "x"]}, "spec.a has an item twice"),
        (
            {**of(a=TEXT, b=TEXT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {},
            "spec has none of the forms that are allowed (oneOf)",
        ),
    ],
)
def test_what_the_api_server_refuses(schema, spec, told):
    assert refused(schema, spec) == [told]


def test_a_definition_may_keep_all_unknown_fields():
    assert refused(of(a=TEXT), {"b": 1}, prunes=False) == []


def test_metadata_has_its_own_schema():
    coercion = Coercion(of(metadata={"type": "object"}, spec=of(a=TEXT)))
    coercion.apply({"metadata": {"name": "a", "anything": 1}, "spec": {"a": "x"}})
    assert coercion.unknown == []


@pytest.mark.parametrize(
    "schema", [{}, {"properties": []}, {"items": "x"}, {"properties": {"spec": "x"}}, {"anyOf": {}}]
)
def test_a_schema_that_is_none_takes_or_refuses_without_a_crash(schema):
    Coercion(schema).apply({"spec": {"a": [{}]}, "list": [1, [2]]})
    SCHEMAS.compiled(json_schema(schema))
