import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeaid_ci.config_repo.names import joined, listed, split
from kubeaid_ci.errors import UserError


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("prod eu", {"prod", "eu"}, ("prod", "eu")),
        ("prod  eu ", {"prod", "eu"}, ("prod", "eu")),
        ("prod eu us", {"prod eu", "us"}, ("prod eu", "us")),
        ("a prod eu", {"prod eu", "a"}, ("a", "prod eu")),
        ("prod nope", {"prod"}, ("prod", "nope")),
    ],
)
def test_a_line_is_split_into_known_names(text, known, expected):
    assert split(text, known) == expected


def test_a_line_that_may_be_read_in_two_ways_is_refused():
    with pytest.raises(UserError, match="write a JSON list"):
        split("a prod eu", {"a", "prod", "eu", "prod eu"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prod eu", ("prod eu",)),
        ("prod\neu us\n", ("prod", "eu us")),
        ('["prod eu", "a"]', ("prod eu", "a")),
        (" [] ", ()),
        ("", ()),
    ],
)
def test_a_variable_is_a_json_list_or_lines(text, expected):
    assert listed(text) == expected


@pytest.mark.parametrize("text", ["[", "[1]", '["a", null]'])
def test_json_that_is_no_list_of_names_is_refused(text):
    with pytest.raises(UserError, match="not a JSON list"):
        listed(text)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True))
def test_names_come_back_as_they_were(names):
    text = joined(names)
    read = [name for part in listed(text) for name in ([part] if part in names else split(part, set(names)))]
    assert read == names
    assert json.loads(text) == names if text.startswith("[") else text.split() == names
