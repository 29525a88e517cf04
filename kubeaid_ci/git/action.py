"""The action on an object or a file in a change."""

from enum import StrEnum


class Action(StrEnum):
    """The action on an object."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"
