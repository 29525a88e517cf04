"""A container image's reference."""

from dataclasses import dataclass
from typing import Self

DOCKER_HUB = "docker.io"
_SAME_PLACE = {
    "index.docker.io": DOCKER_HUB,
    "registry-1.docker.io": DOCKER_HUB,
    "ecr-public.aws.com": "public.ecr.aws",
}
"""Other names of registries."""


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
        has_host = bool(slash) and is_host(first)
        registry, path = (first.lower(), rest) if has_host else (DOCKER_HUB, name)
        repository, _, tag = path.partition(":")
        registry = _SAME_PLACE.get(registry, registry)
        if registry == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(registry, repository, tag, digest)

    @property
    def name(self) -> str:
        """The registry and the repository."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        return f"{self.name}{self.tag and f':{self.tag}'}{self.digest and f'@{self.digest}'}"

    @property
    def is_fixed(self) -> bool:
        """Return whether the reference names a version: a digest, or a tag that does not move by its name."""
        return bool(self.digest) or self.tag not in ("", *_MOVING)


def is_host(part: str) -> bool:
    """Return whether the part of a reference before its first slash is a registry.

    The rule is `splitDockerDomain` of https://github.com/distribution/reference.
    """
    return any(sign in part for sign in ".:") or part == "localhost" or part.lower() != part


_MOVING = ("latest", "edge", "main", "master", "nightly", "stable", "dev", "develop")
