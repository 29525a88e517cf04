"""The order of mapping keys in go-yaml: natural, digits by value. Source: go-yaml v2.4.0 `sorter.go`."""

import re
from collections.abc import Iterable, Sequence
from functools import cmp_to_key, lru_cache

# Keys of only these characters are in code point order: no digits to compare by value, and no
# sign that code points put behind a character.
_SIMPLE = re.compile(r"[ -/:-@A-Za-z]*|[ -/:-@\[-`a-z]*")


def ordered(keys: Iterable[str]) -> Sequence[str]:
    """Sort keys into the order go-yaml writes them in.

    The rules contradict themselves for some sets (`a15` < `a1b` < `a2` < `a15`); Go's own order is
    random then, ours is always the same.
    """
    return _ordered(tuple(keys))


@lru_cache(maxsize=8192)
def _ordered(keys: tuple[str, ...]) -> Sequence[str]:
    alphabetic = sorted(keys)
    if len(keys) < 2 or _SIMPLE.fullmatch("".join(keys)):
        return alphabetic
    return sorted(alphabetic, key=cmp_to_key(compare))


def compare(one: str, other: str) -> int:
    """Return a negative number if `one` is before `other`, positive if behind, zero if they are equal."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return len(one) - len(other)
    a, b = one[at], other[at]
    if a.isalpha() and b.isalpha():
        return ord(a) - ord(b)
    if a.isalpha() or b.isalpha():
        return -1 if b.isalpha() else 1
    start = _carried(one, at) if "0" in (a, b) else 0
    return _sign(_run(one, at, start), _run(other, at, start)) or ord(a) - ord(b)


def _carried(text: str, at: int) -> int:
    """1 where the digits right before are a number already, so that zeros behind it count."""
    while at > 0 and text[at - 1].isdecimal():
        at -= 1
        if text[at] != "0":
            return 1
    return 0


def _run(text: str, at: int, value: int) -> tuple[int, int]:
    """Give the value of the digits from a place on, in Go's 64 bits that wrap, and their end."""
    while at < len(text) and text[at].isdecimal():
        value = value * 10 + ord(text[at]) - ord("0")
        at += 1
    return (value + (1 << 63)) % (1 << 64) - (1 << 63), at


def _sign(one: tuple[int, int], other: tuple[int, int]) -> int:
    return (one > other) - (one < other)
