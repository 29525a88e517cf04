"""Sources of the files of an evaluation: a folder as it is, or a commit of a repository.

Vars files are untrusted input in CI, so nothing outside the given repositories is ever read:
not by ``../..``, not by an absolute path, not through a link, and nothing in ``.git``.
"""

import hashlib
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.links import Refused, trace
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR
from kubeaid_ci.git.tree_reader import Kind, TreeReader, checked

# The prefix of no source.
_OUTSIDE = "/outside"


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A checkout as it is on disk. Names a source in messages between processes."""

    root: str


@dataclass(frozen=True, slots=True)
class CommitRef:
    """A commit of the repository in `root`. Names a source in messages between processes.

    `within` is the folder that almost every file is read from: only that is listed at first.
    """

    root: str
    commit: str
    within: str


SourceRef = FolderRef | CommitRef


class Source(ABC):
    """Files below one root, by absolute path. `prefix` is the path of that root; of a commit it is made up."""

    def __init__(self, prefix: str, tree: TreeReader) -> None:
        self.prefix = prefix
        self.tree = tree
        self._real: dict[str, str] = {}

    def real(self, path: str) -> str:
        """Follow every link in a path below the prefix. A path that leaves the root leads outside of the prefix.

        The result need not exist.
        """
        if path not in self._real:
            found = trace(path[len(self.prefix) :], self.tree.target)
            self._real[path] = _OUTSIDE if isinstance(found, Refused) else f"{self.prefix}/{found}".rstrip("/")
        return self._real[path]

    def has(self, real: str) -> bool:
        """Return whether a regular file is there: never a device or a pipe, which could not be read to the end."""
        return self.tree.mode(self._inside(real)) in (REGULAR, EXECUTABLE)

    @abstractmethod
    def read(self, real: str) -> bytes:
        """Return the bytes of a file. Raises `UserError` if it cannot be read."""

    @abstractmethod
    def digest(self, real: str) -> str | None:
        """Return what names the content of a file, or None if no file is there."""

    def folders(self, path: str) -> tuple[str, ...]:
        """Return the names of the folders in a folder, sorted, links followed; empty if it does not exist."""
        return tuple(one.name for one in self.tree.listing(self._inside(path)) if one.kind is Kind.FOLDER)

    def is_folder(self, path: str) -> bool:
        """Return whether a path leads to a folder, links followed."""
        return self.tree.is_folder(self._inside(path))

    def _inside(self, real: str) -> str:
        return real[len(self.prefix) + 1 :]


class FolderSource(Source):
    """A checkout as it is on disk."""

    def __init__(self, root: str) -> None:
        prefix = os.path.realpath(root)
        self._disk = DiskTree(prefix)
        super().__init__(prefix, self._disk)
        self._digests: dict[str, str | None] = {}

    def read(self, real: str) -> bytes:
        """Return the bytes of a file. Raises `UserError` if it cannot be read or has more than 64 MiB."""
        data = checked(self._disk.read(self._inside(real)), real)
        self._digests[real] = hashlib.sha256(data, usedforsecurity=False).hexdigest()
        return data

    def digest(self, real: str) -> str | None:
        """Return the SHA-256 of a file's bytes, computed once."""
        if real not in self._digests:
            if not self.has(real):
                self._digests[real] = None
            else:
                self.read(real)
        return self._digests[real]


class CommitSource(Source):
    """The files of one commit, read from Git objects: no work tree is made and none is touched."""

    def __init__(self, at: CommitRef) -> None:
        self._files = snapshot.at_commit(Path(at.root), at.commit, (at.within,))
        super().__init__(f"/kubeaid@{at.commit}", self._files)
        self._data: dict[str, bytes] = {}

    def read(self, real: str) -> bytes:
        """Return the bytes of a file. Raises `UserError` if the commit has no such file."""
        if not self.has(real):
            raise UserError(f"{real}: no such file")
        identity = self._files.files[self._inside(real)].id
        if identity not in self._data:
            self._data[identity] = checked(self._files.read(self._inside(real)), real)
        return self._data[identity]

    def digest(self, real: str) -> str | None:
        """Return the id of the file's blob, or None if the commit has no such file."""
        return self._files.files[self._inside(real)].id if self.has(real) else None


def opened(at: SourceRef) -> FolderSource | CommitSource:
    """Return the source that a name represents."""
    match at:
        case FolderRef(root):
            return FolderSource(root)
        case CommitRef():
            return CommitSource(at)
