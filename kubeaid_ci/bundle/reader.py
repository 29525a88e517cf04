"""Reads bundles, folders and tar files, without trust in what they hold."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kubeaid_ci.bundle.model import MANIFEST, MOST_BYTES, SIGNATURES, Manifest
from kubeaid_ci.bundle.tar_archive import TarMember, TarReader
from kubeaid_ci.errors import UserError

_PIECE = 1024 * 1024
_MOST_SIGNATURE = 64 * 1024


@dataclass(frozen=True, slots=True)
class OpenBundle:
    """A bundle whose manifest is read. `data` are the bytes of the manifest, `signatures` those of its signatures."""

    path: Path
    manifest: Manifest
    data: bytes
    signatures: dict[str, bytes]
    _members: Iterator[TarMember]

    def members(self) -> Iterator[TarMember]:
        """Yield every other file once; each is read before the next. Raises `DamagedError` if the rest is lost."""
        return self._members


@contextmanager
def open_bundle(path: Path) -> Iterator[OpenBundle]:
    """Open a bundle. Raises `UserError` if it does not exist, is no bundle, or its manifest is damaged."""
    with ExitStack() as stack:
        if path.is_dir():
            yield _open_folder(path)
        elif path.is_file():
            yield _open_tar(path, stack.enter_context(path.open("rb")))
        else:
            raise UserError(f"{path}: no such bundle; name the folder or the .tar file that bundle create wrote")


def _open_folder(path: Path) -> OpenBundle:
    files = dict(_walk(path))
    data = _small(path, files, MANIFEST, MOST_BYTES)
    if data is None:
        raise UserError(
            f"{path}: not a bundle: it has no {MANIFEST}; name the folder or the .tar file that bundle create wrote"
        )
    signatures = {name: _small(path, files, name, _MOST_SIGNATURE) for name in SIGNATURES.values()}
    manifest = Manifest.parse(data, where=f"{path}/{MANIFEST}")
    rest = (member for name, member in files.items() if name != MANIFEST and signatures.get(name) is None)
    return OpenBundle(path, manifest, data, {name: text for name, text in signatures.items() if text}, rest)


def _small(path: Path, files: dict[str, TarMember], name: str, most: int) -> bytes | None:
    """Return the bytes of the manifest or a signature; None if there is no regular file of that name."""
    member = files.get(name)
    if member is None or member.problem:
        return None
    return _read(member, most, where=f"{path}/{name}")


def _read(member: TarMember, most: int, *, where: str) -> bytes:
    if member.size > most:
        raise UserError(f"{where}: has {member.size:,} bytes, more than the {most:,} that are read")
    return b"".join(member.chunks)


def _open_tar(path: Path, file: BinaryIO) -> OpenBundle:
    reader = TarReader(file)
    try:
        first = reader.first(lambda name: name == MANIFEST)
        data = _read(first, MOST_BYTES, where=f"{path}: {MANIFEST}")
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    manifest = Manifest.parse(data, where=f"{path}: {MANIFEST}")
    signatures: dict[str, bytes] = {}
    while (member := reader.next_if(SIGNATURES.values())) is not None:
        signatures[member.path] = _read(member, _MOST_SIGNATURE, where=f"{path}: {member.path}")
    rest = reader.members({file.path: file.size for file in manifest.own_files})
    return OpenBundle(path, manifest, data, signatures, rest)


def _walk(top: Path) -> Iterator[tuple[str, TarMember]]:
    """Yield what is below a folder, by its path, sorted. Links are not followed, folders not listed unless empty."""
    for here, folders, names in os.walk(top, onerror=_raise):
        folders.sort()
        below = os.path.relpath(here, top)
        start = "" if below == "." else f"{below}/"
        links = [name for name in folders if Path(here, name).is_symlink()]
        if start and not folders and not names:
            yield start, TarMember(start, 0, iter(()), "an empty folder")
        for name in sorted((*names, *links)):
            yield f"{start}{name}", _member(Path(here, name), f"{start}{name}")


def _member(path: Path, name: str) -> TarMember:
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        return TarMember(name, 0, iter(()), f"a link to {os.readlink(path)!r}")  # noqa: PTH115 - as it is written
    if not stat.S_ISREG(info.st_mode):
        return TarMember(name, 0, iter(()), "neither a regular file nor a link")
    return TarMember(name, info.st_size, _chunks(path))


def _chunks(path: Path) -> Iterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _raise(error: OSError) -> None:
    raise UserError(f"{error.filename}: cannot be read: {error.strerror}") from error
