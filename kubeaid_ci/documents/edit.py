"""Changing one scalar of a YAML text in place: comments, quotes, order and line ends survive."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from kubeaid_ci.documents.goyaml import plain_text
from kubeaid_ci.documents.loader import follow, load_all
from kubeaid_ci.documents.nodes import Document, Leaf, documents
from kubeaid_ci.documents.scalars import double_quoted, one_line, single_quoted
from kubeaid_ci.errors import UserError

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+(?:#[^\n]*\n\s*)*|\Z))*")
_BLOCK = re.compile(r"[|>][-+0-9]*([ \t]+#[^\r\n]*)?")
_QUOTABLE = re.compile(r"[ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]*")


def set_scalar(
    text: str,
    path: Sequence[str | int],
    value: str | float | bool | None,  # noqa: FBT001 - a value to write, not a switch
    *,
    document: int = 0,
    where: str = "YAML",
) -> str:
    """Replace one scalar and nothing else; give the new text.

    `path` is made of mapping keys and list positions (from 0), `document` counts as in `load_all`.
    A string keeps the quotes that stood there, or gets quotes where it would not read back as the
    same string. Raises `UserError` naming `where` where the path leads nowhere or to no scalar, or
    if the scalar cannot be changed by itself (another place repeats it through an alias).
    """
    found = next(islice(documents(text, where), document, None), None)
    if found is None:
        raise UserError(f"{where}: there is no document {document} to set {_words(path)} in (they count from 0)")
    leaf = _leaf(found, path)
    wanted = repr(replaced(load_all(text, where=where), (document, *path), value))
    begin, end = found.begin(leaf), found.end(leaf)
    before = text[max(begin - 1, 0) : begin]
    for spelling in spellings(leaf, before, text[begin:end], value):
        changed = text[:begin] + spelling + text[end:]
        if _reads(changed, where) == wanted:
            return changed
    raise found.error(
        leaf, f"{_words(path)} cannot be set in place; an alias or a tag prevents it, so edit it manually"
    )


def _leaf(document: Document, path: Sequence[str | int]) -> Leaf:
    steps = list(follow(document, path))
    node = steps[-1][1]
    if len(steps) <= len(path):
        raise document.error(node, f"there is no {_words(path)} to set")
    if not isinstance(node, Leaf):
        raise document.error(node, f"{_words(path)} is not a single value that can be set in place")
    return node


def _words(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path)) or "the document itself"


def spellings(leaf: Leaf, before: str, old: str, value: Any) -> Iterator[str]:
    """Offer ways to write a value in the place of an old one, the best first."""
    prefix = _PROPERTIES.match(old)
    head = prefix[0] if prefix else ""
    body = old[len(head) :]
    tail = ""
    if block := _BLOCK.match(body) if leaf.style in ("|", ">") else None:
        tail = (block[1] or "") + body[len(body.rstrip()) :]
    if not body and not (before + head)[-1:].isspace():
        head += " "  # nothing stood behind the colon, the dash or the anchor
    for spelling in _texts(leaf.style, value):
        yield head + spelling + tail


def _texts(style: str | None, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield plain_text(value)
        return
    quotable = _QUOTABLE.fullmatch(value) is not None
    if style == "'" and quotable:
        yield single_quoted(value)
    elif style != '"' and quotable:
        yield one_line(value)
    yield double_quoted(value)


def replaced(tree: Any, path: Sequence[str | int], value: Any) -> Any:
    """Copy a tree with one place changed."""
    if not path:
        return value
    copy = tree.copy()
    copy[path[0]] = replaced(tree[path[0]], path[1:], value)
    return copy


def _reads(text: str, where: str) -> str | None:
    """Give what a text holds, in a form that distinguishes 1 from true and 1.0; None if it is not YAML."""
    try:
        return repr(load_all(text, where=where))
    except UserError:
        return None
