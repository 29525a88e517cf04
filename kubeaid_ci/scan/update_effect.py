"""Compares the vulnerabilities before and after an update, by the images before and after it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubeaid_ci.diff.comparison import ImageChange
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.scan.model import ScannedImage, ScanReport, ScanStatus, Vulnerability, by_severity


@dataclass(frozen=True, slots=True)
class UpdateEffect:
    """The vulnerabilities that an update fixes and adds. `unknown` are images without a scan, so not compared."""

    fixed: tuple[Vulnerability, ...]
    added: tuple[Vulnerability, ...]
    unknown: tuple[str, ...]

    def text(self) -> str:
        """Return a text such as ``fixes 12 vulnerabilities (3 critical) and adds 1 (1 high); 2 images not scanned``."""
        found = f"fixes {_counted(self.fixed, first=True)} and adds {_counted(self.added, first=False)}"
        if not self.unknown:
            return found
        count = len(self.unknown)
        return f"{found}; {count} image{'s' if count > 1 else ''} not scanned, so not compared"


def effect_of(changes: Iterable[ImageChange], scanned: Mapping[str, ScannedImage]) -> UpdateEffect:
    """Return what image changes do, each pair of images once, however many objects have it.

    `scanned` has images by their full spelling. A pair is compared if each of its images was scanned: a vulnerability
    counts as fixed if the new image does not have it in the same package, and as added the other way round.
    """
    fixed: dict[tuple[str, str], Vulnerability] = {}
    added: dict[tuple[str, str], Vulnerability] = {}
    unknown: set[str] = set()
    for before, after in {(_full(change.before), _full(change.after)) for change in changes}:
        missing = {name for name in (before, after) if name and not _is_scanned(scanned.get(name))}
        if missing:
            unknown |= missing
            continue
        old = {each.key: each for each in (scanned[before].vulnerabilities if before else ())}
        new = {each.key: each for each in (scanned[after].vulnerabilities if after else ())}
        fixed |= {key: each for key, each in old.items() if key not in new}
        added |= {key: each for key, each in new.items() if key not in old}
    # What moves from one image to another is neither.
    moved = set(fixed) & set(added)
    return UpdateEffect(
        tuple(by_severity(each for key, each in fixed.items() if key not in moved)),
        tuple(by_severity(each for key, each in added.items() if key not in moved)),
        tuple(sorted(unknown)),
    )


def note_of(reports: Iterable[ScanReport]) -> Callable[[Sequence[ImageChange]], str]:
    """Return a function that describes image changes by reports of scanners, for change requests."""
    scanned = {}
    for report in reports:
        status = ScanStatus.NOT_SCANNED if report.problem else ScanStatus.SCANNED
        name = _full(report.image)
        scanned[name] = ScannedImage(name, status, report.scanner, report.vulnerabilities)

    def note(changes: Sequence[ImageChange]) -> str:
        return f"This update {effect_of(changes, scanned).text()}." if changes else ""

    return note


def _full(image: str | None) -> str:
    return str(Image.parse(image)) if image else ""


def _is_scanned(image: ScannedImage | None) -> bool:
    return image is not None and image.status is ScanStatus.SCANNED


def _counted(found: tuple[Vulnerability, ...], *, first: bool) -> str:
    noun = f" vulnerabilit{'y' if len(found) == 1 else 'ies'}" if first else ""
    worst = [(name, sum(each.severity == name for each in found)) for name in ("critical", "high")]
    rated = ", ".join(f"{count} {name}" for name, count in worst if count)
    return f"{len(found)}{noun}{f' ({rated})' if rated else ''}"
