"""Compare an Application before and after an override: the images moved, and nothing else changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.images.field_paths import Path, show
from kubeaid_ci.images.find import images_in
from kubeaid_ci.images.kinds import ImageKind
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.reference import parse_reference
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.k8s.manifest import Manifest, ObjectId

Kinds = Mapping[tuple[str, str], ImageKind]
_HASHES = ("checksum", "hash", "sha256")
"""Names of fields that hold a hash of other objects, which changes with them."""


@dataclass(frozen=True, slots=True)
class Use:
    """An image at a field of an object."""

    image: Image
    text: str
    key: ObjectId
    path: str
    file: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of a comparison: the uses that moved, those that did not, and what else changed."""

    moved: tuple[Use, ...]
    left: tuple[Use, ...]
    others: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """True if nothing but images changed."""
        return not self.others


def uses_of(manifests: Sequence[Manifest], kinds: Kinds, mirror: Mirror) -> tuple[Use, ...]:
    """Return every use of an image by the objects of an Application."""
    return tuple(
        Use(hit.image, hit.text, manifest.key, hit.path, manifest.path)
        for manifest in manifests
        for hit in images_in(manifest, kinds, registries={mirror.registry})
    )


def compare(before: Sequence[Manifest], after: Sequence[Manifest], mirror: Mirror, kinds: Kinds) -> Proof:
    """Return which images of an Application moved to the mirror, and what else changed."""
    moved_to = {(use.key, use.path): use.image for use in uses_of(after, kinds, mirror)}
    moved: list[Use] = []
    left: list[Use] = []
    for use in uses_of(before, kinds, mirror):
        is_moved = moved_to.get((use.key, use.path)) == mirror.image(use.image)
        (moved if is_moved else left).append(use)
    return Proof(tuple(moved), tuple(left), tuple(_others(before, after, mirror)))


def _others(before: Sequence[Manifest], after: Sequence[Manifest], mirror: Mirror) -> Iterator[str]:
    old = {manifest.key: manifest for manifest in before}
    new = {manifest.key: manifest for manifest in after}
    yield from (f"{key} is removed" for key in old if key not in new)
    yield from (f"{key} is added" for key in new if key not in old)
    for key, manifest in old.items():
        if key in new and manifest.body is not new[key].body:
            for path in _differing(manifest.body, new[key].body, (), mirror):
                yield f"{key}: {show(manifest.body, path)}"


def _differing(before: Any, after: Any, path: Path, mirror: Mirror) -> Iterator[Path]:
    """Yield the paths that differ by more than the move of an image."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            if key not in before or key not in after:
                yield (*path, str(key))
            elif before[key] != after[key]:
                yield from _differing(before[key], after[key], (*path, str(key)), mirror)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differing(old, new, (*path, place), mirror)
    elif before != after and not _is_move(before, after, path, mirror):
        yield path


def _is_move(before: Any, after: Any, path: Path, mirror: Mirror) -> bool:
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    old, new = parse_reference(before), parse_reference(after)
    if _plain(before, mirror) == _plain(after, mirror) or (old and new and mirror.image(old) == new):
        return True
    name = str(path[-1]).lower()
    return any(word in name for word in _HASHES) and len(before) == len(after)


def _plain(text: str, mirror: Mirror) -> str:
    """Return a text without the mirror, and with the short spelling of Docker Hub's images."""
    return text.replace(f"{mirror}/", "").replace("docker.io/library/", "").replace("docker.io/", "")
