"""Reads a Go template (Go's text/template/parse/parse.go)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kubeaid_ci.argocd.gotemplate.lexer import Piece, Token, pieces
from kubeaid_ci.argocd.gotemplate.nodes import (
    Action,
    Branch,
    Call,
    Chain,
    Command,
    Field,
    Function,
    Jump,
    Literal,
    Nil,
    Node,
    Operand,
    Pipeline,
    Template,
    Text,
    Variable,
)
from kubeaid_ci.errors import UserError

_BRANCHES = ("if", "with", "range")
_KEYWORDS = (*_BRANCHES, "else", "end", "define", "block", "template", "break", "continue", "nil", "true", "false")


def parse(text: str, functions: Iterable[str]) -> Template:
    """Read a template; `functions` are the names that it may call. Raises `UserError` for what Go cannot read."""
    reader = _Reader(list(pieces(text)), frozenset(functions))
    body, end = reader.body(("",))
    if end:
        raise UserError(f"unexpected {{{{{end}}}}}")
    return Template(tuple(body), reader.defined)


@dataclass(slots=True)
class _Reader:
    """Reads the pieces of a template.

    `scope` are the variables that are declared. `loops` counts the ranges around a node, `depth` all actions.
    """

    pieces: list[Piece]
    functions: frozenset[str]
    defined: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    scope: list[str] = field(default_factory=lambda: ["$"])
    loops: int = 0
    depth: int = 0
    at: int = 0

    def body(self, ends: tuple[str, ...]) -> tuple[list[Node], str]:
        """Read nodes up to one of the ends; return them and that end's keyword. The empty end is that of the text."""
        nodes: list[Node] = []
        declared = len(self.scope)
        self.depth += 1
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            if isinstance(piece, str):
                nodes.append(Text(piece))
                continue
            words = _Words([token for token in piece if token.kind != "space"], piece, self)
            keyword = words.keyword()
            if keyword in ("end", "else"):
                if keyword not in ends:
                    raise UserError(f"unexpected {{{{{keyword}}}}}")
                if keyword == "end":
                    words.finish()
                else:  # `_branch` reads what follows else
                    self.at -= 1
                del self.scope[declared:]
                self.depth -= 1
                return nodes, keyword
            nodes += self._node(keyword, words)
        if "" not in ends:
            raise UserError("an {{end}} is missing")
        return nodes, ""

    def _node(self, keyword: str, words: "_Words") -> list[Node]:
        if keyword in _BRANCHES:
            return [self._branch(keyword, words)]
        match keyword:
            case "define" | "block":
                return self._define(keyword, words)
            case "template":
                name = words.string("template")
                pipeline = words.pipeline(can_declare=False) if words.rest else None
                return [Call(name, pipeline)]
            case "break" | "continue":
                if not self.loops:
                    raise UserError(f"{{{{{keyword}}}}} outside of {{{{range}}}}")
                words.finish()
                return [Jump(keyword)]
        return [Action(words.pipeline())]

    def _branch(self, keyword: str, words: "_Words") -> Branch:
        declared = len(self.scope)
        pipeline = words.pipeline(ranges=keyword == "range")
        self.loops += keyword == "range"
        body, end = self.body(("else", "end"))
        self.loops -= keyword == "range"
        otherwise: list[Node] = []
        if end == "else":
            piece = self.pieces[self.at]
            self.at += 1
            assert isinstance(piece, list)  # body left it  # noqa: S101
            after = _Words([token for token in piece if token.kind != "space"], piece, self)
            after.keyword()
            again = after.keyword()
            if again == keyword and keyword != "range":
                otherwise = [self._branch(keyword, after)]
            else:
                if again:
                    raise UserError(f"unexpected {again} after else")
                after.finish()
                otherwise, _ = self.body(("end",))
        del self.scope[declared:]
        return Branch(keyword, pipeline, tuple(body), tuple(otherwise))

    def _define(self, keyword: str, words: "_Words") -> list[Node]:
        if keyword == "define" and self.depth > 1:
            raise UserError("unexpected {{define}} within another action")
        name = words.string(keyword)
        pipeline = words.pipeline(can_declare=False) if keyword == "block" else None
        if keyword == "define":
            words.finish()
        outer, self.scope = self.scope, ["$"]
        loops, self.loops = self.loops, 0
        body, _ = self.body(("end",))
        self.scope, self.loops = outer, loops
        if any(not isinstance(node, Text) or node.text.strip() for node in self.defined.get(name, ())):
            raise UserError(f"multiple definition of template {name!r}")
        self.defined[name] = tuple(body)
        return [Call(name, pipeline)] if pipeline else []


