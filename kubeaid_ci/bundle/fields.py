"""Typed fields of a JSON object that a stranger may have written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.errors import UserError

_MOST = 2**60


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a file. Every method raises `UserError` that names the file and the field."""

    value: Any
    where: str

    def _get(self, name: str, kind: type | tuple[type, ...]) -> Any:
        if not isinstance(self.value, dict):
            raise UserError(f"{self.where}: expected an object")
        found = self.value.get(name)
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
            raise UserError(f"{self.where}: {name} is missing or of a wrong type")
        return found

    def text(self, name: str, *, empty: bool = False) -> str:
        """Return a text without control characters."""
        found = str(self._get(name, str))
        if not (found or empty) or any(ord(character) < 32 for character in found):
            raise UserError(f"{self.where}: {name} is empty or has control characters")
        return found

    def matching(self, name: str, pattern: re.Pattern[str], *, empty: bool = False) -> str:
        """Return a text that fully matches a pattern."""
        found = self.text(name, empty=empty)
        if found and not pattern.fullmatch(found):
            raise UserError(f"{self.where}: {name} is {found[:80]!r}, which is not valid there")
        return found

    def count(self, name: str) -> int:
        """Return a number from 0."""
        found = int(self._get(name, int))
        if not 0 <= found < _MOST:
            raise UserError(f"{self.where}: {name} is out of range")
        return found

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return bool(self._get(name, bool))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found = self._get(name, list)
        if not all(isinstance(item, str) for item in found):
            raise UserError(f"{self.where}: {name} has an item that is no text")
        return tuple(found)

    def many(self, name: str) -> "list[Fields]":
        """Return a list of objects."""
        return [Fields(item, f"{self.where}: {name}[{at}]") for at, item in enumerate(self._get(name, list))]

    def optional(self, name: str) -> "Fields | None":
        """Return an object, or None if it is null."""
        found = self._get(name, (dict, type(None)))
        return None if found is None else Fields(found, f"{self.where}: {name}")

    def mapping(self, name: str, *, key: re.Pattern[str], value: re.Pattern[str]) -> Mapping[str, str]:
        """Return an object whose keys and values are texts that match patterns."""
        found = self._get(name, dict)
        for one, other in found.items():
            if not key.fullmatch(one) or not isinstance(other, str) or not value.fullmatch(other):
                raise UserError(f"{self.where}: {name} has an invalid entry: {one[:80]!r}")
        return dict(found)
