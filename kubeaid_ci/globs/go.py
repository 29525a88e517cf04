"""Shell patterns as Go's `path.Match` and `filepath.Match` have them (https://pkg.go.dev/path#Match).

Unlike Python's and most shells', a class is negated by ``^`` only: ``[!a]`` matches ``!`` and ``a``. A class may match
a slash, and a range that runs backwards matches nothing. Matching takes linear time for each ``*``.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

_STAR = "[^/]*"
_NEVER = "(?!)"


class BadPatternError(ValueError):
    """A pattern that Go calls a syntax error."""


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern as a regular expression, to be matched against a whole path. Raises `BadPatternError`."""
    *first, last = map(_translated, _chunks(pattern))
    star = _STAR if first else ""
    return re.compile(f"{_joined(first)}{star}{last}", re.DOTALL)


def has_error_at(pattern: str, name: str) -> bool:
    """Return whether `filepath.Match` reports a syntax error for this name.

    Unlike `path.Match` it looks no further than the name matches, so an error behind a ``*`` may stay unseen.
    """
    parts: list[str] = []
    for chunk in _chunks(pattern):
        if parts and not re.match(_joined(parts), name, re.DOTALL):
            return False
        try:
            parts.append(_translated(chunk))
        except BadPatternError:
            return True
    return False


def _joined(chunks: Sequence[str]) -> str:
    """Go takes the first place where a part fits and never comes back, as an atomic group does."""
    first, others = chunks[:1], chunks[1:]
    return "".join(first) + "".join(f"(?>{_STAR}?{chunk})" for chunk in others)


def _chunks(pattern: str) -> list[str]:
    """Return the parts between stars; a star in brackets is part of its class."""
    chunks = [""]
    is_class = False
    characters = iter(pattern)
    for character in characters:
        if character == "*" and not is_class:
            chunks.append("")
            continue
        is_class = character == "[" or (is_class and character != "]")
        chunks[-1] += character + (next(characters, "") if character == "\\" else "")
    # Several stars in a row are one.
    return [chunk for number, chunk in enumerate(chunks) if chunk or number in (0, len(chunks) - 1)]


def _translated(chunk: str) -> str:
    out, at = "", 0
    while at < len(chunk):
        match chunk[at]:
            case "?":
                out, at = out + "[^/]", at + 1
            case "[":
                found, at = _class(chunk, at + 1)
                out += found
            case _:
                character, at = _character(chunk, at)
                out += re.escape(character)
    return out


def _class(chunk: str, at: int) -> tuple[str, int]:
    """Return a class as a regular expression, and where it ends; `at` is behind its bracket."""
    is_negated = chunk.startswith("^", at)
    at += is_negated
    ranges: list[str] = []
    count = 0
    while not (chunk.startswith("]", at) and count):
        low, at = _member(chunk, at)
        high = low
        if chunk.startswith("-", at):
            high, at = _member(chunk, at + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        count += 1
    if not ranges:
        return ("." if is_negated else _NEVER), at + 1
    return f"[{'^' if is_negated else ''}{''.join(ranges)}]", at + 1


def _member(chunk: str, at: int) -> tuple[str, int]:
    """Read one character of a class."""
    if at >= len(chunk) or chunk[at] in "-]":
        raise BadPatternError(chunk)
    return _character(chunk, at)


def _character(chunk: str, at: int) -> tuple[str, int]:
    """Read one character, perhaps after a backslash."""
    at += chunk[at] == "\\"
    if at >= len(chunk):
        raise BadPatternError(chunk)
    return chunk[at], at + 1
