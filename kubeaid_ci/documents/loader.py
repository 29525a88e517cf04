"""Reading YAML as Kubernetes does: sigs.k8s.io/yaml, which is go-yaml v2 and then JSON.

So `yes` and `on` are booleans, `0o17` and `1_000` integers, `1e+06` is a float, `=` and timestamps
are text, mapping keys are always text, and a key given twice means the last.
"""

import base64
import binascii
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import yaml

from kubeaid_ci.documents import straight
from kubeaid_ci.documents.nodes import MAX_DEPTH, Alias, Branch, Document, Leaf, Node, decoded, documents, is_merge
from kubeaid_ci.documents.pieces import pieces
from kubeaid_ci.documents.resolve import plain_value, reads_as_text
from kubeaid_ci.errors import UserError

MAX_ALIASED = 400_000
"""Maximum number of values that aliases repeat in one document; about what go-yaml allows."""

MAX_ALIASED_TEXT = 16 * 1024 * 1024
"""Maximum number of characters of scalars that aliases repeat in one document."""

_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, type] = {"bool": bool, "int": int, "float": float, "null": type(None)}

Path = tuple[str | int, ...]


def load_all(text: str | bytes, *, where: str, unique: bool = False, typed: bool = False) -> list[Any]:
    """Read all documents of a text, cut by Helm's rule, without those that hold comments only.

    Gives dict (keys are text), list, str, int, float, bool and None. Raises `UserError` that names
    ``where:line`` for invalid YAML, text that is not UTF-8 or too large, alias bombs, numbers that JSON lacks and, with
    `unique`, a key that a mapping has twice. A file of a Go type (`typed`) may have such a number as a text.
    """
    characters = decoded(text, where)
    try:
        return [value for _, piece in pieces(characters) for value in straight.values(piece, unique=unique)]
    except (straight.UnusualError, yaml.YAMLError, UnicodeEncodeError):
        for path, line in duplicate_keys(characters, where) if unique else ():
            raise UserError(f"{where}:{line}: the key {path[-1]} is set twice") from None
        return [_Values(document, is_typed=typed).value(document.root, 0) for document in documents(characters, where)]


def load(text: str | bytes, *, where: str, unique: bool = False, typed: bool = False) -> Any:
    """Read the document of a text, None if it has none. Raises `UserError` for several, like `load_all`."""
    found = load_all(text, where=where, unique=unique, typed=typed)
    if len(found) > 1:
        raise UserError(f"{where}: expected one YAML document, found {len(found)}; keep one of them")
    return found[0] if found else None


def load_texts(text: str | bytes, *, where: str) -> Any:
    """Read the one document of a text with every scalar as it is written: ``1.30`` is not the number 1.3.

    A null is None. Raises as `load`.
    """
    found = [_Values(each, _written).value(each.root, 0) for each in documents(decoded(text, where), where)]
    if len(found) > 1:
        raise UserError(f"{where}: expected one YAML document, found {len(found)}; keep one of them")
    return found[0] if found else None


def _written(text: str) -> str | None:
    return None if plain_value(text) is None else text


def load_spelled(text: str, *, where: str) -> Any:
    """Read the one document of a text with the spelling of each scalar that programs read in different ways.

    Such a scalar, ``1.10``, ``010``, ``yes`` or ``2020-01-01`` without quotes, is a tuple of its text; a null is None.
    Raises as `load`.
    """
    found = [_Values(each, _spelled).value(each.root, 0) for each in documents(text, where)]
    return found[0] if found else None


def _spelled(text: str) -> Any:
    value = plain_value(text)
    return value if value is None or reads_as_text(text) else (text,)


def locate(text: str | bytes, path: Sequence[str | int], *, document: int = 0) -> int | None:
    """Find the line (from 1) of a mapping key or a list item; None if there is no such path.

    `document` counts as in `load_all`. An empty path is where the document starts. Raises
    `UserError` for invalid YAML.
    """
    return locate_all(text, [path], document=document)[0]


def locate_all(text: str | bytes, paths: Sequence[Sequence[str | int]], *, document: int = 0) -> list[int | None]:
    """Find the lines of several keys or items as `locate` does, reading the text once."""
    found = next(islice(documents(text, "YAML"), document, None), None)
    return [None if found is None else _line(found, path) for path in paths]


def _line(document: Document, path: Sequence[str | int]) -> int | None:
    steps = list(follow(document, path))
    return document.line(steps[-1][0]) if len(steps) > len(path) else None


def duplicate_keys(text: str | bytes, where: str) -> list[tuple[Path, int]]:
    """Find the keys given again in one mapping: path and line of each repetition, in text order."""
    return [found for document in documents(text, where) for found in _repeated(document, document.root, ())]


