"""Lists of names in messages."""

from collections.abc import Iterable


def named(names: Iterable[str], *, most: int = 6, separator: str = ", ") -> str:
    """Return names for a message, each once and in order: the first `most`, and how many more there are."""
    listed = list(dict.fromkeys(names))
    more = len(listed) - most
    end = separator if separator.strip() == ";" else " "
    return separator.join(listed[:most]) + (f"{end}and {more} more" if more > 0 else "")
