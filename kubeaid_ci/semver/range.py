"""Ranges of versions as Helm reads them: ``^1.2``, ``>=1.20.0-0 <2``, ``1.x || 2.0 - 2.4``.

The rules are those of the library that Helm uses
(https://github.com/Masterminds/semver/blob/v3.5.0/constraints.go), its patterns included.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.version import Version

# The patterns of the library, where `\s` is ASCII. A `|` is accepted in place of a number there, and refused later.
_S = r"[\t\n\f\r ]"
_NUMBER = r"[0-9|xX*]+"
_MORE = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_WRITTEN = rf"v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:-{_MORE})?(?:\+{_MORE})?"
_PARTS = re.compile(rf"v?({_NUMBER})(\.{_NUMBER})?(\.{_NUMBER})?(-{_MORE})?(?:\+{_MORE})?")
_OPERATOR = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^"
_SPAN = re.compile(rf"{_S}*({_WRITTEN}){_S}+-{_S}+({_WRITTEN}){_S}*")
_GROUP = re.compile(
    rf"{_S}*(?:{_OPERATOR}){_S}*{_WRITTEN}{_S}*(?:(?:{_S}+|,{_S}*)(?:{_OPERATOR}){_S}*{_WRITTEN}{_S}*)*"
)
_FIND = re.compile(rf"(?:{_OPERATOR}){_S}*{_WRITTEN}")
_ONE = re.compile(rf"{_S}*({_OPERATOR}){_S}*({_WRITTEN}){_S}*")
_LONGEST = 512
_ANY = ("x", "X", "*")
_STARTING = ("", "=", "~", "~>", "^", ">=", "=>")


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
    """The versions that are wanted, as written in `text`."""

    text: str
    alternatives: tuple[tuple[_Comparator, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a range; raises `UserError` with the text if Helm calls it improper, as it does an empty one."""
        if len(text) > _LONGEST:
            raise UserError(f"not a range of versions: {text[:40]!r}…; it is longer than {_LONGEST} characters")
        return cls(text, tuple(_group(part, text) for part in _without_spans(text).split("||")))

    @property
    def is_exact(self) -> bool:
        """Return whether it names one version."""
        only = self.alternatives[0] if len(self.alternatives) == 1 else ()
        return len(only) == 1 and only[0].operator in ("", "=") and only[0].parts == 3

    @property
    def base(self) -> Version | None:
        """The version that the range starts from, such as 1.2.0 of ``^1.2``; None if it names none or several."""
        only = self.alternatives[0] if len(self.alternatives) == 1 else ()
        starts = len(only) == 1 and only[0].operator in _STARTING and only[0].parts > 0
        return only[0].version if starts else None

    def allows(self, version: Version) -> bool:
        """Return whether a version is in the range. A pre-release only is where the range names one next to it."""
        return any(_all(group, version) for group in self.alternatives)

    def __str__(self) -> str:
        return self.text


def _without_spans(text: str) -> str:
    """Return the text with ``1.2 - 2`` written as ``>= 1.2, <= 2``."""
    out = text
    for match in _SPAN.finditer(text):
        out = out.replace(match[0], f">= {match[1]}, <= {match[2]} ", 1)
    return out


def _group(text: str, whole: str) -> tuple[_Comparator, ...]:
    """Return the comparisons of one alternative."""
    if not _GROUP.fullmatch(text):
        raise _improper(whole)
    return tuple(_comparator(found, whole) for found in _FIND.findall(text))


def _comparator(text: str, whole: str) -> _Comparator:
    one = _ONE.fullmatch(text)
    numbers = _PARTS.fullmatch(one[2]) if one else None
    if one is None or numbers is None:
        raise _improper(whole)
    known: list[str] = []
    for number in numbers.groups()[:3]:
        if not number or number.lstrip(".") in _ANY:
            break
        known.append(number)
    padded = "".join(known) + ("0.0.0" if not known else ".0" * (3 - len(known)))
    try:
        return _Comparator(one[1], Version.parse(padded + (numbers[4] or "")), len(known))
    except UserError:
        raise _improper(whole) from None


def _improper(text: str) -> UserError:
    return UserError(f"not a range of versions: {text!r}; write for example ^1.2.0 or >=1.2.0 <2.0.0")


def _all(group: tuple[_Comparator, ...], version: Version) -> bool:
    if version.prerelease and not any(comparator.version.prerelease for comparator in group):
        return False
    return all(comparator.allows(version) for comparator in group)


def _same(version: Version, comparator: _Comparator, parts: int) -> bool:
    return version.release[:parts] == comparator.version.release[:parts]


def _equal(version: Version, comparator: _Comparator) -> bool:
    return version == comparator.version if comparator.parts == 3 else _near(version, comparator)


def _near(version: Version, comparator: _Comparator) -> bool:
    """``~1.2.3`` and ``~1.2``: the same minor version; ``~1``: the same major version; ``~0.0.0``: any."""
    if version < comparator.version:
        return False
    if comparator.version.release == (0, 0, 0) and comparator.parts in (0, 3):
        return True
    return _same(version, comparator, min(comparator.parts, 2))


def _compatible(version: Version, comparator: _Comparator) -> bool:
    """``^``: nothing left of the first number that is not zero may change."""
    major, minor, _ = comparator.version.release
    if version < comparator.version:
        return False
    if major > 0 or comparator.parts == 1:
        return _same(version, comparator, 1)
    return _same(version, comparator, 2 if minor > 0 or comparator.parts == 2 else 3)


def _unequal(version: Version, comparator: _Comparator) -> bool:
    if comparator.parts in (0, 3):
        return version != comparator.version
    if (
        comparator.parts == 2
        and (version.prerelease or comparator.version.prerelease)
        and _same(version, comparator, 2)
    ):
        return version.prerelease != comparator.version.prerelease
    return not _same(version, comparator, comparator.parts)


def _above(version: Version, comparator: _Comparator) -> bool:
    if comparator.parts in (0, 3):
        return version > comparator.version
    return version.release[: comparator.parts] > comparator.version.release[: comparator.parts]


def _up_to(version: Version, comparator: _Comparator) -> bool:
    if comparator.parts == 3:
        return version <= comparator.version
    parts = 1 if comparator.parts == 1 else 2
    return version.release[:parts] <= comparator.version.release[:parts]


_COMPARE: dict[str, Callable[[Version, _Comparator], bool]] = {
    "": _equal,
    "=": _equal,
    "!=": _unequal,
    ">": _above,
    "<": lambda version, one: version < one.version,
    ">=": lambda version, comparator: version >= comparator.version,
    "=>": lambda version, comparator: version >= comparator.version,
    "<=": _up_to,
    "=<": _up_to,
    "~": _near,
    "~>": _near,
    "^": _compatible,
}
