"""Fields, variables and flags that name an image by their names, in one value or in parts.

The parts are registry, repository and tag, in fields or variables of their own.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kubeaid_ci.images.reference import has_host, is_tag, join_reference, parse_reference
from kubeaid_ci.images.registries import is_registry

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_IMAGE = frozenset({"image", "images"})
_OTHER_THINGS = frozenset(
    {
        "arch", "class", "count", "digest", "enabled", "family", "format", "gc", "id", "info", "namespace", "os",
        "path", "policy", "policies", "prefix", "pull", "registry", "scan", "secret", "secrets", "size", "tag",
        "tags", "type", "update", "updater", "version",
    }
)  # fmt: skip
"""Last words of names that have "image" in them and a value that is no reference: ``imagePullPolicy``."""

_ROLES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("image", "registry"), "registry"),
    (("image", "repo", "url"), "registry"),
    (("registry", "url"), "registry"),
    (("repository", "url"), "registry"),
    (("repo", "url"), "registry"),
    (("registry",), "registry"),
    (("image", "repository"), "repository"),
    (("image", "repo"), "repository"),
    (("repository",), "repository"),
    (("repo",), "repository"),
    (("image", "name"), "image"),
    (("image",), "image"),
    (("name",), "name"),
    (("image", "tag"), "tag"),
    (("tag",), "tag"),
    (("image", "digest"), "digest"),
    (("digest",), "digest"),
    (("image", "version"), "version"),
    (("version",), "version"),
)


@lru_cache(maxsize=16_384)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``RELATED_IMAGE_X``, ``relatedImage.x`` and ``related-image-x``."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=16_384)
def names_image(name: str) -> bool:
    """Return whether the value of a field, variable or flag is an image by its name."""
    found = words(name)
    if not found or found[-1] in _OTHER_THINGS:
        return False
    return not _IMAGE.isdisjoint(found) or found[-1] == "reloader"


@lru_cache(maxsize=16_384)
def names_repository(name: str) -> bool:
    """Return whether the value is a repository by its name: a reference that may have no tag."""
    found = words(name)
    return bool(found) and found[-1] in ("repository", "repo", "ref", "reference")


@lru_cache(maxsize=16_384)
def role(name: str) -> tuple[tuple[str, ...], str] | None:
    """Return the part of a reference that a name means, after the words that it shares with the other parts."""
    found = words(name)
    for suffix, part in _ROLES:
        if found[-len(suffix) :] == suffix:
            return found[: -len(suffix)], part
    return None


@dataclass(frozen=True, slots=True)
class Joined:
    """A reference that is put together from fields of one mapping.

    `key` is the field of the repository, `keys` are all fields that it is made of. `is_flat` is true if the fields
    share a prefix (``trivy.repository`` and ``trivy.tag``), so that only their names show that they belong together.
    """

    text: str
    key: str
    keys: frozenset[str]
    is_flat: bool


_Part = tuple[str, str]
"""The field and its value."""


def joined_references(
    fields: Mapping[str, Any], registries: frozenset[str] = frozenset(), *, in_image: bool
) -> Iterator[Joined]:
    """Yield the references whose parts are fields of a mapping. `in_image` is true if its own name has "image" in it.

    A repository whose registry is unknown and whose name does not show that it is an image is left out: it may be one
    of Git or of charts.
    """
    groups: dict[tuple[str, ...], dict[str, _Part]] = defaultdict(dict)
    for key, value in fields.items():
        if isinstance(value, dict | list | bool) or value is None or not isinstance(key, str):
            continue
        if (found := role(key)) and (text := str(value).strip()):
            groups[found[0]].setdefault(found[1], (key, text))
    for prefix, parts in groups.items():
        if joined := _join(
            parts, registries, in_image=in_image or any("image" in key.lower() for key, _ in parts.values())
        ):
            text, key, keys = joined
            yield Joined(text, key, frozenset(keys), bool(prefix))


def _join(
    parts: Mapping[str, _Part], registries: frozenset[str], *, in_image: bool
) -> tuple[str, str, list[str]] | None:
    registry = parts.get("registry")
    base = _base(parts)
    if base is None:
        return None
    keys, repository = base
    if registry and not has_host(repository):
        keys, repository = [*keys, registry[0]], f"{registry[1].rstrip('/')}/{repository}"
    image = parse_reference(repository)
    if image is None or image.tag or image.digest:
        return None
    if not in_image and not (has_host(repository) and is_registry(image.registry, registries)):
        return None
    version = _version(parts, repository)
    if version is None:
        return (repository, keys[0], keys) if len(keys) > 1 else None
    return join_reference(repository, version[1]), keys[0], [*keys, version[0]]


def _base(parts: Mapping[str, _Part]) -> tuple[list[str], str] | None:
    """Return the repository without the registry, and its fields."""
    repository, image, registry = parts.get("repository"), parts.get("image"), parts.get("registry")
    if image is None and registry and repository is None:
        image = parts.get("name")
    if repository and image and "/" not in image[1] and not repository[1].endswith(f"/{image[1]}"):
        return [image[0], repository[0]], f"{repository[1].rstrip('/')}/{image[1]}"
    found = repository or image
    return ([found[0]], found[1]) if found else None


def _version(parts: Mapping[str, _Part], repository: str) -> _Part | None:
    """Return the digest, else the tag. A version next to a name without a path may be that of anything."""
    names = ["digest", "tag", "version"] if "/" in repository else ["digest", "tag"]
    for name in names:
        part = parts.get(name)
        if part and is_tag(part[1]):
            return part
    return None
