"""Options of publishing: the same for settings files, the command line and callers of the library."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Self


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
class PublishOptions:
    """Options for publishing a change. None, or empty, means the default: that of the environment or the forge."""

    forge: str | None = None
    """``github``, ``gitlab``, ``gitea`` (also Forgejo), ``none`` to push the branch only, or ``auto`` (the default)."""
    forge_url: str | None = None
    """The base of the forge's API."""
    base: str | None = None
    per_cluster: bool | None = None
    title: str | None = None
    reviewers: tuple[str, ...] = ()
    team_reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    milestone: str | None = None
    draft: bool | None = None
    auto_merge: bool | None = None
    author: str | None = None
    """The author of the commits, as ``Name <name@example.com>``."""
    sign: str | None = None
    """``ssh`` or ``gpg``."""
    sign_off: bool | None = None
    commit_via: CommitVia | None = None
    """Git if it is not set."""
    on_foreign_commits: OnForeignCommits | None = None
    """Stop if it is not set."""
    ca_bundle: str | None = None
    dry_run: bool | None = None
    preview: str | None = None
    """The folder that gets the text and the patch of each change request."""
    settings_forge_url: str | None = None
    """`forge_url` from a settings file, which must not send a token to another host."""

    def completed_by(self, other: Self) -> Self:
        """Return these options, with those of `other` for what is not set here."""
        unset = [option.name for option in fields(self) if getattr(self, option.name) in (None, ())]
        return replace(self, **{name: getattr(other, name) for name in unset})
