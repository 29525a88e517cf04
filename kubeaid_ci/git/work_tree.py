"""The content of a work tree, by Git's ids: its index, and the differences of the files on disk."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.git_dir import git_dir
from kubeaid_ci.git.process import git, reason
from kubeaid_ci.git.tree import EXECUTABLE, GITLINK, LINK, NO_ID, REGULAR, SPECIAL, Entry, blob_id
from kubeaid_ci.runtime.processes import Finished

# A file of the same size and time is not the same file.
_SETTINGS = (("core.trustctime", "true"), ("core.checkStat", "default"))
_STATUS = ["status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", "--ignored=traditional"]


@dataclass(slots=True)
class State:
    """The difference of a work tree to its index: files written (with their mode), removed, and ignored by Git."""

    written: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def index(folder: Path, folders: Sequence[str]) -> tuple[dict[str, Entry], list[str]]:
    """Return every file of the index below some folders, by path, and those that Git is set not to check on disk."""
    entries, unwatched = {}, []
    for line in _names(_run(folder, "ls-files", "-s", "-v", "-z", "--", *folders)):
        about, _, path = line.partition("\t")
        tag, mode, identity, stage = about.split(" ")
        if stage == "0":
            entries[path] = Entry(mode, identity)
        if tag == "S" or tag.islower():
            unwatched.append(path)
    return entries, unwatched


def state(folder: Path, folders: Sequence[str], unwatched: Iterable[str] = ()) -> State:
    """Return how the files below some folders differ from the index; `unwatched` are looked at where they are there."""
    found = State()
    there = (path for path in unwatched if os.path.lexists(folder / path))
    found.written |= {path: mode_of(folder / path) for path in there}
    for line in _names(_run(folder, *_STATUS, "--", *folders)):
        kind, _, rest = line.partition(" ")
        match kind:
            case "?":
                # A slash at the end: a repository within the repository.
                found.written[rest.rstrip("/")] = GITLINK if rest.endswith("/") else mode_of(folder / rest)
            case "!":
                found.ignored.append(rest)
            case "1":
                _changed(found, folder, rest.split(" ", 7))
            case "u":
                fields = rest.split(" ", 9)
                _changed(found, folder, [fields[0], *fields[2:6], "", "", fields[9]], unmerged=True)
    return found


def ids(folder: Path, modes: dict[str, str]) -> dict[str, Entry]:
    """Return the files of these modes as Git would store them: line ends and the like by its settings."""
    # Git reads the names by line, and drops a carriage return at the end of one.
    lines = {path: mode for path, mode in modes.items() if "\n" not in path and "\r" not in path}
    plain = [path for path, mode in lines.items() if mode in (REGULAR, EXECUTABLE)]
    listed = "".join(f"{path}\n" for path in plain).encode("utf-8", "surrogateescape")
    hashed = _run(folder, "hash-object", "--stdin-paths", stdin=listed).text.split() if plain else []
    found = dict(zip(plain, hashed, strict=True))
    return {path: Entry(mode, found.get(path) or _own_id(folder / path, mode)) for path, mode in modes.items()}


def ignored(folder: Path, paths: Sequence[str]) -> frozenset[str]:
    """Return those of the paths that ignore files name, existing or not, tracked or not. Empty without a repository."""
    if not paths or git_dir(folder) is None:
        return frozenset()
    listed = "\0".join(paths).encode("utf-8", "surrogateescape")
    done = git(["check-ignore", "-z", "--no-index", "--stdin"], folder=folder, stdin=listed)
    return frozenset(_names(done)) if done.code == 0 else frozenset()


def _changed(found: State, folder: Path, fields: list[str], *, unmerged: bool = False) -> None:
    """Return one changed file: its state, its modes in HEAD, index and work tree, its ids, its path."""
    marks, _, _, _, mode, _, _, path = fields
    if mode == "000000":
        found.removed.append(path)
    elif marks[1] != "." or unmerged:
        # Git takes a pipe in the place of a file for that file.
        found.written[path] = SPECIAL if _is_special(folder / path) else mode


def target_of(path: Path) -> bytes:
    """Return the target of a link as written: a `Path` loses ``./`` and a slash at the end."""
    return os.fsencode(os.readlink(path))  # noqa: PTH115


def mode_of(path: Path) -> str:
    """Return the mode of what is on disk, as Git writes it."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return LINK
    if not stat.S_ISREG(mode):
        return SPECIAL
    return EXECUTABLE if mode & stat.S_IXUSR else REGULAR


def _is_special(path: Path) -> bool:
    mode = path.lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))


def _own_id(path: Path, mode: str) -> str:
    if mode in (GITLINK, SPECIAL):
        return NO_ID  # Git stores nothing of it
    if mode == LINK:
        return blob_id(target_of(path))
    return blob_id(path.read_bytes())


def _names(done: Finished) -> Iterator[str]:
    return iter(done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1])


def _run(folder: Path, *arguments: str, stdin: bytes = b"") -> Finished:
    done = git(["--literal-pathspecs", *arguments], folder=folder, reads_files=True, settings=_SETTINGS, stdin=stdin)
    if done.code:
        raise UserError(f"{folder}: git {arguments[0]} failed: {reason(done)}")
    return done
