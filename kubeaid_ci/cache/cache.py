"""Results of builds and downloads, by content, in the user's cache folder.

A record means: if these paths have this content (and those paths do not exist), the build gives these
files. It is found by a slot, a hash of what is known before evaluating, and used only if
every input is still the same. Contents are next to it, named by their SHA-256. All writes are
atomic, so runs may share the folder; incomplete entries are ignored.
"""

import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci.cache.probe import Probe
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.process import git
from kubeaid_ci.runtime.files import create

CACHE_BYTES = 2 * 1024**3

_FORMAT = 1
_RECORDS_A_SLOT = 8
_OURS = 0o600


@dataclass(frozen=True, slots=True)
class Record:
    """One build: what it read (`probes`), which release it took, and the digests of its files by path."""

    probes: tuple[Probe, ...]
    release: str
    files: Mapping[str, str]
    tree: str = ""
    """The tree of the KubeAid build folder, where it was read from a commit."""
    notes: tuple[dict[str, Any], ...] = ()
    """Findings about the vars file, as plain values."""


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache folder and how many bytes it may hold."""

    folder: Path
    most_bytes: int

    def records(self, slot: str) -> Iterator[Record]:
        """Yield the records of a slot, newest first; damaged ones are skipped."""
        try:
            lines = self._slot(slot).read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            if (record := _parsed(line)) is not None:
                yield record

    def content(self, digest: str) -> bytes | None:
        """Return the content that a digest names; None if it is gone or damaged."""
        try:
            data = self._object(digest).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def store(self, slot: str, record: Record, contents: Mapping[str, bytes]) -> None:
        """Keep a build. A full or read-only disk costs the cache, not the build."""
        with suppress(OSError):
            self._keep_all(contents)
            path = self._slot(slot)
            lines = [_line(record)]
            with suppress(FileNotFoundError):
                lines += [line for line in path.read_bytes().splitlines() if line != lines[0]]
            _write(path, b"\n".join(lines[:_RECORDS_A_SLOT]) + b"\n")

    def keep_all(self, contents: Mapping[str, bytes]) -> None:
        """Keep contents by their digests, for a record to come."""
        with suppress(OSError):
            self._keep_all(contents)

    def keep(self, data: bytes) -> str:
        """Keep content that is worth keeping by itself, and give its digest; as for `store` a full disk is no fault."""
        digest = hashlib.sha256(data).hexdigest()
        self.keep_all({digest: data})
        return digest

    def note(self, name: str, text: bytes) -> None:
        """Keep bytes under a name of any form, in place of those before. A full or read-only disk is no fault."""
        with suppress(OSError):
            _write(self._note(name), hashlib.sha256(text).hexdigest().encode() + b" " + text)

    def noted(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if it does not exist or it is damaged."""
        try:
            checksum, _, text = self._note(name).read_bytes().partition(b" ")
        except OSError:
            return None
        return text if hashlib.sha256(text).hexdigest().encode() == checksum else None

    def prune(self) -> None:
        """Delete the oldest files until at most four fifths of the allowed size are left."""
        found = list(self._files())
        total = sum(size for _, size, _ in found)
        if total <= self.most_bytes:
            return
        for _, size, path in sorted(found):
            with suppress(OSError):
                path.unlink()
            total -= size
            if total <= self.most_bytes * 4 // 5:
                return

    def size(self) -> int:
        """Return the size of the folder in bytes."""
        return sum(size for _, size, _ in self._files())

    def trouble(self) -> str | None:
        """Why nothing can be kept in the folder; None if it can. Leaves nothing behind."""
        try:
            place = next(one for one in (self.folder, *self.folder.parents) if one.exists())
            with tempfile.TemporaryFile(dir=place):
                return None
        except OSError as error:
            return error.strerror or str(error)

    def _keep_all(self, contents: Mapping[str, bytes]) -> None:
        for digest, data in contents.items():
            if not self._object(digest).exists():
                _write(self._object(digest), data)

    def _files(self) -> Iterator[tuple[int, int, Path]]:
        """Yield the time of change, the size and the path of every file in the folder."""
        for here, _, names in os.walk(self.folder):
            for name in names:
                path = Path(here, name)
                with suppress(OSError):
                    status = path.stat()
                    yield status.st_mtime_ns, status.st_size, path

    def _slot(self, slot: str) -> Path:
        return self.folder / "build" / slot[:2] / slot

    def _note(self, name: str) -> Path:
        slot = hashlib.sha256(name.encode()).hexdigest()
        return self.folder / "notes" / slot[:2] / slot

    def _object(self, digest: str) -> Path:
        return self.folder / "objects" / digest[:2] / digest


