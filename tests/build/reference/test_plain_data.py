"""Imported JSON: what rjsonnet reads as data, and that it is the value that the reference reads as code."""

import json

import _gojsonnet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.build.jsonnet.reference import rjsonnet
from kubeaid_ci.build.jsonnet.reference.rjsonnet import is_plain_data
from tests.build.reference.answers import LEFT, plain

_DATA = (
    "{}",
    ' {"a": null}\n',
    '{"a": {"b": [true, false, ""]}, "": 1}',
    "[-0, -0.0, 0.1, 2.5, 123456789012345, 0.0000000000001]",
    '["\\ud83d\\ude00", "\\u0000", "\\/", "\u2028\x7f\xad"]',
)
_CODE = (
    '{"a": 1, "a": 2}',
    '[{"a": {"b": 1, "b": 1}}]',
    "[1234567890123456]",
    "[0.12345678901234567]",
    "[1e2]",
    "[NaN]",
    "[1] + [2]",
    '{"a": 1} + {"a": 2}',
    '"a"',
    "{ a: 1 }",
    "[" * 10_000,
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@pytest.mark.parametrize("text", _DATA)
def test_json_is_read_as_data(text):
    assert is_plain_data(text)
    assert _of_rjsonnet(text) == _of_reference(text)


@pytest.mark.parametrize("text", _CODE)
def test_other_code_and_long_numbers_are_not(text):
    assert not is_plain_data(text)


def test_field_that_is_set_twice_stays_an_error():
    assert _of_rjsonnet('{"a": 1, "a": 2}') == LEFT


@pytest.mark.parametrize("code", ["(import 'file') { a+: { b: 2 } }", "importstr 'file'", "std.length(import 'file')"])
def test_data_can_be_extended_and_imported_as_text(code):
    text = '{"a": {"b": 1, "c": [0.1]}}'
    assert _of_rjsonnet(text, code) == _of_reference(text, code)


@given(st.lists(_VALUES, min_size=1, max_size=4) | st.dictionaries(st.text(), _VALUES, min_size=1, max_size=4))
@settings(deadline=None, derandomize=True, max_examples=300)
def test_generated_json_gives_the_reference_s_value(value):
    text = json.dumps(value, ensure_ascii=False)
    assert _of_rjsonnet(text) in (_of_reference(text), LEFT)


def _of_rjsonnet(text: str, code: str = "import 'file'") -> str:
    try:
        return plain(
            rjsonnet.evaluate("test", code, max_stack=500, ext_codes={}, find=lambda _, name, __: (name, text))
        )
    except RuntimeError:
        return LEFT


def _of_reference(text: str, code: str = "import 'file'") -> str:
    def found(_: str, name: str) -> tuple[str, bytes]:
        return name, text.encode()

    return plain(_gojsonnet.evaluate_snippet("test", code, import_callback=found))
