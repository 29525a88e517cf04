"""The parameters of a template's function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Signature:
    """The kinds of a function's parameters, with spaces between, and what computes its value.

    A kind is `string`, `int`, `bool`, `dict`, `any`, where a missing value is None, or `value`, where it is MISSING.
    A ``*`` behind the last kind: any number of these.
    """

    parameters: str
    compute: Callable[..., Any]

    def kinds(self, count: int) -> list[str] | None:
        """Return the kind of each of `count` arguments; None if the function takes another number."""
        kinds = self.parameters.split()
        if not kinds or not kinds[-1].endswith("*"):
            return kinds if len(kinds) == count else None
        *fixed, last = kinds
        return [*fixed, *[last[:-1]] * (count - len(fixed))] if count >= len(fixed) else None
