"""Files of a repository by Git's ids: of a commit, of the work tree, or of a plain folder.

Ids are those of what is (or would be) committed, so line-end conversion, file modes of the machine
and links change nothing. Of a work tree only the files that differ from the index are read and
hashed, so looking at 8,000 clean files costs two calls of git.
"""

import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.git import work_tree
from kubeaid_ci.git.blobs import MOST_BLOB_BYTES, Blobs, TooLargeError
from kubeaid_ci.git.disk_tree import is_repository
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import TreeRevision, WorkTree
from kubeaid_ci.git.tree import FOLDER, GITLINK, NO_ID, SPECIAL, Entry, Tree, blob_id
from kubeaid_ci.git.tree_reader import TreeReader

_NO_FILE = {GITLINK: "another repository", SPECIAL: "a pipe, a socket or a device"}


class Snapshot(TreeReader):
    """Files by path from the top of a repository, and their bytes on demand.

    `folders` are the folders, or paths of files, that `files` has; others are added when a path or a link
    leads there. `ignored` are files on disk that Git ignores. `commit` is None for a work tree, `is_git` false for
    a plain folder.
    """

    def __init__(
        self,
        root: Path,
        files: Tree,
        *,
        commit: str | None = None,
        on_disk: frozenset[str] = frozenset(),
        folders: Sequence[str] = ("",),
        more: "Callable[[str], Snapshot] | None" = None,
    ):
        self.root = root
        self.files = files
        self.commit = commit
        self.ignored: tuple[str, ...] = ()
        self.is_git = True
        self.on_disk = on_disk
        self._folders = list(folders)
        self._more = more
        self._blobs: Blobs | None = None
        self._sorted: list[str] | None = None
        self._links: dict[str, str] | None = None

    @property
    def links(self) -> Mapping[str, str]:
        """Return the target of every link, by its path."""
        if self._links is None:
            found = [path for path, entry in self.files.items() if entry.is_link]
            self._links = {path: data.decode("utf-8", "surrogateescape") for path, data in self.read_all(found).items()}
        return self._links

    def mode(self, path: str) -> str | None:
        """Return the mode of a file, `FOLDER` for the path of files, or None."""
        self._cover(path)
        if entry := self.files.get(path):
            return entry.mode
        return FOLDER if self._has_below(path) else None

    def target(self, path: str) -> str | None:
        """Return the target of a link."""
        self._cover(path)
        entry = self.files.get(path)
        return self.links[path] if entry and entry.is_link else None

    def names(self, folder: str) -> set[str]:
        """Return the names in a folder."""
        self._cover(folder, whole=True)
        start = len(folder) + 1 if folder else 0
        return {path[start:].partition("/")[0] for path in self.below(folder)}

    def _cover(self, path: str, *, whole: bool = False) -> None:
        """Add the files next to a path that were not loaded yet, such as the target of a link.

        `whole` adds all below the path, even if a part of it is there.
        """
        if any(_is_within(path, folder) or (not whole and _is_within(folder, path)) for folder in self._folders):
            return
        if self._more is None:
            return
        top = path.partition("/")[0]
        more = self._more(top)
        self.files = {**self.files, **more.files}
        self.on_disk |= more.on_disk
        self._folders.append(top)
        self._sorted = self._links = None

    def read(self, path: str) -> bytes:
        """Return the bytes of a file (of a link: its target). Raises `UserError` if it is missing or too large."""
        return self.read_all([path])[path]

    def read_all(self, paths: Collection[str]) -> dict[str, bytes]:
        """Return the bytes of several files by path, in the same order; raises as `read`."""
        found = {path: _read(self.root / path) if path in self.on_disk else b"" for path in map(self._file, paths)}
        committed = [path for path in found if path not in self.on_disk]
        if committed and self._blobs is None:
            self._blobs = Blobs(self.root)
        if self._blobs is not None:
            ids = [self.files[path].id for path in committed]
            try:
                found.update(zip(committed, self._blobs.read_all(ids), strict=True))
            except TooLargeError as error:
                path = committed[ids.index(error.identity)]
                raise UserError(f"{self.root}: {path}: larger than {MOST_BLOB_BYTES >> 20} MiB") from error
        return found

    def _file(self, path: str) -> str:
        """Return the path. Raises `UserError` if it is not a file."""
        entry = self.files.get(path)
        if entry is None:
            raise UserError(f"{self.root}: no file {path}")
        if what := _NO_FILE.get(entry.mode):
            raise UserError(f"{self.root}: {path} is {what}, not a file")
        return path

    def below(self, folder: str) -> dict[str, Entry]:
        """Return the files below a folder, by their path in the repository, without looking at all the others."""
        paths, first, last = self._span(folder)
        return {path: self.files[path] for path in paths[first:last]}

    def _has_below(self, folder: str) -> bool:
        _, first, last = self._span(folder)
        return last > first

    def _span(self, folder: str) -> tuple[list[str], int, int]:
        """Return all paths, sorted, and where those below a folder begin and end."""
        if self._sorted is None:
            self._sorted = sorted(self.files)
        if not folder:
            return self._sorted, 0, len(self._sorted)
        # "0" is the character after "/".
        first, last = (bisect_left(self._sorted, end) for end in (f"{folder}/", f"{folder}0"))
        return self._sorted, first, last

    def close(self) -> None:
        """End the program that reads for us."""
        if self._blobs is not None:
            self._blobs.close()
            self._blobs = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_snapshot(root: Path, revision: TreeRevision, folders: Sequence[str]) -> Snapshot:
    """Return the files below some folders (or with these paths) at a revision.

    Raises `UserError` if there is no such revision, and where one is requested without Git.
    """
    repository = Repository.at(root)
    if repository is None:
        if not isinstance(revision, WorkTree):
            what = f"{root}: not the top of a Git repository, so it has no revision {revision}"
            raise UserError(f"{what}; name that folder")
        return _plain(root, folders)
    if repository.uses_sha256():
        raise UserError(f"{root}: a repository of Git's SHA-256 format; only the usual SHA-1 format can be compared")
    if isinstance(revision, WorkTree):
        return _work_tree(root, folders)
    ref = revision.name
    commit = repository.commit(ref)
    if commit is None:
        if repository.commit("HEAD") is None:
            raise UserError(f"{root}: no revision {ref}, because the repository has no commit yet; commit first")
        raise UserError(f"{root}: no revision {ref}; fetch it, or name another")
    # A full commit id is never ambiguous.
    ambiguous_refs = () if commit == ref else repository.ambiguous_refs(ref)
    if len({repository.commit(one) for one in ambiguous_refs}) > 1:
        raise UserError(f"{root}: {ref} names {' and '.join(ambiguous_refs)}, which differ; write one of these")
    return at_commit(root, commit, folders)


