"""Advice about a name that does not exist."""

import difflib
from collections.abc import Iterable, Sequence

_MOST_NAMES = 10
_MOST_NEAR = 3
NAME, LONG_NAME = 0.6, 0.5
"""The least likeness of two names, from 0 to 1. Names of charts and Applications are long and share parts."""


def near_names(name: str, known: Iterable[str], *, likeness: float = LONG_NAME) -> str:
    """Return a question with the most similar names, for the middle of a message; empty if no name is similar."""
    near = _near(name, sorted(known), likeness)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def suggestion(name: str, known: Iterable[str], *, likeness: float = LONG_NAME) -> str:
    """Return a question with the most similar names, else a list of the first ten."""
    names = sorted(known)
    if near := _near(name, names, likeness):
        return f"did you mean {' or '.join(near)}?"
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"there are: {', '.join(names[:_MOST_NAMES]) or 'none'}{more}"


def _near(name: str, names: Sequence[str], likeness: float) -> list[str]:
    """Return the most similar names; one that only differs in upper and lower case is the most similar."""
    same = [one for one in names if one.casefold() == name.casefold()]
    return same or difflib.get_close_matches(name, names, _MOST_NEAR, likeness)
