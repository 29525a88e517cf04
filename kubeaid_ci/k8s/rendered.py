"""Rendered texts as objects, and which of their values are another in every rendering."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.manifest import MASK, ObjectId, objects

_LARGE = 1_000
_NAME = ("metadata", "name")
_NAME_PARTS = re.compile(r"([-.])")
# What separates the parts of a line; what is made by chance is mostly of letters, digits and the others of Base64.
_PARTS = re.compile(r"([\s:@,;&?|\"'()\[\]{}<>]+)")
_SHORTEST_ENCODED = 32
_PEM = "-----BEGIN "
Files = Iterable[tuple[str, str]]
Steps = tuple[str | int, ...]


class Rendered(NamedTuple):
    """One object, as data, and the file that it came from."""

    path: str
    body: dict[str, Any]
    json: str = ""
    """The body as JSON, where that is known: many clusters share large definitions."""


class Varying(NamedTuple):
    """A field that varies from rendering to rendering. If its structure changes (`shaped`), it cannot be masked."""

    path: str
    key: ObjectId
    field: str
    shaped: bool


def parsed(files: Files) -> list[Rendered]:
    """Return the objects of rendered files in order, with the items of Lists. Raises `UserError` as Argo CD refuses."""
    return [item for path, text in files for item in _objects(path, text)]


def settled(files: Iterable[tuple[str, str, str]]) -> tuple[list[Rendered], list[Varying]]:
    """Return the objects of files rendered twice from the same input, each with its two texts: what varies, masked.

    Only a value is ever masked, and of a text only the parts that differ. A difference of any other shape is reported
    and stays as in the first rendering.
    """
    found: list[Rendered] = []
    varying: list[Varying] = []
    for path, text, again in files:
        here = _objects(path, text)
        found += here if again == text else _settled(here, _objects(path, again), varying)
    return found, varying


def _objects(path: str, text: str) -> list[Rendered]:
    if len(text) < _LARGE:
        return _read(path, text)
    try:
        return [item._replace(path=path) for item in _read_once(text)]
    except UserError:
        return _read(path, text)  # fails again, and names the file


def _read(path: str, text: str) -> list[Rendered]:
    found = []
    for document in documents.load_all(text, where=path):
        for manifest in objects(path, document):
            if not isinstance(manifest.body, dict) or not manifest.key.kind:
                raise UserError(f"{path}: renders a document that is no Kubernetes object: it has no kind")
            found.append(Rendered(path, manifest.body))
    return found


@lru_cache(maxsize=2048)
def _read_once(text: str) -> tuple[Rendered, ...]:
    """Return the objects of a text. Clusters share identical CRDs and dashboards, which nothing modifies."""
    return tuple(item._replace(json=as_json(item.body)) for item in _read("a file", text))


def as_json(value: Any) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _settled(first: list[Rendered], second: list[Rendered], varying: list[Varying]) -> Iterator[Rendered]:
    if [_kind(item.body) for item in first] != [_kind(item.body) for item in second]:
        varying += [Varying(item.path, ObjectId.of(item.body), "", shaped=True) for item in first]
        yield from first
        return
    for one, other in zip(first, second, strict=True):
        varied: list[tuple[Steps, bool]] = []
        body = _masked(one.body, other.body, (), varied)
        varying += [Varying(one.path, ObjectId.of(body), _written(steps), shaped) for steps, shaped in varied]
        yield Rendered(one.path, body)


def _kind(body: dict[str, Any]) -> ObjectId:
    """Return the identity of an object without its name, which may vary like any value."""
    return replace(ObjectId.of(body), name="", place=0)


def _masked(one: Any, other: Any, steps: Steps, varied: list[tuple[Steps, bool]]) -> Any:
    match one, other:
        case dict(), dict() if one.keys() == other.keys():
            return {key: _masked(value, other[key], (*steps, key), varied) for key, value in one.items()}
        case list(), list() if len(one) == len(other):
            pairs = zip(one, other, strict=True)
            return [_masked(*pair, (*steps, at), varied) for at, pair in enumerate(pairs)]
        case _ if one == other and type(one) is type(other):
            return one
        case str(), str():
            varied.append((steps, False))
            return _name(one, other) if steps == _NAME else _text(one, other)
    shaped = isinstance(one, dict | list) or isinstance(other, dict | list)
    varied.append((steps, shaped))
    return one if shaped else MASK


def _name(one: str, other: str) -> str:
    """Return the name of an object with its varying parts masked. Parts are between hyphens and dots."""
    parts, others = _NAME_PARTS.split(one), _NAME_PARTS.split(other)
    if len(parts) != len(others):
        same = [a for a, b in takewhile(_equal, zip(parts, others, strict=False))]
        return "".join(same) + MASK
    masked = "".join(a if a == b else MASK for a, b in zip(parts, others, strict=True))
    return re.sub(rf"{re.escape(MASK)}(?:[-.]{re.escape(MASK)})+", MASK, masked)


def _text(one: str, other: str) -> str:
    """Return a text with its varying parts masked, so that a change of the others shows; also a text in Base64."""
    inside = _decoded(one), _decoded(other)
    if inside[0] is None or inside[1] is None:
        return _lines(one, other)
    masked = _lines(inside[0], inside[1])
    return MASK if masked == MASK or masked.startswith(_PEM) else base64.b64encode(masked.encode()).decode()


def _lines(one: str, other: str) -> str:
    """Mask what differs in each line. Neighbouring lines that vary as a whole are one: their number may vary too."""
    lines, others = one.split("\n"), other.split("\n")
    if len(lines) == len(others):
        masked = [a if a == b else _line(a, b) for a, b in zip(lines, others, strict=True)]
    else:
        start = sum(1 for _ in takewhile(_equal, zip(lines, others, strict=False)))
        rest = list(zip(reversed(lines[start:]), reversed(others[start:]), strict=False))
        end = sum(1 for _ in takewhile(_equal, rest))
        masked = [*lines[:start], MASK, *lines[len(lines) - end :]]
    return "\n".join(a for a, before in zip(masked, ["", *masked], strict=False) if (a, before) != (MASK, MASK))


def _equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _line(one: str, other: str) -> str:
    parts, others = _PARTS.split(one), _PARTS.split(other)
    same = [a == b for a, b in zip(parts[::2], others[::2], strict=False)]
    if parts[1::2] != others[1::2] or not any(part and is_same for part, is_same in zip(parts[::2], same, strict=True)):
        return MASK
    return "".join(a if a == b else MASK for a, b in zip(parts, others, strict=True))


def _decoded(text: str) -> str | None:
    """Return what a text in Base64 holds, if that is a text of some length."""
    if len(text) < _SHORTEST_ENCODED:
        return None
    try:
        found = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return found if found.replace("\n", "").replace("\t", "").replace("\r", "").isprintable() else None


def _written(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
