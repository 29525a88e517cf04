from math import inf, isnan
from typing import Any

import pytest

from kubeaid_ci.documents.resolve import is_timestamp, plain_value, reads_as_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("yes", True),
        ("Off", False),
        ("yEs", "yEs"),
        ("-7", -7),
        ("1_000", 1000),
        ("0o17", 15),
        ("017", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("0b-101", -5),
        ("08", 8.0),
        ("1e+06", 1000000.0),
        ("1.", 1.0),
        (".5_0", 0.5),
        ("._5", "._5"),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709551616.0),
        ("-9223372036854775809", -9223372036854775809.0),
        ("0x10000000000000000", "0x10000000000000000"),
        ("9" * 5000, "9" * 5000),
        ("1e400", "1e400"),
        ("-.Inf", -inf),
        ("2020-01-02", "2020-01-02"),
        ("1:30", "1:30"),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_a_plain_scalar_means_what_go_makes_of_it(text: str, value: Any) -> None:
    found = plain_value(text)
    assert (found, type(found)) == (value, type(value))


def test_not_a_number_is_a_float() -> None:
    found = plain_value(".NaN")
    assert isinstance(found, float)
    assert isnan(found)


@pytest.mark.parametrize("text", ["1:30", "2020-1-2", "y", "1_", ""])
def test_what_another_reader_may_take_for_something_else_is_no_text(text: str) -> None:
    assert not reads_as_text(text)


@pytest.mark.parametrize("text", ["1:60", "2020-13-1", "Yellow", "1.2.3", "v1.10", "٣"])
def test_what_only_resembles_a_number_or_a_date_is_text(text: str) -> None:
    assert reads_as_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2000-2-29", True),
        ("1900-2-29", False),
        ("0000-2-29", True),
        ("2020-01-02T3:4:5,6+24:60", True),
        ("2020-01-02T3:4Z", False),
    ],
)
def test_dates_follow_the_calendar(text: str, expected: bool) -> None:
    assert is_timestamp(text) is expected
