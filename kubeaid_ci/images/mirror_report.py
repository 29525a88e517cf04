"""The report of ``images mirror``."""

from collections import Counter

from kubeaid_ci import __version__
from kubeaid_ci.images.mirroring import CopiedImage, CopyStatus, ImageMirror
from kubeaid_ci.report.report import Report, Table

_HEADER = ("image", "status", "target", "digest or error")
_SHORT = 19
"""Characters of a digest in the table: ``sha256:`` and 12 digits, as container tools show it."""
_ORDER = (CopyStatus.FAILED, CopyStatus.MISSING, CopyStatus.PLANNED, CopyStatus.COPIED, CopyStatus.PRESENT)


def mirror_report(result: ImageMirror) -> Report:
    """Return the report: each image, failed ones first, and what is not copied."""
    counts = Counter(each.status for each in result.images)
    rows = sorted(result.images, key=lambda each: _ORDER.index(each.status))
    skipped = tuple(f"{name}: {reason}" for name, reason in result.plan.skipped.items())
    return Report(
        "images mirror",
        __version__,
        summary={
            "images": len(result.images),
            **{status.value: counts[status] for status in CopyStatus},
            "skipped": len(skipped),
            "to": result.to,
        },
        results=result.images,
        table=Table(_HEADER, tuple(map(_row, rows))),
        opening=(_headline(result, counts, len(skipped)),),
        details={"Not copied": skipped} if skipped else {},
    )


def _headline(result: ImageMirror, counts: Counter[CopyStatus], skipped: int) -> str:
    names = {
        CopyStatus.COPIED: "copied",
        CopyStatus.PRESENT: "already there",
        CopyStatus.PLANNED: "would be copied" if result.dry_run else "planned",
        CopyStatus.MISSING: "missing at their registry",
        CopyStatus.FAILED: "failed",
    }
    parts = [f"{counts[status]} {text}" for status, text in names.items() if counts[status]]
    if skipped:
        parts.append(f"{skipped} not copied")
    return f"{result.to}: {' · '.join(parts) or 'no images'}"


def _row(each: CopiedImage) -> tuple[str, ...]:
    return each.image, each.status.value, each.target, each.error or each.digest[:_SHORT]
