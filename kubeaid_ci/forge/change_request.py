"""Change requests: as a forge reports them, as we propose them, and the outcome of a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from kubeaid_ci.git.tree import File


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
        """Return a request of which only the number is known, which is enough to comment on it."""
        return cls(number, "", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment on a change request; `author` is the id of its user, empty for one that no longer exists."""

    id: int
    text: str
    author: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change offered for review. `files` maps a path in the repository to its text, or nothing for a deletion.

    A text keeps the mode of the file, a `File` has its own mode.

    `whole` is the body without any limit, where `body` leaves something out. `incomplete` names what could
    not be made and would perhaps belong to it: nothing is concluded from its absence.

    `closing` is the comment for a change request that nothing is left of; empty means the usual one. `supersedes` are
    branches whose change requests to the same base are closed once this one is open.
    """

    branch: str
    base: str
    title: str
    body: str
    files: Mapping[str, bytes | File | None]
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    draft: bool = False
    auto_merge: bool = False
    whole: str = ""
    incomplete: tuple[str, ...] = ()
    command: str = "kubeaid-ci publish"
    """The command that proposes it, for advice in messages."""
    closing: str = ""
    supersedes: tuple[str, ...] = ()


class Outcome(StrEnum):
    """The outcome of a proposal."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    UP_TO_DATE = "up-to-date"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Published:
    """The result of one proposal; `number` and `url` are those of the change request, where there is one.

    `head` is the commit that the branch ends with. `messages` are warnings and advice for people.
    """

    clusters: tuple[str, ...]
    outcome: Outcome
    number: int | None
    url: str | None
    branch: str
    base: str
    head: str | None
    messages: tuple[str, ...] = ()
    dry_run: bool = False
    """Nothing was done: `outcome` is what a run without --dry-run would do."""
    title: str | None = None
    """The title and the fields below are those that we propose; None and empty if nothing differs."""
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    draft: bool = False
    auto_merge: bool = False
