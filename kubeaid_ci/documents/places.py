"""Changes scalars of a YAML text, or of a Helm template of one, in place.

Comments, quotes, order and line ends survive. What cannot be changed by itself is left as it is, with the reason.

A Helm template is no YAML. With each action (``{{ … }}``) replaced by as many characters the rest mostly is, and every
position stays what it was. The syntax is that of Go's text/template/parse/lex.go.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kubeaid_ci.documents.edit import replaced, spellings
from kubeaid_ci.documents.loader import Path, load_all
from kubeaid_ci.documents.nodes import Alias, Branch, Document, Leaf, Node, documents, is_merge
from kubeaid_ci.errors import UserError

_ACTION = re.compile(
    r"""\{\{-?\s*/\*.*?\*/\s*-?\}\}"""  # a comment
    r"""|\{\{(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|[^"'`}]|\}(?!\}))*\}\}""",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"\{\{-?\s*(?:/\*|if\b|else\b|end\b|range\b|with\b|define\b|block\b|break\b|continue\b|\$\w*\s*:?=)"
)
_LINE_BREAKS = "\r\n"
_BLANK_LINE_END = re.compile(r"[ \t]*(?=\r?\n|\Z)")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a YAML text: a document, counted as in `load_all`, and a path of keys and positions in lists."""

    document: int
    path: Path


@dataclass(frozen=True, slots=True)
class Edited:
    """A text after an edit, and the places that were left as they are, with the reason."""

    text: str
    left: dict[Place, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """A YAML text or a template. `where` names it in messages.

    A template's actions count as text whose content is unknown. Raises `UserError` on first use if the rest is no YAML.
    """

    source: str
    where: str

    @cached_property
    def mask(self) -> str:
        """The text with all template actions replaced by as many characters."""
        return masked(self.source)

    @cached_property
    def values(self) -> list[Any]:
        """The documents as `load_all` reads them."""
        return load_all(self.mask, where=self.where)

    @cached_property
    def _documents(self) -> list[Document]:
        return list(documents(self.mask, self.where))

    def expression(self, place: Place) -> str | None:
        """Return a scalar as written, if it has a template action. None if its value is known."""
        for document, leaf in self._leaves(place):
            written = self._written(document, leaf)
            if has_action(written):
                return written.strip()
        return None

    def line(self, place: Place) -> int | None:
        """Return the line of a scalar, from 1."""
        return next((document.line(leaf) for document, leaf in self._leaves(place)), None)

    def set(self, places: Collection[Place], value: str) -> Edited:
        """Set scalars to one value. Those that cannot be set are left as they are."""
        left: dict[Place, str] = {}
        by_leaf: dict[int, tuple[Document, Leaf, list[Place]]] = {}
        for place in places:
            found = list(self._leaves(place))
            if not found:
                left[place] = "it is no single value"
            for document, leaf in found:
                by_leaf.setdefault(id(leaf), (document, leaf, []))[2].append(place)
        text, mask, values = self.source, self.mask, self.values
        for document, leaf, sharing in sorted(by_leaf.values(), key=lambda one: -one[0].begin(one[1])):
            if has_action(self._written(document, leaf)):
                left |= dict.fromkeys(sharing, "it is a template expression")
                continue
            wanted = values
            for place in sharing:
                wanted = replaced(wanted, (place.document, *place.path), value)
            done = self._set_one(document, leaf, (text, mask), value, repr(wanted))
            if done is None:
                left |= dict.fromkeys(sharing, "another place repeats it through an alias, or a tag prevents the edit")
            else:
                (text, mask), values = done, wanted
        return Edited(text, left)

    def add_after(self, place: Place, key: str, value: str) -> Edited:
        """Add a key to a mapping in block style, on a new line after the key of `place`."""
        (parent, last) = place.path[:-1], place.path[-1]
        for document, leaf in self._leaves(place):
            begin, end = document.begin(leaf), document.end(leaf)
            rest = _REST_OF_LINE.match(self.mask, end)
            start = self.mask.rfind("\n", 0, begin) + 1
            column = self.mask.find(f"{last}", start, begin) - start
            if rest is None or column < 0 or "\n" in self.mask[begin:end] or "{" in self.mask[start:begin]:
                break
            line_break = "\r\n" if self.source[rest.end() :].startswith("\r\n") else "\n"
            line = f"{line_break}{' ' * column}{key}: {value}"
            text, mask = (each[: rest.end()] + line + each[rest.end() :] for each in (self.source, self.mask))
            if _reads(mask, self.where) == repr(_added(self.values, (place.document, *parent), last, key, value)):
                return Edited(text)
        return Edited(self.source, {place: f"{key} is missing and cannot be added in place"})

    def _set_one(
        self, document: Document, leaf: Leaf, texts: tuple[str, str], value: str, wanted: str
    ) -> tuple[str, str] | None:
        text, mask = texts
        begin, end = document.begin(leaf), document.end(leaf)
        old = mask[begin:end]
        if not old:
            # Spaces that stood in the place of a value would be left at the end of the line.
            blank = _BLANK_LINE_END.match(mask, end)
            end = blank.end() if blank else end
        for spelling in spellings(leaf, mask[max(begin - 1, 0) : begin], old, value):
            changed = mask[:begin] + spelling + mask[end:]
            if _reads(changed, self.where) == wanted:
                return text[:begin] + spelling + text[end:], changed
        return None

    def _written(self, document: Document, leaf: Leaf) -> str:
        """Return a scalar as the source has it; of one that is empty what a template puts there."""
        begin, end = document.begin(leaf), document.end(leaf)
        if begin == end:
            while self.mask[end : end + 1].isspace():
                end += 1
        return self.source[begin:end]

    def _leaves(self, place: Place) -> Iterator[tuple[Document, Leaf]]:
        """Yield the scalars of a place: several if a template has a key more than once, each under a condition."""
        if place.document < len(self._documents):
            document = self._documents[place.document]
            for node in _nodes(document, document.root, place.path):
                if isinstance(node, Leaf):
                    yield document, node


def _nodes(document: Document, node: Node, path: Sequence[str | int]) -> Iterator[Node]:
    node = node.target if isinstance(node, Alias) else node
    if not path:
        yield node
        return
    if not isinstance(node, Branch):
        return
    step, rest = path[0], path[1:]
    if not node.is_mapping:
        if isinstance(step, int) and step < len(node.items):
            yield from _nodes(document, node.items[step], rest)
        return
    own = [value for key, value in node.pairs if not is_merge(key) and document.key(key) == step]
    if own:
        # Of a key given twice the last counts, unless it is the last of the path.
        for value in own if not rest else own[-1:]:
            yield from _nodes(document, value, rest)
        return
    for key, value in node.pairs:
        if is_merge(key):
            for source in _merged(value):
                yield from _nodes(document, source, path)


def _merged(value: Node) -> list[Node]:
    target = value.target if isinstance(value, Alias) else value
    return target.items if isinstance(target, Branch) and not target.is_mapping else [target]


def _added(tree: Any, path: Sequence[str | int], after: str | int, key: str, value: str) -> Any:
    """Copy a tree with a key added to the mapping at a path, behind the key `after`."""
    copy = tree.copy()
    if path:
        copy[path[0]] = _added(tree[path[0]], path[1:], after, key, value)
        return copy
    return {name: held for old in copy for name, held in [(old, copy[old]), *[(key, value)] * (old == after)]}


def _reads(text: str, where: str) -> str | None:
    try:
        return repr(load_all(text, where=where))
    except UserError:
        return None


def masked(text: str) -> str:
    """Return a text in which each action is replaced by as many characters.

    Spaces replace actions that have their lines to themselves, and ``x`` replaces all others. Line breaks stay.
    """
    if "{{" not in text:
        return text
    touched = {number for found in _ACTION.finditer(text) for number in _lines_of(text, found)}
    with_words = _ACTION.sub(lambda found: _filled(found[0], "x"), text).split("\n")
    with_spaces = _ACTION.sub(lambda found: _filled(found[0], " "), text).split("\n")
    return "\n".join(
        empty if number in touched and not empty.strip() else line
        for number, (line, empty) in enumerate(zip(with_words, with_spaces, strict=True))
    )


def has_action(text: str) -> bool:
    """Return whether a text holds an action that gives output. Conditions, loops and comments do not."""
    return any(not _CONTROL.match(found[0]) for found in _ACTION.finditer(text))


def _filled(action: str, character: str) -> str:
    return "".join(one if one in _LINE_BREAKS else character for one in action)


def _lines_of(text: str, found: re.Match[str]) -> range:
    first = text.count("\n", 0, found.start())
    return range(first, first + found[0].count("\n") + 1)
