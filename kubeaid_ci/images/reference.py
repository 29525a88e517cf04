"""References of images by the grammar of container runtimes, and how to find them in text.

The grammar is that of https://github.com/distribution/reference (``regexp.go`` and ``normalize.go``).
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from kubeaid_ci.images.registries import is_registry
from kubeaid_ci.k8s.image import Image, is_host
from kubeaid_ci.k8s.manifest import MASK

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_NAME = re.compile(rf"(?:({_HOST})/)?({_PART}(?:/{_PART})*)", re.ASCII)
_REST = re.compile(rf"(?::({_TAG}))?(?:@({_DIGEST}))?", re.ASCII)
_TAG_ONLY = re.compile(_TAG, re.ASCII)
_DIGEST_ONLY = re.compile(_DIGEST, re.ASCII)
_LONGEST_NAME = 255
LONGEST_SHOWN = 512
"""Characters of an image in a message; a reference that a registry takes has at most 416."""
_LONGEST = _LONGEST_NAME + 1 + 128 + 1 + 160
_HEX_ID = re.compile(r"[a-f0-9]{64}")
# A host with a dot, in running text: what is around it must not belong to a longer word or address.
_IN_TEXT = re.compile(
    rf"(?<![\w./:@%$-])((?:{_LABEL}\.)+{_LABEL}(?::[0-9]+)?)/({_PART}(?:/{_PART})*)"
    rf"(?::({_TAG}))?(?:@({_DIGEST}))?(?![\w/:@-])",
    re.ASCII,
)


@lru_cache(maxsize=16_384)
def parse_reference(text: str) -> Image | None:
    """Return the image that a text names in full; None if a container runtime would refuse the text."""
    if not text or len(text) > _LONGEST or _HEX_ID.fullmatch(text):
        return None
    end = _end_of_name(text)
    name, rest = _NAME.fullmatch(text, 0, end), _REST.fullmatch(text, end)
    if name is None or rest is None or len(name[0]) > _LONGEST_NAME:
        return None
    # A first part that is not a host belongs to the repository, which allows fewer characters.
    if name[1] and not is_host(name[1]) and not re.fullmatch(_PART, name[1], re.ASCII):
        return None
    return Image.parse(text)


def is_invalid(text: str) -> bool:
    """Return whether a container runtime refuses a text, without the spaces around it, as an image.

    False for an empty text, and for one with a part that varies with each rendering: its full form is not known.
    """
    return bool(text.strip()) and MASK not in text and parse_reference(text.strip()) is None


def has_host(text: str) -> bool:
    """Return whether a reference names its registry."""
    host, slash, _ = text.partition("/")
    return bool(slash) and is_host(host)


def join_reference(repository: str, version: str) -> str:
    """Return the reference of a repository and its tag or digest, which may be empty."""
    if not version:
        return repository
    return f"{repository}@{version}" if _DIGEST_ONLY.fullmatch(version) else f"{repository}:{version}"


def is_tag(text: str) -> bool:
    """Return whether a text can be a tag or a digest."""
    return bool(_TAG_ONLY.fullmatch(text) or _DIGEST_ONLY.fullmatch(text))


def references_in(text: str, registries: frozenset[str] = frozenset()) -> Iterator[tuple[str, int]]:
    """Yield references in running text with their place: those at a known registry, with a tag or a digest.

    `registries` are known besides those of the table.
    """
    for match in _IN_TEXT.finditer(text):
        if (match[3] or match[4]) and is_registry(match[1], registries) and parse_reference(match[0]):
            yield match[0], match.start()


def _end_of_name(text: str) -> int:
    """Return where the tag or the digest begins: a colon before the last slash is that of a port."""
    digest = text.find("@")
    end = len(text) if digest < 0 else digest
    colon = text.rfind(":", 0, end)
    return colon if colon > text.rfind("/", 0, end) else end
