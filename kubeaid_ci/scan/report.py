"""The report of ``kubeaid-ci images scan``."""

from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report
from kubeaid_ci.scan.model import Scan, ScannedImage, ScanStatus

_HEADER = ("image", "status", "critical", "high", "medium", "low", "unknown", "fixable")


def report(scan: Scan, *, version: str) -> Report:
    """Return the report: one row for each image. The headline counts images that are not scanned."""
    return Report(
        "images scan",
        version,
        summary={
            "images": len(scan.images),
            "scanned": len(scan.images) - len(scan.not_scanned),
            "not_scanned": len(scan.not_scanned),
            **{each.value: sum(image.count(each) for image in scan.images) for each in VulnerabilitySeverity},
            **({"unused_reports": len(scan.unused)} if scan.unused else {}),
        },
        results=scan.images,
        findings=scan.findings,
        table=Table(_HEADER, tuple(map(_row, scan.images))),
    )


def _row(image: ScannedImage) -> tuple[str, ...]:
    if image.status is ScanStatus.NOT_SCANNED:
        return (image.image, "not scanned", *[""] * 6)
    fixable = sum(bool(found.fixed) for found in image.vulnerabilities)
    counts = (str(image.count(each) or "") for each in VulnerabilitySeverity)
    return (image.image, "scanned", *counts, str(fixable or ""))
