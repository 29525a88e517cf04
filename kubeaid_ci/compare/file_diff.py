"""A diff of one file that hides nothing: invisible and foreign characters, spaces at the ends, modes, binaries."""

import difflib
import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from kubeaid_ci.git.tree import GITLINK, SPECIAL, File

_CONTEXT = 3
_MOST_LINES = 200
_LONGEST_LINE = 500
_BEFORE = 60
# What is left when equal lines at both ends are gone; beyond it a diff is slow and not helpful.
_MOST_COMPARED = 4000
_CONTROLS = {"\t": "TAB", "\r": "CARRIAGE RETURN", "\x1b": "ESCAPE"}
_NO_FILE = {
    GITLINK: "another repository (a submodule), whose files are not checked",
    SPECIAL: "a pipe, a socket or a device, which Git cannot hold",
}


def diff(theirs: File | None, ours: File | None) -> str:
    r"""Return how our file differs from theirs, as a unified diff; None is a missing file.

    A line that begins with a backslash describes what the line before it does not show. The result is
    bounded, and safe to print.
    """
    lines = [*_modes(theirs, ours), *_contents(theirs.data if theirs else b"", ours.data if ours else b"")]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"\\ and {len(lines) - _MOST_LINES} more lines"]
    return "\n".join(lines)


def _modes(theirs: File | None, ours: File | None) -> Iterator[str]:
    if ours and (what := _NO_FILE.get(ours.mode)):
        yield f"\\ is {what}"
        return
    if theirs and ours and theirs.mode != ours.mode:
        yield f"\\ mode {theirs.mode} became {ours.mode}"


def _contents(old: bytes, new: bytes) -> Iterator[str]:
    if old == new:
        return
    before, after = _lines(old), _lines(new)
    if before is None or after is None:
        yield f"\\ binary: {_fingerprint(old)} became {_fingerprint(new)}"
        return
    yield from _unified(before, after)


def _lines(data: bytes) -> list[str] | None:
    """Return the lines of a text, each with its line break; None if it is not a text."""
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def _unified(before: list[str], after: list[str]) -> Iterator[str]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    keep = max(start - _CONTEXT, 0)
    old = before[keep : len(before) - max(end - _CONTEXT, 0)]
    new = after[keep : len(after) - max(end - _CONTEXT, 0)]
    if max(len(old), len(new)) > _MOST_COMPARED:
        yield f"\\ {len(old)} lines became {len(new)} lines from line {start + 1} on; too many to show"
        return
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_span(keep, first[1], last[2])} +{_span(keep, first[3], last[4])} @@"
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from _signed(" ", old[a:b], [0] * (b - a))
                continue
            pairs = list(zip_longest(old[a:b], new[c:d], fillvalue=""))
            starts = [_start(mine, yours) for mine, yours in pairs]
            yield from _signed("-", old[a:b], starts)
            yield from _signed("+", new[c:d], starts)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    for number, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine != yours:
            return number
    return min(len(one), len(other))


def _span(keep: int, start: int, end: int) -> str:
    length = end - start
    return f"{keep + start + (1 if length else 0)},{length}"


def _start(mine: str, yours: str) -> int:
    """Return where to begin to show two long lines, so that what differs is seen."""
    if max(len(mine), len(yours)) <= _LONGEST_LINE:
        return 0
    return max(_common(mine, yours) - _BEFORE, 0)


def _signed(sign: str, lines: Sequence[str], starts: Sequence[int]) -> Iterator[str]:
    for line, start in zip(lines, starts, strict=False):
        text = line.removesuffix("\n")
        end = start + _LONGEST_LINE
        short = ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")
        yield sign + "".join(char if char.isprintable() else _escaped(char) for char in short)
        if sign != " ":
            yield from _remarks(text)
        if text is line or not line.endswith("\n"):
            yield "\\ no line break at the end of the file"


def _remarks(text: str) -> Iterator[str]:
    blanks = len(text) - len(text.rstrip(" \t"))
    if blanks:
        yield f"\\ ends in {blanks} space{'s' if blanks > 1 else ''}"
    foreign = dict.fromkeys(char for char in text if not (char.isascii() and char.isprintable()))
    if foreign:
        yield "\\ holds " + ", ".join(map(_named, list(foreign)[:5])) + (" and more" if len(foreign) > 5 else "")


def _named(char: str) -> str:
    name = _CONTROLS.get(char) or unicodedata.name(char, "without a name")
    return f"U+{ord(char):04X} {name}"


def _escaped(char: str) -> str:
    return "\t" if char == "\t" else char.encode("unicode_escape").decode()


def _fingerprint(data: bytes) -> str:
    return f"{len(data)} bytes with SHA-256 {hashlib.sha256(data).hexdigest()[:16]}…" if data else "nothing"
