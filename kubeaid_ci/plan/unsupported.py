"""What Argo CD computes and this program does not."""


class UnsupportedError(Exception):
    """A feature that cannot be computed here; the message names it. What depends on it is unknown."""
