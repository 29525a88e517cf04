"""What an update does to vulnerabilities."""

from kubeaid_ci.diff.comparison import ImageChange
from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity as Rated
from kubeaid_ci.scan.model import ScannedImage, ScanStatus, Vulnerability
from kubeaid_ci.scan.update_effect import effect_of


def image(name: str, *ids: str, severity: Rated = Rated.HIGH) -> ScannedImage:
    found = tuple(Vulnerability(id_, "openssl", "1", "2", severity) for id_ in ids)
    return ScannedImage(name, ScanStatus.SCANNED, "trivy", found)


def text(changes: list[tuple[str | None, str | None]], *images: ScannedImage) -> str:
    pairs = [ImageChange("web", before, after) for before, after in changes]
    return effect_of(pairs, {each.image: each for each in images}).text()


OLD, NEW = "docker.io/library/nginx:1", "docker.io/library/nginx:2"


def test_what_is_fixed_and_added() -> None:
    images = image(OLD, "A", "B", "C"), image(NEW, "C", "D")
    assert text([("nginx:1", "nginx:2")] * 3, *images) == "fixes 2 vulnerabilities (2 high) and adds 1 (1 high)"


def test_an_image_without_a_scan_is_not_compared() -> None:
    found = text([("nginx:1", "nginx:2")], image(OLD, "A"))
    assert found == "fixes 0 vulnerabilities and adds 0; 1 image not scanned, so not compared"


def test_a_new_and_a_removed_image() -> None:
    assert text([(None, "nginx:2")], image(NEW, "A")) == "fixes 0 vulnerabilities and adds 1 (1 high)"
    assert text([("nginx:1", None)], image(OLD, "A")) == "fixes 1 vulnerability (1 high) and adds 0"


def test_a_vulnerability_that_moves_to_another_image_is_not_fixed() -> None:
    other = image("quay.io/x/y:1", "A")
    assert text([("nginx:1", None), (None, "quay.io/x/y:1")], image(OLD, "A"), other) == (
        "fixes 0 vulnerabilities and adds 0"
    )
