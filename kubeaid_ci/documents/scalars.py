"""Writes one string or number as go-yaml does: plain, in quotes, or as a literal block.

Source of the rules: go-yaml v2.4.0 `encode.go` (which style) and `emitterc.go` (how it looks), with
the line width unlimited. Code points beyond the basic plane, such as emoji, count as unprintable there.
Floats are formatted as `strconv.FormatFloat` does with format `g` and the fewest digits that read back.
"""

import math
import re
import struct
from functools import lru_cache

from kubeaid_ci.documents.resolve import reads_as_text
from kubeaid_ci.errors import UserError

_PRINTABLE = r"\n -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd"
_SPECIAL = re.compile(f"[^{_PRINTABLE}]")
_BREAKS = frozenset("\n\u2028\u2029")
_KEY_BREAK = re.compile("[\n\r\x85\u2028\u2029]")
_LINE_STARTS = re.compile("(?<=[\n\u2028\u2029])(?![\n\u2028\u2029]|\\Z)")
_SPACED_BREAK = re.compile(" [\n\u2028\u2029]")
_INDENTED_BREAK = re.compile("[\n\u2028\u2029] ")
_INDICATOR = re.compile(r"""[#,\[\]{}&*!|>'"%@` ]|[?:-](?: |\Z)|---|\.\.\.""")
_ESCAPED = re.compile(rf'[^{_PRINTABLE}]|["\\\n\u2028\u2029]')
_ANY = re.compile(r"[\s\S]")
_NAMES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\xa0": "_",
    "\u2028": "L",
    "\u2029": "P",
}
_CACHED = 200
_SIMPLE_KEY_BYTES = 128


def string(text: str, indent: str) -> str:
    """Spell a string as a value, to its last line's end; lines after the first start with `indent`."""
    if "\n" in text:
        return _literal(text, indent)
    if "\u2028" in text or "\u2029" in text:
        return _with_separators(text, indent) + "\n"
    return (_cached(text) if len(text) <= _CACHED else one_line(text)) + "\n"


@lru_cache(maxsize=65536)
def key(text: str) -> str | None:
    """Spell a mapping key with its colon; None if it needs the long form, `? key`."""
    if len(text.encode("utf-8", "surrogatepass")) > _SIMPLE_KEY_BYTES or _KEY_BREAK.search(text):
        return None
    return one_line(text) + ":"


def one_line(text: str) -> str:
    """Spell a string without line breaks: plain, else in single, else in double quotes."""
    if not reads_as_text(text) or _special(text):
        return double_quoted(text)
    if _INDICATOR.match(text) or text[-1] in " :" or ": " in text or " #" in text:
        return single_quoted(text)
    return text


def single_quoted(text: str) -> str:
    """Spell a string in single quotes; it must hold no line breaks and nothing unprintable."""
    return "'" + text.replace("'", "''") + "'"


def double_quoted(text: str) -> str:
    """Spell a string in double quotes, on one line. Raises `UserError` for half a surrogate pair."""
    # go-yaml looks for a byte order mark at the start of the text when it asks about any character.
    pattern = _ANY if text.startswith("\ufeff") else _ESCAPED
    return '"' + pattern.sub(_escape, text) + '"'


_cached = lru_cache(maxsize=65536)(one_line)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _NAMES:
        return "\\" + _NAMES[char]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise UserError(f"half a surrogate pair, U+{code:04X}, is no character and cannot be written as YAML")
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _special(text: str) -> bool:
    """Return whether a text without a newline holds something go-yaml does not print as it is."""
    if text.isascii():
        return not text.isprintable()
    return _SPECIAL.search(text) is not None


def _literal(text: str, indent: str) -> str:
    if text[-1] == " " or " \n" in text or _special(text.replace("\n", "")):
        return double_quoted(text) + "\n"
    separated = "\u2028" in text or "\u2029" in text
    if separated and _SPACED_BREAK.search(text):
        return double_quoted(text) + "\n"
    head = "|" + ("2" if text[0] == " " or text[0] in _BREAKS else "") + _chomping(text) + "\n"
    if separated:
        return head + _separated_lines(text, indent)
    lines = text if text[-1] == "\n" else text + "\n"
    body = indent + lines[:-1].replace("\n", "\n" + indent) + "\n"
    # A line never ends with a space here, so this only takes the indent from empty lines.
    return head + (body.replace(indent + "\n", "\n") if "\n\n" in lines or lines[0] == "\n" else body)


def _chomping(text: str) -> str:
    if text[-1] not in _BREAKS:
        return "-"
    return "+" if len(text) == 1 or text[-2] in _BREAKS else ""


def _separated_lines(text: str, indent: str) -> str:
    """Split lines of a literal that also break at U+2028 or U+2029: go-yaml adds no newline behind those."""
    start = "" if text[0] in _BREAKS else indent
    return start + _LINE_STARTS.sub(indent, text) + ("" if text[-1] in _BREAKS else "\n")


def _with_separators(text: str, indent: str) -> str:
    """Spell a string that breaks at U+2028 or U+2029 only: never plain, indented behind each break."""
    quotable = reads_as_text(text) and not _special(text)
    if not quotable or _SPACED_BREAK.search(text) or _INDENTED_BREAK.search(text):
        return double_quoted(text)
    return "'" + _LINE_STARTS.sub(indent, text.replace("'", "''")) + "'"


def float_text(value: float) -> str:
    """Spell a 64-bit float as go-yaml does: `1.5`, `1e+06` (from a million on), `.inf`, `.nan`."""
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    shortest = repr(value)
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return shortest.removesuffix(".0")
    return shortest if "e" in shortest else _scientific(shortest)


def float32_text(value: float) -> str:
    """Spell a float that is a mapping key: sigs.k8s.io/yaml gives those 32-bit precision."""
    single = _single(value)
    if single == 0 or not math.isfinite(single):
        return float_text(single)
    spellings = (float(f"{single:.{digits}g}") for digits in range(1, 10))
    return float_text(next(spelling for spelling in spellings if _single(spelling) == single))


def _single(value: float) -> float:
    """Round to 32 bits, to infinity where those do not reach."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _scientific(plain: str) -> str:
    """Return `1234567.5` as `1.2345675e+06`; the number is at least a million."""
    sign, digits = ("-", plain[1:]) if plain[0] == "-" else ("", plain)
    whole, _, fraction = digits.partition(".")
    significant = (whole + fraction).rstrip("0")
    tail = f".{significant[1:]}" if len(significant) > 1 else ""
    return f"{sign}{significant[0]}{tail}e+{len(whole) - 1:02d}"
