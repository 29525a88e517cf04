"""Scans the images of clusters, or reads what scanners have reported, and judges the result."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.images.model import Confidence, ImageInventory, ListedImage
from kubeaid_ci.images.reference import parse_reference
from kubeaid_ci.scan.gate import Gate, judge
from kubeaid_ci.scan.model import Scan, ScannedImage, ScanReport, ScanStatus
from kubeaid_ci.scan.scanners import installed_scanner, read_file, scan_image

_NO_SCANNER = "no report has it, and neither trivy nor grype is installed"
_NO_REPORT = "no report has it"
_WITHOUT_TAG = "only its repository is known"

Progress = Callable[[int, int], None]


def scan_images(
    inventory: ImageInventory,
    *,
    reports: Sequence[str | os.PathLike[str]] = (),
    digests: Mapping[str, str] | None = None,
    scanner: str = "auto",
    offline: bool = False,
    gate: Gate | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Scan:
    """Return the vulnerabilities of the images of an inventory, with the findings of the gate.

    `reports` are files of scanners. Without any, `scanner` runs on each image: ``trivy``, ``grype``, ``auto`` for
    the one that is installed, or ``none``. `digests` are those of the lock, by image; a report for the same digest
    counts whatever its image is called. `offline` uses the scanner's database as it is. Raises `UserError` for a named
    scanner that is not installed.
    """
    found, unreadable = _read_all([Path(path) for path in reports])
    program = None if reports or scanner == "none" else installed_scanner(scanner)
    known = digests or {}
    if program is None:
        reason = _NO_REPORT if reports else _NO_SCANNER
        images, unused = match_reports(inventory.images, found, known, reason=reason)
    else:
        images, unused = _run_all(inventory.images, program, known, offline=offline, jobs=jobs, progress=progress), ()
    judged = judge(images, gate or Gate(), today=date.today())
    # Those about tags and registries belong to `images list`.
    of_rendering = (finding for finding in inventory.findings if finding.rule.family != "image")
    return Scan(tuple(images), (*of_rendering, *unreadable, *judged), unused)


def _read_all(paths: Iterable[Path]) -> tuple[list[ScanReport], list[Finding]]:
    """Return the reports in files; a file that cannot be read is a finding and does not stop the others."""
    reports: list[ScanReport] = []
    findings: list[Finding] = []
    for path in paths:
        try:
            reports += read_file(path)
        except UserError as error:
            rule = RULES["image/scan-unreadable"]
            findings.append(rule.at(None, str(error), subject=path.name, key=path.name, content=path.name))
    return reports, findings


def match_reports(
    images: Iterable[ListedImage], reports: Iterable[ScanReport], digests: Mapping[str, str], *, reason: str
) -> tuple[list[ScannedImage], tuple[str, ...]]:
    """Return each image with the report that is about it, and the images of the reports that are about none.

    A report belongs to an image of the same full spelling, or of the same digest. Of several the last one counts.
    """
    by_name: dict[str, ScanReport] = {}
    by_digest: dict[str, ScanReport] = {}
    for each in reports:
        by_name[_full(each.image)] = each
        for digest in each.digests:
            by_digest[digest.rpartition("@")[2]] = each
    used: set[int] = set()
    found = []
    for listed in images:
        digest = listed.digest or digests.get(listed.image, "")
        of_digest = by_digest.get(digest) if digest else None
        report = of_digest or by_name.get(listed.image)
        if report is not None:
            used.add(id(report))
        found.append(_scanned(listed, report, reason))
    unused = sorted({report.image for report in by_name.values() if id(report) not in used})
    return found, tuple(unused)


def _run_all(
    images: Sequence[ListedImage],
    scanner: str,
    digests: Mapping[str, str],
    *,
    offline: bool,
    jobs: int | None,
    progress: Progress | None,
) -> list[ScannedImage]:
    """Scan images in parallel; each waits for the network and for its own process."""

    def scan(listed: ListedImage) -> ScannedImage:
        if not listed.tag and not listed.digest:
            return _scanned(listed, None, _WITHOUT_TAG)
        locked = digests.get(listed.image, "")
        report = scan_image(scanner, f"{listed.image}@{locked}" if locked else listed.image, offline=offline)
        return _scanned(listed, None, report) if isinstance(report, str) else _scanned(listed, report, "")

    done: list[ScannedImage] = []
    with ThreadPoolExecutor(max_workers=jobs or os.cpu_count() or 1) as pool:
        for image in pool.map(scan, images):
            done.append(image)
            if progress:
                progress(len(done), len(images))
    return done


def _scanned(listed: ListedImage, report: ScanReport | None, reason: str) -> ScannedImage:
    clusters = tuple(sorted({place.cluster or place.app for place in listed.found_in}))
    image = ScannedImage(listed.image, ScanStatus.NOT_SCANNED, reason=reason, clusters=clusters)
    if report is None and listed.confidence is Confidence.POSSIBLE and not listed.tag:
        return replace(image, reason=_WITHOUT_TAG)
    if report is None:
        return image
    if report.problem:
        return replace(image, scanner=report.scanner, reason=report.problem)
    return replace(
        image,
        status=ScanStatus.SCANNED,
        scanner=report.scanner,
        vulnerabilities=report.vulnerabilities,
        operating_system=report.operating_system,
        reason="",
    )


def _full(text: str) -> str:
    image = parse_reference(text)
    return str(image) if image else text
