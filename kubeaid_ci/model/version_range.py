"""Ranges of versions as Helm reads them: ``^1.2``, ``>=1.20.0-0 <2``, ``1.x || 2.0 - 2.4``.

The rules are those of the library that Helm uses
(https://github.com/Masterminds/semver/tree/v3.4.0#checking-version-constraints).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.version import Version

_NUMBER = r"[0-9xX*]+"
_WRITTEN = (
    rf"v?{_NUMBER}(?:\.{_NUMBER}){{0,2}}"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_OPERATOR = r"!=|>=|=>|<=|=<|~>|=|>|<|~|\^|"
_SPAN = re.compile(rf"\s*({_WRITTEN})\s+-\s+({_WRITTEN})\s*")
_ONE = re.compile(rf"\s*({_OPERATOR})\s*({_WRITTEN})\s*(?:,|(?=\s)|\Z)")
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class _Comparator:
    """One comparison. `parts` counts the numbers that are written, 3 for a whole version."""

    operator: str
    version: Version
    parts: int

    def allows(self, version: Version) -> bool:
        return _COMPARE[self.operator](version, self)


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Which versions are wanted, as written in `text`. An empty text is any release."""

    text: str
    alternatives: tuple[tuple[_Comparator, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a range; raises `UserError` naming the text where it is none."""
        if len(text) > _LONGEST:
            raise UserError(f"not a range of versions: {text[:40]!r}…; it is longer than {_LONGEST} characters")
        spread = _SPAN.sub(r" >=\1 <=\2 ", text)
        return cls(text, tuple(_group(part, text) for part in spread.split("||")))

    @property
    def is_exact(self) -> bool:
        """Whether it names one version."""
        only = self.alternatives[0] if len(self.alternatives) == 1 else ()
        return len(only) == 1 and only[0].operator in ("", "=") and only[0].parts == 3

    def allows(self, version: Version) -> bool:
        """Whether a version is in the range. A pre-release only is where the range names one beside it."""
        return any(_all(group, version) for group in self.alternatives)

    def __str__(self) -> str:
        return self.text


def _group(text: str, whole: str) -> tuple[_Comparator, ...]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _ONE.match(text, at)
        if match is None:
            raise UserError(f"not a range of versions: {whole!r}; write for example ^1.2.0 or >=1.2.0 <2.0.0")
        found.append(_comparator(match[1], match[2]))
        at = match.end()
    return tuple(found) or (_comparator("", "*"),)


def _comparator(operator: str, written: str) -> _Comparator:
    numbers, dash, prerelease = written.partition("+")[0].removeprefix("v").partition("-")
    known: list[str] = []
    for number in numbers.split("."):
        if not number.isdigit():
            break
        known.append(number)
    padded = ".".join([*known, "0", "0", "0"][:3])
    return _Comparator(operator, Version.parse(f"{padded}{dash}{prerelease}"), len(known))


def _all(group: tuple[_Comparator, ...], version: Version) -> bool:
    if version.prerelease and not any(one.version.prerelease for one in group):
        return False
    return all(one.allows(version) for one in group)


def _same(version: Version, one: _Comparator, parts: int) -> bool:
    return version.release[:parts] == one.version.release[:parts]


def _equal(version: Version, one: _Comparator) -> bool:
    return version == one.version if one.parts == 3 else _near(version, one)


def _near(version: Version, one: _Comparator) -> bool:
    """``~1.2.3`` and ``~1.2``: the same minor version; ``~1``: the same major version; ``~0.0.0``: any."""
    if version < one.version:
        return False
    if one.version.release == (0, 0, 0) and one.parts in (0, 3):
        return True
    return _same(version, one, min(one.parts, 2))


def _compatible(version: Version, one: _Comparator) -> bool:
    """``^``: nothing left of the first number that is not zero may change."""
    major, minor, _ = one.version.release
    if version < one.version:
        return False
    if major > 0 or one.parts == 1:
        return _same(version, one, 1)
    return _same(version, one, 2 if minor > 0 or one.parts == 2 else 3)


def _unequal(version: Version, one: _Comparator) -> bool:
    if one.parts in (0, 3):
        return version != one.version
    if one.parts == 2 and (version.prerelease or one.version.prerelease) and _same(version, one, 2):
        return version.prerelease != one.version.prerelease
    return not _same(version, one, one.parts)


def _above(version: Version, one: _Comparator) -> bool:
    if one.parts in (0, 3):
        return version > one.version
    return version.release[: one.parts] > one.version.release[: one.parts]


def _up_to(version: Version, one: _Comparator) -> bool:
    if one.parts == 3:
        return version <= one.version
    parts = 1 if one.parts == 1 else 2
    return version.release[:parts] <= one.version.release[:parts]


_COMPARE: dict[str, Callable[[Version, _Comparator], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _unequal,
    ">": _above,
    "<": lambda version, one: version < one.version,
    ">=": lambda version, one: version >= one.version,
    "=>": lambda version, one: version >= one.version,
    "<=": _up_to,
    "=<": _up_to,
    "~": _near,
    "~>": _near,
    "^": _compatible,
}