def follow(document: Document, path: Sequence[str | int]) -> Iterator[tuple[Node, Node]]:
    """Walk a path: for the root and for each step, the key (or the item) and what it holds.

    Ends early where the path leads nowhere. A key given twice means the last.
    """
    node = document.root
    yield node, node
    for step in path:
        found = _child(document, node.target if isinstance(node, Alias) else node, step)
        if found is None:
            return
        node = found[1]
        yield found


def _child(document: Document, node: Node, step: str | int) -> tuple[Node, Node] | None:
    if not isinstance(node, Branch):
        return None
    if node.is_mapping:
        pairs = [pair for pair in node.pairs if not is_merge(pair[0])]
        return next((pair for pair in reversed(pairs) if document.key(pair[0]) == step), None)
    if isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step], node.items[step]
    return None


def _repeated(document: Document, node: Node, path: Path) -> Iterator[tuple[Path, int]]:
    if not isinstance(node, Branch):
        return
    names = set()
    steps = ((key, document.key(key), value) for key, value in node.pairs) if node.is_mapping else ()
    for key, name, value in steps:
        if name in names and not is_merge(key):
            yield (*path, name), document.line(key)
        names.add(name)
        yield from _repeated(document, value, (*path, name))
    for index, item in enumerate(() if node.is_mapping else node.items):
        yield from _repeated(document, item, (*path, index))


class _Values:
    """Makes the values of one document, counting what aliases repeat."""

    def __init__(
        self, document: Document, plain: Callable[[str], Any] = plain_value, *, is_typed: bool = False
    ) -> None:
        self.document = document
        self.plain = plain
        self.is_typed = is_typed
        self.aliased = self.aliased_text = 0
        self.in_alias = False

    def value(self, node: Node, depth: int) -> Any:
        """Make the value of a node; `depth` counts the collections around it."""
        if isinstance(node, Leaf):
            return self._plain(node) if node.implicit[0] else self._marked(node)
        if isinstance(node, Alias):
            return self._again(node, depth)
        if self.in_alias:
            self._count(node)
        if depth > MAX_DEPTH:
            raise self.document.error(node, f"nested deeper than {MAX_DEPTH} levels")
        if node.is_mapping:
            return self._mapping(node, depth + 1)
        return [self.value(item, depth + 1) for item in node.items]

    def _mapping(self, node: Branch, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in node.pairs:
            name = self.document.key(key)
            if name == "<<" and is_merge(key):
                self._merge(result, item, depth)
            elif type(item) is Leaf and item.implicit[0]:  # as most are; a call each is a tenth of all the time
                result[name] = self._plain(item)
            else:
                result[name] = self.value(item, depth)
        return result

    def _merge(self, into: dict[str, Any], node: Node, depth: int) -> None:
        """Take in one mapping, or several of which the first counts most; what follows wins, as in Go."""
        merged = self.value(node, depth)
        for mapping in reversed(merged) if isinstance(merged, list) else [merged]:
            if not isinstance(mapping, dict):
                raise self.document.error(node, "<< takes a mapping or a list of mappings")
            into.update(mapping)

    def _again(self, node: Alias, depth: int) -> Any:
        if isinstance(node.target, Leaf):
            self._count_text(node, [node.target])
        outer, self.in_alias = self.in_alias, True
        result = self.value(node.target, depth)
        self.in_alias = outer
        return result

    def _count(self, node: Branch) -> None:
        self.aliased += len(node.items) + 1
        if self.aliased > MAX_ALIASED:
            raise self.document.error(node, f"aliases repeat more than {MAX_ALIASED:,} values")
        self._count_text(node, node.items)

    def _count_text(self, node: Node, items: Sequence[Node]) -> None:
        self.aliased_text += sum(len(item.value) for item in items if isinstance(item, Leaf))
        if self.aliased_text > MAX_ALIASED_TEXT:
            raise self.document.error(node, f"aliases repeat more than {MAX_ALIASED_TEXT >> 20} MiB of text")

    def _plain(self, leaf: Leaf) -> Any:
        value = self.plain(leaf.value)
        if type(value) is float and not self.is_typed and not math.isfinite(value):
            raise self.document.error(leaf, f"{leaf.value} is no number in JSON, so Kubernetes refuses it; quote it")
        return value

    def _marked(self, leaf: Leaf) -> Any:
        """Make the value of a scalar in quotes, in a block, or with a tag."""
        tag = (leaf.tag or "").removeprefix(_TAG)
        if tag == "binary":
            return self._binary(leaf)
        if tag not in _TYPES:
            return leaf.value
        value = plain_value(leaf.value)
        if tag == "float" and type(value) is int:
            return float(value)
        if type(value) is not _TYPES[tag]:
            raise self.document.error(leaf, f"this value is not of the type its tag !!{tag} names")
        return value

    def _binary(self, leaf: Leaf) -> str:
        try:
            digits = leaf.value.replace("\n", "").replace("\r", "")
            return base64.b64decode(digits, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            raise self.document.error(leaf, "the value of the tag !!binary is not base64") from None
