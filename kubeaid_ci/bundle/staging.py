"""Folders that are made under a hidden name and renamed when they are complete, so that a kill leaves no half."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.runtime.files import refuse_links


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """Give an empty folder next to `target`; it is removed at the end. What a killed run left there is removed first.

    Raises `UserError` if `target` exists and is no empty folder, or if another run is making it.
    """
    refuse_links(target)
    target = target.absolute()
    refuse_existing(target)
    folder = target.with_name(f".{target.name[:200]}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder, target):
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{error.filename or target}: cannot be written: {error.strerror or error}") from error


def refuse_existing(target: Path) -> None:
    """Raise `UserError` if a path exists and is no empty folder."""
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise UserError(f"{target}: exists already; name a new path")


def publish(made: Path, target: Path) -> None:
    """Give a finished file or folder its final name."""
    target = target.absolute()
    refuse_existing(target)
    made.rename(target)


@contextmanager
def _locked(folder: Path, target: Path) -> Iterator[None]:
    """Hold the folder against other runs. Git and pip, which we start, do not inherit the lock."""
    if folder.is_symlink():
        raise UserError(f"{folder}: is a link; remove it")
    folder.mkdir(exist_ok=True, mode=0o700)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{target}: another run is making it; wait for it to end") from None
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        yield
    finally:
        os.close(lock)
