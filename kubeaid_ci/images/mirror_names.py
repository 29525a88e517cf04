"""The name of an image in a mirror: the source registry is a part of the path, so that no two images collide."""

from dataclasses import dataclass, replace
from typing import Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.images.reference import parse_reference
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.net.address import without_credentials


@dataclass(frozen=True, slots=True)
class Mirror:
    """A registry, or a path below one: ``registry.example.com/mirror``."""

    registry: str
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a mirror. Raises `UserError` if no image could have this beginning."""
        host, _, path = text.strip().rstrip("/").partition("/")
        probe = parse_reference("/".join(part for part in (host, path, "a") if part))
        is_host = any(sign in host for sign in ".:") or host == "localhost"
        if probe is None or not is_host or text != text.strip() or probe.tag:
            raise UserError(f"{without_credentials(text)!r}: not a registry; write it as registry.example.com/mirror")
        return cls(host, path)

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}" if self.path else self.registry

    def image(self, image: Image) -> Image:
        """Return the image in the mirror, with the tag and the digest of the original."""
        return replace(image, registry=self.registry.lower(), repository=self.repository(image))

    def repository(self, image: Image) -> str:
        """Return the repository in the mirror, without the mirror's registry."""
        return "/".join(part for part in (self.path, folder_of(image.registry), image.repository) if part)

    def has(self, image: Image) -> bool:
        """Return whether an image is in the mirror."""
        return image.registry == self.registry.lower() and f"{image.repository}/".startswith(
            f"{self.path}/" if self.path else ""
        )

    def prefix(self, registry: str) -> str:
        """Return what replaces the name of a registry in references."""
        return f"{self}/{folder_of(registry)}"


def folder_of(registry: str) -> str:
    """Return the part of a path for a registry, one for all its names: a colon may not be in a path."""
    return Image.parse(f"{registry}/a/b").registry.replace(":", "-").replace("[", "").replace("]", "")
