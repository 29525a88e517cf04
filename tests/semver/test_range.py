"""Ranges are held against Helm's own: `semverCompare` in its templates, and `helm dependency list`."""

import io
import itertools
import json
import random
import tarfile

import helm_python
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version
from tests import helm_binaries

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


_SAMPLES = 1500
_RARE = ["01", "X", "**", "1x", "10", "|", "18446744073709551616", "18446744073709551615"]
_PRERELEASES = ["", "", "", "-0", "-rc.1", "-rc.01", "-alpha", "-a-b", "-1a", "-rc..1", "-", "-18446744073709551616"]
_BUILDS = ["", "", "", "+1", "+a.b", "+", "+01"]


class Generator:
    """Ranges as people write them, and as they should not."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)

    def number(self) -> str:
        return self.pick.choice(["0", "1", "2", "3", "x", "*"] * 4 + _RARE)

    def version(self) -> str:
        numbers = ".".join(self.number() for _ in range(self.pick.choice([1, 2, 3, 3, 3, 4])))
        return (
            self.pick.choice(["", "", "", "v"]) + numbers + self.pick.choice(_PRERELEASES) + self.pick.choice(_BUILDS)
        )

    def group(self) -> str:
        if self.pick.random() < 0.2:
            return self.version() + self.pick.choice([" - ", "  -  ", " -", "- "]) + self.version()
        by = self.pick.choice([" ", ",", ", ", " , ", "  ", ""])
        operators = [*_OPERATORS, "==", "><"]
        blanks = ["", "", " ", "  ", "\t"]
        return by.join(
            self.pick.choice(operators) + self.pick.choice(blanks) + self.version()
            for _ in range(self.pick.choice([1, 1, 1, 2, 2, 3]))
        )

    def range(self) -> str:
        some = [self.group() for _ in range(self.pick.choice([1, 1, 1, 2, 3]))]
        begin, end = (
            self.pick.choice([*[""] * 20, "||", ",", " "]),
            self.pick.choice([*[""] * 20, "||", " ||", ",", "|"]),
        )
        return begin + self.pick.choice(["||", " || ", " ||", "|"]).join(some) + end


def status(wanted: str, version: str) -> str:
    """What `helm dependency list` says of an unpacked chart."""
    try:
        found = VersionRange.parse(wanted)
    except UserError:
        return "invalid version"
    return "unpacked" if found.allows(Version.parse(version)) else "wrong version"


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", [path for path in helm_binaries.programs() if "-3.17" not in path.name])
def test_generated_ranges_are_read_as_helm_reads_them(program, tmp_path):
    """Helm before 3.19 judges pre-releases by each comparison and not by its group, so it is left out."""
    made = Generator(4)
    pairs = [(made.range(), made.pick.choice(_VERSIONS)) for _ in range(_SAMPLES)]
    declared = []
    for number, (wanted, version) in enumerate(pairs):
        folder = tmp_path / f"charts/s{number}"
        folder.mkdir(parents=True)
        chart = {"apiVersion": "v2", "name": f"s{number}", "version": version}
        (folder / "Chart.yaml").write_text(json.dumps(chart))
        declared.append({"name": f"s{number}", "version": wanted, "repository": "https://charts.example.com"})
    top = {"apiVersion": "v2", "name": "top", "version": "1.0.0", "dependencies": declared}
    (tmp_path / "Chart.yaml").write_text(json.dumps(top))
    out = helm_binaries.run("dependency", "list", "--max-col-width", "0", tmp_path, program=program).stdout
    said = [line.split("\t")[-1].strip() for line in out.splitlines()[1:] if line.strip()]
    different = [(pair, helms) for pair, helms in zip(pairs, said, strict=True) if status(*pair) != helms]
    assert different == []


def test_only_a_whole_version_is_exact():
    exact = {
        text: VersionRange.parse(text).is_exact for text in ("1.2.3", "=v1.2.3", "1.2", "^1.2.3", "1.2.3 || 2.0.0")
    }
    assert [text for text, is_exact in exact.items() if is_exact] == ["1.2.3", "=v1.2.3"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "latest",
        ">",
        "1.2.3.4",
        "^1.2.3foo!",
        "1.2.3 &&",
        "1" * 600,
        "1.0.0 ||",
        ">1.0.0,",
        "**",
        "1.0.0-rc.01",
        "1x",
    ],
)
def test_text_that_is_no_range_is_refused(text):
    with pytest.raises(UserError, match="not a range of versions"):
        VersionRange.parse(text)
