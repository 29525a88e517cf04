"""The tar form of a bundle: one spelling only, so that a changed byte of a header or of the padding is found too.

The manifest comes first, then its signature if there is one, then the files in the order of the manifest.
"""

import io
import tarfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from kubeaid_ci.errors import UserError


class DamagedError(UserError):
    """The rest of an archive cannot be read."""


BLOCK = 512
_RECORD = 10240  # what tar pads an archive to
_PIECE = 1024 * 1024
_MOST_HEADER = 16 * BLOCK


def header(path: str, size: int) -> bytes:
    """Return the header of a regular file: mode 0644, owner 0, time 0."""
    info = tarfile.TarInfo(path)
    info.size = size
    return info.tobuf(tarfile.PAX_FORMAT)


def write(target: BinaryIO, files: Iterator[tuple[str, Path]]) -> None:
    """Write files by their path in the archive."""
    written = 0
    for path, source in files:
        size = source.stat().st_size
        written += target.write(header(path, size))
        with source.open("rb") as file:
            while piece := file.read(_PIECE):
                written += target.write(piece)
        written += target.write(bytes(-size % BLOCK))
    target.write(bytes(2 * BLOCK + -(written + 2 * BLOCK) % _RECORD))


@dataclass(frozen=True, slots=True)
class TarMember:
    """A member as it is read: `problem` is why it does not belong there. `chunks` are its bytes, to read once."""

    path: str
    size: int
    chunks: Iterator[bytes]
    problem: str = ""


@dataclass(slots=True)
class TarReader:
    """Reads an archive from its start to its end. `done` is true once the end was reached without damage."""

    file: BinaryIO
    done: bool = False

    def first(self, expected: Callable[[str], bool]) -> TarMember:
        """Return the first member. Raises `UserError` if it is not one with an expected name."""
        member = self._any()
        if member is None or member.problem or not expected(member.path):
            raise UserError("not a bundle: its first member is not the manifest")
        return member

    def next_if(self, names: Collection[str]) -> TarMember | None:
        """Return the next member if it has one of some names and is well formed; else None, and nothing is read."""
        start = self.file.tell()
        member = self._any()
        if member is not None and not member.problem and member.path in names:
            return member
        self.done = False
        self.file.seek(start)
        return None

    def members(self, sizes: dict[str, int]) -> Iterator[TarMember]:
        """Yield the members, each of which is read to its end first. `sizes` has those to expect, in order."""
        waiting, passed = dict(sizes), set()
        while True:
            member = self._expected(waiting) or self._any()
            if member is None:
                return
            if member.path in passed and not member.problem:
                member = replace(member, problem="not in the order of the manifest")
            while member.path in waiting:
                path = next(iter(waiting))
                passed.add(path)
                del waiting[path]
            yield member
            if not member.path:
                return
            for _ in member.chunks:
                pass

    def _expected(self, waiting: dict[str, int]) -> TarMember | None:
        path = next(iter(waiting), None)
        if path is None:
            return None
        wanted = header(path, waiting[path])
        start = self.file.tell()
        if self.file.read(len(wanted)) == wanted:
            return TarMember(path, waiting[path], self._chunks(waiting[path]))
        self.file.seek(start)
        return None

    def _any(self) -> TarMember | None:
        """Return the next member whatever it is; None at the end."""
        start = self.file.tell()
        block = self.file.read(BLOCK)
        if block == bytes(BLOCK):
            return self._end(start)
        try:
            self.file.seek(start)
            with tarfile.open(fileobj=_Window(self.file, start), mode="r:") as archive:
                info = archive.next()
                data_at = info.offset_data if info else 0
        except (tarfile.TarError, ValueError, OverflowError, MemoryError, EOFError):
            info, data_at = None, 0
        if info is None or not 0 <= info.size < 2**60:
            return TarMember("", 0, iter(()), f"the archive is damaged at byte {start:,}")
        self.file.seek(start)
        spelled = self.file.read(min(data_at, _MOST_HEADER))
        self.file.seek(start + data_at)
        return TarMember(info.name, info.size, self._chunks(info.size), _problem(info, spelled))

    def _end(self, start: int) -> TarMember | None:
        rest = self.file.read(2 * _RECORD)
        size = BLOCK + len(rest)
        expected = 2 * BLOCK + -(start + 2 * BLOCK) % _RECORD
        if size != expected or any(rest):
            return TarMember("", 0, iter(()), f"data behind the end of the archive, at byte {start:,}")
        self.done = True
        return None

    def _chunks(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            piece = self.file.read(min(left, _PIECE))
            if not piece:
                raise DamagedError("the archive is cut off")
            left -= len(piece)
            yield piece
        padding = self.file.read(-size % BLOCK)
        if len(padding) != -size % BLOCK or any(padding):
            raise DamagedError("the archive is damaged or cut off")


def _problem(info: tarfile.TarInfo, spelled: bytes) -> str:
    if info.issym() or info.islnk():
        return f"a link to {info.linkname!r}"
    if not info.isreg():
        return "neither a regular file nor a link"
    if header(info.name, info.size) != spelled:
        return "its header has other fields than those of a bundle"
    return ""


class _Window(io.RawIOBase):
    """A file from an offset on, for `tarfile`, which counts from zero."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file, self._start = file, start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = 0) -> int:
        at = self._start + offset if whence == 0 else offset
        return self._file.seek(at, whence) - self._start

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _PIECE:  # of an extended header, which tarfile reads into memory
            raise tarfile.ReadError("a header that is too large")
        return self._file.read(size)
