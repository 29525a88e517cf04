"""Text from untrusted places, made safe to look at.

Messages quote manifests, and manifests may hold terminal escapes, text that reverses the reading
direction or invisible characters.
"""

import re
import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"}
"""Unicode's categories of control, format and surrogate characters, line and paragraph separators, and spaces."""

# Characters of other categories that show as nothing: Default_Ignorable_Code_Point of
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt, and the empty Braille pattern.
_EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)

_PRINTABLE_ASCII = re.compile(r"[\t\n\x20-\x7e]*")


def visible(text: str) -> str:
    r"""Return the text with every character that is not seen written as an escape such as ``\x1b``.

    Line breaks and tabs stay; ``\r\n`` counts as a line break. The result can always be encoded as
    UTF-8 and holds only characters that XML allows.
    """
    if _PRINTABLE_ASCII.fullmatch(text) or (text.isprintable() and not _EMPTY.search(text)):
        return text
    return "".join(map(_shown, text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """Return the text escaped, on one line, without spaces at its ends."""
    return " ".join(visible(text).split())


def headline(text: str) -> tuple[str, str]:
    """Return the first line of the text, and the lines after it, both made visible."""
    first, _, further = visible(text).strip("\n").partition("\n")
    return first.strip(), further.rstrip()


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of the text, with an ellipsis where some are left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _shown(letter: str) -> str:
    if letter in "\n\t " or not _is_hidden(letter):
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_hidden(character: str) -> bool:
    code = ord(character)
    # Unicode reserves these code points for no character; XML 1.0 forbids two of them.
    is_reserved = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return is_reserved or unicodedata.category(character) in _HIDDEN or bool(_EMPTY.match(character))
