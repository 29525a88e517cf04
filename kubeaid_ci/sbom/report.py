"""The report of ``kubeaid-ci sbom``."""

from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report
from kubeaid_ci.sbom.model import Sbom, SbomLine

_HEADER = ("cluster", "Applications", "charts", "images", "without digest", "unknown")


def report(sbom: Sbom, *, version: str) -> Report:
    """Return the report: one row for each cluster."""
    lines = sbom.lines
    return Report(
        "sbom",
        version,
        summary={
            "serial_number": sbom.serial_number,
            "clusters": len(lines),
            "applications": sum(line.applications for line in lines),
            "unknown": sum(line.unknown for line in lines),
        },
        results=lines,
        findings=sbom.findings,
        table=Table(
            _HEADER,
            tuple(map(_row, lines)),
        ),
    )


def _row(line: SbomLine) -> tuple[str, ...]:
    counts = map(str, (line.applications, line.charts, line.images))
    return (line.cluster, *counts, str(line.without_digest or ""), str(line.unknown or ""))
