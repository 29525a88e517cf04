"""Schemas of types: what `plain` makes of a value is valid by the schema of its class."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

import jsonschema_rs
import pytest

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.net.address import Remote
from kubeaid_ci.report.json import plain
from kubeaid_ci.report.json_schema import Definitions
from kubeaid_ci.semver.version import Version
from tests.report.samples import INVALID


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Leaf:
    name: str
    below: tuple["Leaf", ...] = ()


@dataclass(frozen=True)
class Sample:
    """A field for each kind of value that has a plain form."""

    pair: tuple[int, str]
    colours: frozenset[Colour]
    by_colour: Mapping[Colour, float]
    version: Version | None
    remote: Remote
    key: ObjectId
    path: PurePosixPath
    day: date | None
    tree: Leaf
    anything: Any
    finding: Finding
    word: Literal["one", "two"]
    hidden: bytes = field(repr=False)


SAMPLE = Sample(
    pair=(1, "a"),
    colours=frozenset({Colour.RED}),
    by_colour={Colour.RED: 0.5},
    version=Version.parse("v1.2.3"),
    remote=Remote.parse("git@git.example.com:acme/config.git"),
    key=ObjectId("", "Pod", "ns", "p"),
    path=PurePosixPath("a/b"),
    day=date(2027, 6, 30),
    tree=Leaf("a", (Leaf("b"),)),
    anything=None,
    finding=INVALID.at("a.jsonnet", "bad", subject="edge"),
    word="two",
    hidden=b"secret",
)


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that allows only the properties that it lists."""
    strict = copy.deepcopy(schema)
    for definition in strict["$defs"].values():
        definition["additionalProperties"] = False
    return strict


def sample_schema() -> dict[str, Any]:
    definitions = Definitions()
    return definitions.of(Sample) | {"$defs": definitions.by_name()}


def test_every_kind_of_value_is_valid_by_its_schema() -> None:
    schema = closed(sample_schema())
    assert schema["$defs"]["Sample"]["required"] == list(plain(SAMPLE))
    jsonschema_rs.validator_for(schema).validate(plain(SAMPLE))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pair", [1]),
        ("pair", ["a", 1]),
        ("colours", ["green"]),
        ("by_colour", {"red": "a"}),
        ("version", 1),
        ("day", 2027),
        ("tree", {"name": "a", "below": [{"name": 1, "below": []}]}),
        ("finding", {}),
        ("word", "three"),
    ],
)
def test_a_value_of_another_kind_is_not_valid(name: str, value: object) -> None:
    assert not jsonschema_rs.validator_for(sample_schema()).is_valid(plain(SAMPLE) | {name: value})


@pytest.mark.parametrize("hint", [bytes, tuple[bytes, ...], Path | bytes, Callable[[], int], ClassVar[int]])
def test_a_type_without_a_plain_form_has_no_schema(hint: object) -> None:
    with pytest.raises(TypeError, match="no JSON Schema for"):
        Definitions().of(hint)


def test_two_classes_of_one_name_need_another_name() -> None:
    definitions = Definitions()
    definitions.of(Leaf)
    with pytest.raises(TypeError, match="two classes named Leaf"):
        definitions.of(dataclass(type("Leaf", (), {})))
