"""Putting a new folder in the place of an old one, in one step of the operating system where it has one."""

import ctypes
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2  # macOS, renamex_np(2)


def exchange(staging: Path, folder: Path) -> None:
    """Atomically swap two folders.

    A kill at any moment leaves the old or the new, never half; on a file system that cannot let folders
    change places each file is replaced in one step, stale ones last.
    """
    if not folder.exists():
        staging.rename(folder)
    elif not _swap(staging, folder):
        _move_files(staging, folder)


def files(folder: Path) -> Iterator[str]:
    """Yield every file and link below a folder, by its path from there. Yields nothing if the folder does not exist.

    Raises `OSError` if a folder cannot be read.
    """
    for here, folders, names in os.walk(folder, onerror=_raise_unless_missing):
        base = os.path.relpath(here, folder)
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in (*names, *links):
            yield name if base == "." else f"{base}/{name}"


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _move_files(staging: Path, folder: Path) -> None:
    wanted = sorted(files(staging))
    for name in wanted:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(folder / name)
    for name in set(files(folder)) - set(wanted):
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
