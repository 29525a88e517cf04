"""Writes files and folders atomically: a reader, or a kill at any moment, finds the old or the new one whole."""

import errno
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.errors import UserError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2  # macOS, renamex_np(2)


def read_regular(path: Path, *, most: int) -> bytes | None:
    """Return the bytes of a regular file, or None if the file does not exist.

    Raises `UserError` if it is a link, a pipe, a device or a folder, larger than `most` bytes, or unreadable. It is
    for files that a stranger may have committed: a link could lead to a secret, or to a device without an end.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UserError(f"{path}: is a link; replace it by a regular file") from error
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    # Python refuses to open a folder as a file, with an error of its own.
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UserError(f"{path}: is not a regular file; replace it by one")
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UserError(f"{path}: is larger than {most:,} bytes")
    return data


def write_atomically(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file by a temporary one next to it; create missing folders. `data` may come in parts.

    A file that exists keeps its mode; a new file's mode follows the umask. A device or pipe, such as
    ``/dev/stdout``, is written to as it is. Raises `UserError` naming the path if it cannot be written, or if it is a
    link or leads through one below the current folder: a link that somebody committed would let a report replace a
    file elsewhere. Nothing is left behind then.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                file.writelines(_parts(data))
            return
        refuse_links(path)
        _replace(path.absolute(), _parts(data))
    except OSError as error:
        raise _cannot_write(path, error) from error


def refuse_links(path: Path) -> None:
    """Raise `UserError` if a path is a link, or leads through a link below the current folder."""
    here = Path.cwd()
    absolute = here / path
    below = [place for place in absolute.parents if here in place.parents]
    for place in (absolute, *below):
        if place.is_symlink():
            raise UserError(f"{path}: {place} is a link; remove it or name another path")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their path below a new folder, all or none. Raises `UserError` if the folder is not empty."""
    with new_folder(folder) as write:
        for path, data in files.items():
            write(path, data)


@contextmanager
def new_folder(folder: Path) -> Iterator[Callable[[str, bytes], None]]:
    """Yield a function that writes a file, by its path below a new folder. The folder appears when the block ends.

    If the block raises, nothing is left behind. Raises `UserError` if the folder is not empty or cannot be written.
    """
    refuse_links(folder)
    folder = folder.absolute()
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder}: is not empty; name a new folder, or empty this one")
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name[:100]}.")
    except OSError as error:
        raise _cannot_write(folder, error) from error
    with staging:
        made = Path(staging.name, "files")
        made.mkdir()

        def write(path: str, data: bytes) -> None:
            try:
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_bytes(data)
            except OSError as error:
                raise _cannot_write(folder, error) from error

        yield write
        try:
            made.replace(folder)
        except OSError as error:
            raise _cannot_write(folder, error) from error


def _cannot_write(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: cannot be written: {error.strerror or error}")


def append(path: Path, text: str) -> None:
    """Append text to a file in UTF-8. Raises `UserError` if it cannot be written."""
    try:
        with path.open("ab") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise _cannot_write(path, error) from error


def _parts(data: bytes | Iterable[bytes]) -> Iterable[bytes]:
    return (data,) if isinstance(data, bytes) else data


def _replace(target: Path, parts: Iterable[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}")
    try:
        create(temporary, parts)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def create(path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o666) -> None:
    """Create a file that does not exist, with a mode as the umask allows. Raises `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(_parts(data))


def exchange(staging: Path, folder: Path) -> None:
    """Atomically swap two folders.

    A kill at any moment leaves the old or the new one, never half. On a file system that cannot swap folders each file
    is replaced atomically, and stale ones are removed last.
    """
    if not folder.exists():
        staging.rename(folder)
    elif not _swap(staging, folder):
        _move_files(staging, folder)


def paths_below(folder: Path) -> Iterator[str]:
    """Yield every file and link below a folder, by its path from there. Yields nothing if the folder does not exist.

    Raises `OSError` if a folder cannot be read.
    """

    def raise_unless_missing(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            raise error

    for here, folders, names in os.walk(folder, onerror=raise_unless_missing):
        base = os.path.relpath(here, folder)
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in (*names, *links):
            yield name if base == "." else f"{base}/{name}"


def _move_files(staging: Path, folder: Path) -> None:
    wanted = sorted(paths_below(staging))
    for name in wanted:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(folder / name)
    for name in set(paths_below(folder)) - set(wanted):
        (folder / name).unlink()
    for here, _, _ in os.walk(folder, topdown=False):
        if not any(Path(here).iterdir()):
            Path(here).rmdir()


def _swap(one: Path, other: Path) -> bool:
    """Swap two folders atomically. Return False if the system or the file system cannot."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        return not library.renamex_np(first, second, _RENAME_SWAP)
    if not hasattr(library, "renameat2"):
        return False
    return not library.renameat2(_AT_FDCWD, first, _AT_FDCWD, second, _RENAME_EXCHANGE)
