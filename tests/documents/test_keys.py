from itertools import permutations

import pytest

from kubeaid_ci.documents.goyaml import compare_keys, ordered


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("a2", "a10"),
        ("v1.9", "v1.10"),
        ("a-b", "ab"),
        ("1", "a"),
        ("B", "a"),
        ("a", "é"),
        ("a", "a1"),
        ("a1", "a01"),
        ("a10", "a010"),
        ("a100", "a1000"),
        ("9223372036854775808", "1"),
        ("٣", "a"),
    ],
)
def test_one_key_stands_before_another(before: str, behind: str) -> None:
    assert compare_keys(before, behind) < 0 < compare_keys(behind, before)
    assert list(ordered([behind, before])) == [before, behind]


def test_a_key_equals_itself() -> None:
    assert compare_keys("k8s", "k8s") == 0


def test_keys_whose_order_contradicts_itself_always_come_out_the_same() -> None:
    circle = ("a15", "a1b", "a2")
    assert all(compare_keys(a, b) < 0 for a, b in zip(circle, (*circle[1:], circle[0]), strict=True))
    assert len({tuple(ordered(keys)) for keys in permutations(circle)}) == 1
