"""Files of a repository by Git's ids: of a commit, of the work tree, or of a plain folder.

Ids are those of what is (or would be) committed, so line-end conversion, file modes of the machine
and links change nothing. Of a work tree only the files that differ from the index are read and
hashed, so looking at 8,000 clean files costs two calls of git.
"""

import os
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from kubeaid_ci.edges import work_tree
from kubeaid_ci.edges.git import Blobs, Repository
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.tree import GITLINK, NO_ID, SPECIAL, Entry, Tree, blob_id

WORKTREE = "worktree"
_MOST_BYTES = 64 * 1024 * 1024
_NO_FILE = {GITLINK: "another repository", SPECIAL: "a pipe, a socket or a device"}


class Snapshot:
    """Files by path from the top of a repository, and their bytes on demand.

    `ignored` are files on disk that Git ignores; `commit` is nothing for a work tree; `is_git` is false for a plain
    folder.
    """

    def __init__(self, root: Path, files: Tree, *, commit: str | None = None, on_disk: frozenset[str] = frozenset()):
        self.root = root
        self.files = files
        self.commit = commit
        self.ignored: tuple[str, ...] = ()
        self.is_git = True
        self._on_disk = on_disk
        self._blobs: Blobs | None = None
        self._sorted: list[str] | None = None
        self._links: dict[str, str] | None = None

    @property
    def links(self) -> Mapping[str, str]:
        """The target of every link, by its path."""
        if self._links is None:
            found = [path for path, entry in self.files.items() if entry.is_link]
            self._links = {path: data.decode("utf-8", "replace") for path, data in self.read_all(found).items()}
        return self._links

    def read(self, path: str) -> bytes:
        """The bytes of a file (of a link: its target). Raises `UserError` where it is not there or too large."""
        return self.read_all([path])[path]

    def read_all(self, paths: Collection[str]) -> dict[str, bytes]:
        """The bytes of several files by path, in the same order; raises as `read`."""
        found = {path: _read(self.root / path) if path in self._on_disk else b"" for path in map(self._file, paths)}
        committed = [path for path in found if path not in self._on_disk]
        if committed and self._blobs is None:
            self._blobs = Blobs(self.root)
        if self._blobs is not None:
            found.update(zip(committed, self._blobs.read_all([self.files[path].id for path in committed]), strict=True))
        return found

    def _file(self, path: str) -> str:
        """The path, where a file is there."""
        entry = self.files.get(path)
        if entry is None:
            raise UserError(f"{self.root}: no file {path}")
        if what := _NO_FILE.get(entry.mode):
            raise UserError(f"{self.root}: {path} is {what}, not a file")
        return path

    def below(self, folder: str) -> dict[str, Entry]:
        """The files below a folder, by their path in the repository, without looking at all the others."""
        if self._sorted is None:
            self._sorted = sorted(self.files)
        first, last = 0, len(self._sorted)
        if folder:  # "0" comes right behind "/"
            first, last = (bisect_left(self._sorted, end) for end in (f"{folder}/", f"{folder}0"))
        return {path: self.files[path] for path in self._sorted[first:last]}

    def close(self) -> None:
        """End the program that reads for us."""
        if self._blobs is not None:
            self._blobs.close()
            self._blobs = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def take(root: Path, ref: str, folders: Sequence[str]) -> Snapshot:
    """The files below some folders (or with these paths) at a revision, or with ``worktree`` as they are.

    Raises `UserError` where there is no such revision, and where one is asked for without Git.
    """
    repository = Repository.at(root)
    if repository is None:
        if ref != WORKTREE:
            raise UserError(f"{root}: not the top of a Git repository, so it has no revision {ref}; name that folder")
        return _plain(root, folders)
    if repository.names_by_sha256():
        raise UserError(f"{root}: a repository of Git's SHA-256 format; only the usual SHA-1 format can be compared")
    if ref == WORKTREE:
        return _work_tree(root, folders)
    commit = repository.commit(ref)
    if commit is None:
        raise UserError(f"{root}: no revision {ref}; fetch it, or name another")
    # Nothing else can be meant by the whole id of a commit.
    meanings = () if commit == ref else repository.meanings(ref)
    if len({repository.commit(one) for one in meanings}) > 1:
        raise UserError(f"{root}: {ref} names {' and '.join(meanings)}, which differ; write one of these")
    return Snapshot(root, repository.files(commit, *folders), commit=commit)


def _plain(root: Path, folders: Sequence[str]) -> Snapshot:
    paths = sorted(path for folder in folders for path in _walk(root, folder))
    files = {path: _entry(root / path) for path in paths}
    snapshot = Snapshot(root, files, on_disk=frozenset(files))
    snapshot.is_git = False
    return snapshot


def _work_tree(root: Path, folders: Sequence[str]) -> Snapshot:
    files, unwatched = work_tree.index(root, folders)
    state = work_tree.state(root, folders, unwatched)
    for path in state.removed:
        files.pop(path, None)
    files |= work_tree.ids(root, state.written)
    snapshot = Snapshot(root, dict(sorted(files.items())), on_disk=frozenset(state.written))
    snapshot.ignored = tuple(sorted(state.ignored))
    return snapshot


def _walk(root: Path, folder: str) -> Iterator[str]:
    """Every file below a folder, links not followed, Git's own left out; the file itself where it is one."""
    start = root / folder
    if start.is_symlink() or start.is_file():
        yield folder
        return
    for here, folders, names in os.walk(start):
        folders[:] = [name for name in folders if name != ".git"]
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in (*names, *links):
            yield Path(here, name).relative_to(root).as_posix()


def _entry(path: Path) -> Entry:
    mode = work_tree.mode_of(path)
    return Entry(mode, NO_ID if mode == SPECIAL else blob_id(_read(path)))


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink():
            return os.fsencode(path.readlink())
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > _MOST_BYTES:
        raise UserError(f"{path}: larger than {_MOST_BYTES >> 20} MiB")
    return data
