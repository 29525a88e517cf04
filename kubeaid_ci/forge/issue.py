"""An issue of a repository, and the result of keeping one up to date."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Issue:
    """An open issue; `author` is the id of its user."""

    number: int
    url: str
    title: str
    text: str
    author: str


class IssueOutcome(StrEnum):
    """The action on an issue."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NONE = "none"
    """There is no issue, and none is needed."""
