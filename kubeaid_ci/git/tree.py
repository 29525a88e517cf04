"""A folder of files as Git names it: each by mode and blob id, the whole by one tree id.

Two folders with the same tree id hold the same files, byte for byte and mode for mode, so comparing
a vendored chart with a published one is comparing two ids. The format is Git's own
(https://git-scm.com/book/en/v2/Git-Internals-Git-Objects), with SHA-1.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

REGULAR = "100644"
EXECUTABLE = "100755"
LINK = "120000"
GITLINK = "160000"
"""Another repository at some commit; its id is the commit's."""
SPECIAL = "special"
"""A pipe, a socket or a device: what is there on disk and Git cannot hold; it has no id."""
NO_ID = "0" * 40
FOLDER = "40000"
"""A folder in a tree; no file has this mode."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: `mode` as Git writes it (``100644``, ``100755``, ``120000``), `id` of its blob."""

    mode: str
    id: str

    @property
    def is_link(self) -> bool:
        """Return whether this is a symbolic link; the blob holds its target."""
        return self.mode == LINK

    @property
    def is_file(self) -> bool:
        """Return whether this is a file with bytes of its own."""
        return self.mode in (REGULAR, EXECUTABLE)

    @property
    def has_bytes(self) -> bool:
        """Return whether there is a blob: of a file, or of a link with its target."""
        return self.is_file or self.is_link

    @property
    def may_be_folder(self) -> bool:
        """Return whether this is what a path may lead through: a link, or another repository."""
        return self.mode in (LINK, GITLINK)


@dataclass(frozen=True, slots=True)
class File:
    """One file with its bytes; of a link, the bytes are its target."""

    mode: str
    data: bytes

    @property
    def entry(self) -> Entry:
        """Return the file as Git names it."""
        return Entry(self.mode, blob_id(self.data))


class Action(StrEnum):
    """The action of a change on a file or an object."""

    ADDED = "added"
    REMOVED = "removed"
    MODIFIED = "modified"


_Line = tuple[bytes, bytes]
Tree = Mapping[str, Entry]
"""Files by their path from the top of a folder, with forward slashes."""


def blob_id(data: bytes) -> str:
    """Return the id that Git gives a blob of these bytes."""
    return _sha1(b"blob %d\0" % len(data) + data)


def tree_id(files: Tree) -> str:
    """Return the id that Git gives the folder that holds exactly these files (at least one)."""
    return folder_ids(files)[""]


def folder_ids(files: Tree) -> dict[str, str]:
    """Return the id that Git gives each folder, by its path; the empty path is the whole."""
    lines: dict[str, list[_Line]] = {"": []}
    for path, entry in files.items():
        folder, _, name = path.rpartition("/")
        lines.setdefault(folder, []).append(_line(name, entry.mode, entry.id))
    found: dict[str, str] = {}
    # What is deeper first: a folder's id is part of the one that holds it.
    for folder in sorted({around for inner in lines for around in _upwards(inner)}, key=_depth, reverse=True):
        body = b"".join(line for _, line in sorted(lines.get(folder, ())))
        found[folder] = _sha1(b"tree %d\0" % len(body) + body)
        if folder:
            around, _, name = folder.rpartition("/")
            lines.setdefault(around, []).append(_line(name, FOLDER, found[folder]))
    return found


def below(files: Tree, folder: str) -> dict[str, Entry]:
    """Return the files below a folder, by their path from there."""
    start = folder.rstrip("/") + "/"
    return {path[len(start) :]: entry for path, entry in files.items() if path.startswith(start)}


def _line(name: str, mode: str, identity: str) -> _Line:
    """Return how Git writes one thing in a folder: where it comes in the order, and the bytes."""
    written = name.encode("utf-8", "surrogateescape")
    place = written + b"/" if mode == FOLDER else written  # in Git's order a folder's name ends with a slash
    return place, b"%b %b\0" % (mode.encode(), written) + bytes.fromhex(identity)


def _upwards(folder: str) -> Iterator[str]:
    """Yield the folder and all above it, the whole last."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _depth(folder: str) -> int:
    return folder.count("/") + bool(folder)


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
