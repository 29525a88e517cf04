"""The report of ``images lock``."""

from collections import Counter

from kubeaid_ci import __version__
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.images.lock import LOCK, ImageLock, LockedImage, LockStatus
from kubeaid_ci.report.report import Report, Table

_HEADER = ("image", "status", "digest", "before")
_QUIET = (LockStatus.UNCHANGED, LockStatus.PINNED)
_SHORT = 19
"""Characters of a digest in the table: ``sha256:`` and 12 digits, as container tools show it."""


def outputs(lock: ImageLock, request: Published | None = None) -> dict[str, str]:
    """Return the outputs of a CI job: whether the file changed, and the change request if there is one."""
    found = {"changed": str(lock.is_changed).lower()}
    if request is None:
        return found
    number, url = request.number, request.url
    return {
        **found,
        "outcome": request.outcome.value,
        "number": "" if number is None else str(number),
        "url": url or "",
        "branch": request.branch,
        "head": request.head or "",
    }


def lock_report(lock: ImageLock, request: Published | None = None) -> Report:
    """Return the report: a table of what changed, and every image in the results."""
    counts = Counter(each.status for each in lock.images)
    return Report(
        "images lock",
        __version__,
        summary={
            "images": len(lock.images),
            **{status.value: counts[status] for status in LockStatus},
            "removed": len(lock.removed),
            "retained": len(lock.retained),
            "changed": lock.is_changed,
        },
        results=lock.images,
        findings=lock.findings,
        table=Table(_HEADER, tuple(_row(each) for each in lock.images if each.status not in _QUIET)),
        opening=(_headline(lock, counts), *_request(request)),
        details=_details(lock),
    )


def _headline(lock: ImageLock, counts: Counter[LockStatus]) -> str:
    names = {
        LockStatus.LOCKED: "new",
        LockStatus.MOVED: "moved",
        LockStatus.MISSING: "missing at the registry",
        LockStatus.UNREACHABLE: "not looked up",
        LockStatus.UNCHANGED: "unchanged",
        LockStatus.PINNED: "pinned by digest",
    }
    parts = [f"{counts[status]} {text}" for status, text in names.items() if counts[status]]
    if not lock.is_changed:
        parts.append(f"{LOCK} is up to date")
    elif lock.check:
        parts.append(f"{LOCK} would change")
    else:
        parts.append(f"{LOCK} written")
    return " · ".join(parts)


def _request(request: Published | None) -> tuple[str, ...]:
    """Return the line about the change request."""
    if request is None:
        return ()
    would = "would be " if request.dry_run else ""
    return (f"change request {would}{request.outcome.value}: {request.url or request.branch}",)


def _row(each: LockedImage) -> tuple[str, ...]:
    return each.image, each.status.value, each.digest[:_SHORT], each.before[:_SHORT]


def _details(lock: ImageLock) -> dict[str, tuple[str, ...]]:
    errors = tuple(dict.fromkeys(each.error for each in lock.images if each.status is LockStatus.UNREACHABLE))
    found = {"Not looked up, so their entries are as before": errors} if errors else {}
    if lock.retained:
        found["Not in use as far as known, kept because not everything was rendered"] = lock.retained
    if lock.removed:
        found["No longer in use, removed"] = lock.removed
    return found
