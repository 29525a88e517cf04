"""The tree of a YAML document, with places, from PyYAML's C parser.

The tree is built from the parser's events: twice as fast as PyYAML's own composer, and safe from
the crash that deep nesting causes in it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from kubeaid_ci.documents.pieces import pieces
from kubeaid_ci.documents.resolve import plain_value
from kubeaid_ci.documents.scalars import float32_text
from kubeaid_ci.errors import UserError

MAX_TEXT = 64 * 1024 * 1024
MAX_DEPTH = 150
"""Collections in collections; real manifests have some thirty. Python's own limit is not far above."""

MAX_SCALAR = 4 * 1024 * 1024
"""Characters of one scalar; the API server takes objects of 1.5 MiB."""

_ESCAPE = re.compile(r"\\(?s:.)")
_NOT_FINITE = re.compile(r"\.(?:inf|Inf|INF|nan|NaN|NAN)(?!\w)")
_NOT_FINITE_WORDS = (".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN")
_MERGE = "tag:yaml.org,2002:merge"

Leaf = yaml.ScalarEvent


@dataclass(slots=True, eq=False)
class Branch:
    """A mapping (keys and values take turns in `items`) or a sequence."""

    is_mapping: bool
    begin: int
    items: list["Node"] = field(default_factory=list)
    complete: bool = False

    @property
    def pairs(self) -> Iterator[tuple["Node", "Node"]]:
        """The keys of a mapping, each with its value."""
        items = iter(self.items)
        return zip(items, items, strict=True)


@dataclass(slots=True, eq=False)
class Alias:
    """A further use of something that was given an anchor."""

    begin: int
    target: Leaf | Branch


