"""A folder of files as Git names it: each by mode and blob id, the whole by one tree id.

Two folders with the same tree id hold the same files, byte for byte and mode for mode, so comparing
a vendored chart with a published one is comparing two ids. The format is Git's own
(https://git-scm.com/book/en/v2/Git-Internals-Git-Objects), with SHA-1.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

REGULAR = "100644"
EXECUTABLE = "100755"
LINK = "120000"
GITLINK = "160000"
"""Another repository at some commit; its id is the commit's."""
SPECIAL = "special"
"""A pipe, a socket or a device: what lies there on disk and Git cannot hold; it has no id."""
NO_ID = "0" * 40
_FOLDER = "40000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: `mode` as Git writes it (``100644``, ``100755``, ``120000``), `id` of its blob."""

    mode: str
    id: str

    @property
    def is_link(self) -> bool:
        """True for a symbolic link; the blob holds its target."""
        return self.mode == LINK

    @property
    def is_file(self) -> bool:
        """True for a file with bytes of its own."""
        return self.mode in (REGULAR, EXECUTABLE)

    @property
    def has_bytes(self) -> bool:
        """True where there is a blob: of a file, or of a link with its target."""
        return self.is_file or self.is_link

    @property
    def may_be_folder(self) -> bool:
        """True for what a path may lead through: a link, or another repository."""
        return self.mode in (LINK, GITLINK)


@dataclass(frozen=True, slots=True)
class File:
    """One file with its bytes; of a link, the bytes are its target."""

    mode: str
    data: bytes

    @property
    def entry(self) -> Entry:
        """The file as Git names it."""
        return Entry(self.mode, blob_id(self.data))


Tree = Mapping[str, Entry]
"""Files by their path from the top of a folder, with forward slashes."""


def blob_id(data: bytes) -> str:
    """The id that Git gives a blob of these bytes."""
    return _sha1(b"blob %d\0" % len(data) + data)


def tree_id(files: Tree) -> str:
    """The id that Git gives the folder that holds exactly these files (at least one)."""
    return folder_ids(files)[""]


def folder_ids(files: Tree) -> dict[str, str]:
    """The id that Git gives each folder, by its path; the empty path is the whole."""
    found: dict[bytes, str] = {}
    _tree_id({path.encode("utf-8", "surrogateescape"): entry for path, entry in files.items()}, b"", found)
    return {path.decode("utf-8", "surrogateescape"): identity for path, identity in found.items()}


def below(files: Tree, folder: str) -> dict[str, Entry]:
    """The files below a folder, by their path from there."""
    start = folder.rstrip("/") + "/"
    return {path[len(start) :]: entry for path, entry in files.items() if path.startswith(start)}


def _tree_id(files: Mapping[bytes, Entry], here: bytes, found: dict[bytes, str]) -> str:
    folders: dict[bytes, dict[bytes, Entry]] = {}
    lines: list[tuple[bytes, str, str]] = []
    for path, entry in files.items():
        name, slash, rest = path.partition(b"/")
        if slash:
            folders.setdefault(name, {})[rest] = entry
        else:
            lines.append((name, entry.mode, entry.id))
    start = here + b"/" if here else b""
    lines += [(name + b"/", _FOLDER, _tree_id(inside, start + name, found)) for name, inside in folders.items()]
    # Git sorts a folder as if its name ended with a slash.
    lines.sort()
    body = b"".join(
        mode.encode() + b" " + name.removesuffix(b"/") + b"\0" + bytes.fromhex(identity)
        for name, mode, identity in lines
    )
    found[here] = _sha1(b"tree %d\0" % len(body) + body)
    return found[here]


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
