"""Change requests: as a forge reports them, as we propose them, and the outcome of a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
        """One of which nothing but the number is known, which is enough to comment on it."""
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

    def with_options(self, options: "Wishes") -> Self:
        """Return the proposal with the people, labels and states that the options ask for, besides its own."""
        return replace(
            self,
            labels=(*self.labels, *options.labels),
            reviewers=options.reviewers,
            team_reviewers=options.team_reviewers,
            assignees=options.assignees,
            milestone=options.milestone,
            draft=self.draft or options.draft,
            auto_merge=options.auto_merge,
        )


class OnForeignCommits(StrEnum):
    """The action if the branch has commits of others."""

    STOP = "stop"
    STACK = "stack"
    OVERWRITE = "overwrite"


class CommitVia(StrEnum):
    """The way to create commits: Git on this machine, or the forge's API, which signs them."""

    GIT = "git"
    API = "api"


@dataclass(frozen=True, slots=True)
class Wishes:
    """Options for publishing a change; None means the default of the environment or the forge."""

    forge: str = "auto"
    forge_url: str | None = None
    base: str | None = None
    per_cluster: bool = False
    title: str | None = None
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    draft: bool = False
    auto_merge: bool = False
    author: str | None = None
    sign: str | None = None
    sign_off: bool = False
    commit_via: CommitVia = CommitVia.GIT
    on_foreign_commits: OnForeignCommits = OnForeignCommits.STOP
    ca_bundle: str | None = None
    dry_run: bool = False
    preview: str | None = None
    """The folder that gets the text and the patch of each change request."""
    settings_forge_url: str | None = None
    """`forge_url` from a settings file, which must not send a token to another host."""


PublishOptions = Wishes
"""The name for callers of the library."""


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
