from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.documents.scalars import float32_text, float_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (999999.0, "999999"),
        (1e6, "1e+06"),
        (-1234567.5, "-1.2345675e+06"),
        (12345678901234567.0, "1.2345678901234568e+16"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1e100, "1e+100"),
        (nan, ".nan"),
        (-inf, "-.inf"),
    ],
)
def test_floats_are_spelled_as_go_does(value: float, text: str) -> None:
    assert float_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_spelling_reads_back_as_the_same_float(value: float) -> None:
    assert float(float_text(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (16777217.5, "1.6777218e+07"),
        (1e39, ".inf"),
        (-1e39, "-.inf"),
        (1e-50, "0"),
        (nan, ".nan"),
        (1.5, "1.5"),
    ],
)
def test_keys_have_the_precision_of_32_bits(value: float, text: str) -> None:
    assert float32_text(value) == text
