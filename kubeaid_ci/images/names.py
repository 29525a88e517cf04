"""Names of fields, variables and flags: which of them name an image, or a part of one."""

import re
from functools import lru_cache

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
