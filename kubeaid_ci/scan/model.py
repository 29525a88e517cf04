"""Vulnerabilities of images, as any scanner reports them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity
from kubeaid_ci.report.json_result import JsonResult


class ScanStatus(StrEnum):
    """The state of an image. An image without a usable report is not scanned, and never clean."""

    SCANNED = "scanned"
    NOT_SCANNED = "not-scanned"


@dataclass(frozen=True, slots=True, order=True)
class Vulnerability:
    """A vulnerability of a package in an image. `fixed` has the versions with a fix, empty if there is no fix yet."""

    id: str
    package: str
    installed: str
    fixed: str
    severity: VulnerabilitySeverity
    title: str = ""
    url: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The identity across versions of an image: id and package."""
        return self.id, self.package


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The report of a scanner about one image. `image` and `digests` are as the report names it.

    `problem` is why the report does not count as a scan, such as a file system that the scanner does not know.
    """

    image: str
    digests: tuple[str, ...]
    scanner: str
    vulnerabilities: tuple[Vulnerability, ...]
    operating_system: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ScannedImage:
    """An image of clusters with its vulnerabilities. `reason` is why it is not scanned."""

    image: str
    status: ScanStatus
    scanner: str = ""
    vulnerabilities: tuple[Vulnerability, ...] = ()
    reason: str = ""
    operating_system: str = ""
    clusters: tuple[str, ...] = ()

    def count(self, severity: VulnerabilitySeverity) -> int:
        """Return the number of vulnerabilities of a severity."""
        return sum(found.severity is severity for found in self.vulnerabilities)


@dataclass(frozen=True, slots=True)
class Scan(JsonResult):
    """The images of clusters with their vulnerabilities, sorted, and the findings of the gate.

    `unused` are images that reports are about and that no cluster runs.
    """

    images: tuple[ScannedImage, ...]
    findings: tuple[Finding, ...]
    unused: tuple[str, ...] = field(default=(), repr=False)

    @property
    def not_scanned(self) -> tuple[ScannedImage, ...]:
        """The images of which nothing is known."""
        return tuple(image for image in self.images if image.status is ScanStatus.NOT_SCANNED)


def by_severity(vulnerabilities: Iterable[Vulnerability]) -> list[Vulnerability]:
    """Return vulnerabilities, the worst first."""
    return sorted(vulnerabilities, key=lambda each: (-each.severity.weight, each.id, each.package, each.installed))
