"""Kubernetes' amounts of processors, memory and the like: ``100m`` is ``0.1``, ``1Ki`` is ``1024``."""

import re
from decimal import Decimal
from typing import Any

_SPELLED = re.compile(r"([+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20}))([eE][+-]?\d{1,2}|[KMGTPE]i|[numkMGTPE]?)")
_BINARY: dict[str, Decimal] = {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
_DECIMAL: dict[str, Decimal] = {
    letter: Decimal(1000) ** power for power, letter in zip(range(-3, 7), ("n", "u", "m", "", *"kMGTPE"), strict=True)
}
_SIZES = _BINARY | _DECIMAL


def same_quantity(old: Any, new: Any) -> bool:
    """Return whether two values are the same amount, however it is spelled; False if one of them is no amount."""
    before, after = quantity(old), quantity(new)
    return before is not None and before == after


def quantity(value: Any) -> Decimal | None:
    """Return the amount of a number or text such as ``100m``; None if it is no amount."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = _SPELLED.fullmatch(str(value))
    if found is None:
        return None
    digits, suffix = found.groups()
    if suffix[:1] in ("e", "E") and len(suffix) > 1:
        return Decimal(digits + suffix)
    return Decimal(digits) * _SIZES[suffix]