@dataclass(slots=True)
class _Words:
    """The tokens of one action; `spaced` has the spaces between them, which matter to a chain of fields."""

    rest: list[Token]
    spaced: list[Token]
    reader: _Reader

    def keyword(self) -> str:
        """Take the keyword that comes next; empty if none does."""
        if self.rest and self.rest[0].kind == "word" and self.rest[0].text in _KEYWORDS[:-3]:
            return self._take().text
        return ""

    def finish(self) -> None:
        """Raise `UserError` if something follows."""
        if self.rest:
            raise UserError(f"unexpected {self.rest[0].text} in an action")

    def string(self, keyword: str) -> str:
        """Take the name of a template."""
        if not self.rest or not isinstance(self.rest[0].value, str) or self.rest[0].kind != "constant":
            raise UserError(f"{{{{{keyword}}}}} without a name")
        return str(self._take().value)

    def pipeline(self, *, ends: str = "", can_declare: bool = True, ranges: bool = False) -> Pipeline:
        """Read a pipeline up to the end of the action, or to the token `ends`."""
        variables, assigns = self._declaration(ranges=ranges) if can_declare else ((), False)
        commands = [self._command(ends)]
        while self.rest and self.rest[0].text == "|":
            self._take()
            commands.append(self._command(ends))
        for command in commands[1:]:
            if isinstance(command.words[0], Literal | Nil) or command.words[0] == Field(()):
                raise UserError("a constant in a pipeline that takes no value")
        if ends:
            if not self.rest or self.rest[0].text != ends:
                raise UserError("a ( that is not closed")
            self._take()
        else:
            self.finish()
        if not assigns:
            self.reader.scope += variables
        return Pipeline(tuple(commands), variables, assigns)

    def _declaration(self, *, ranges: bool) -> tuple[tuple[str, ...], bool]:
        kinds = [token.kind if token.kind == "variable" else token.text for token in self.rest[:4]]
        match kinds:
            case ["variable", ":=" | "=" as sign, *_]:
                count = 1
            case ["variable", ",", "variable", ":=" | "=" as sign] if ranges:
                count = 2
            case _:
                return (), False
        names = tuple(token.text for token in self.rest[: 2 * count] if token.kind == "variable")
        del self.rest[: 2 * count]
        if sign == "=":
            for name in names:
                self._check(name)
        return names, sign == "="

    def _command(self, ends: str) -> Command:
        words: list[Operand] = []
        while self.rest and self.rest[0].text not in ("|", ends or "|"):
            words.append(self._operand())
        if not words:
            raise UserError("an empty command in an action")
        return Command(tuple(words))

    def _operand(self) -> Operand:
        token = self._take()
        match token.kind:
            case "constant":
                start: Operand = Literal(token.value)
            case "field":
                return Field((token.text[1:], *self._names(token)))
            case "variable":
                self._check(token.text)
                return Variable(token.text, self._names(token))
            case "word":
                start = self._word(token.text)
            case _ if token.text == "(":
                before = len(self.reader.scope)
                start = self.pipeline(ends=")", can_declare=True)
                del self.reader.scope[before:]
                token = self._last
            case _ if token.text == ".":
                return Field(())
            case _:
                raise UserError(f"unexpected {token.text} in an action")
        names = self._names(token)
        if names and isinstance(start, Literal | Nil):
            raise UserError(f"unexpected .{names[0]} after a constant")
        return Chain(start, names) if names else start

    def _word(self, text: str) -> Operand:
        if text in ("true", "false"):
            return Literal(text == "true")
        if text == "nil":
            return Nil()
        if text in _KEYWORDS or text not in self.reader.functions:
            raise UserError(f"function {text!r} not defined")
        return Function(text)

    def _names(self, token: Token) -> tuple[str, ...]:
        """Take the fields that follow a token without a space."""
        names = []
        while self.rest and self.rest[0].kind == "field" and self._touches(token):
            token = self._take()
            names.append(token.text[1:])
        return tuple(names)

    def _touches(self, token: Token) -> bool:
        place = next(at for at, one in enumerate(self.spaced) if one is token)
        return self.spaced[place + 1] is self.rest[0]

    @property
    def _last(self) -> Token:
        place = next(at for at, one in enumerate(self.spaced) if one is self.rest[0]) if self.rest else len(self.spaced)
        while self.spaced[place - 1].kind == "space":
            place -= 1
        return self.spaced[place - 1]

    def _take(self) -> Token:
        return self.rest.pop(0)

    def _check(self, name: str) -> None:
        if name not in self.reader.scope:
            raise UserError(f"undefined variable {name!r}")
