"""Replaces the folder of an umbrella chart or a cluster in a checkout as a whole, with the files that change with it.

The new content is written to a staging folder first, and then changes places with the old one. A kill at any moment
leaves each folder and file old or new. The staging folder is inside ``.git`` if that is a folder, so that what a
kill leaves is never committed; the next run removes it.
"""

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import EXECUTABLE, File
from kubeaid_ci.runtime.files import exchange

_IN_GIT = "kubeaid-ci.new"
_IN_ROOT = ".kubeaid-ci.new"
_FILES, _OLD = ".files", ".old"  # no chart has a name that begins with a dot


def staging(root: Path) -> Path:
    """Return the folder in which new content is written before it is put in place."""
    git = root / ".git"
    return git / _IN_GIT if git.is_dir() and not git.is_symlink() else root / _IN_ROOT


def tidy(root: Path) -> None:
    """Remove what a killed run left."""
    shutil.rmtree(staging(root), ignore_errors=True)


def replace(
    root: Path,
    folder: str,
    files: Mapping[str, File | None],
    *,
    replaced: Collection[str] = (),
    then: Mapping[str, bytes] | None = None,
    outcome: str = "the chart is left as it was",
) -> None:
    """Write files of a folder of a repository, by their path from the top; None removes the file.

    Of the folders `replaced` nothing is kept, of all others what is not in `files`. The files `then` are put in place
    right after the folder, in their order. If one of them fails, everything is put back.
    Raises `UserError` with the `outcome` if the disk refuses; then nothing was changed.
    """
    target = root / folder
    made, is_new = staging(root) / target.name, not target.exists()
    try:
        _make(root, made, target, files, replaced)
        ready = _ready(staging(root), root, then or {})
        exchange(made, target)
        try:
            _put_in_place(ready)
        except BaseException:
            target.rename(made) if is_new else exchange(made, target)
            raise
    except OSError as error:
        raise _failure(error, target, outcome) from error
    finally:
        tidy(root)


def write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write files of a repository, by their path from the top: all of them, or none if the disk refuses."""
    try:
        tidy(root)
        staging(root).mkdir()
        _put_in_place(_ready(staging(root), root, files))
    except OSError as error:
        raise _failure(error, root, "nothing is changed") from error
    finally:
        tidy(root)


def _failure(error: OSError, target: Path, outcome: str) -> UserError:
    where = error.filename2 or error.filename or target
    return UserError(f"{where}: cannot be written: {error.strerror or error}; {outcome}")


def _ready(folder: Path, root: Path, files: Mapping[str, bytes]) -> list[tuple[Path, Path, Path | None]]:
    """Write the files to the staging folder. Returns each with its place and a copy of the old content.

    A link stays a link, and a file keeps its mode.
    """
    found = []
    for number, (path, data) in enumerate(files.items()):
        place, new = (root / path).resolve(), folder / f"{_FILES}-{number}"
        new.write_bytes(data)
        old = None
        if place.is_file():
            old = folder / f"{_OLD}-{number}"
            shutil.copy2(place, old)
            new.chmod(place.stat().st_mode & 0o7777)
        found.append((new, place, old))
    return found


def _put_in_place(ready: Sequence[tuple[Path, Path, Path | None]]) -> None:
    """Rename each file to its place; if one fails, put the old content of the others back."""
    done: list[tuple[Path, Path | None]] = []
    try:
        for new, place, old in ready:
            new.replace(place)
            done.append((place, old))
    except BaseException:
        for place, old in reversed(done):
            old.replace(place) if old else place.unlink()
        raise


def _make(root: Path, made: Path, target: Path, files: Mapping[str, File | None], replaced: Collection[str]) -> None:
    folder = target.relative_to(root)
    tidy(root)
    made.parent.mkdir()
    if target.exists():
        shutil.copytree(target, made, symlinks=True)
    for path in replaced:
        _clear(made / Path(path).relative_to(folder))
    for path, file in files.items():
        _put(made / Path(path).relative_to(folder), file)


def _clear(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _put(path: Path, file: File | None) -> None:
    if file is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    path.chmod(0o755 if file.mode == EXECUTABLE else 0o644)
