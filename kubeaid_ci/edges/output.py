"""A cluster's built manifests on disk: read, compared by content, replaced as a whole.

The new folder is made beside the old one and the two change places in one step of the operating
system, so that a kill at any moment leaves the old or the new, never half.
"""

import ctypes
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.errors import UserError

_STAGING = ".kube-prometheus.new"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2  # macOS, renamex_np(2)


def names(folder: Path) -> tuple[str, ...]:
    """Every file and link below a folder, as sorted paths relative to it; empty where there is no folder."""
    if folder.is_symlink():
        raise UserError(f"{folder}: is a link; the built manifests must be a folder of the config repo")
    found = []
    for here, folders, files in os.walk(folder):
        base = os.path.relpath(here, folder)
        links = [name for name in folders if Path(here, name).is_symlink()]
        found += [name if base == "." else f"{base}/{name}" for name in (*files, *links)]
    return tuple(sorted(found))


def read(folder: Path, name: str) -> bytes | None:
    """The bytes of one file; nothing where there is no regular file of that name."""
    path = folder / name
    try:
        return None if path.is_symlink() else path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error


def digest(data: bytes) -> str:
    """SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def locked(cluster: Path) -> Iterator[None]:
    """Hold a cluster's folder against other builds of it, from the comparison to the replacement."""
    try:
        lock = os.open(cluster, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"{cluster}: cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def replace(folder: Path, files: Mapping[str, bytes | None]) -> None:
    """Make the folder hold exactly `files`; nothing as the content keeps the file that is there.

    A kept file keeps its inode and so its time of change. The caller holds `locked`. Raises
    `UserError` where the disk does not let us; the old folder then stands as it was.
    """
    staging = folder.with_name(_STAGING)
    try:
        if staging.exists():  # what a killed run left
            shutil.rmtree(staging)
        staging.mkdir()
        for name, data in files.items():
            _put(staging / name, data, folder / name)
        _exchange(staging, folder)
    except OSError as error:
        where = error.filename or folder
        raise UserError(f"{where}: cannot be written: {error.strerror}; the old manifests stand") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put(target: Path, data: bytes | None, kept: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if data is not None:
        target.write_bytes(data)
        return
    try:
        os.link(kept, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(kept, target)  # a file system without hard links


def _exchange(staging: Path, folder: Path) -> None:
    if not folder.exists():
        staging.rename(folder)
    elif not _swap(staging, folder):
        # No exchange on this file system: a file at a time, each in one step, stale ones last.
        _move_files(staging, folder)


def _move_files(staging: Path, folder: Path) -> None:
    wanted = names(staging)
    for name in wanted:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(folder / name)
    for name in set(names(folder)) - set(wanted):
        (folder / name).unlink()
    for here, _, _ in os.walk(folder, topdown=False):
        if not any(Path(here).iterdir()):
            Path(here).rmdir()


def _swap(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; false where the system or file system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        return not library.renamex_np(first, second, _RENAME_SWAP)
    if not hasattr(library, "renameat2"):
        return False
    return not library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
