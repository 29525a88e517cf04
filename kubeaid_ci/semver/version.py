"""Versions, ordered by SemVer 2.0.0 (https://semver.org/#spec-item-11) and read as Helm reads them.

Helm uses https://github.com/Masterminds/semver (v3.5.0 in Helm 4.2). Its `NewVersion` accepts a leading ``v``, missing
numbers (``1.2``) and leading zeros in numbers; `StrictNewVersion` accepts SemVer only.
"""

import re
from dataclasses import dataclass, field
from functools import total_ordering
from typing import Self

from kubeaid_ci.errors import UserError

_LOOSE = re.compile(
    r"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_STRICT = re.compile(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:[-+].*)?", re.DOTALL)

# Python parses no number of thousands of digits, and no version needs one.
_LONGEST = 256
_LARGEST = 2**64 - 1
"""Go reads the numbers of a version as 64 bits."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version: ordered by SemVer, printed as it was written (``v1.2`` stays ``v1.2``).

    Build metadata does not order versions, so ``1.2.3+1`` equals ``1.2.3+2``. Compare `text` to compare releases.
    """

    text: str
    release: tuple[int, int, int]
    prerelease: tuple[str, ...] = field(default=())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version as Helm's `NewVersion` does; raises `UserError` with the text if it is no version."""
        match = _LOOSE.fullmatch(text) if len(text) <= _LONGEST else None
        if match is None:
            raise UserError(f"not a version: {text[:_LONGEST]!r}")
        numbers = (int(match["major"]), int(match["minor"] or 0), int(match["patch"] or 0))
        prerelease = tuple(match["pre"].split(".")) if match["pre"] else ()
        if max(numbers) > _LARGEST or any(_has_leading_zero(part) for part in prerelease):
            raise UserError(f"not a version: {text!r}")
        return cls(text, numbers, prerelease)

    @classmethod
    def parse_strict(cls, text: str) -> Self:
        """Read a version as Helm's `StrictNewVersion` does: three numbers, no ``v``; raises `UserError`."""
        if not _STRICT.fullmatch(text):
            raise UserError(f"not a version: {text[:_LONGEST]!r}")
        return cls.parse(text)

    @property
    def _order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        return (self.release, not self.prerelease, tuple(map(_part_order, self.prerelease)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)

    def __str__(self) -> str:
        return self.text


def is_like_version(text: str) -> bool:
    """Return whether a text has the form of a version, even if its numbers are invalid: ``1.0.0-01``."""
    return len(text) <= _LONGEST and _LOOSE.fullmatch(text) is not None


def _has_leading_zero(part: str) -> bool:
    return part.isdigit() and part[0] == "0" and part != "0"


def _part_order(part: str) -> tuple[bool, int, str]:
    """Return the sort key of a part. Numbers come before words; a number of more than 64 bits is a word to Go."""
    is_number = part.isdigit() and int(part) <= _LARGEST
    return (not is_number, int(part) if is_number else 0, part)


def is_same_release(one: str, other: str) -> bool:
    """Return whether two versions name one release: ``1.0.0`` and ``v1.0``, but not two builds (``+1``, ``+2``)."""
    if one == other:
        return True
    if one.partition("+")[2] != other.partition("+")[2]:
        return False
    try:
        return Version.parse(one) == Version.parse(other)
    except UserError:
        return False
