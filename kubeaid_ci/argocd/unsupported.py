"""Features of Argo CD that this program does not support."""


class UnsupportedError(Exception):
    """A feature that cannot be computed here; the message names it. What depends on it is unknown."""
