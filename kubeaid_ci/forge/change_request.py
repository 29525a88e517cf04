"""A pull request or merge request as a forge reports it."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change request from a branch of the same repository.

    `title` is without the forge's draft prefix (``Draft:``, ``WIP:``). `handle` is whatever the forge
    needs besides the number. `auto_merge` is None if the forge does not report it.
    """

    number: int
    url: str
    head: str
    base: str
    title: str
    body: str
    draft: bool = False
    head_sha: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    milestone: str | None = None
    merged: bool = False
    auto_merge: bool | None = None
    handle: str = ""

    @classmethod
    def numbered(cls, number: int) -> Self:
        """One of which nothing but the number is known, which is enough to comment on it."""
        return cls(number, "", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment on a change request; `author` is the id of its user, empty for one that no longer exists."""

    id: int
    text: str
    author: str
