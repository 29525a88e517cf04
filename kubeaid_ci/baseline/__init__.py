"""The findings that a base revision has already, for ``--new-only``."""
