"""Resolves plain YAML scalars as Go does: YAML 1.1 as go-yaml v2 reads it.

Kubernetes, Helm and Argo CD read manifests with that library and `gojsontoyaml` writes with it. The
writer asks here which strings need quotes, the loader what a scalar without quotes is. Source of
the rules: go-yaml v2.4.0 `resolve.go` and Go's packages `strconv` and `time` (Go 1.20 or newer).
"""

import math
import re
from calendar import monthrange

Plain = str | int | float | bool | None

_WORDS: dict[str, Plain] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_WORD_STARTS = frozenset("yYnNtTfFoO~")
_NUMBER_STARTS = frozenset("+-.0123456789")

_INTEGER = re.compile(
    r"([-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_SIGN_AFTER_PREFIX = re.compile(r"0b([-+])(?P<bin>[01]+)")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# Behind a leading dot only Go's own parser decides, and accepts underscores between digits.
_FRACTION = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:(?P<t>[Tt])| +)(\d\d?):(\d\d?):(\d\d?)(?:[.,]\d+)?(?(t)(?:Z|[-+](\d\d):(\d\d))))?",
    re.ASCII,
)


def plain_value(text: str) -> Plain:
    """Give the value of a scalar without quotes. Timestamps stay text, as JSON has none."""
    if not text:
        return None
    first = text[0]
    if first in _WORD_STARTS:
        return _WORDS.get(text, text)
    if first not in _NUMBER_STARTS:
        return text
    return _WORDS[text] if text in _WORDS else _number(text)


def reads_as_text(text: str) -> bool:
    """Return whether Go reads this text, written without quotes, as a string.

    Base 60 (`1:30`) counts as a number: Go writes it quoted for the sake of other readers.
    """
    if text and text[0] not in _WORD_STARTS and text[0] not in _NUMBER_STARTS:
        return True
    return isinstance(plain_value(text), str) and not is_timestamp(text) and not _BASE_60.fullmatch(text)


def is_timestamp(text: str) -> bool:
    """Return whether go-yaml takes a plain scalar for a date or a point in time."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return False
    year, month, day = (int(match[part]) for part in (1, 2, 3))
    if not (1 <= month <= 12 and 1 <= day <= _days(year, month)):
        return False
    hour, minute, second, zone_hour, zone_minute = (int(match[part] or 0) for part in (5, 6, 7, 8, 9))
    # Go allows zones of 24 hours and of 60 minutes: some people write them.
    return hour < 24 and minute < 60 and second < 60 and zone_hour <= 24 and zone_minute <= 60


def _days(year: int, month: int) -> int:
    # Go has a year 0, a leap year like 2000; Python's calendar starts at 1.
    return monthrange(year or 2000, month)[1]


def _number(text: str) -> Plain:
    if text[0] == ".":
        found: int | float | None = _float(text.replace("_", "")) if _FRACTION.fullmatch(text) else None
    elif is_timestamp(text):
        return text
    else:
        digits = text.replace("_", "")
        found = _integer(digits)
        found = _float(digits) if found is None else found
    return text if found is None else found


def _integer(digits: str) -> int | None:
    """Read an integer of any base that fits 64 bits; only without a sign may it be unsigned."""
    match = _INTEGER.fullmatch(digits) or _SIGN_AFTER_PREFIX.fullmatch(digits)
    if match is None:
        return None
    base = str(match.lastgroup)
    if base == "dec" and len(match[base]) > 20:
        return None  # beyond 64 bits, and Python refuses to parse some thousands of decimal digits
    value = int(match[base], _BASES[base])
    if match[1] == "-":
        return -value if value <= 1 << 63 else None
    return value if value < (1 << 63 if match[1] else 1 << 64) else None


def _float(digits: str) -> float | None:
    """Read a decimal float; one too large for 64 bits is text to Go."""
    if not _FLOAT.fullmatch(digits):
        return None
    value = float(digits)
    return None if math.isinf(value) else value
