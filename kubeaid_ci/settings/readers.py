"""Readers of settings: each returns a node's typed value, or raises an error with its position."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import Remote
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version

_Made = TypeVar("_Made")
_Choice = TypeVar("_Choice", bound=StrEnum)
_HELMS = (3, 4)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a settings file: the file's text and name, the value, and the keys that lead to it."""

    text: str
    where: str
    value: Any
    path: tuple[str | int, ...] = ()

    @property
    def line(self) -> int | None:
        """Return the line of the value, or of the nearest thing around it; counts from 1."""
        ends = range(len(self.path), 0, -1)
        lines = (documents.locate(self.text, self.path[:end]) for end in ends)
        return next((line for line in lines if line is not None), None)

    def child(self, key: str | int, value: Any) -> "Node":
        """Return the node of a key or an index below this one."""
        return Node(self.text, self.where, value, (*self.path, key))

    def error(self, message: str) -> UserError:
        """Return the error that names file, line and key."""
        keys = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        return UserError(f"{place}: {keys.removeprefix('.')}: {message}" if keys else f"{place}: {message}")


Reader = Callable[[Node], Any]

_SHOWN = 40
"""Characters of a value that a message shows: the file may not hold settings at all, but a secret."""


def text(node: Node) -> str:
    """Text that is not empty."""
    if isinstance(node.value, bool | int | float):
        raise node.error(f"expected text, found {_named(node.value)}; write it in quotes")
    if not isinstance(node.value, str) or not node.value.strip():
        raise node.error(f"expected text, found {_named(node.value)}")
    return node.value


def flag(node: Node) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise node.error(f"expected true or false, found {_named(node.value)}")
    return node.value


def count(node: Node) -> int:
    """Return a whole number from 1."""
    if not isinstance(node.value, int) or isinstance(node.value, bool) or node.value < 1:
        raise node.error(f"expected a whole number from 1, found {_named(node.value)}")
    return node.value


def version(node: Node) -> Version:
    """Return a version."""
    try:
        return Version.parse(text(node))
    except UserError as error:
        if isinstance(node.value, str) and node.value.strip():
            raise node.error(str(error)) from error
        raise


def helm_version(node: Node) -> Version:
    """Return a version of Helm."""
    found = version(node)
    if found.release[0] not in _HELMS:
        raise node.error(f"expected a version of Helm such as 3.19 or 4.1, found {_named(node.value)}")
    return found


def versions(node: Node) -> VersionRange:
    """Return one version, or a range of them."""
    try:
        return VersionRange.parse(text(node))
    except UserError as error:
        if isinstance(node.value, str) and node.value.strip():
            raise node.error(str(error)) from error
        raise


def addresses(node: Node) -> frozenset[Remote]:
    """Return a list of addresses of repositories."""
    return frozenset(many(address)(node))


def address(node: Node) -> Remote:
    """Return the address of a repository."""
    try:
        remote = Remote.parse(text(node))
    except UserError as error:
        if isinstance(node.value, str) and node.value.strip():
            raise node.error(str(error)) from error
        raise
    if remote.is_local:
        raise node.error(f"expected the address of a repository, found the path {_named(node.value)}")
    return remote


def day(node: Node) -> date:
    """Return a date such as 2027-06-30; YAML may have read it as one already."""
    if isinstance(node.value, date):
        return node.value.date() if isinstance(node.value, datetime) else node.value
    try:
        return date.fromisoformat(node.value)
    except (TypeError, ValueError):
        raise node.error(f"expected a date such as 2027-06-30, found {_named(node.value)}") from None


def duration(node: Node) -> timedelta:
    """Return a time such as ``12h``, ``5d`` or ``2w``."""
    match = re.fullmatch(r"(\d{1,5})([hdw])", node.value) if isinstance(node.value, str) else None
    if match is None:
        raise node.error(f"expected a time such as 12h, 5d or 2w, found {_named(node.value)}")
    return int(match[1]) * _UNITS[match[2]]


def one_of(*choices: str) -> Reader:
    """Return one of these words."""

    def read(node: Node) -> str:
        if node.value not in choices:
            raise node.error(f"expected {_either(choices)}, found {_named(node.value)}{_hint(node, choices)}")
        return str(node.value)

    return read


def member(choices: type[_Choice]) -> Callable[[Node], _Choice]:
    """Return one of an enum's words."""
    read = one_of(*choices)
    return lambda node: choices(read(node))


def matching(pattern: str, meaning: str) -> Reader:
    """Return a reader of text that fully matches a pattern; `meaning` describes the pattern."""

    def read(node: Node) -> str:
        if not re.fullmatch(pattern, text(node)):
            raise node.error(f"expected {meaning}, found {_named(node.value)}")
        return str(node.value)

    return read


def many(read: Reader) -> Reader:
    """Return a list, as a tuple."""

    def read_all(node: Node) -> tuple[Any, ...]:
        if node.value is None:
            return ()
        if not isinstance(node.value, list):
            raise node.error(f"expected a list, found {_named(node.value)}")
        return tuple(read(node.child(number, item)) for number, item in enumerate(node.value))

    return read_all


def named(read: Reader) -> Reader:
    """Return a mapping whose keys are free names."""

    def read_all(node: Node) -> Mapping[str, Any]:
        return {name: read(child) for name, child in _children(node).items()}

    return read_all


def table(
    keys: Mapping[str, Reader], make: Callable[..., _Made], *, required: Collection[str] = ()
) -> Callable[[Node], _Made]:
    """Return a mapping with known keys; ``some-key`` becomes the argument `some_key` of `make`."""

    def read(node: Node) -> _Made:
        children = _children(node)
        for key, child in children.items():
            if key not in keys:
                raise child.error(f"no such setting{_hint(child, keys, key)}")
        for key in required:
            if key not in children:
                raise node.error(f"{key} is missing")
        return make(**{key.replace("-", "_"): keys[key](child) for key, child in children.items()})

    return read


def with_line(read: Callable[[Node], dict[str, Any]], make: Callable[..., _Made]) -> Callable[[Node], _Made]:
    """Return the result of `make` for the arguments read, with the line of the node as an additional argument."""
    return lambda node: make(**read(node), line=node.line)


def _children(node: Node) -> dict[str, Node]:
    """Return the node's keys; a key without a value below it has none."""
    if node.value is None:
        return {}
    if not isinstance(node.value, dict):
        raise node.error(f"expected keys with values, found {_named(node.value)}")
    return {str(key): node.child(str(key), value) for key, value in node.value.items()}


def _hint(node: Node, known: Collection[str], word: str | None = None) -> str:
    near = difflib.get_close_matches(word or str(node.value), known, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; there is {', '.join(known)}" if word else ""


def _either(choices: Collection[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def _named(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "keys with values"
        case list():
            return "a list"
        case bool():
            return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
