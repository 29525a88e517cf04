"""Cuts a Go template into texts and the tokens of its actions (Go's text/template/parse/lex.go)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.errors import UserError

_OPEN = re.compile(r"\{\{(?P<trim>-[ \t\r\n])?")
_COMMENT = re.compile(r"/\*.*?\*/(?P<trim>[ \t\r\n]-)?\}\}", re.DOTALL)
_CLOSE = re.compile(r"(?:[ \t\r\n]-)?\}\}")
_SPACE = " \t\r\n"
_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r\n](?!-\}\}))+)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\.)+')
    |(?P<number>[+-]?(?:0[xXbBoO])?[0-9][0-9a-zA-Z_]*(?:\.[0-9_]*)?(?:[eEpP][+-]?[0-9]+)?i?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<field>\.[\w]+)
    |(?P<variable>\$\w*)
    |(?P<word>\w+)
    |(?P<mark>:=|[=|(),.])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r'\\([abfnrtv\\"]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3})')
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an action: its kind, and for a constant its value."""

    kind: str
    text: str
    value: str | int | float = ""


Piece = str | list[Token]
"""A text, or the tokens of one action."""


def pieces(text: str) -> Iterator[Piece]:
    """Cut a template at its actions, spaces trimmed as they ask. Raises `UserError` for what Go cannot read."""
    at, trims = 0, False
    while True:
        found = _OPEN.search(text, at)
        end = found.start() if found else len(text)
        between = text[at:end]
        between = between.lstrip(_SPACE) if trims else between
        between = between.rstrip(_SPACE) if found and found["trim"] else between
        if between:
            yield between
        if found is None:
            return
        start = found.end()
        if text.startswith("/*", start):
            comment = _COMMENT.match(text, start)
            if comment is None:
                raise UserError("a comment that is not closed by */}}")
            at, trims = comment.end(), bool(comment["trim"])
            continue
        tokens, at = _action(text, start)
        trims = text[:at].endswith("-}}") and text[at - 4] in _SPACE
        yield tokens


def _action(text: str, at: int) -> tuple[list[Token], int]:
    """Read the tokens of an action, and where it ends."""
    tokens: list[Token] = []
    while True:
        if close := _CLOSE.match(text, at):
            return tokens, close.end()
        found = _TOKEN.match(text, at)
        if found is None:
            raise UserError(f"unexpected text in an action: {text[at : at + 20]!r}")
        kind = found.lastgroup or ""
        tokens.append(_token(kind, found[0]))
        at = found.end()


def _token(kind: str, text: str) -> Token:
    match kind:
        case "string":
            return Token("constant", text, _unquoted(text))
        case "raw":
            return Token("constant", text, text[1:-1].replace("\r", ""))
        case "char" | "number":
            return Token("constant", text, _number(kind, text))
    return Token(kind, text)


def _unquoted(text: str) -> str:
    inside = text[1:-1]
    rest = _ESCAPE.sub("", inside)
    if "\\" in rest:
        raise UserError(f"an escape that Go does not know in {text}")
    return _ESCAPE.sub(lambda found: _character(found[1]), inside)


def _character(escape: str) -> str:
    if escape in _ESCAPES:
        return _ESCAPES[escape]
    code = int(escape[1:], 16) if escape[0] in "xuU" else int(escape, 8)
    if escape[0] not in "uU" and code > 0x7F:
        raise UnsupportedError("a template with bytes in a string")
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        raise UserError(f"\\{escape} is no character")
    return chr(code)


def _number(kind: str, text: str) -> int | float:
    if kind == "char":
        char = json.loads(f'"{text[1:-1]}"') if text[1] == "\\" and text[2] in "bfnrt\\" else text[1:-1]
        if len(char) != 1:
            raise UnsupportedError(f"the constant {text} in a template")
        return ord(char)
    try:
        return int(text, 0) if not re.match(r"[+-]?0[0-9]", text) else int(text, 8)
    except ValueError:
        pass
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text, re.ASCII):
        raise UnsupportedError(f"the number {text} in a template")
    return float(text)
