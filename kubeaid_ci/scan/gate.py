"""The gate: which vulnerabilities of images are findings, and which are accepted for a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.findings.suppression import SETTINGS_FILE
from kubeaid_ci.findings.vulnerability import AllowedVulnerability, VulnerabilitySeverity
from kubeaid_ci.globs.paths import matches
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.scan.model import ScannedImage, ScanStatus, Vulnerability


@dataclass(frozen=True, slots=True)
class Gate:
    """The vulnerabilities that fail a run.

    Those from `severity` on; with `fixable_only` those that have a fixed version. `require_scan` makes an image without
    a report an error.
    """

    severity: VulnerabilitySeverity = VulnerabilitySeverity.HIGH
    fixable_only: bool = False
    require_scan: bool = False
    allow: tuple[AllowedVulnerability, ...] = ()


def judge(images: Sequence[ScannedImage], gate: Gate, *, today: date) -> tuple[Finding, ...]:
    """Return the findings: vulnerabilities that reach the gate, images without a scan, and stale exceptions.

    A vulnerability without a rating is a warning, because it may reach the gate.
    """
    used: set[AllowedVulnerability] = set()
    found: list[Finding] = []
    for image in images:
        if image.status is ScanStatus.NOT_SCANNED:
            found.append(_not_scanned(image, gate))
        for vulnerability in _reaching(image.vulnerabilities, gate):
            allowed = [each for each in gate.allow if _covers(each, image, vulnerability)]
            used.update(allowed)
            if not any(today <= each.until for each in allowed):
                found.append(_vulnerable(image, vulnerability))
    is_whole = all(image.status is ScanStatus.SCANNED for image in images)
    found += _stale(gate.allow, used, today, is_whole=is_whole)
    return tuple(found)


def _reaching(vulnerabilities: Iterable[Vulnerability], gate: Gate) -> Iterator[Vulnerability]:
    """Yield each vulnerability of a package that reaches the gate once, whatever number of files it is in."""
    seen_keys: set[tuple[str, str]] = set()
    for each in vulnerabilities:
        is_rated = each.severity is not VulnerabilitySeverity.UNKNOWN
        reaches = each.severity.weight >= gate.severity.weight or not is_rated
        if reaches and (each.fixed or not gate.fixable_only) and each.key not in seen_keys:
            seen_keys.add(each.key)
            yield each


def _covers(allowed: AllowedVulnerability, image: ScannedImage, vulnerability: Vulnerability) -> bool:
    name = Image.parse(image.image).name
    is_image = matches(allowed.image, name) or matches(allowed.image, image.image)
    return allowed.id == vulnerability.id and is_image and matches(allowed.package, vulnerability.package)


def _vulnerable(image: ScannedImage, found: Vulnerability) -> Finding:
    fix = f"fixed in {found.fixed}" if found.fixed else "no fix yet"
    about = f": {found.title}" if found.title and found.title != found.id else ""
    message = f"{image.image}: {found.id} ({found.severity}) in {found.package} {found.installed}, {fix}{about}"
    severity = Severity.WARNING if found.severity is VulnerabilitySeverity.UNKNOWN else None
    identity = f"{found.package} {found.id}"
    subject = Image.parse(image.image).name  # another tag of an image has the same findings
    return RULES["image/vulnerable"].at(
        None, message, subject=subject, severity=severity, key=identity, content=identity
    )


def _not_scanned(image: ScannedImage, gate: Gate) -> Finding:
    severity = Severity.ERROR if gate.require_scan else None
    message = f"{image.image}: not scanned: {image.reason}"
    subject = Image.parse(image.image).name
    return RULES["image/not-scanned"].at(None, message, subject=subject, severity=severity, key="scan", content="scan")


def _stale(
    allow: Iterable[AllowedVulnerability], used: set[AllowedVulnerability], today: date, *, is_whole: bool
) -> Iterator[Finding]:
    for each in allow:
        about = f"{each.id} for {each.image} ({each.reason})"
        if each in used and today > each.until:
            rule, message = RULES["image/allow-expired"], f"accepted until {each.until}: {about}"
        elif each not in used and is_whole:
            rule, message = RULES["image/allow-unused"], f"matches nothing: {about}"
        else:
            continue
        yield rule.at(SETTINGS_FILE, message, subject=each.id, line=each.line, key=about)
