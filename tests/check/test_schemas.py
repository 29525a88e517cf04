"""Verdicts on objects must be those of kubernetes-validate's own loop, with its strict schemas."""

import copy
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.check.installed_schemas import PackagedSchemas
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.schemas import NoSchemas, Violation, written
from kubeaid_ci.semver.version import Version
from tests.check.cases import deployment

SCHEMAS = PackagedSchemas()
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {"ports": [{"port": 80, "targetPort": "http", "protocol": "TCP"}], "selector": {"app": "web"}},
}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "reader"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
OBJECTS = [deployment(resources={"limits": {"memory": "1Gi", "cpu": 1}}), SERVICE, ROLE, SECRET]
VALUES = [None, True, 0, -1, 1.5, "", "text", "1Gi", [], [None], ["a"], {}, {"a": "b"}, {"name": "x", "odd": 1}]


def verdict(body: dict[str, Any], release: str) -> str:
    validator = SCHEMAS.built_in(release, body["apiVersion"], body["kind"])
    if validator is None:
        return "no schema"
    return "invalid" if validator.violations(body) else "valid"


def their_verdict(body: dict[str, Any], release: str) -> str:
    try:
        kubernetes_validate.validate(body, release, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return "no schema"
    except kubernetes_validate.ValidationError:
        return "invalid"
    return "valid"


def paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


@st.composite
def edited(draw: st.DrawFn) -> dict[str, Any]:
    """A valid object with a value replaced, or a field added."""
    body = copy.deepcopy(draw(st.sampled_from(OBJECTS)))
    *above, last = draw(
        st.sampled_from([path for path in paths(body) if path and path not in [("apiVersion",), ("kind",)]])
    )
    place: Any = body
    for step in above:
        place = place[step]
    value = draw(st.sampled_from(VALUES))
    if isinstance(place, dict) and draw(st.booleans()):
        last = draw(st.sampled_from(["name", "replicas", "odd", "status", "spec", "data"]))
    place[last] = value
    return body


@settings(deadline=None, max_examples=60)
@given(edited(), st.sampled_from(["1.25", "1.31", "1.37"]))
def test_verdicts_equal_those_of_kubernetes_validate(body, release):
    assert verdict(body, release) == their_verdict(body, release)


@pytest.mark.parametrize("release", ["1.25", "1.34", "1.37"])
@pytest.mark.parametrize("body", OBJECTS, ids=lambda body: body["kind"])
def test_valid_objects_are_valid_in_every_release(body, release):
    assert verdict(body, release) == their_verdict(body, release) == "valid"


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        # kubernetes-validate looks for a file by the first label of the group.
        ("apps.kruise.io/v1", "StatefulSet"),
        ("networking.istio.io/v1", "NetworkPolicy"),
        ("apps/v1", "deployment"),
        ("../v1", "Deployment"),
        ("apps/v1", "../../_definitions"),
        ("", ""),
        ("v1", "DeleteOptions\n"),
        ("apps/v2", "Deployment"),
    ],
)
def test_a_kind_of_another_group_has_no_schema(api_version, kind):
    assert SCHEMAS.built_in("1.34", api_version, kind) is None


def test_a_kind_has_a_schema_from_the_release_that_serves_it():
    kind = ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
    assert SCHEMAS.built_in("1.29", *kind) is None
    assert SCHEMAS.built_in("1.30", *kind)


@pytest.mark.parametrize(
    ("version", "release"),
    [("1.34.0", "1.34"), ("v1.25.16", "1.25"), ("1.37", "1.37"), ("1.24.9", None), ("1.99.0", None), ("2.1.0", None)],
)
def test_the_release_is_that_of_the_version(version, release):
    assert SCHEMAS.release(Version.parse(version)) == release
    assert NoSchemas().release(Version.parse(version)) is None


def violations(body: dict[str, Any]) -> list[str]:
    validator = SCHEMAS.built_in("1.34", body["apiVersion"], body["kind"])
    assert validator
    found = validator.violations(body)
    return [f"{written(one.path)} {one.message or one.fields}" for one in found]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spec": {"ports": [{"port": "80"}]}}, "spec.ports[0].port must be integer, not string"),
        (
            {"spec": {"ports": [{"port": 80, "targetPort": [1]}]}},
            "spec.ports[0].targetPort must be integer or string, not array",
        ),
        ({"spec": {"ports": [{}]}}, "spec.ports[0] lacks the field port"),
        ({"spec": {"port": 1, "aaa": 2}}, "spec ('aaa', 'port')"),
        (
            {"metadata": {"labels": {"app.kubernetes.io/name": 1}}},
            "metadata.labels[app.kubernetes.io/name] must be string, not integer",
        ),
        ({"apiVersion": "v1", "kind": "Service", "spec": []}, "spec must be object, not array"),
    ],
)
def test_a_violation_says_where_and_what_is_wanted(changes, told):
    assert violations({**SERVICE, **changes}) == [told]


def test_no_value_is_told_because_it_may_be_a_secret():
    (told,) = violations({**SECRET, "stringData": {"password": ["hunter2"]}})
    assert told == "stringData.password must be string, not array"


def test_what_is_no_json_is_invalid():
    (told,) = violations({**SERVICE, "metadata": {1: 2}})
    assert told.startswith("the object cannot be written as JSON")


def test_a_list_of_violations_ends():
    ports = [{"port": "x"} for _ in range(5000)]
    assert len(violations({**SERVICE, "spec": {"ports": ports}})) == 50


@pytest.mark.parametrize("schema", [{"pattern": "(?!x)"}, {"type": "text"}, {"$ref": "https://example.com/x"}])
def test_a_schema_that_cannot_be_compiled_is_an_error(schema):
    with pytest.raises(UserError, match="cannot be compiled"):
        SCHEMAS.compiled(schema)


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"enum": ["a", "b"]}, "c", "must be one of a, b"),
        ({"pattern": "^a+$"}, "b", "must match ^a+$"),
        ({"maximum": 3}, 4, "must be at most 3"),
        ({"maxLength": 1}, "ab", "must have at most this number of characters: 1"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "has none of the forms that are allowed (anyOf)"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, [], "must be integer or string, not array"),
        ({"uniqueItems": True}, ["a", "a"], "has an item twice"),
        ({"not": {"type": "string"}}, "a", "is refused (not)"),
        ({"type": ["string", "null"]}, 1.5, "must be string, not number"),
    ],
)
def test_limits_have_words(schema, value, told):
    body = {"a": value}
    validator = SCHEMAS.compiled({"properties": {"a": schema}})
    assert list(validator.violations(body)) == [Violation(("a",), told)]
