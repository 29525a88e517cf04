"""A value that is not shown."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Masked:
    """A secret: it can be compared, and is shown as its length in bytes (empty if even that is too much)."""

    value: Any = field(repr=False)
    size: int | None

    def __str__(self) -> str:
        if self.size is None:
            return "(secret)"
        return f"(secret, {self.size} byte{'' if self.size == 1 else 's'})"
