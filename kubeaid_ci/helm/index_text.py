"""Cuts the text of an ``index.yaml`` at its chart names, so that only the wanted piece has to be parsed.

An index has up to some ten thousand entries, of which a run wants a handful. If the text could mean something else
than it looks like (a quoted text or a list in brackets that goes on at the margin, anchors, several documents), it is
not cut. Nor is it cut if Helm might refuse it: then the whole text must be parsed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kubeaid_ci.documents.resolve import plain_value
from kubeaid_ci.helm.chart_yaml import TEXT_FIELDS
from kubeaid_ci.helm.index_entries import FIELDS

# Patterns that begin with literal characters, which Python finds many times faster than others.
_ENTRIES = re.compile(r"\nentries:[ ]*(?=\n)")
_TOP = re.compile(r"\n(?=[^\s#])")
_FIRST = re.compile(r"(?:\n[ ]*(?:#[^\n]*)?(?=\n))*\n( +)[^\s#-]")
_DOCUMENT = re.compile(r"\n(?:---|\.\.\.)(?=\s|\Z)")
# What a value may begin with and not end with on its line; and what may stand between it and its key.
_OPEN = (
    re.compile(r' "(?<=[:?\n -] ")(?:[^"\\\n]|\\.)*$', re.MULTILINE),
    re.compile(r" '(?<=[:?\n -] ')(?:[^'\n]|'')*$", re.MULTILINE),
    re.compile(r" \[(?<=[:?\n -] \[)(?![^\n]*\][ ]*$)", re.MULTILINE),
    re.compile(r" \{(?<=[:?\n -] \{)(?![^\n]*\}[ ]*$)", re.MULTILINE),
    re.compile(r" &\S+[ ]+[\"'\[{]"),
    re.compile(r" !\S*[ ]+[\"'\[{]"),
)
_ITEM = re.compile(r"\n( *)- ")
# Where a version may be written so that its text does not appear: with an escape, as an alias, under such a key.
_HIDDEN = (
    re.compile(r"version[\"']?:\s*(?:\"[^\"]*\\|[*&!#])"),
    re.compile(r"[\n{,][ -]*\"[^\"\n]*\\[^\"\n]*\"[ ]*:"),
)
_QUOTED = re.compile(r""" (?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')""", re.DOTALL)
_COMMENT = re.compile(r"[ ]+(?:#.*)?$")
# What every entry has once.
_ALWAYS = ("name", "urls", "version")
_KNOWN = "|".join(sorted(FIELDS))
_TEXTS = "|".join(sorted(TEXT_FIELDS))
# Such as 1.0, true or &anchor; but no version of three numbers, as most are.
_MAYBE_NO_TEXT = r"(?=[-+.0-9~&*!yYnNtTfFoO])(?![0-9]+\.[0-9]+\.)"


@dataclass(frozen=True, slots=True)
class Cut:
    """The positions of each chart's entries in a text, by name, and the text around all of them."""

    charts: Mapping[str, slice]
    outside: str


def cut(text: str) -> Cut | None:
    """Return the pieces of an index; None if the whole text has to be parsed."""
    heads = list(_ENTRIES.finditer(text))
    if len(heads) != 1 or "\t" in text or "\r" in text or _DOCUMENT.search(text):
        return None
    begin = heads[0].end()
    end = following.start() if (following := _TOP.search(text, begin)) else len(text)
    first = _FIRST.match(text, begin, end)
    if first is None or _straddles(text, len(first[1])):
        return None
    charts = _charts(text, begin, end, len(first[1]))
    if charts is None or _may_be_refused(text, begin, end):
        return None
    return Cut({name: slice(*ends) for name, ends in charts.items()}, text[: heads[0].start()] + text[end:])


def _may_be_refused(text: str, begin: int, end: int) -> bool:
    """Return whether a field of an entry may be unknown, there twice, or of a type that Helm does not decode.

    It looks at the fields right in an entry; deeper ones are checked for the charts that are requested.
    """
    item = _ITEM.search(text, begin, end)
    if item is None:
        return False
    margin = f"\\n {{{len(item[1])}}}(?:- |  )"
    if re.compile(f"{margin}(?![ #-]|(?:{_KNOWN}):)").search(text, begin, end):
        return True
    entries = text.count(item[0], begin, end)
    around = f"\n{item[1]}"
    for name in _ALWAYS:
        if sum(text.count(f"{around}{start}{name}:", begin, end) for start in ("- ", "  ")) > entries:
            return True
    values = re.compile(f"{margin}(?:{_TEXTS}): {_MAYBE_NO_TEXT}([^\\n]*)").finditer(text, begin, end)
    return any(not _is_text(_COMMENT.sub("", value[1])) for value in values)


def _is_text(plain: str) -> bool:
    """Return whether a value without quotes is text or nothing to YAML; one with an anchor or a tag may be anything."""
    return plain[:1] not in ("&", "*", "!") and isinstance(plain_value(plain), str | None)


def _charts(text: str, begin: int, end: int, indent: int) -> dict[str, tuple[int, int]] | None:
    """Return the pieces that begin with a name at the margin; None if something else is there, or a name twice."""
    # A name, an item of a list that is not indented any further, or a comment.
    known = re.compile(rf"\n {{{indent}}}(?:([A-Za-z0-9][\w.-]*):[ ]*(?=\n)|- |#)")
    found: dict[str, tuple[int, int]] = {}
    name = ""
    for margin in _margin(indent).finditer(text, begin, end):
        match = known.match(text, margin.start(), end)
        if match is None or match[1] in found:
            return None
        if match[1]:
            if name:
                found[name] = (found[name][0], margin.start())
            name = match[1]
            found[name] = (margin.start(), end)
    return found


def items(piece: str) -> list[str] | None:
    """Return the entries in a chart's piece; None if it has to be parsed."""
    name, newline, text = piece[1:].partition("\n")
    text = newline + text
    first = _ITEM.match(text)
    if first is None or any(pattern.search(text) for pattern in _HIDDEN):
        return None
    # As far out as the names of charts nothing goes on, or there would be no pieces.
    if len(first[1]) > len(name) - len(name.lstrip(" ")) and _straddles(text, len(first[1])):
        return None
    if any(not text.startswith(first[0], line.start()) for line in _margin(len(first[1])).finditer(text)):
        return None
    return [first[0] + item for item in text.removeprefix(first[0]).split(first[0])]


def _margin(indent: int) -> re.Pattern[str]:
    """Return where lines begin that are indented no further, but empty ones."""
    return re.compile(rf"\n {{0,{indent}}}(?=[^ \n])")


def _straddles(text: str, indent: int) -> bool:
    """Return whether a text in quotes or a list in brackets may go on at the margin, where names are."""
    margin = _margin(indent)
    for pattern in _OPEN:
        for match in pattern.finditer(text):
            quoted = _QUOTED.match(text, match.start())
            if quoted is None or margin.search(quoted[1] or quoted[2] or ""):
                return True
    return False
