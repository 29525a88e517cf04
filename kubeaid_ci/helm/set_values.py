"""Set values by name, as Helm's options ``--set``, ``--set-string`` and ``--set-file`` do.

The syntax is that of https://helm.sh/docs/intro/using_helm/#the-format-and-limitations-of---set. Helm applies
an expression to the values that exist already, so ``a[1]=x`` changes one item of a list from a values file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Read = Callable[[str], Any]
"""Makes the value from its text."""

_MAX_NESTED_KEYS = 30  # Helm's limits
_MAX_INDEX = 65_536
_MAX_NESTED_LISTS = 200  # ours: each takes a frame of Python's stack
_INTEGER = re.compile(r"[+-]?0*[0-9]{1,19}")
_INT64 = range(-(2**63), 2**63)
_WORDS = {"true": True, "false": False, "null": None}


class ParameterError(ValueError):
    """An expression that Helm refuses. The message holds no part of the value, which may be a secret."""


def assign(values: dict[str, Any], expression: str, read: Read, *, open_index: bool = False) -> None:
    """Apply ``name=value`` to `values`, which may be changed in part if `ParameterError` is raised.

    `read` is `typed` for ``--set`` and `str` for ``--set-string``. An integer becomes an `int` (Helm's int64).
    `open_index` ignores a name with an unclosed index, as Helm 4 does; Helm 3 refuses it.
    """
    parser = _Parser(expression, read, open_index)
    while not parser.assignment(values, 0):
        pass


def typed(text: str) -> Any:
    """Return the value of a text as ``--set`` reads it: a boolean, null, an integer, or the text."""
    word = text.casefold()
    if word in _WORDS:
        return _WORDS[word]
    # A leading zero makes a text, as in a file's mode.
    if text == "0" or (not text.startswith("0") and _INTEGER.fullmatch(text) and int(text) in _INT64):
        return int(text)
    return text


@dataclass(slots=True)
class _Parser:
    """Reads an expression from left to right. Methods return whether its end was met where a value should be."""

    text: str
    read: Read
    open_index: bool
    at: int = 0

    def assignment(self, values: dict[str, Any], depth: int) -> bool:
        """Read one ``name=value`` and apply it; `depth` counts the keys before."""
        key, stop = self._until("=[,.")
        match stop:
            case "=":
                value, ended = self._value()
            case "[":
                if (index := self._index()) is None:
                    return True
                if not isinstance(items := values.get(key, []), list):
                    raise ParameterError(f"{key} is not a list")
                value, ended = self._item(items, index, depth, 0)
            case ".":
                return self._nested(values, key, depth + 1)
            case _ if stop or key:
                raise ParameterError("text is left after the value, or a name has no value; write \\, for a comma")
            case _:
                return True
        _put(values, key, value)
        return ended

    def _nested(self, values: dict[str, Any], key: str, depth: int) -> bool:
        if depth > _MAX_NESTED_KEYS:
            raise ParameterError(f"more than {_MAX_NESTED_KEYS} nested keys")
        inner = values.get(key, {})
        if not isinstance(inner, dict):
            raise ParameterError(f"{key} is set to a value that has no keys")
        ended = self.assignment(inner, depth)
        if inner:
            _put(values, key, inner)
        elif not ended:
            raise ParameterError(f"{key} has no value")
        return ended

    def _item(self, items: list[Any], index: int, depth: int, lists: int) -> tuple[list[Any], bool]:
        """Return the list with what follows an index applied to that item; unchanged if the expression ends before."""
        between, stop = self._until("[.=")
        if between or lists > _MAX_NESTED_LISTS:
            raise ParameterError("text is left after an index" if between else "too many nested lists")
        old = items[index] if index < len(items) else None
        value: Any
        match stop:
            case "=":
                value, _ = self._value()
                ended = False
            case "[":
                if (inner := self._index()) is None:
                    return items, True
                if not isinstance(old, list | None):
                    raise ParameterError("an index is given for an item that is not a list")
                value, ended = self._item(old or [], inner, depth, lists + 1)
            case ".":
                value = old if isinstance(old, dict) else {}
                if index < len(items):
                    items[index] = value
                ended = self.assignment(value, depth)
            case _:
                return items, True
        if not ended:
            if index > _MAX_INDEX:
                raise ParameterError(f"the index {index} is above {_MAX_INDEX}")
            items = [*items, *[None] * (index + 1 - len(items))]
            items[index] = value
        return items, ended

    def _index(self) -> int | None:
        text, stop = self._until("]")
        if not stop and self.open_index:
            return None
        if not stop or not _INTEGER.fullmatch(text) or int(text) not in _INT64:
            raise ParameterError("an index is not an integer in square brackets")
        if int(text) < 0:
            raise ParameterError("an index is negative")
        return int(text)

    def _value(self) -> tuple[Any, bool]:
        if self.at == len(self.text):
            return "", True
        if self.text[self.at] != "{":
            return self.read(self._until(",")[0]), False
        self.at += 1
        items = []
        while True:
            text, stop = self._until(",}")
            if not stop:
                raise ParameterError("a list has no closing }")
            items.append(self.read(text))
            if stop == "}":
                self.at += self.text.startswith(",", self.at)
                return items, False

    def _until(self, stops: str) -> tuple[str, str]:
        """Return the text before the first of `stops`, and that character, empty at the end. A backslash quotes."""
        found: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter in stops:
                return "".join(found), letter
            if letter == "\\":
                letter = self.text[self.at : self.at + 1]
                self.at += 1
            found.append(letter)
        self.at = len(self.text)
        return "".join(found), ""


def _put(values: dict[str, Any], key: str, value: Any) -> None:
    if key:  # Helm drops what has an empty name
        values[key] = value
