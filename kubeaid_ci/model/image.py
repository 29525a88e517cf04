"""A container image's reference."""

from dataclasses import dataclass
from typing import Self

_DOCKER_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Image:
    """An image as a manifest names it, with what a container runtime understands by it.

    `repository` has no registry in it; that of Docker Hub's own images begins with ``library/``.
    `tag` and `digest` are empty where the reference has none.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference; any text is one, as Kubernetes takes any."""
        name, _, digest = text.strip().partition("@")
        first, slash, rest = name.partition("/")
        is_host = bool(slash) and (any(sign in first for sign in ".:") or first == "localhost")
        registry, path = (first, rest) if is_host else (_DOCKER_HUB, name)
        repository, _, tag = path.partition(":")
        if registry in ("index.docker.io", "registry-1.docker.io"):
            registry = _DOCKER_HUB
        if registry == _DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(registry.lower(), repository, tag, digest)

    @property
    def name(self) -> str:
        """The registry and the repository."""
        return f"{self.registry}/{self.repository}"

    @property
    def is_fixed(self) -> bool:
        """Return whether the reference names a version: a digest, or a tag that does not move by its name."""
        return bool(self.digest) or self.tag not in ("", *_MOVING)


_MOVING = ("latest", "edge", "main", "master", "nightly", "stable", "dev", "develop")
