"""Reading a gzipped tar as strictly as its format allows, in bounded time and memory.

Go's reader (Helm's), GNU tar's and Python's disagree on many an odd archive, and each difference is
a place to hide something from one of them. So nothing is repaired or skipped here: what is not
plainly a file, a folder or one of the two common extensions for long names is refused.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from kubeaid_ci.errors import OutsideError

MIB = 1024 * 1024
MOST_PACKED = 64 * MIB
MOST_BYTES = 100 * MIB
"""Of all files together; Helm's own limit, as is the one for a file."""
MOST_BYTES_A_FILE = 5 * MIB
MOST_MEMBERS = 20_000
_MOST_EXTENSION = 64 * 1024
_BLOCK = 512
_FEED = 64 * 1024
_PIECE = 256 * 1024
_ZEROS = bytes(_BLOCK)
_POSIX, _GNU = b"ustar\x0000", b"ustar  \0"
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a pipe",
    b"K": "a link with a long name",
    b"S": "a sparse file",
}
_RESHAPING = ("linkpath", "hdrcharset", "SCHILY.realsize")


class UnsafeArchive(OutsideError):  # noqa: N818 - the name of its rule, chart/unsafe-archive
    """A published archive that is not safe to unpack; `reason` is the reason why, without the chart's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"unsafe archive: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Member:
    """A file or a folder of an archive; the name as it is there, but for a folder's closing slash."""

    name: bytes
    is_folder: bool
    executable: bool
    data: bytes


def members(data: bytes) -> Iterator[Member]:
    """Yield the files and folders of a gzipped tar, in its order; raises `UnsafeArchive`."""
    if len(data) > MOST_PACKED:
        raise UnsafeArchive(f"{len(data):,} bytes are more than the {MOST_PACKED:,} that are read")
    stream = _Stream(data)
    pending = _Pending()
    left = MOST_BYTES
    for _ in range(MOST_MEMBERS):
        if (header := _header(stream)) is None:
            pending.refuse_dangling()
            return
        if header.kind in (b"x", b"g", b"L"):
            pending.add(header, stream.padded(_bounded(header.size, _MOST_EXTENSION, "an extended header")))
            continue
        name, is_folder = _named(header, pending)
        size = 0 if is_folder else _bounded(header.size, MOST_BYTES_A_FILE, _shown(name))
        if size > left:
            raise UnsafeArchive(f"more than {MOST_BYTES >> 20} MiB unpacked")
        left -= size
        pending = _Pending()
        yield Member(name, is_folder, bool(header.mode & 0o111), stream.padded(size))
    raise UnsafeArchive(f"more than {MOST_MEMBERS:,} members")


@dataclass(frozen=True, slots=True)
class _Header:
    name: bytes
    mode: int
    size: int
    kind: bytes


class _Pending:
    """The data of extended headers for the member that follows them."""

    def __init__(self) -> None:
        self.seen = False
        self.path: bytes | None = None
        self.size: int | None = None

    def add(self, header: _Header, body: bytes) -> None:
        if header.kind == b"g":
            if any(_reshapes(key) for key, _ in _records(body)):
                raise UnsafeArchive("a global extended header renames or resizes what follows")
            return
        if self.seen:
            raise UnsafeArchive("two extended headers for one member")
        self.seen = True
        if header.kind == b"L":
            self.path = body.rstrip(b"\0")
            return
        for key, value in _records(body):
            if key == "path" and self.path is None:
                self.path = value
            elif key == "size" and self.size is None:
                self.size = int(value) if value.isdigit() and len(value) < 20 else -1
            elif _reshapes(key):
                raise UnsafeArchive(f"an extended header with {key!r}")

    def refuse_dangling(self) -> None:
        if self.seen:
            raise UnsafeArchive("an extended header without a member")


def _reshapes(key: str) -> bool:
    return key in ("path", "size", *_RESHAPING) or key.startswith("GNU.sparse")


def _named(header: _Header, pending: _Pending) -> tuple[bytes, bool]:
    """Return the name of a member, with the name from an extended header, and whether it is a folder."""
    name = header.name if pending.path is None else pending.path
    if pending.size not in (None, header.size):
        raise UnsafeArchive(f"{_shown(name)} has two sizes")
    if header.kind not in (b"0", b"\0", b"5"):
        what = _REFUSED.get(header.kind, f"of the unknown type {header.kind!r}")
        raise UnsafeArchive(f"{_shown(name)} is {what}")
    is_folder = header.kind == b"5"
    if is_folder and header.size:
        raise UnsafeArchive(f"the folder {_shown(name)} has content")
    return (name.removesuffix(b"/") if is_folder else name), is_folder


