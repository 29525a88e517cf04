"""Which vulnerabilities fail a run, and what is never clean."""

from datetime import date

import pytest

from kubeaid_ci.findings.vulnerability import AllowedVulnerability
from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity as Rated
from kubeaid_ci.scan.gate import Gate, judge
from kubeaid_ci.scan.model import ScannedImage, ScanStatus, Vulnerability

TODAY = date(2026, 6, 1)
NGINX = "docker.io/library/nginx:1.2"


def vulnerability(id_: str, severity: Rated, fixed: str = "2", package: str = "openssl") -> Vulnerability:
    return Vulnerability(id_, package, "1", fixed, severity)


def scanned(*found: Vulnerability, image: str = NGINX) -> ScannedImage:
    return ScannedImage(image, ScanStatus.SCANNED, "trivy", found)


def rules(gate: Gate, *images: ScannedImage) -> list[tuple[str, str]]:
    return [(finding.rule.id, str(finding.severity)) for finding in judge(images, gate, today=TODAY)]


@pytest.mark.parametrize("threshold", [Rated.CRITICAL, Rated.HIGH, Rated.MEDIUM, Rated.LOW])
@pytest.mark.parametrize("severity", list(Rated))
def test_the_gate_opens_by_severity(threshold: Rated, severity: Rated) -> None:
    found = rules(Gate(threshold), scanned(vulnerability("CVE-1", severity)))
    if severity is Rated.UNKNOWN:
        assert found == [("image/vulnerable", "warning")]
    else:
        assert found == ([("image/vulnerable", "error")] if severity.weight >= threshold.weight else [])


def test_fixable_only() -> None:
    image = scanned(vulnerability("CVE-1", Rated.HIGH, fixed=""), vulnerability("CVE-2", Rated.HIGH))
    assert len(rules(Gate(), image)) == 2
    assert [finding.key for finding in judge([image], Gate(fixable_only=True), today=TODAY)] == ["openssl CVE-2"]


def test_an_image_that_is_not_scanned_is_never_clean() -> None:
    image = ScannedImage(NGINX, ScanStatus.NOT_SCANNED, reason="no report has it")
    assert rules(Gate(), image) == [("image/not-scanned", "warning")]
    assert rules(Gate(require_scan=True), image) == [("image/not-scanned", "error")]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, []),
        ({"image": "docker.io/library/nginx"}, []),
        ({"image": "docker.io/**"}, []),
        ({"image": "quay.io/**"}, ["image/vulnerable", "image/allow-unused"]),
        ({"package": "zlib"}, ["image/vulnerable", "image/allow-unused"]),
        ({"id": "CVE-2"}, ["image/vulnerable", "image/allow-unused"]),
        ({"until": TODAY}, []),
        ({"until": date(2026, 5, 31)}, ["image/vulnerable", "image/allow-expired"]),
    ],
)
def test_an_accepted_vulnerability_is_accepted_until_its_day(fields: dict, found: list[str]) -> None:
    allowed = AllowedVulnerability(**{"id": "CVE-1", "reason": "not reachable", "until": date(2026, 7, 1)} | fields)
    image = scanned(vulnerability("CVE-1", Rated.HIGH))
    assert [rule for rule, _ in rules(Gate(allow=(allowed,)), image)] == found


def test_an_exception_is_not_unused_while_an_image_is_not_scanned() -> None:
    allowed = AllowedVulnerability("CVE-9", "not reachable", date(2026, 7, 1))
    image = ScannedImage(NGINX, ScanStatus.NOT_SCANNED, reason="no report has it")
    assert rules(Gate(allow=(allowed,)), image) == [("image/not-scanned", "warning")]


def test_another_tag_has_the_same_fingerprints() -> None:
    """So an update does not report again what its base has."""
    before, after = (
        judge([scanned(vulnerability("CVE-1", Rated.HIGH), image=image)], Gate(), today=TODAY)
        for image in (NGINX, "docker.io/library/nginx:1.3")
    )
    assert [finding.fingerprint for finding in before] == [finding.fingerprint for finding in after]


def test_a_package_in_many_files_is_one_finding() -> None:
    assert len(rules(Gate(), scanned(*[vulnerability("CVE-1", Rated.HIGH)] * 5))) == 1
