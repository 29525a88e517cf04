"""Text as Go's `unicode` and `strings` packages and Helm's metadata treat it."""

from unicodedata import category

_BLANKS = "\t\n\v\f\r\x85"


def is_space(character: str) -> bool:
    """Return what Go's `unicode.IsSpace` does; Python's `str.isspace` is true for more."""
    return character in _BLANKS or category(character)[0] == "Z"


def trim_space(text: str) -> str:
    """Return the text without spaces at either end, as Go's `strings.TrimSpace` does."""
    start, end = 0, len(text)
    while start < end and is_space(text[start]):
        start += 1
    while end > start and is_space(text[end - 1]):
        end -= 1
    return text[start:end]


def sanitized(text: str) -> str:
    """Return a text of a Chart.yaml as Helm takes it: each kind of space as a plain space, without unprintable ones.

    It is `sanitizeString` of https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/metadata.go.
    """
    if text.isascii() and text.isprintable():
        return text
    blank = (" " if is_space(character) else character for character in text)
    return "".join(character for character in blank if character == " " or category(character)[0] in "LMNPS")
