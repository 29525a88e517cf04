"""Where an evaluation reads its files from: a folder as it is, or a commit of a repository.

Vars files are untrusted input in CI, so nothing outside the repositories at hand is ever read:
not by ``../..``, not by an absolute path, not through a link, and nothing in ``.git``.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kubeaid_ci.edges.git import Blobs, Repository
from kubeaid_ci.errors import UserError
from kubeaid_ci.model import links
from kubeaid_ci.model.tree import Entry

MOST_BYTES_A_FILE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FolderAt:
    """A checkout as it is on disk. Names a source in messages between processes."""

    root: str


@dataclass(frozen=True, slots=True)
class CommitAt:
    """A commit of the repository in `root`. Names a source in messages between processes.

    `within` is the folder that almost every file is read from: only that is listed at first.
    """

    root: str
    commit: str
    within: str


SourceAt = FolderAt | CommitAt


class Source(Protocol):
    """Files below one root. `prefix` is the absolute (for a commit: made up) path of that root."""

    prefix: str

    def real(self, path: str) -> str:
        """An absolute path below the prefix with every link followed; it may leave the prefix."""

    def has(self, real: str) -> bool:
        """Whether a regular file is there."""

    def read(self, real: str) -> bytes:
        """The bytes of a file."""

    def digest(self, real: str) -> str | None:
        """What names the content of a file; nothing where there is no file."""

    def folders(self, path: str) -> tuple[str, ...]:
        """The names of the folders in a folder, sorted; empty where there is none."""


class FolderSource:
    """A checkout as it is on disk."""

    def __init__(self, root: str) -> None:
        self.prefix = os.path.realpath(root)
        self._digests: dict[str, str | None] = {}
        self._real: dict[str, str] = {}

    def real(self, path: str) -> str:
        """Follow every link, as the operating system does; asked once a path."""
        if path not in self._real:
            self._real[path] = os.path.realpath(path)
        return self._real[path]

    def has(self, real: str) -> bool:
        """Whether a regular file is there: never a device or a pipe, which could not be read to the end."""
        return Path(real).is_file()

    def read(self, real: str) -> bytes:
        """The bytes of a file; raises `UserError` where it cannot be read or is too large."""
        try:
            with Path(real).open("rb") as file:
                data = file.read(MOST_BYTES_A_FILE + 1)
        except OSError as error:
            raise UserError(f"{real}: cannot be read: {error.strerror}") from error
        if len(data) > MOST_BYTES_A_FILE:
            raise UserError(f"{real}: larger than {MOST_BYTES_A_FILE >> 20} MiB")
        self._digests[real] = _sha256(data)
        return data

    def digest(self, real: str) -> str | None:
        """SHA-256 of a file's bytes, taken once a run."""
        if real not in self._digests:
            if not self.has(real):
                self._digests[real] = None
            else:
                self.read(real)
        return self._digests[real]

    def folders(self, path: str) -> tuple[str, ...]:
        """The names of the folders in a folder, sorted."""
        folder = Path(path)
        if not folder.is_dir():
            return ()
        return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir()))


class CommitSource:
    """The files of one commit, read from Git objects: no work tree is made and none is touched."""

    def __init__(self, at: CommitAt) -> None:
        self.prefix = f"/kubeaid@{at.commit}"
        self._at = at
        self._repository = Repository(Path(at.root))
        self._listed: dict[str, dict[str, Entry]] = {}
        self._blobs: Blobs | None = None
        self._data: dict[str, bytes] = {}
        self._real: dict[str, str] = {}

    def _files(self, path: str) -> dict[str, Entry]:
        """The files of the commit by path: those beside the given one, at least."""
        within = self._at.within
        folder = within if path == within or path.startswith(within + "/") else ""
        if folder not in self._listed:
            self._listed[folder] = self._repository.files(self._at.commit, folder)
        return self._listed[folder]

    def real(self, path: str) -> str:
        """Follow every link part by part, as the operating system does."""
        if path not in self._real:
            self._real[path] = self._follow(path)
        return self._real[path]

    def _follow(self, path: str) -> str:
        inside = links.resolve(path[len(self.prefix) :], self._target)
        return "/outside" if inside is None else f"{self.prefix}/{inside}".rstrip("/")

    def _target(self, path: str) -> str | None:
        # The folders above the listed one are no links: Git listed it by walking them.
        entry = self._entry(path)
        return self._blob(entry.id).decode("utf-8", "surrogateescape") if entry and entry.is_link else None

    def _entry(self, path: str) -> Entry | None:
        is_above = self._at.within.startswith(path + "/")
        return None if is_above else self._files(path).get(path)

    def has(self, real: str) -> bool:
        """Whether the commit has the file."""
        return self._entry(self._inside(real)) is not None

    def read(self, real: str) -> bytes:
        """The bytes of a file; raises `UserError` where the commit has no such file."""
        entry = self._entry(self._inside(real))
        if entry is None:
            raise UserError(f"{real}: no such file")
        return self._blob(entry.id)

    def digest(self, real: str) -> str | None:
        """The id of the file's blob."""
        entry = self._entry(self._inside(real))
        return None if entry is None else entry.id

    def folders(self, path: str) -> tuple[str, ...]:
        """The names of the folders in a folder, sorted."""
        start = self._inside(self.real(path)) + "/"
        below = (one[len(start) :] for one in self._files(start) if one.startswith(start))
        return tuple(sorted({name for name, slash, _ in (one.partition("/") for one in below) if slash}))

    def _inside(self, real: str) -> str:
        return real[len(self.prefix) + 1 :]

    def _blob(self, identity: str) -> bytes:
        if self._blobs is None:
            self._blobs = Blobs(self._repository.folder)
        if identity not in self._data:
            self._data[identity] = self._blobs.read(identity)
        return self._data[identity]


def opened(at: SourceAt) -> Source:
    """The source that a name stands for."""
    match at:
        case FolderAt(root):
            return FolderSource(root)
        case CommitAt():
            return CommitSource(at)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data, usedforsecurity=False).hexdigest()
