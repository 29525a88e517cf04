"""A cluster's built manifests on disk: read, compared by content, replaced as a whole.

The new folder is made next to the old one and the two change places in one step of the operating
system, so that a kill at any moment leaves the old or the new folder, never half of one.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.blobs import MOST_BLOB_BYTES
from kubeaid_ci.runtime.files import exchange, paths_below


class OutputError(UserError):
    """The folder of a cluster's built manifests cannot be read or replaced. `path` is what it is about."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}
_STAGING = ".kube-prometheus.new"


def names(folder: Path) -> tuple[str, ...]:
    """Return every file and link below a folder, as sorted paths relative to it; empty if the folder does not exist."""
    if folder.is_symlink():
        raise OutputError(folder, "is a link; the built manifests must be a folder of the config repo")
    if folder.exists() and not folder.is_dir():
        raise OutputError(folder, "is a file; move it elsewhere: the built manifests are a folder of this name")
    try:
        return tuple(sorted(paths_below(folder)))
    except OSError as error:
        raise OutputError(Path(error.filename or folder), f"cannot be read: {error.strerror}") from error


def read(folder: Path, name: str) -> bytes | None:
    """Return the bytes of one file; None if no regular file has that name. Raises `OutputError` beyond 64 MiB."""
    path = folder / name
    try:
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_size > MOST_BLOB_BYTES:
            raise OutputError(path, f"is larger than {MOST_BLOB_BYTES >> 20} MiB; delete it")
        return path.read_bytes() if stat.S_ISREG(status.st_mode) else None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise OutputError(path, f"cannot be read: {error.strerror}") from error


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


@contextmanager
def locked(cluster: Path) -> Iterator[None]:
    """Hold a cluster's folder against other builds of it, from the comparison to the replacement."""
    try:
        lock = os.open(cluster, os.O_RDONLY)
    except OSError as error:
        raise OutputError(cluster, f"cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def replace(folder: Path, wanted: Mapping[str, bytes | None]) -> None:
    """Make the folder hold exactly what is `wanted`; None as the content keeps the existing file.

    A kept file keeps its inode and so its time of change. The caller holds `locked`. Raises
    `UserError` if writing fails; the old folder is then unchanged.
    """
    staging = folder.with_name(_STAGING)
    try:
        if staging.exists():  # what a killed run left
            shutil.rmtree(staging)
        staging.mkdir()
        for name, data in wanted.items():
            _put(staging / name, data, folder / name)
        exchange(staging, folder)
    except OSError as error:
        advice = "give this user the right to write there, and " if error.errno in _NO_RIGHT else ""
        message = f"cannot be written: {error.strerror}; the old manifests stand; {advice}run again"
        raise OutputError(folder, message) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put(target: Path, data: bytes | None, existing: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if data is not None:
        target.write_bytes(data)
        return
    try:
        os.link(existing, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(existing, target)  # a file system without hard links