def _header(stream: "_Stream") -> _Header | None:
    """Return the next header, nothing at the end of the archive: two blocks of zeros, and nothing else behind."""
    block = stream.take(_BLOCK)
    if block == _ZEROS:
        stream.only_zeros()
        return None
    checksum = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if _octal(block[148:156]) != checksum:
        raise UnsafeArchive("a damaged header")
    name, magic = block[:100].partition(b"\0")[0], block[257:265]
    if magic == _POSIX and block[508:512] != b"tar\0":
        prefix = block[345:500].partition(b"\0")[0]
        name = prefix + b"/" + name if prefix else name
    elif magic != _GNU or block[345:500].strip(b"01234567 \0"):
        raise UnsafeArchive("a header that is not of the POSIX or GNU format")
    return _Header(name, _octal(block[100:108]), _octal(block[124:136]), block[156:157])


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0") or b"0"
    if not digits.isdigit() or b"8" in digits or b"9" in digits:
        raise UnsafeArchive("a header with an invalid number")
    return int(digits, 8)


def _records(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the records of a pax header, each ``LENGTH KEY=VALUE\\n``."""
    at = 0
    while at < len(body):
        digits, space, _ = body[at : at + 8].partition(b" ")
        end = at + int(digits) if space and digits.isdigit() else 0
        record = body[at + len(digits) + 1 : end]
        key, equals, value = record[:-1].partition(b"=")
        if end > len(body) or not equals or record[-1:] != b"\n":
            raise UnsafeArchive("a damaged extended header")
        yield key.decode("utf-8", "replace"), value
        at = end


def _bounded(size: int, most: int, what: str) -> int:
    if size > most:
        raise UnsafeArchive(f"{what} has {size:,} bytes, more than the {most:,} that are read")
    return size


def _shown(name: bytes) -> str:
    return ascii(name[:200].decode("utf-8", "backslashreplace"))


class _Stream:
    """Unpacked bytes, unpacked only as they are taken."""

    def __init__(self, data: bytes) -> None:
        self._packed = memoryview(data)
        self._at = 0
        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._ready = b""
        self._taken = 0

    def take(self, size: int) -> bytes:
        """Return exactly so many bytes."""
        end = self._taken + size
        if end > len(self._ready):
            self._make_ready(size)
            end = size
        taken = self._ready[self._taken : end]
        self._taken = end
        return taken

    def padded(self, size: int) -> bytes:
        """Return so many bytes, and skip the rest of their last block."""
        return self.take(size + -size % _BLOCK)[:size]

    def _make_ready(self, size: int) -> None:
        pieces = [self._ready[self._taken :]]
        lacking = size - len(pieces[0])
        while lacking > 0:
            if not (more := self._more()):
                raise UnsafeArchive("cut off before its end")
            pieces.append(more)
            lacking -= len(more)
        self._ready, self._taken = b"".join(pieces), 0

    def only_zeros(self) -> None:
        """Read to the end, which has to be one block away at least, past only zeros."""
        if any(self.take(_BLOCK)) or any(self._ready[self._taken :]):
            raise UnsafeArchive("data behind the end of the archive")
        left = MOST_BYTES
        while more := self._more():
            left -= len(more)
            if left < 0 or any(more):
                raise UnsafeArchive("data behind the end of the archive")

    def _more(self) -> bytes:
        """Return more bytes, at most one piece; empty at the end."""
        while not self._inflate.eof:
            held = self._inflate.unconsumed_tail
            feed = held or self._packed[self._at : self._at + _FEED]
            if not held:
                self._at += len(feed)
            try:
                more = self._inflate.decompress(feed, _PIECE)
            except zlib.error as error:
                raise UnsafeArchive(f"not a whole gzip file ({error})") from error
            if more:
                return more
            if not feed:
                raise UnsafeArchive("cut off before its end")
        if self._inflate.unused_data or self._at < len(self._packed):
            raise UnsafeArchive("data behind the end of the gzip file")
        return b""
