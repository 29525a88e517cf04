"""Argo CD's own vocabulary: Applications, ApplicationSets, sync policies, and the versions of its Helm."""


class UnsupportedError(Exception):
    """A feature that cannot be computed here; the message names it. What depends on it is unknown."""
