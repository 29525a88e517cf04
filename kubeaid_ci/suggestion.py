"""Advice about a name that does not exist."""

import difflib
from collections.abc import Iterable

_MOST_NAMES = 10
_MOST_NEAR = 3
NAME, LONG_NAME = 0.6, 0.5
"""The least likeness of two names, from 0 to 1. Names of charts and Applications are long and share parts."""


def near_names(name: str, known: Iterable[str], *, likeness: float = LONG_NAME) -> str:
    """Return a question with the most similar names, for the middle of a message; empty if no name is similar."""
    near = difflib.get_close_matches(name, sorted(known), _MOST_NEAR, likeness)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def suggestion(name: str, known: Iterable[str], *, likeness: float = LONG_NAME) -> str:
    """Return a question with the most similar names, else a list of the first ten."""
    names = sorted(known)
    if near := difflib.get_close_matches(name, names, _MOST_NEAR, likeness):
        return f"did you mean {' or '.join(near)}?"
    more = ", …" if len(names) > _MOST_NAMES else ""
    return f"there are: {', '.join(names[:_MOST_NAMES]) or 'none'}{more}"