Node = Leaf | Branch | Alias


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document of a text; `offset` is where its piece starts, in characters."""

    root: Node
    text: str
    offset: int
    where: str

    def begin(self, node: Node) -> int:
        """Tell where a node starts in the text, in characters."""
        return self.offset + (_index(node.start_mark) if isinstance(node, Leaf) else node.begin)

    def end(self, leaf: Leaf) -> int:
        """Tell where a scalar ends in the text, in characters."""
        return self.offset + _index(leaf.end_mark)

    def line(self, node: Node) -> int:
        """Tell the line a node starts on; the first is 1."""
        return _line(self.text, self.begin(node))

    def error(self, node: Node, what: str) -> UserError:
        """Make an error that names the line of a node."""
        return UserError(f"{self.where}:{self.line(node)}: {what}")

    def key(self, node: Node) -> str:
        """Make a mapping key text as sigs.k8s.io/yaml does: `1`, `true`, `0.5`. Raises `UserError`."""
        leaf = node.target if isinstance(node, Alias) else node
        if not isinstance(leaf, Leaf):
            raise self.error(node, "a mapping or a list cannot be a key")
        name = plain_key(leaf.value) if leaf.implicit[0] else str(leaf.value)
        if name is None:
            raise self.error(node, "nothing, or null, cannot be a key; write it in quotes")
        return name


@lru_cache(maxsize=4096)
def plain_key(text: str) -> str | None:
    """Make a key without quotes text; None if it is null. A few hundred keys make up all manifests."""
    value = plain_value(text)
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return float32_text(value)
        case None:
            return None
    return str(value)


def may_be_refused(piece: str) -> bool:
    """Return whether a text may hold what the parser accepts and Go refuses: an escape, or a number that JSON lacks."""
    has_word = any(word in piece for word in _NOT_FINITE_WORDS)  # much faster than the search
    return "\\/" in piece or (has_word and _NOT_FINITE.search(piece) is not None)


def is_merge(key: Node) -> bool:
    """Return whether a mapping key is `<<`, which takes in the mappings it names."""
    return isinstance(key, Leaf) and key.value == "<<" and (key.implicit[0] or key.tag == _MERGE)


def documents(source: str | bytes, where: str) -> Iterator[Document]:
    """Read the documents of a text; one that holds only comments does not count.

    Raises `UserError` for text that is not UTF-8, larger than `MAX_TEXT`, or no valid YAML.
    """
    text = decoded(source, where)
    for offset, piece in pieces(text):
        try:
            root = _root(piece)
        except (_TreeError, yaml.YAMLError, UnicodeEncodeError) as error:
            at, what = _complaint(error, piece)
            raise UserError(f"{where}:{_line(text, offset + at)}: not valid YAML: {what}") from error
        if root is not None:
            yield Document(root, text, offset, where)


def decoded(text: str | bytes, where: str) -> str:
    """Make bytes text. Raises `UserError` for what is not UTF-8 or larger than `MAX_TEXT`."""
    if len(text) > MAX_TEXT:
        raise UserError(f"{where}: {len(text):,} bytes of YAML are more than the {MAX_TEXT:,} that are read")
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise UserError(f"{where}:{line}: not UTF-8 text (byte {text[error.start]:#04x})") from error


class _TreeError(Exception):
    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


def _root(piece: str) -> Node | None:
    """Build the tree of a piece, which holds one document or only comments."""
    parser = yaml.CBaseLoader(piece)
    has_slash = "\\/" in piece and piece[0] not in "{["  # Kubernetes and Helm read JSON as JSON
    roots: list[Node] = []
    items = roots
    above: list[tuple[list[Node], Branch]] = []
    anchors: dict[str, Leaf | Branch] = {}
    while True:
        event: Any = parser.get_event()
        kind = type(event)
        if kind is Leaf:
            if len(event.value) > MAX_SCALAR:
                raise _TreeError(_index(event.start_mark), f"a value of more than {MAX_SCALAR >> 20} MiB")
            if has_slash and event.style == '"':
                _check_escapes(piece, event)
            items.append(event)
            if event.anchor is not None:
                anchors[event.anchor] = event
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            branch = Branch(kind is yaml.MappingStartEvent, event.start_mark.index)
            if event.anchor is not None:
                anchors[event.anchor] = branch
            items.append(branch)
            above.append((items, branch))
            items = branch.items
            if len(above) > MAX_DEPTH:
                raise _TreeError(branch.begin, f"nested deeper than {MAX_DEPTH} levels")
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            items, branch = above.pop()
            branch.complete = True
        elif kind is yaml.AliasEvent:
            items.append(_alias(event.anchor, event.start_mark.index, anchors))
        elif kind is yaml.DocumentStartEvent:
            anchors = {}
        elif kind is yaml.StreamEndEvent:
            return roots[0] if roots else None


def _check_escapes(piece: str, leaf: Leaf) -> None:
    """Raise `_TreeError` for an escaped slash in double quotes: go-yaml v2 knows no such escape."""
    begin, end = _index(leaf.start_mark), _index(leaf.end_mark)
    for escape in _ESCAPE.finditer(piece, begin, end):
        if escape[0] == "\\/":
            raise _TreeError(escape.start(), "found unknown escape character; write / without a backslash")


def _alias(name: str, at: int, anchors: dict[str, Leaf | Branch]) -> Alias:
    target = anchors.get(name)
    if target is None:
        raise _TreeError(at, f"unknown anchor {name!r}")
    if isinstance(target, Branch) and not target.complete:
        raise _TreeError(at, f"anchor {name!r} contains itself")
    return Alias(at, target)


def _complaint(error: Exception, piece: str) -> tuple[int, str]:
    """Return the position in the piece where the parser stopped, in characters, and its message."""
    match error:
        case _TreeError():
            return error.at, str(error)
        case UnicodeEncodeError():
            return error.start, "half a surrogate pair is no character"
        case yaml.MarkedYAMLError():
            words = ", ".join(part for part in (error.context, error.problem) if part)
            return _index(error.problem_mark or error.context_mark), words
        case yaml.reader.ReaderError():
            # The C parser counts bytes here.
            at = len(piece.encode()[: error.position].decode("utf-8", "ignore"))
            return at, f"{error.reason} (U+{ord(piece[at : at + 1] or chr(0)):04X})"
    return 0, str(error)


def _index(mark: Any) -> int:
    return int(mark.index) if mark else 0


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
