"""Ranges are held against Helm's own: its templates have the function ``semverCompare``."""

import io
import itertools
import tarfile

import helm_python
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.version import Version
from kubeaid_ci.model.version_range import VersionRange

_TEMPLATE = "{{ range .Values.pairs }}{{ if semverCompare (index . 0) (index . 1) }}1{{ else }}0{{ end }}{{ end }}"
_OPERATORS = ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"]
_NUMBERS = [
    "*",
    "x",
    "0",
    "1",
    "2",
    "0.0",
    "0.2",
    "1.x",
    "1.2",
    "1.2.x",
    "0.0.0",
    "0.0.3",
    "0.2.3",
    "1.2.3",
    "1.2.3-beta.2",
]
_VERSIONS = [
    "0.0.0",
    "0.0.3",
    "0.0.4",
    "0.2.3",
    "0.2.9",
    "0.3.0",
    "1.0.0",
    "1.2.0",
    "1.2.3",
    "v1.2.4",
    "1.3.0",
    "2.0.0",
    "2.0.0-rc.1",
    "1.2.3-beta.2",
    "1.2.3-beta.11",
    "1.2.3+build",
    "10.0.0",
]


def helm(pairs: list[tuple[str, str]]) -> list[bool]:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in (("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("templates/t", _TEMPLATE)):
            info = tarfile.TarInfo(f"c/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    helm_python.disable_logging()
    chart = helm_python.Chart.load_archive(packed.getvalue())
    (said,) = chart.render({"pairs": [list(pair) for pair in pairs]}, name="r", namespace="n").values()
    return [letter == "1" for letter in said]


def ours(pairs: list[tuple[str, str]]) -> list[bool]:
    return [VersionRange.parse(wanted).allows(Version.parse(version)) for wanted, version in pairs]


def differences(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    both = zip(pairs, ours(pairs), helm(pairs), strict=True)
    return [pair for pair, mine, helms in both if mine != helms]


def test_every_operator_allows_what_helm_allows():
    written = [f"{operator}{number}" for operator in _OPERATORS for number in _NUMBERS]
    assert differences(list(itertools.product(written, _VERSIONS))) == []


_COMPARATOR = st.builds(
    "{}{}{}".format, st.sampled_from(_OPERATORS), st.sampled_from(["", " "]), st.sampled_from(_NUMBERS)
)
_GROUP = st.lists(_COMPARATOR, min_size=1, max_size=3).flatmap(
    lambda some: st.sampled_from([" ", ",", ", "]).map(lambda by: by.join(some))
)
_SPREAD = st.builds("{} - {}".format, st.sampled_from(_NUMBERS), st.sampled_from(_NUMBERS))
_RANGE = st.lists(st.one_of(_GROUP, _SPREAD), min_size=1, max_size=3).map(" || ".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_RANGE, st.sampled_from(_VERSIONS)), min_size=20, max_size=60))
def test_combined_ranges_allow_what_helm_allows(pairs):
    assert differences(pairs) == []


def test_an_empty_range_is_any_release():
    assert ours([("", "1.2.3"), ("", "1.2.3-rc.1"), ("*", "0.0.0")]) == [True, False, True]


def test_only_a_whole_version_is_exact():
    exact = {
        text: VersionRange.parse(text).is_exact for text in ("1.2.3", "=v1.2.3", "1.2", "^1.2.3", "1.2.3 || 2.0.0", "")
    }
    assert [text for text, is_exact in exact.items() if is_exact] == ["1.2.3", "=v1.2.3"]


@pytest.mark.parametrize("text", ["latest", ">", "1.2.3.4", "^1.2.3foo!", "1.2.3 &&", "1" * 600])
def test_text_that_is_no_range_is_refused(text):
    with pytest.raises(UserError, match="not a range of versions"):
        VersionRange.parse(text)