def at_commit(root: Path, commit: str, folders: Sequence[str]) -> Snapshot:
    """Return the files below some folders (or with these paths) of a commit, given by its whole id."""
    files = Repository(root).files(commit, *folders)
    return Snapshot(root, files, commit=commit, folders=folders, more=lambda top: at_commit(root, commit, [top]))


def _plain(root: Path, folders: Sequence[str]) -> Snapshot:
    paths = sorted(path for folder in folders for path in _walk(root, folder))
    files = {path: _entry(root / path) for path in paths}
    snapshot = Snapshot(root, files, on_disk=frozenset(files), folders=folders, more=lambda top: _plain(root, [top]))
    snapshot.is_git = False
    return snapshot


def _work_tree(root: Path, folders: Sequence[str]) -> Snapshot:
    paths = [folder for folder in folders if folder]
    files, unwatched = work_tree.index(root, paths)
    state = work_tree.state(root, paths, unwatched)
    for path in state.removed:
        files.pop(path, None)
    files |= work_tree.ids(root, state.written)
    snapshot = Snapshot(
        root,
        dict(sorted(files.items())),
        on_disk=frozenset(state.written),
        folders=folders,
        more=lambda top: _work_tree(root, [top]),
    )
    snapshot.ignored = tuple(sorted(state.ignored))
    return snapshot


def _is_within(path: str, folder: str) -> bool:
    return folder in ("", ".", path) or path.startswith(f"{folder}/")


def _walk(root: Path, folder: str) -> Iterator[str]:
    """Yield every file below a folder without Git's own, and links and other repositories as they are."""
    start = root / folder
    if start.is_symlink() or start.is_file():
        yield folder
        return
    for here, folders, names in os.walk(start):
        others = [name for name in folders if Path(here, name).is_symlink() or is_repository(f"{here}/{name}")]
        folders[:] = [name for name in folders if name != ".git" and name not in others]
        for name in (*names, *others):
            yield Path(here, name).relative_to(root).as_posix()


def _entry(path: Path) -> Entry:
    mode = GITLINK if path.is_dir() and not path.is_symlink() else work_tree.mode_of(path)
    return Entry(mode, NO_ID if mode in _NO_FILE else blob_id(_read(path)))


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink():
            return work_tree.target_of(path)
        with path.open("rb") as file:
            data = file.read(MOST_BLOB_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > MOST_BLOB_BYTES:
        raise UserError(f"{path}: larger than {MOST_BLOB_BYTES >> 20} MiB")
    return data
