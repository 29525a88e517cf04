"""The revisions that a report is about."""

from typing import Literal, NotRequired, TypedDict

Side = Literal["revision", "before", "after"]


class Revision(TypedDict):
    """A revision by the name that the user gave it, and its commit if the name has one in the repository."""

    ref: str
    commit: NotRequired[str]


class RepositoryRevisions(TypedDict, total=False):
    """The public address of a repository, and its one revision or those of both sides of a change."""

    repository: str
    revision: Revision
    before: Revision
    after: Revision
