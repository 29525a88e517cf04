"""Checks of the images of an inventory: their tags, digests and registries."""

import re
from collections.abc import Collection, Iterable, Iterator

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.images import rules
from kubeaid_ci.images.inventory import collect_images
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.model import Confidence, ImageInventory, ListedImage
from kubeaid_ci.images.registries import is_below, suspicion
from kubeaid_ci.render.rendering import RenderedApp

_MOVING = re.compile(
    r"latest|edge|main|master|head|trunk|nightly|daily|weekly|canary|rolling|snapshot|current|unstable|testing"
    r"|stable|mainline|lts|dev|devel|develop|development|beta|alpha|rc|staging|prod|production|release"
)
_MAJOR_ONLY = re.compile(r"v?\d{1,3}")
_COMMIT = re.compile(r"(?:sha-?|git-?)?[0-9a-f]{7,64}")
_SPLIT = re.compile(r"[-_.]")


def judge_images(
    inventory: ImageInventory, *, registries: Collection[str] = (), locked: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield the findings about images, the subject of each is the image, and about blind objects.

    `registries` are the allowed registries, or paths below one (empty: all); hosts may be globs. `locked` are images
    whose digest a lock file records.
    """
    for listed in inventory.images:
        yield from _of_registry(listed, registries)
        yield from _of_version(listed, locked)
    for blind in inventory.blind:
        if not blind.declared:
            name = f"{blind.namespace}/{blind.name}" if blind.namespace else blind.name
            key = f"{blind.kind} {name}"
            yield rules.BLIND.at(None, f"{blind.kind}: {blind.reason}", subject=f"{blind.subject}: {key}", key=key)


def not_mirrored(apps: Iterable[RenderedApp], mirror: Mirror) -> Iterator[Finding]:
    """Yield a finding for each image of an Application that does not come from the mirror; only likely ones."""
    for app in apps:
        subject = f"{app.cluster}/{app.app}"
        for listed in collect_images([app]).images:
            if listed.confidence is not Confidence.POSSIBLE and not mirror.has(listed.reference):
                message = f"{listed.image} does not come from {mirror}"
                yield rules.NOT_MIRRORED.at(app.path, message, subject=subject, key=listed.image)


def moves(tag: str) -> bool:
    """Return whether a tag is moved to other content by its name.

    So is ``latest``, a word without a version (``stable-alpine``), or a major version (``1``, ``v2``). A two-part
    version is not: many projects release with it.
    """
    if _MAJOR_ONLY.fullmatch(tag):
        return True
    if _COMMIT.fullmatch(tag) and any(character.isdigit() for character in tag):
        return False
    parts = [part.lower() for part in _SPLIT.split(tag) if part]
    if not any(character.isdigit() for character in tag):
        return True
    has_version = re.search(r"\d+\.\d+|\d{4,}", tag) is not None
    return any(_MOVING.fullmatch(part) for part in parts) and (not has_version or parts[-1] == "latest")


def _of_registry(listed: ListedImage, registries: Collection[str]) -> Iterator[Finding]:
    is_allowed = any(is_below(listed.reference, allowed) for allowed in registries)
    if registries and not is_allowed:
        message = f"{listed.registry} is not an allowed registry"
        yield rules.REGISTRY_NOT_ALLOWED.at(None, message, subject=listed.image, key=listed.registry)
    if not is_allowed and (reason := suspicion(listed.registry)):
        yield rules.REGISTRY_SUSPICIOUS.at(None, f"{listed.registry} {reason}", subject=listed.image, key=reason)


def _of_version(listed: ListedImage, locked: Collection[str]) -> Iterator[Finding]:
    if listed.digest:
        return
    if listed.tag:
        if moves(listed.tag):
            yield rules.MUTABLE_TAG.at(None, f"the tag {listed.tag} is moved to new content", subject=listed.image)
    elif listed.confidence is Confidence.CERTAIN or any(place.origin == "custom-resource" for place in listed.found_in):
        yield rules.NO_TAG.at(None, "no tag and no digest, so latest runs", subject=listed.image)
    # The tag of a possible image without one is elsewhere: there is nothing to pin.
    if listed.image not in locked and (listed.tag or listed.confidence is not Confidence.POSSIBLE):
        yield rules.UNPINNED.at(None, "no digest pins the image", subject=listed.image)
