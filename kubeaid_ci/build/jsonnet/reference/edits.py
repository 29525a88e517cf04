"""Changes to a text by position, applied at once."""

_CLOSER, _REPLACEMENT, _OPENER = range(3)


class Edits:
    """Changes to one text. At one position closers come first, then the replacement, then openers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._edits: list[tuple[int, int, int, int, str]] = []

    def open(self, at: int, text: str) -> None:
        """Insert text that opens something. Of two at one position the later found one is the outer one."""
        self._edits.append((at, _OPENER, -len(self._edits), at, text))

    def close(self, at: int, text: str) -> None:
        """Insert text that closes something."""
        self._edits.append((at, _CLOSER, len(self._edits), at, text))

    def replace(self, start: int, end: int, text: str) -> None:
        """Put other text in the place of `start:end`, which may be empty."""
        self._edits.append((start, _REPLACEMENT, len(self._edits), end, text))

    def applied(self, first: int, last: int) -> str:
        """Return `first:last` of the text with all changes that begin there."""
        parts: list[str] = []
        at = first
        for start, _, _, end, text in sorted(edit for edit in self._edits if first <= edit[0] <= last):
            parts += (self.text[at:start], text)
            at = end
        parts.append(self.text[at:last])
        return "".join(parts)
