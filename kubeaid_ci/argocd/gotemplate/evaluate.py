"""Evaluates a Go template as Argo CD does for ApplicationSets (Go's text/template/exec.go)."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate.functions import FUNCTIONS, NAMES
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
from kubeaid_ci.argocd.gotemplate.parser import parse
from kubeaid_ci.argocd.gotemplate.values import MISSING, StringMap, go_order, is_true, kind, to_text
from kubeaid_ci.errors import UserError

_MISSING_KEY = {"missingkey=default", "missingkey=invalid", "missingkey=zero", "missingkey=error"}
_MOST_CALLS = 100
_MOST_CHARACTERS = 4_000_000


class MissingKeyError(UserError):
    """A template names a key that a map does not have, or a field of what has none."""


class _BreakLoop(Exception):  # noqa: N818 - control flow
    pass


class _ContinueLoop(Exception):  # noqa: N818 - control flow
    pass


def render(text: str, data: Mapping[str, Any], options: Sequence[str] = ()) -> str:
    """Return what a template gives for data; `options` are ``goTemplateOptions``.

    Raises `UserError` if Go refuses the template or fails, and `UnsupportedError` if it uses what is not computed here.
    """
    wrong = [option for option in options if option not in _MISSING_KEY]
    if wrong:
        raise UserError(f"goTemplateOptions: unknown option {wrong[0]!r}; use missingkey=error")
    missing = options[-1].partition("=")[2] if options else "default"
    if "{{" not in text:
        return text
    template = _parsed(text)
    run = _Run(template, data, missing)
    run.walk(template.body, data)
    return "".join(run.out)


@lru_cache(maxsize=512)
def _parsed(text: str) -> Template:
    return parse(text, NAMES)


@dataclass(slots=True)
class _Run:
    """One execution. `missing` is what a missing key gives; `variables` is a stack, the last of a name counts."""

    template: Template
    data: Any
    missing: str
    out: list[str] = field(default_factory=list)
    variables: list[tuple[str, Any]] = field(init=False)
    depth: int = 0
    size: int = 0

    def __post_init__(self) -> None:
        self.variables = [("$", self.data)]

    def walk(self, nodes: Sequence[Node], dot: Any) -> None:
        """Execute nodes; variables that they declare end with them."""
        mark = len(self.variables)
        for node in nodes:
            match node:
                case Text(text):
                    self._print(text)
                case Action(pipeline):
                    value = self._pipeline(pipeline, dot)
                    if not pipeline.variables:
                        self._print("<no value>" if value is MISSING else to_text(value))
                case Branch("range"):
                    self._range(node, dot)
                case Branch():
                    self._branch(node, dot)
                case Call():
                    self._call(node, dot)
                case Jump(keyword):
                    raise _BreakLoop if keyword == "break" else _ContinueLoop
        del self.variables[mark:]

    def _print(self, text: str) -> None:
        self.size += len(text)
        if self.size > _MOST_CHARACTERS:
            raise UnsupportedError(f"a template that gives more than {_MOST_CHARACTERS} characters")
        self.out.append(text)

    def _branch(self, node: Branch, dot: Any) -> None:
        mark = len(self.variables)
        value = self._pipeline(node.pipeline, dot)
        if is_true(value):
            self.walk(node.body, value if node.keyword == "with" else dot)
        else:
            self.walk(node.otherwise, dot)
        del self.variables[mark:]

    def _range(self, node: Branch, dot: Any) -> None:
        mark = len(self.variables)
        items = _items(self._pipeline(node.pipeline, dot), len(node.pipeline.variables))
        with suppress(_BreakLoop):
            for key, item in items:
                del self.variables[mark:]
                self._loop_variables(node.pipeline, key, item)
                with suppress(_ContinueLoop):
                    self.walk(node.body, item)
        del self.variables[mark:]
        if not items:
            self.walk(node.otherwise, dot)

    def _loop_variables(self, pipeline: Pipeline, key: Any, item: Any) -> None:
        values = (item,) if len(pipeline.variables) == 1 else (key, item)
        for name, value in zip(pipeline.variables, values, strict=False):
            self._store(name, value, assigns=pipeline.assigns)

    def _store(self, name: str, value: Any, *, assigns: bool) -> None:
        if not assigns:
            self.variables.append((name, value))
            return
        place = next(at for at in range(len(self.variables) - 1, -1, -1) if self.variables[at][0] == name)
        self.variables[place] = (name, value)

    def _call(self, node: Call, dot: Any) -> None:
        body = self.template.defined.get(node.name)
        if body is None:
            raise UserError(f"template {node.name!r} not defined")
        value = self._pipeline(node.pipeline, dot) if node.pipeline else MISSING
        outer, self.variables = self.variables, [("$", value)]
        self.depth += 1
        if self.depth > _MOST_CALLS:
            raise UnsupportedError(f"a template that calls itself more than {_MOST_CALLS} times")
        self.walk(body, value)
        self.depth -= 1
        self.variables = outer

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: tuple[Any, ...] = ()
        for command in pipeline.commands:
            value = (self._command(command, dot, value),)
            if value[0] is None:  # Go digs out what an interface holds, and nil is no value
                value = (MISSING,)
        for name in pipeline.variables:
            self._store(name, value[0], assigns=pipeline.assigns)
        return value[0]

    def _command(self, command: Command, dot: Any, last: tuple[Any, ...]) -> Any:
        """Return the value of a command; `last` holds the value of the one before it."""
        first, *args = command.words
        if isinstance(first, Function):
            return self._function(first.name, args, dot, last)
        if isinstance(first, Nil):
            raise UserError("nil is not a command")
        if (args or last) and isinstance(first, Literal | Pipeline):
            raise UserError("a value that is no function is given arguments")
        if (args or last) and isinstance(first, Field | Variable | Chain):
            names = first.names
            if not names:
                raise UserError("a value that is no function is given arguments")
            receiver = self._value(_without_last(first), dot)
            self._field(receiver, names[-1])
            raise UserError(f"{names[-1]} is not a method but has arguments")
        return self._value(first, dot)

    def _value(self, operand: Operand, dot: Any) -> Any:
        match operand:
            case Literal(value):
                return value
            case Nil():
                return None
            case Pipeline():
                return self._pipeline(operand, dot)
            case Function(name):
                return self._function(name, [], dot, ())
            case Field(names):
                value = dot
            case Variable(name, names):
                value = next(held for known, held in reversed(self.variables) if known == name)
            case Chain(start, names):
                value = self._value(start, dot)
        for name in names:
            value = self._field(value, name)
        return value

    def _field(self, value: Any, name: str) -> Any:
        match value:
            case dict() if name in value:
                return value[name]
            case dict() if self.missing == "error":
                raise MissingKeyError(f"map has no entry for key {name!r}")
            case dict() if self.missing == "zero":
                return "" if isinstance(value, StringMap) else None
            case dict():
                return MISSING
            case None:
                raise UserError(f"nil pointer evaluating interface {{}}.{name}")
        if value is MISSING:
            if self.missing == "error":
                raise UserError(f"nil data; no entry for key {name!r}")
            return MISSING
        raise MissingKeyError(f"can't evaluate field {name} in type {kind(value)}")

    def _function(self, name: str, args: Sequence[Operand], dot: Any, last: tuple[Any, ...]) -> Any:
        if name in ("and", "or"):
            return self._shortcut(name, args, dot, last)
        function = FUNCTIONS.get(name)
        if function is None:
            raise UnsupportedError(f"the function {name} in a template")
        literal = [isinstance(arg, Literal | Nil) for arg in args]
        values = [self._value(arg, dot) for arg in args]
        return function.call([*values, *last], literal)

    def _shortcut(self, name: str, args: Sequence[Operand], dot: Any, last: tuple[Any, ...]) -> Any:
        """Evaluate ``and`` and ``or`` up to the value that decides."""
        rest: list[Callable[[], Any]] = [lambda arg=arg: self._value(arg, dot) for arg in args]  # type: ignore[misc]
        rest += [lambda value=value: value for value in last]  # type: ignore[misc]
        if not rest:
            raise UserError(f"wrong number of arguments for {name}")
        value = MISSING
        for get in rest:
            value = get()
            if is_true(value) == (name == "or"):
                return value
        return value


def _items(value: Any, variables: int) -> list[tuple[Any, Any]]:
    """Return the keys and items that ``range`` runs over."""
    match value:
        case dict():
            return [(key, value[key]) for key in sorted(value, key=go_order)]
        case list():
            return list(enumerate(value))
        case int() if not isinstance(value, bool):
            if variables > 1:
                raise UserError("can't use an int to iterate over more than one variable")
            return [(at, at) for at in range(min(max(value, 0), _MOST_CHARACTERS))]
    if value is MISSING:
        return []
    raise UserError(f"range can't iterate over {to_text(value)}")


def _without_last(operand: Field | Variable | Chain) -> Operand:
    match operand:
        case Field(names):
            return Field(names[:-1])
        case Variable(name, names):
            return Variable(name, names[:-1])
        case Chain(start, names):
            return Chain(start, names[:-1])
