"""Reads the files of a repository the same way wherever they are: on disk, in the index, in a commit.

Links are followed inside the repository only. Each entry of a listing is found, followed, or refused
with a reason. `tests/git/test_tree_readers.py` holds every reader to this.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.links import Refused, trace
from kubeaid_ci.git.tree import EXECUTABLE, FOLDER, GITLINK, LINK, REGULAR, SPECIAL

_REFUSED = {
    GITLINK: "is another repository (a submodule), whose files are not part of this one",
    SPECIAL: "is a pipe, a socket or a device",
}
_POINTER = b"version https://git-lfs.github.com/spec/"
# A pointer has three short lines: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LONGEST_POINTER = 1024


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
        """Return whether this is a symbolic link."""
        return self.target is not None


class TreeReader(ABC):
    """Files below one root. Paths are relative to it, with forward slashes; an empty path is the root."""

    @abstractmethod
    def mode(self, path: str) -> str | None:
        """Return the mode of an entry as Git writes it, `FOLDER` for a folder, or None if it does not exist.

        The last part is not followed if it is a link; use `real` for paths through links. A folder that holds
        no file does not exist, as in Git.
        """

    @abstractmethod
    def target(self, path: str) -> str | None:
        """Return the target of the link at a path, or None if no link is there."""

    @abstractmethod
    def names(self, folder: str) -> Iterable[str]:
        """Return the names in a folder, in any order, without ``.git``. Raises `UserError` if it cannot be read."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """Return the bytes of the file at a path without links. Raises `UserError` if it cannot be read."""

    def close(self) -> None:
        """End the programs that read for us, if there are any."""
        return

    def real(self, path: str) -> str | Refused:
        """Return the path that a path leads to; what is there exists. Links are followed."""
        found = trace(path, self.target)
        if isinstance(found, Refused):
            return found
        return found if self.mode(found) is not None else Refused("leads to nothing", is_broken=True)

    def is_folder(self, path: str) -> bool:
        """Return whether a folder is there, links followed."""
        found = self.real(path)
        return isinstance(found, str) and self.mode(found) == FOLDER

    def listing(self, folder: str) -> tuple[Listed, ...]:
        """Return the entries of a folder, sorted by name; empty if it does not exist.

        Raises `UserError` if the folder is behind a link that is refused, or cannot be read.
        """
        there = trace(folder, self.target)
        if isinstance(there, Refused):
            raise UserError(f"{folder}: {there.reason}")
        if self.mode(there) != FOLDER:
            return ()
        listed = (self._listed(name, f"{there}/{name}".lstrip("/")) for name in sorted(self.names(there)))
        return tuple(one for one in listed if one is not None)

    def _listed(self, name: str, path: str) -> Listed | None:
        mode = self.mode(path)
        if mode is None:
            return None
        if mode != LINK:
            return _entry(name, path, path, mode, None)
        target = self.target(path) or ""
        found = self.real(path)
        if isinstance(found, Refused):
            reason = f"is a link to {target}, which {found.reason}"
            return Listed(name, path, Kind.REFUSED, target=target, reason=reason, is_broken=found.is_broken)
        return _entry(name, path, found, self.mode(found) or SPECIAL, target)


def _entry(name: str, path: str, real: str, mode: str, target: str | None) -> Listed:
    if mode == FOLDER:
        return Listed(name, path, Kind.FOLDER, real, target)
    if mode in (REGULAR, EXECUTABLE):
        return Listed(name, path, Kind.FILE, real, target)
    return Listed(name, path, Kind.REFUSED, real, target, _REFUSED[mode])


def checked(data: bytes, path: str) -> bytes:
    """Return the bytes of a file. Raises `UserError` for a pointer of Git LFS, which represents other bytes."""
    if len(data) <= _LONGEST_POINTER and data.startswith(_POINTER):
        raise UserError(f"{path}: a Git LFS pointer, whose content is not here; run: git lfs pull")
    return data
