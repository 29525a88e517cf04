from typing import Any

import pytest
import rjsonnet

from kubeaid_ci.documents import parse_json
from kubeaid_ci.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        ("-0", 0),
        ("9007199254740993", 9007199254740992),
        ("4611686018427388000", 4611686018427387904),
        ("-9223372036854776000", -9223372036854775808),
        ("18446744073709552000", 18446744073709551616.0),
        ("1e400", "1e400"),
        ("1" * 5000, "1" * 5000),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('"\\ud83d\\ude00"', "😀"),
        ('"a \u2028  \u2029 b"', "a\u2028\u2029b"),
        ('"a \\u2028 b"', "a \u2028 b"),
    ],
)
def test_json_is_read_as_gojsontoyaml_reads_it(text: str, value: Any) -> None:
    found = parse_json(text)
    assert (found, type(found)) == (value, type(value))


def test_an_integer_that_the_engine_rounds_is_exact_again() -> None:
    printed = rjsonnet.evaluate_snippet("large", "[1 << 62, std.pow(2, 53) + 2, std.pow(2, 70)]")
    assert parse_json(printed) == [1 << 62, (1 << 53) + 2, float(1 << 70)]


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused_by_name(name: str) -> None:
    with pytest.raises(UserError, match=f"^prod: {name} is not a JSON number"):
        parse_json(f'{{"a": {name}}}', where="prod")


def test_invalid_json_is_refused_with_its_line() -> None:
    with pytest.raises(UserError, match=r"^jsonnet output:2: not valid JSON: "):
        parse_json('{\n"a" 1}')


def test_nesting_without_measure_is_refused() -> None:
    with pytest.raises(UserError, match=r"^x: nested too deeply"):
        parse_json("[" * 100_000, where="x")


@pytest.mark.parametrize("character", ["\ufffe", "\uffff"])
@pytest.mark.parametrize("text", ['"a%s"', '["%s"]', '{"%s": 1}'])
def test_character_that_yaml_does_not_allow_is_refused(text: str, character: str) -> None:
    with pytest.raises(UserError, match=rf"^x: contains U\+{ord(character):04X}, which YAML does not allow$"):
        parse_json(text % character, where="x")
