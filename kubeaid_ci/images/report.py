"""The reports of `images list`, `images lock`, `images mirror` and `images overrides`."""

from collections import Counter
from collections.abc import Sequence

from kubeaid_ci import __version__
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.images.lock_file import LOCK
from kubeaid_ci.images.model import Confidence, ImageInventory, ListedImage
from kubeaid_ci.images.result import (
    CopiedImage,
    CopyStatus,
    ImageLock,
    ImageMirror,
    ImageOverrides,
    ImageUse,
    LockedImage,
    LockStatus,
)
from kubeaid_ci.report.blocks import Code, Listing, Section, Table, item_list
from kubeaid_ci.report.report import Report

_LIST_HEADER = ("image", "confidence", "found in", "field")
_MOST_BLIND = 200
_UNKNOWN = "Not rendered, so their images are unknown"


def list_report(inventory: ImageInventory) -> Report:
    """Return the report of ``images list``."""
    counts = Counter(listed.confidence for listed in inventory.images)
    return Report(
        "images list",
        __version__,
        summary={
            "images": len(inventory.images),
            **{confidence.value: counts[confidence] for confidence in Confidence},
            "pinned": sum(bool(listed.digest) for listed in inventory.images),
            "registries": len({listed.registry for listed in inventory.images}),
            "blind": len(inventory.blind),
            "unknown": len(inventory.unknown),
        },
        results=inventory.images,
        findings=inventory.findings,
        table=Table(_LIST_HEADER, tuple(map(_list_row, inventory.images))),
        opening=_list_opening(inventory),
        sections=_list_sections(inventory),
        details=_list_details(inventory),
    )


def _list_opening(inventory: ImageInventory) -> tuple[str, ...]:
    """Return one headline: how many images, and what is not known."""
    registries = len({listed.registry for listed in inventory.images})
    parts = [f"{_list_count(len(inventory.images), 'image')} from {_list_count(registries, 'registry', 'registries')}"]
    if inventory.clusters:
        parts[0] += f" in {_list_count(len(inventory.clusters), 'cluster')}"
    if inventory.blind:
        parts.append(f"{_list_count(len(inventory.blind), 'object')} whose image is not known")
    if inventory.unknown:
        parts.append(f"{len(inventory.unknown)} not rendered, so their images are unknown")
    return (" · ".join(parts),)


def _list_row(listed: ListedImage) -> tuple[str, ...]:
    first = listed.found_in[0]
    subjects = list(dict.fromkeys(place.subject for place in listed.found_in))
    more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
    return listed.image, listed.confidence.value, f"{subjects[0]}{more}", f"{first.kind} {first.name}: {first.path}"


def _list_details(inventory: ImageInventory) -> tuple[Section, ...]:
    return (Section(_UNKNOWN, (Listing("\n".join(inventory.unknown)),)),) if inventory.unknown else ()


def _list_sections(inventory: ImageInventory) -> tuple[Section, ...]:
    sections = [Section(_UNKNOWN, (item_list(map(Code, inventory.unknown)),))] if inventory.unknown else []
    if inventory.blind:
        texts = (
            (Code(each.subject), ": ", Code(f"{each.kind} {each.name}"), f": {each.reason}") for each in inventory.blind
        )
        title = "Objects whose image is not known"
        sections.append(Section(title, (item_list(texts, most=_MOST_BLIND),)))
    return tuple(sections)


def _list_count(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


_LOCK_HEADER = ("image", "status", "digest", "before")
_QUIET = (LockStatus.UNCHANGED, LockStatus.PINNED)
_SHORT = 19
"""Characters of a digest in the table: ``sha256:`` and 12 digits, as container tools show it."""


def lock_outputs(lock: ImageLock, request: Published | None = None) -> dict[str, str]:
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
        table=Table(_LOCK_HEADER, tuple(_lock_row(each) for each in lock.images if each.status not in _QUIET)),
        opening=(_lock_headline(lock, counts), *_request(request)),
        details=_lock_details(lock),
    )


def _lock_headline(lock: ImageLock, counts: Counter[LockStatus]) -> str:
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


def _lock_row(each: LockedImage) -> tuple[str, ...]:
    return each.image, each.status.value, each.digest[:_SHORT], each.before[:_SHORT]


def _lock_details(lock: ImageLock) -> tuple[Section, ...]:
    errors = tuple(dict.fromkeys(each.error for each in lock.images if each.status is LockStatus.UNREACHABLE))
    lists = {
        "Not looked up, so their entries are as before": errors,
        "Not in use as far as known, kept because not everything was rendered": lock.retained,
        "No longer in use, removed": lock.removed,
    }
    return tuple(Section(title, (item_list(lines),)) for title, lines in lists.items() if lines)


_MIRROR_HEADER = ("image", "status", "target", "digest or error")
_ORDER = (CopyStatus.FAILED, CopyStatus.MISSING, CopyStatus.PLANNED, CopyStatus.COPIED, CopyStatus.PRESENT)


def mirror_report(result: ImageMirror, findings: Sequence[Finding] = ()) -> Report:
    """Return the report: each image, failed ones first, and what is not copied.

    `findings` explain why images of Applications are unknown.
    """
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
        findings=tuple(findings),
        table=Table(_MIRROR_HEADER, tuple(map(_mirror_row, rows))),
        opening=(_mirror_headline(result, counts, len(skipped)),),
        details=(Section("Not copied", (item_list(skipped),)),) if skipped else (),
    )


def _mirror_headline(result: ImageMirror, counts: Counter[CopyStatus], skipped: int) -> str:
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


def _mirror_row(each: CopiedImage) -> tuple[str, ...]:
    return each.image, each.status.value, each.target, each.error or each.digest[:_SHORT]


_OVERRIDE_HEADER = ("Application", "image", "proven", "values, or why not")


def override_report(overrides: ImageOverrides) -> Report:
    """Return the report: each use of an image, and whether it moves."""
    total = len(overrides.uses)
    return Report(
        "images overrides",
        __version__,
        summary={
            "uses": total,
            "proven": overrides.proven,
            "left": total - overrides.proven,
            "files": len(overrides.apps),
            "unknown": len(overrides.unknown),
            "mirror": str(overrides.mirror),
        },
        results=overrides.uses,
        findings=overrides.findings,
        table=Table(_OVERRIDE_HEADER, tuple(map(_override_row, sorted(overrides.uses, key=lambda use: use.proven)))),
        opening=(_override_headline(overrides),),
    )


def _override_headline(overrides: ImageOverrides) -> str:
    total, proven = len(overrides.uses), overrides.proven
    percent = f" ({100 * proven // total} %)" if total else ""
    unknown = f" · {len(overrides.unknown)} not rendered, so their images are unknown" if overrides.unknown else ""
    return f"{proven} of {total} image uses{percent} proven to come from {overrides.mirror}{unknown}"


def _override_row(use: ImageUse) -> tuple[str, ...]:
    app = f"{use.cluster}/{use.app}" if use.cluster else use.app
    return app, use.image, "yes" if use.proven else "no", ", ".join(use.keys) if use.proven else use.reason
