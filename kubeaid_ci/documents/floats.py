"""Formats floats as Go does: `strconv.FormatFloat` with format `g` and the fewest digits that read back."""

import math
import struct


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
    """`1234567.5` as `1.2345675e+06`; the number is at least a million."""
    sign, digits = ("-", plain[1:]) if plain[0] == "-" else ("", plain)
    whole, _, fraction = digits.partition(".")
    significant = (whole + fraction).rstrip("0")
    tail = f".{significant[1:]}" if len(significant) > 1 else ""
    return f"{sign}{significant[0]}{tail}e+{len(whole) - 1:02d}"
