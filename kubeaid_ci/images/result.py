"""The results of locking images, copying them to a mirror, and finding values that take them from a mirror."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.mirror_plan import MirrorPlan
from kubeaid_ci.images.model import Place
from kubeaid_ci.report.json_result import JsonResult


class LockStatus(StrEnum):
    """The result for one image. `PINNED` images have a digest in the reference itself and need no lock."""

    LOCKED = "locked"
    UNCHANGED = "unchanged"
    MOVED = "moved"
    PINNED = "pinned"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    NO_TAG = "no-tag"


@dataclass(frozen=True, slots=True)
class LockedImage:
    """An image with the digest of its tag now, and the one that was locked before; both empty if unknown."""

    image: str
    status: LockStatus
    digest: str
    before: str
    error: str
    found_in: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class ImageLock(JsonResult):
    """The result of locking: a new content of the lock file, and one result for each image.

    `retained` are entries of images that were not found in this run, but may be in use by what is unknown.
    """

    images: tuple[LockedImage, ...]
    entries: Mapping[str, str]
    retained: tuple[str, ...]
    removed: tuple[str, ...]
    findings: tuple[Finding, ...]
    is_changed: bool
    check: bool = False

    @property
    def is_incomplete(self) -> bool:
        """True if a registry could not be reached, so that another run may find more."""
        return any(each.status is LockStatus.UNREACHABLE for each in self.images)


class CopyStatus(StrEnum):
    """The result for one image. `PLANNED`: it would be copied, or its digest is not known without copying."""

    COPIED = "copied"
    PRESENT = "present"
    PLANNED = "planned"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CopiedImage:
    """An image, its name in the mirror, and what happened."""

    image: str
    target: str
    digest: str
    type: str
    status: CopyStatus
    error: str = ""


@dataclass(frozen=True, slots=True)
class ImageMirror(JsonResult):
    """The result of a copy, or the plan for one. `skipped` are images and objects with the reason."""

    to: str
    images: tuple[CopiedImage, ...]
    plan: MirrorPlan
    dry_run: bool = False

    @property
    def is_incomplete(self) -> bool:
        """True if an image could not be copied."""
        return any(each.status in (CopyStatus.FAILED, CopyStatus.MISSING) for each in self.images)


@dataclass(frozen=True, slots=True)
class ImageUse:
    """An image of an Application, or of a chart by itself (then `cluster` is None).

    `proven` is true if, with the values of `keys`, the Application renders with the mirrored image in each place and
    nothing else changes. `reason` explains why it could not be moved.
    """

    cluster: str | None
    app: str
    image: str
    mirrored: str
    proven: bool
    keys: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class AppOverride:
    """A values file of an Application: its path below the output folder, and its text.

    `source_path` is the chart that it is for. It must be the last of the source's value files.
    """

    cluster: str | None
    app: str
    file: str
    values: str
    source_path: str


@dataclass(frozen=True, slots=True)
class ImageOverrides(JsonResult):
    """The uses of images, and the values files that move them.

    `unknown` are Applications or charts that could not be rendered. `registries` are those that references name.
    """

    mirror: Mirror
    uses: tuple[ImageUse, ...]
    apps: tuple[AppOverride, ...]
    unknown: tuple[str, ...]
    registries: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def proven(self) -> int:
        """The number of uses that were proven to move."""
        return sum(use.proven for use in self.uses)
