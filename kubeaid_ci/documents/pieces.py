"""Splits a YAML text into documents as Helm does, unlike a YAML stream.

Rendered charts hold separators such as `---# comment`, which a YAML parser takes for text.
"""

import re
from collections.abc import Iterator

_SEPARATOR = "\n---"
_BLANK = re.compile(r"[ \t\r\n\f\v]*")
_AT_MARGIN = re.compile(r"^[^\s#]", re.MULTILINE)
_DIRECTIVES = re.compile(r"(?:[ \t]*(?:[%#].*)?(?:\r?\n|\Z))*")


def split(text: str) -> list[str]:
    """Cut a text into its documents, without the separators and without empty ones.

    Cut where Helm's rule ``(?:^|\\s*\\n)---\\s*`` cuts. A document keeps its last line break (Helm
    trims it, which changes a literal at the end), and its first line keeps its indent where the
    whole document is indented (Helm trims that as well, which breaks it).
    """
    return [piece for _, piece in pieces(text)]


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Cut a text into its documents, each with the offset in the text it starts at."""
    for begin, end in _spans(text):
        piece = text[begin:end]
        start = _content(piece)
        if start < len(piece) and not _only_directives(piece):
            yield begin + start, piece[start:]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    begin = 1 if text.startswith("\ufeff") else 0
    first = _skip_blank(text, begin)
    if text.startswith("---", first):
        begin = first + len("---")
    # A separator right behind a separator shares its line break, hence the step back.
    while (cut := text.find(_SEPARATOR, max(begin - 1, 0))) != -1:
        yield begin, cut + 1
        begin = cut + len(_SEPARATOR)
    yield begin, len(text)


def _skip_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _content(piece: str) -> int:
    """Return where the first line of a document starts, behind spaces; in column 0 unless all is indented."""
    start = _skip_blank(piece, 0)
    margin = piece.rfind("\n", 0, start) + 1
    indented = 0 < margin < start < len(piece)
    return margin if indented and not _AT_MARGIN.search(piece, start) else start


def _only_directives(piece: str) -> bool:
    """Return whether the text has only directives, which Helm's rule separates from their document."""
    return piece.startswith("%", _skip_blank(piece, 0)) and _DIRECTIVES.fullmatch(piece) is not None
