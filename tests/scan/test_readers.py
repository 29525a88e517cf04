"""Reports of each scanner are read to the same values; what is no report is an error, never clean."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubeaid_ci import UserError
from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity as Rated
from kubeaid_ci.scan.readers import read_reports
from kubeaid_ci.scan.scanners import read_file
from tests.scan import reports

FOUND = (("CVE-2026-1", "openssl", "1.1", "CRITICAL"), ("CVE-2026-2", "zlib", "", "Low"))
SAME = {
    "trivy": reports.trivy("nginx:1.2", *FOUND),
    "grype": reports.grype("nginx:1.2", *FOUND),
    "cluster": reports.cluster("index.docker.io", "library/nginx", "1.2", *FOUND),
    "list of a cluster": {
        "kind": "List",
        "items": [reports.cluster("index.docker.io", "library/nginx", "1.2", *FOUND)],
    },
    "kubescape": {
        "kind": "VulnerabilityManifest",
        "metadata": {"annotations": {"kubescape.io/image-tag": "nginx:1.2"}},
        "spec": {"payload": reports.grype("", *FOUND)},
    },
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME)
def test_every_scanner_is_read_to_the_same_values(content: Any) -> None:
    (report,) = read_reports(content, where="test")
    found = [(each.id, each.package, each.installed, each.fixed, each.severity) for each in report.vulnerabilities]
    assert found == [
        ("CVE-2026-1", "openssl", "1.0", "1.1", Rated.CRITICAL),
        ("CVE-2026-2", "zlib", "1.0", "", Rated.LOW),
    ]
    assert report.image in ("nginx:1.2", "index.docker.io/library/nginx:1.2")


def test_many_reports_in_one_file_and_yaml(tmp_path: Path) -> None:
    both = [reports.trivy("a:1"), reports.grype("b:1")]
    assert [report.image for report in read_file(reports.write(tmp_path / "x.json", both))] == ["a:1", "b:1"]
    cluster = reports.cluster("quay.io", "x/y", "1")
    text = f"---\n{json.dumps(cluster)}\n---\n{json.dumps(cluster)}\n"
    (tmp_path / "x.yaml").write_text(text)
    assert len(read_file(tmp_path / "x.yaml")) == 2


def test_a_report_without_results_is_no_scan() -> None:
    """So does trivy report an image whose packages it does not recognise."""
    for results in (None, []):
        (report,) = read_reports({**reports.trivy("scratch:1"), "Results": results}, where="test")
        assert report.problem == "trivy recognised no packages in it"


TRIVY, GRYPE = reports.trivy("a:1", FOUND[0]), reports.grype("a:1", FOUND[0])
HOSTILE = {
    "a number": 1,
    "a text": "clean",
    "null": None,
    "an empty object": {},
    "some other JSON": {"results": []},
    "a list of texts": ["x"],
    "results of a wrong type": {**TRIVY, "Results": {"a": 1}},
    "a result of a wrong type": {**TRIVY, "Results": [1]},
    "vulnerabilities of a wrong type": {**TRIVY, "Results": [{"Vulnerabilities": {"a": 1}}]},
    "a vulnerability of a wrong type": {**TRIVY, "Results": [{"Vulnerabilities": ["CVE"]}]},
    "a vulnerability without an id": {**TRIVY, "Results": [{"Vulnerabilities": [{"PkgName": "a"}]}]},
    "an id of a wrong type": {**TRIVY, "Results": [{"Vulnerabilities": [{"VulnerabilityID": 1, "PkgName": "a"}]}]},
    "no image": {**TRIVY, "ArtifactName": ""},
    "matches of a wrong type": {**GRYPE, "matches": 1},
    "a match without an artifact": {**GRYPE, "matches": [{"vulnerability": {"id": "a"}}]},
    "no source": {"matches": []},
    "a source of a wrong type": {"matches": [], "source": {"target": "x"}},
    "items of a wrong type": {"kind": "List", "items": 1},
    "a report of a wrong type": {"kind": "VulnerabilityReport", "report": []},
    "no vulnerabilities": {"kind": "VulnerabilityReport", "report": {"artifact": {"repository": "a"}}},
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_report_is_refused(content: Any) -> None:
    with pytest.raises(UserError, match="test"):
        read_reports(content, where="test")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b'{"a": 1' + b"0" * 10_000 + b"}"], ids=range(5)
)
def test_what_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(UserError, match=r"x\.json"):
        read_file(tmp_path / "x.json")


def test_a_huge_file_and_a_link_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(UserError, match="larger than"):
        read_file(tmp_path / "x.json")
    (tmp_path / "y.json").symlink_to("/dev/zero")
    with pytest.raises(UserError, match="link"):
        read_file(tmp_path / "y.json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.randoms(use_true_random=False), VALUES, st.sampled_from(sorted(SAME)))
def test_any_value_anywhere_is_read_or_refused(pick: random.Random, value: Any, name: str) -> None:
    """No shape ends in another error, and no vulnerability gets lost without one."""
    content = json.loads(json.dumps(SAME[name]))
    place, key = content, ""
    while isinstance(place, dict | list) and place:
        around, key = place, pick.choice(list(place) if isinstance(place, dict) else range(len(place)))
        place = place[key]  # type: ignore[index]
        if pick.random() < 0.3:
            break
    around[key] = value  # type: ignore[index]
    try:
        found = read_reports(content, where="test")
    except UserError:
        return
    for report in found:
        assert all(isinstance(each.id, str) and each.id for each in report.vulnerabilities)
