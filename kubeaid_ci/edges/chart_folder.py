"""Changing an umbrella chart's folder in a checkout as a whole: it is the new one, or stays as it was.

The new folder is made beside the charts, at the top of the repository, so that nobody takes it for a
chart, and then the two change places.
"""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from kubeaid_ci.edges.exchange import exchange
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.tree import EXECUTABLE, File

STAGING = ".kubeaid-ci.new"
_LAST = ".last"  # no chart has a name that begins with a dot


def tidy(root: Path) -> None:
    """Remove what a killed run left."""
    shutil.rmtree(root / STAGING, ignore_errors=True)


def replace(
    root: Path,
    folder: str,
    files: Mapping[str, File | None],
    *,
    anew: Collection[str] = (),
    last: tuple[str, bytes] | None = None,
) -> None:
    """Have files in a folder of a repository, by their path from the top; nothing stands for a file to go.

    Of the folders `anew` nothing is kept, of the others what is not in `files`. The file `last` lies ready
    beforehand and comes into its place right behind the folder; where it cannot, the old folder is put back.
    Raises `UserError` where the disk does not let us; then nothing was changed.
    """
    target = root / folder
    made, is_new = root / STAGING / target.name, not target.exists()
    try:
        _make(made, target, files, anew)
        ready = _ready(made.with_name(_LAST), root, last)
        exchange(made, target)
        try:
            for one, place in ready:
                one.replace(place)
        except BaseException:
            target.rename(made) if is_new else exchange(made, target)
            raise
    except OSError as error:
        where = error.filename2 or error.filename or target
        raise UserError(f"{where}: cannot be written: {error.strerror or error}; the chart stands as it was") from error
    finally:
        tidy(root)


def _ready(made: Path, root: Path, last: tuple[str, bytes] | None) -> list[tuple[Path, Path]]:
    """The file that comes last, with its place; a link stays a link, and a file keeps its mode."""
    if last is None:
        return []
    place = (root / last[0]).resolve()
    made.write_bytes(last[1])
    if place.is_file():
        made.chmod(place.stat().st_mode & 0o7777)
    return [(made, place)]


def _make(made: Path, target: Path, files: Mapping[str, File | None], anew: Collection[str]) -> None:
    folder = target.relative_to(made.parent.parent)
    tidy(made.parent.parent)
    made.parent.mkdir()
    if target.exists():
        shutil.copytree(target, made, symlinks=True)
    for path in anew:
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
