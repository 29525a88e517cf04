"""The report of the commands about bundles."""

from kubeaid_ci.bundle.result import BundlePart, BundleResult
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report

_HEADER = ("part", "files", "size", "in the base", "content")
_UNITS = ("B", "kB", "MB", "GB")


def report(result: BundleResult, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci bundle create``, ``verify`` or ``restore``."""
    return Report(
        result.command,
        version,
        summary={
            "digest": result.digest,
            "files": sum(part.files for part in result.parts),
            "bytes": sum(part.bytes for part in result.parts),
            "in_base": sum(part.in_base for part in result.parts),
            **({"signer": result.signer} if result.signer else {}),
        },
        results=result.parts,
        findings=result.findings,
        table=Table(_HEADER, tuple(map(_row, result.parts))),
    )


def _row(part: BundlePart) -> tuple[str, ...]:
    return (part.part, str(part.files), size_text(part.bytes), str(part.in_base or ""), part.about)


def size_text(size: int) -> str:
    """Return a number of bytes for people, such as ``12.5 MB``."""
    value = float(size)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{size} B" if size < 1000 else f"{value:.1f} {unit}"
