"""Chart archives, good and bad ones, made by Python's own tar writer or block by block."""

import gzip
import io
import tarfile
from collections.abc import Iterable

CHART = b"apiVersion: v2\nname: web\nversion: 1.2.3\n"


def tgz(*members: tuple[str, bytes] | tarfile.TarInfo, chart: bytes | None = CHART, top: str = "web") -> bytes:
    """A gzipped tar: files by their whole name, or entries as they are; with a Chart.yaml unless that is nothing."""
    return gzip.compress(tar(*members, chart=chart, top=top), compresslevel=1, mtime=0)


def tar(*members: tuple[str, bytes] | tarfile.TarInfo, chart: bytes | None = CHART, top: str = "web") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        first: Iterable[tuple[str, bytes] | tarfile.TarInfo] = [(f"{top}/Chart.yaml", chart)] if chart else []
        for member in (*first, *members):
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member, io.BytesIO(bytes(member.size)))
            else:
                archive.addfile(entry(member[0], size=len(member[1])), io.BytesIO(member[1]))
    return packed.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    for key, value in more.items():
        setattr(made, key, value)
    return made


def block(name: bytes, kind: bytes = b"0", *, size: int = 0, mode: int = 0o644, magic: bytes = b"ustar\x0000") -> bytes:
    """One header as it is, with a right checksum."""
    head = name.ljust(100, b"\0") + b"%07o\0" % mode + b"0000000\0" * 2 + b"%011o\0" % size + b"0" * 11 + b"\0"
    head += b" " * 8 + kind + bytes(100) + magic
    return checked(head.ljust(512, b"\0"))


def checked(head: bytes) -> bytes:
    """A header with its checksum."""
    blank = head[:148] + b" " * 8 + head[156:]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(**records: str | bytes) -> bytes:
    """The body of an extended header."""
    made = b""
    for key, value in records.items():
        text = value.encode() if isinstance(value, str) else value
        rest = b" " + key.replace("__", ".").encode() + b"=" + text + b"\n"
        length = len(rest)
        while length != len(rest) + len(str(length)):
            length = len(rest) + len(str(length))
        made += str(length).encode() + rest
    return made


def blocks(*pieces: bytes, end: bytes = bytes(1024)) -> bytes:
    """A gzipped archive of a good Chart.yaml and then these blocks."""
    return gzip.compress(block(b"web/Chart.yaml", size=len(CHART)) + padded(CHART) + b"".join(pieces) + end, mtime=0)
