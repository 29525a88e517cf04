"""The images of a bundle: one OCI layout with every image, or only their list."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci.bundle.model import BundledImage
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.images.model import ImageInventory

if TYPE_CHECKING:
    from kubeaid_ci.images.result import ImageMirror

FOLDER = "images"
LIST = f"{FOLDER}/images.txt"
LAYOUT = f"{FOLDER}/layout"
_MOST_NAMED = 5


class ImageContent(StrEnum):
    """The images of a bundle: copied by skopeo, only listed, or not at all."""

    COPY = "copy"
    LIST = "list"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImageParts:
    """The images of a bundle, and what of them it lacks."""

    images: tuple[BundledImage, ...]
    findings: tuple[Finding, ...]


def list_only(folder: Path, inventory: ImageInventory, digests: Mapping[str, str]) -> ImageParts:
    """Write the list of images, one reference on a line, and report that they are not in the bundle."""
    images = tuple(BundledImage(each.image, each.digest or digests.get(each.image, "")) for each in inventory.images)
    _write_list(folder, images)
    missing = [_not_included(f"{len(images)} images are listed and not copied; add --images copy")] if images else []
    return ImageParts(images, (*missing, *_unknown(inventory)))


def copy(
    folder: Path,
    inventory: ImageInventory,
    digests: Mapping[str, str],
    *,
    allow: Collection[str] = (),
    plain_http: Collection[str] = (),
    ca_bundle: str | None = None,
) -> ImageParts:
    """Copy images into one OCI layout with skopeo. An image that cannot be copied is an error, the others are copied.

    Raises `UserError` if skopeo is not installed.
    """
    from kubeaid_ci.images.lock import image_registries
    from kubeaid_ci.images.mirror import mirror_images
    from kubeaid_ci.images.result import CopyStatus

    with image_registries(allow=allow, plain_http=plain_http, ca_bundle=ca_bundle) as resolve:
        result = mirror_images(
            inventory,
            f"dir:{folder / LAYOUT}",
            resolve=resolve,
            locked=dict(digests),
            plain_http=plain_http,
            ca_bundle=ca_bundle,
        )
    done = (CopyStatus.COPIED, CopyStatus.PRESENT)
    images = tuple(
        BundledImage(each.image, each.digest, LAYOUT if each.status in done else "") for each in result.images
    )
    _write_list(folder, images)
    return ImageParts(images, (*_failures(result), *_unknown(inventory)))


def _failures(result: "ImageMirror") -> Iterator[Finding]:
    from kubeaid_ci.images.result import CopyStatus

    for each in result.images:
        if each.status not in (CopyStatus.COPIED, CopyStatus.PRESENT):
            message = f"{each.image}: {each.status.value}: {each.error}"
            yield _not_included(message, severity=Severity.ERROR, key=each.image)
    for name, reason in result.plan.skipped.items():
        yield _not_included(f"{name}: {reason}", key=name)


def _unknown(inventory: ImageInventory) -> Iterator[Finding]:
    if inventory.unknown:
        yield _not_included(f"images of Applications that are not rendered in full: {_named(inventory.unknown)}")
    blind = sorted({f"{each.kind} {each.namespace}/{each.name}" for each in inventory.blind if not each.declared})
    if blind:
        yield _not_included(f"images that an operator chooses: {_named(blind)}; declare them under images.declared")


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def _not_included(message: str, *, severity: Severity | None = None, key: str | None = None) -> Finding:
    return RULES["bundle/not-included"].at(None, message, subject=FOLDER, severity=severity, key=key)


def _write_list(folder: Path, images: tuple[BundledImage, ...]) -> None:
    """Write every image with its digest, for other tools that copy images."""
    lines = [each.image if not each.digest or "@" in each.image else f"{each.image}@{each.digest}" for each in images]
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / LIST).write_text("".join(f"{line}\n" for line in lines))
