"""Reads files below a folder of this machine as they are, whatever Git knows of them."""

import os
import stat
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.blobs import MOST_BLOB_BYTES
from kubeaid_ci.git.tree import EXECUTABLE, FOLDER, GITLINK, LINK, REGULAR, SPECIAL
from kubeaid_ci.git.tree_reader import TreeReader


class DiskTree(TreeReader):
    """Files below `root`, an absolute path without links. What was looked up once counts as unchanged."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._targets: dict[str, str | None] = {}

    def mode(self, path: str) -> str | None:
        """Return the mode of what is on disk; a folder that holds another repository has that of a submodule."""
        place = self._place(path)
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(place, error) from error
        if stat.S_ISDIR(mode):
            return self._folder(place, is_root=not path)
        if stat.S_ISLNK(mode):
            return LINK
        if not stat.S_ISREG(mode):
            return SPECIAL
        return EXECUTABLE if mode & stat.S_IXUSR else REGULAR

    def target(self, path: str) -> str | None:
        """Return the target of a link."""
        if path not in self._targets:
            try:
                # Asked for every part of every import: a Path costs five times as much.
                self._targets[path] = os.readlink(self._place(path))  # noqa: PTH115
            except OSError:  # no link, or nothing there
                self._targets[path] = None
        return self._targets[path]

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        place = self._place(folder)
        try:
            with os.scandir(place) as entries:
                return [entry.name for entry in entries if entry.name != ".git"]
        except OSError as error:
            raise _unreadable(place, error) from error

    def read(self, path: str) -> bytes:
        """Return the bytes of a file. Raises `UserError` if it cannot be read, or has more than 64 MiB."""
        place = self._place(path)
        try:
            with Path(place).open("rb") as file:
                data = file.read(MOST_BLOB_BYTES + 1)
        except OSError as error:
            raise _unreadable(place, error) from error
        if len(data) > MOST_BLOB_BYTES:
            raise UserError(f"{place}: larger than {MOST_BLOB_BYTES >> 20} MiB")
        return data

    def _place(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _folder(self, place: str, *, is_root: bool) -> str | None:
        if not is_root and is_repository(place):
            return GITLINK
        return FOLDER if _holds_file(place) else None


def is_repository(folder: str) -> bool:
    """Return whether the folder is the top of a Git repository: a clone, a submodule or a linked work tree."""
    return Path(f"{folder}/.git").is_file() or Path(f"{folder}/.git/HEAD").is_file()


def _holds_file(folder: str) -> bool:
    """True if anything but empty folders is below. An unreadable folder counts, because its content is unknown."""
    folders = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    return True
                if entry.name != ".git":
                    folders.append(entry.path)
    except OSError:
        return True
    return any(_holds_file(inner) for inner in folders)


def _unreadable(place: str, error: OSError) -> UserError:
    return UserError(f"{place}: cannot be read: {error.strerror or error}")
