"""Turns the output of a jsonnet engine into one message: what, where, the lines around, did you mean.

The three engines share one shape: the text, then a line for each frame, the innermost first.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_SPAN = r"\((?P<line2>\d+):(?P<column2>\d+)\)-\(\d+:\d+\)"
_POINT = r"(?P<line>\d+):(?P<column>\d+)(?:-(?P<end>\d+))?"
_PLACE = rf"(?P<path>[^\t\n]+?):(?:{_SPAN}|{_POINT})"
_FRAME = re.compile(rf"(?:\t| {{4}}){_PLACE}(?:[:\t].*)?")
_STATIC = re.compile(rf"{_PLACE}:? (?P<text>.+)", re.DOTALL)
_BARE_FRAME = re.compile(r"\t.*|    (?:field <|argument <|assertion |elem <|\.\.\.).*")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_PREFIXES = ("RUNTIME ERROR: ", "STATIC ERROR: ", "assert failed: ")
# Names that a file defines: its locals and its fields.
_DEFINED = re.compile(r"(?<=\blocal )\s*\w+|\b[A-Za-z_]\w*(?=['\"]?\s*\+?:)")
_AROUND = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a source file; line and column count from 1, `end` is the last column (or nothing)."""

    path: str
    line: int
    column: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """An engine's message made readable. `place` is where a person should look first."""

    text: str
    place: Place | None


def explain(
    message: str,
    *,
    prefer: Sequence[str],
    lines_of: Callable[[str], Sequence[str]],
    names: Iterable[str] = (),
    instead: str | None = None,
) -> Explanation:
    """Return the output of an engine as one message.

    `prefer` are path prefixes, the best first: the innermost frame below the first of them that has
    any is the place. `lines_of` returns the lines of a file (empty if it cannot be read); `names`
    are the right names that a wrong one may be close to. `instead` replaces the engine's own words
    if the caller knows better, and keeps only the position.
    """
    text, places = _parsed(message)
    text = instead or text
    place = _best(places, prefer)
    if place is None:
        return Explanation(text, None)
    lines = lines_of(place.path)
    meant = _did_you_mean(place, lines, names)
    return Explanation("\n".join(part for part in (text, _excerpt(place, lines), meant) if part), place)


def depth(message: str) -> int:
    """Return the number of frames that an engine's message shows."""
    return len(_parsed(message)[1])


def _parsed(message: str) -> tuple[str, list[Place]]:
    message = _without_prefix(message.strip("\n"))
    if (
        (static := _STATIC.fullmatch(message))
        and not static["path"].startswith(("\t", " "))
        and "\n" not in static["path"]
    ):
        # Engines that check before they run put the place first and their own excerpt last.
        return static["text"].split("\n")[0].strip(), [_place(static)]
    text, places = [], []
    for line in message.split("\n"):
        if match := _FRAME.fullmatch(line):
            places.append(_place(match))
        elif not _BARE_FRAME.fullmatch(line):
            text.append(line)
    return "\n".join(text).strip("\n"), places


def _without_prefix(text: str) -> str:
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return text


def _place(match: re.Match[str]) -> Place:
    end = match["end"]
    line, column = match["line"] or match["line2"], match["column"] or match["column2"]
    return Place(match["path"], int(line), int(column), int(end) if end else None)


def _best(places: Sequence[Place], prefer: Sequence[str]) -> Place | None:
    for prefix in prefer:
        for place in places:
            if place.path.startswith(prefix) and place.line > 0:
                return place
    return None


def _excerpt(place: Place, lines: Sequence[str]) -> str:
    first = max(1, place.line - _AROUND)
    rows = []
    for number, line in enumerate(lines[first - 1 : place.line + _AROUND], first):
        marker = ">" if number == place.line else " "
        rows.append(f"{marker} {number:>4} | {line.rstrip()[:160]}")
    return "\n".join(rows)


def _did_you_mean(place: Place, lines: Sequence[str], names: Iterable[str]) -> str:
    if not 0 < place.line <= len(lines):
        return ""
    line = lines[place.line - 1]
    found = _IDENTIFIER.findall(line[place.column - 1 : place.end or place.column])
    known = set(names) | set(_DEFINED.findall("\n".join(lines)))
    for wrong in reversed(found):
        if wrong not in known and (close := difflib.get_close_matches(wrong, sorted(known), 1, 0.75)):
            return f"did you mean {close[0]}?"
    return ""
