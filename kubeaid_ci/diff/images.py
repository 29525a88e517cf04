"""The images of a comparison, each once, with the versions that it has before and after."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubeaid_ci.diff.comparison import ImageChange
from kubeaid_ci.k8s.image import Image

_DIGEST = 12
"""Number of hex digits shown of a digest, as in container tools."""


@dataclass(frozen=True, slots=True)
class ImageLine:
    """One image as it is after a change, empty if it is removed, with its versions before.

    `is_new` is true if a cluster runs it that did not run it in any version.
    """

    name: str
    before: tuple[str, ...]
    after: str
    is_new: bool

    def text(self) -> str:
        """Such as ``redis 7.2.11, 8.2.3 → 8.6.4 (new in some clusters)``."""
        if not self.after:
            return f"removed {self.name} {', '.join(self.before)}".rstrip()
        if not self.before:
            return f"new {self.name} {self.after}".rstrip()
        return f"{self.name} {', '.join(self.before)} → {self.after}{' (new in some clusters)' if self.is_new else ''}"


def image_lines(images: Iterable[ImageChange]) -> Sequence[ImageLine]:
    """Return the images by name, one line for each version that they get, and one for the versions that are removed."""
    found: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for image in images:
        after, before = image.after or "", image.before
        found[Image.parse(after or before or "").name, after].add(before)
    return [
        ImageLine(name, tuple(sorted(version(one) for one in before if one)), version(after), None in before)
        for (name, after), before in sorted(found.items())
    ]


def version(image: str) -> str:
    """Return the tag and the shortened digest of an image; ``latest`` if it has neither."""
    if not image:
        return ""
    parsed = Image.parse(image)
    algorithm, _, digest = parsed.digest.partition(":")
    short = f"@{algorithm}:{digest[:_DIGEST]}" if digest else ""
    return f"{parsed.tag}{short}" or "latest"