def default_folder() -> Path:
    """Return the cache folder, as `private` accepts it."""
    return private(named_folder())


def named_folder() -> Path:
    """Return ``KUBEAID_CI_CACHE``, else the platform's cache folder for this user; it may not exist."""
    if chosen := os.environ.get("KUBEAID_CI_CACHE"):
        return Path(chosen).absolute()
    if home := os.environ.get("XDG_CACHE_HOME"):
        return Path(home).absolute() / "kubeaid-ci"
    caches = Path("Library/Caches") if sys.platform == "darwin" else Path(".cache")
    return Path.home() / caches / "kubeaid-ci"


def make_folders(folder: Path) -> None:
    """Create a folder and its missing parents, closed to other users. Raises `OSError`."""
    for place in reversed((folder, *folder.parents)):
        if not place.exists():
            place.mkdir(mode=0o700, exist_ok=True)


def private(folder: Path) -> Path:
    """Return a cache folder after closing it to other users, if it exists.

    Whoever may write a cache decides what a build or a comparison gives. Raises `UserError` if the folder is a link or
    leads through a link of the checkout around it, belongs to another user, may be written by others, or holds files
    that a repository tracks.
    """
    advice = "delete it, or name another one with KUBEAID_CI_CACHE"
    if link := _link_of_checkout(folder):
        raise UserError(f"{folder}: the cache leads through the link {link}; {advice}")
    try:
        found = folder.lstat()
    except OSError:
        return folder
    if not stat.S_ISDIR(found.st_mode):
        raise UserError(f"{folder}: the cache is {'a link' if folder.is_symlink() else 'not a folder'}; {advice}")
    if found.st_uid != os.geteuid():
        raise UserError(f"{folder}: the cache belongs to another user; {advice}")
    if found.st_mode & 0o022:
        raise UserError(f"{folder}: the cache may be written by other users; {advice}")
    if top := _tracked_by(folder.resolve()):
        raise UserError(f"{folder}: the cache holds files that {top} tracks; name another one with KUBEAID_CI_CACHE")
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def cache_at(chosen: bool | str | os.PathLike[str]) -> Cache | None:  # noqa: FBT001 - mirrors the public parameter
    """Return the cache that a caller asks for: the usual one, none, or one in a folder."""
    if chosen is False:
        return None
    return Cache(default_folder() if chosen is True else private(Path(chosen).absolute()), CACHE_BYTES)


def _link_of_checkout(folder: Path) -> Path | None:
    """Return the first link on the path from the top of the Git checkout to a folder below it.

    Such a link may be part of the change under review, and so may the cache that it leads to.
    """
    top = _checkout(folder)
    below = [place for place in folder.parents if top in place.parents] if top else []
    return next((place for place in reversed(below) if place.is_symlink()), None)


def _tracked_by(folder: Path) -> Path | None:
    """Return the top of the checkout that tracks files in a folder, or None."""
    top = _checkout(folder)
    if top is None:
        return None
    place = folder.relative_to(top).as_posix()
    return top if git(["--literal-pathspecs", "ls-files", "-z", "--", place], folder=top).stdout else None


def _checkout(folder: Path) -> Path | None:
    return next((place for place in folder.parents if (place / ".git").exists()), None)


def _line(record: Record) -> bytes:
    body = [
        _FORMAT,
        record.release,
        [[probe.path, probe.real, probe.digest] for probe in record.probes],
        dict(record.files),
        record.tree,
        list(record.notes),
    ]
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()
    return hashlib.sha256(text).hexdigest().encode() + b" " + text


def _parsed(line: bytes) -> Record | None:
    checksum, _, text = line.partition(b" ")
    if hashlib.sha256(text).hexdigest().encode() != checksum:
        return None
    version, release, probes, files, tree, notes = json.loads(text)
    if version != _FORMAT:
        return None
    return Record(tuple(Probe(*one) for one in probes), release, files, tree, tuple(notes))


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        try:
            create(temporary, data, mode=_OURS)
        except FileNotFoundError:  # the first of its folder
            make_folders(path.parent)
            create(temporary, data, mode=_OURS)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
