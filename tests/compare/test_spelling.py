import pytest

from kubeaid_ci.compare.spelling import same_but_floats


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (b"expr: x >= 0.0050000000000000001\n", b"expr: x >= 0.005\n", True),
        (b'"opacity": 0.59999999999999998', b'"opacity": 0.6', True),
        (b"0.6", b"0.59999999999999998", True),
        (b"0.6", b"0.7", False),
        (b"0.59999999999999998", b"0.69999999999999996", False),
        (b"a: 0.6\nb: 1\n", b"a: 0.59999999999999998\nb: 2\n", False),
        (b"1.2.3", b"1.2.4", False),
    ],
)
def test_only_another_spelling_of_a_float_is_the_same(old, new, same):
    assert same_but_floats(old, new) is same
