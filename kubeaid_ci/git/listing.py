"""The entries of a folder of a repository."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The type of an entry after following its links."""

    FILE = "file"
    FOLDER = "folder"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a folder.

    `path` is its path in the repository, `real` the path that it leads to: another one if the entry, or a
    folder above it, is a symbolic link. `target` is a link's target as written, None if the entry is no link.
    A refused entry is not read; `reason` completes "PATH …".
    """

    name: str
    path: str
    kind: Kind
    real: str = ""
    target: str | None = None
    reason: str = ""
    is_broken: bool = False
    """True for a link that leads nowhere: to nothing, or in a circle."""

    @property
    def is_link(self) -> bool:
        """True for a symbolic link."""
        return self.target is not None
