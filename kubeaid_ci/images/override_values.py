"""Helm values that move images to a mirror: which values name an image or a part of it, and what replaces them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.images.image_fields import role
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.images.reference import has_host, parse_reference
from kubeaid_ci.k8s.image import DOCKER_HUB, Image

Path = tuple[str | int, ...]
ALLOW_INSECURE: Path = ("global", "security", "allowInsecureImages")
"""The value without which charts of Bitnami refuse another registry."""
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that seems to name an image, or a part of it, and what it becomes."""

    path: Path
    before: str
    after: str | bool | int | float | None

    @property
    def key(self) -> str:
        """The path as users write it: ``controller.image.registry``."""
        text = ""
        for part in self.path:
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text


@dataclass(frozen=True, slots=True)
class ImageTexts:
    """The images of an Application as its objects write them, and the beginnings of their names."""

    texts: frozenset[str]
    names: frozenset[str]
    prefixes: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "ImageTexts":
        """Read references as they are written."""
        every = frozenset(texts)
        names = frozenset(written_name(text) for text in every)
        hosted = [name for name in names if has_host(name)]
        prefixes = {"/".join(name.split("/")[:end]) for name in hosted for end in range(1, name.count("/") + 1)}
        return cls(every, names, frozenset(prefixes))


def candidates(values: Mapping[str, Any], images: ImageTexts, mirror: Mirror) -> tuple[Candidate, ...]:
    """Return the values that name images of an Application, or parts of them."""
    return tuple(_candidates(values, (), images, mirror))


def empty_candidates(
    values: Mapping[str, Any], nulls: Iterable[Path], image: Image, mirror: Mirror
) -> Iterator[tuple[Candidate, ...]]:
    """Yield the empty values that could take the registry of an image by their names: a template has a default then.

    `nulls` are the paths of nulls in the default values. For an image of Docker Hub's own, the repository next to the
    registry is set too, because its default is the short name.
    """
    empty = {path for path, value in _leaves(values, ()) if value in (None, "")} | set(nulls)
    for path in sorted(empty, key=str):
        if _part(path) != "registry":
            continue
        registry = Candidate(path, "", mirror.prefix(image.registry))
        yield (registry,)
        siblings = [each for each in empty if each[:-1] == path[:-1] and _part(each) == "repository"]
        if image.repository.startswith("library/"):
            yield from ((registry, Candidate(each, "", image.repository)) for each in siblings)


def has_value(values: Mapping[str, Any], path: Path) -> bool:
    """Return whether a chart or one of its subcharts has a default value at this path."""
    value: Any = values
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return any(has_value(each, path) for each in values.values() if isinstance(each, Mapping))
        value = value[part]
    return True


def null_candidates(
    values: Mapping[str, Any], nulls: Iterable[Path], chosen: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Return what keeps the values at default nulls as templates see them, in the subcharts that candidates set.

    `values` are the merged values. A value that is missing in them is set to null, which deletes it again.
    """
    touched = {each.path[0] for each in chosen}
    found = {}
    for path in nulls:
        if path[0] in touched and not any(each.path == path for each in chosen):
            value: Any = values
            for part in path:
                value = _below(value, part)
            if not isinstance(value, Mapping | list):
                found[path] = Candidate(path, "", value)
    return tuple(found.values())


def override_text(values: Mapping[str, Any], chosen: Sequence[Candidate], *, header: str = "") -> str:
    """Return a values file that sets the candidates. A list is written whole, because Helm does not merge lists."""
    result: dict[str, Any] = {}
    for each in chosen:
        _set(result, values, each.path, each.after)
    return f"{header}{documents.dump(result)}" if result else ""


def _candidates(value: Any, path: Path, images: ImageTexts, mirror: Mirror) -> Iterator[Candidate]:
    for inner, leaf in _leaves(value, path):
        if isinstance(leaf, str) and leaf and len(leaf) < _LONGEST:
            after = _redirect(leaf, inner, images, mirror)
            if after is not None and after != leaf:
                yield Candidate(inner, leaf, after)


def _redirect(text: str, path: Path, images: ImageTexts, mirror: Mirror) -> str | None:
    """Return what a value becomes; None if it has to do with no image."""
    if any(sign in text for sign in "\n =,"):
        return _in_text(text, images, mirror)
    plain, part = text.rstrip("/"), _part(path)
    # A template may add a suffix to the name: quay.io/cilium/operator and -generic.
    is_start = has_host(plain) and any(name.startswith(f"{plain}-") for name in images.names)
    if plain in images.texts or _is_known(plain, images) or is_start:
        # A single word such as redis may be the name of anything.
        is_word = not any(sign in plain for sign in "/:")
        return None if is_word and part not in ("repository", "image") else _mirrored(plain, mirror)
    if plain in images.prefixes:
        host, _, rest = text.partition("/")
        return f"{mirror.prefix(host)}{'/' if '/' in text else ''}{rest}"
    is_short = part in ("repository", "image") and "/" not in plain and f"{DOCKER_HUB}/{plain}" in images.names
    return f"library/{plain}" if is_short else None


def _part(path: Path) -> str:
    """Return the part of a reference that a value is by its name, such as ``registry``; empty for any other name."""
    name = next((part for part in reversed(path) if isinstance(part, str)), "")
    return (role(name) or ((), ""))[1]


def _is_known(text: str, images: ImageTexts) -> bool:
    """Return whether a reference is an image of the Application, perhaps with another tag."""
    return written_name(text) in images.names and parse_reference(text) is not None


def _mirrored(text: str, mirror: Mirror) -> str | None:
    image = parse_reference(text)
    if image is None:
        return None
    rest = text[len(written_name(text)) :]
    return f"{mirror.registry}/{mirror.repository(image)}{rest}"


def _in_text(text: str, images: ImageTexts, mirror: Mirror) -> str | None:
    """Return a longer text with the names of images in it replaced; only names with a host are sure to be images."""
    result = text
    for name in sorted((name for name in images.names if has_host(name)), key=len, reverse=True):
        image = parse_reference(name)
        if image is not None and name in result:
            pattern = rf"(?<![\w./-]){re.escape(name)}(?![\w./-])"
            result = re.sub(pattern, f"{mirror.registry}/{mirror.repository(image)}", result)
    return result


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(below, (*path, str(key)))
    elif isinstance(value, list):
        for place, below in enumerate(value):
            yield from _leaves(below, (*path, place))
    else:
        yield path, value


def _set(result: Any, values: Any, path: Path, after: Any) -> None:
    """Set a value below `result`, whose lists are filled from the merged `values`."""
    target, source = result, values
    for part, following in pairwise(path):
        source = _below(source, part)
        if isinstance(part, str) and part not in target:
            target[part] = _copied(source) if isinstance(following, int) else {}
        target = target[part]
    target[path[-1]] = after


def _below(value: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return value[part] if isinstance(value, list) and part < len(value) else None
    return value.get(part) if isinstance(value, Mapping) else None


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(below) for key, below in value.items()}
    return [_copied(below) for below in value] if isinstance(value, list) else value


def written_name(text: str) -> str:
    """Return a reference as it is written, without tag and digest."""
    name = text.partition("@")[0]
    colon = name.rfind(":")
    return name[:colon] if colon > name.rfind("/") else name
