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
        (b'"le": 1.0e-09', b'"le": 0.000000001', True),
        (b'"le": 1.0e-09', b'"le": 0.000000002', False),
        (b"1e-09", b"1e-08", False),
        (b"version: 0.10", b"version: 0.1", False),
        (b"image: app@sha256:12e4", b"image: app@sha256:12e5", False),
        (b"v1.2e3", b"v1.20e2", False),
    ],
)
def test_only_another_spelling_of_a_float_is_the_same(old, new, same):
    assert same_but_floats(old, new) is same
