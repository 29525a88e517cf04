"""Trees of a repository: read as ``git ls-tree`` lists them, written as ``git fast-import`` takes them."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File

WANTED = "refs/wanted"
"""The reference that an import leaves the new tree's commit on."""
_FILE_MODES = (REGULAR, EXECUTABLE)

Changed = Mapping[str, tuple[str, bytes | None]]
"""Files by path, each with its mode and its bytes, or None to delete it."""


def differing(commit: str, listed: Iterable[bytes], files: Mapping[str, bytes | File | None]) -> Changed:
    """Return those of the files that a commit does not have like this; `listed` are its entries, of ``git ls-tree``.

    Bytes keep the mode of the file; a `File` has its own mode.
    """
    present = dict(_entry(line) for line in listed)
    changed: dict[str, tuple[str, bytes | None]] = {}
    for path, content in sorted(files.items()):
        mode, name = present.get(path, ("", ""))
        data = content.data if isinstance(content, File) else content
        wanted = content.mode if isinstance(content, File) else mode if mode in _FILE_MODES else _FILE_MODES[0]
        if data is None:
            differs = bool(name)
        else:
            differs = name != _blob_name(data, len(commit)) or (isinstance(content, File) and mode != wanted)
        if differs:
            changed[path] = (wanted, data)
    return changed


def stream(commit: str, changed: Changed) -> Iterator[bytes]:
    """Yield what to feed ``git fast-import`` with to put the changed files onto a commit."""
    yield b"commit %s\ncommitter x <x> 0 +0000\ndata 0\nfrom %s\n" % (WANTED.encode(), commit.encode())
    for path, (mode, data) in changed.items():
        name = _quoted(path)
        if data is None:
            yield b"D %s\n" % name
        else:
            yield b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), name, len(data), data)
    yield b"\ndone\n"


def _entry(line: bytes) -> tuple[str, tuple[str, str]]:
    """Return one line of ``git ls-tree``: the path, and its mode and object name."""
    left, _, path = line.partition(b"\t")
    mode, _, name = left.decode().split(" ")
    return path.decode("utf-8", "surrogateescape"), (mode, name)


def _blob_name(data: bytes, digits: int) -> str:
    """Return the name of a file's object, in a repository whose names have 40 or 64 digits."""
    algorithm = hashlib.sha1 if digits == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def _quoted(path: str) -> bytes:
    """Return a path as fast-import reads it: in quotes, with the characters that would end them escaped."""
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
