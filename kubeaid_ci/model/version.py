"""Versions, ordered by SemVer 2.0.0 (https://semver.org/#spec-item-11)."""

import re
from dataclasses import dataclass, field
from functools import total_ordering
from typing import Self

from kubeaid_ci.errors import UserError

_SEMVER = re.compile(
    r"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+(?P<build>[0-9A-Za-z.-]+))?"
)

# Python makes no number of thousands of digits, and nobody a version.
_LONGEST = 256


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version: ordered by SemVer, printed as it was written (``v1.2`` stays ``v1.2``).

    Build metadata does not order versions, so ``1.2.3+1`` equals ``1.2.3+2``.
    """

    text: str
    release: tuple[int, int, int]
    prerelease: tuple[str, ...] = field(default=())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version; raises `UserError` naming the text where it is none."""
        match = _SEMVER.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if match is None:
            raise UserError(f"not a version: {text[:_LONGEST]!r}")
        numbers = (int(match["major"]), int(match["minor"] or 0), int(match["patch"] or 0))
        return cls(text.strip(), numbers, tuple(match["pre"].split(".")) if match["pre"] else ())

    @property
    def _order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
        parts = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in self.prerelease)
        return (self.release, not self.prerelease, parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order == other._order

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order

    def __hash__(self) -> int:
        return hash(self._order)

    def __str__(self) -> str:
        return self.text
