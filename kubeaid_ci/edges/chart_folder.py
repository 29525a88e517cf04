"""Changing an umbrella chart's folder in a checkout as a whole: it is the new one, or stays as it was.

The new folder is made beside the charts, at the top of the repository, so that nobody takes it for a
chart, and then the two change places.
"""

import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.edges.exchange import exchange
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.tree import EXECUTABLE, File

STAGING = ".kubeaid-ci.new"


def tidy(root: Path) -> None:
    """Remove what a killed run left."""
    shutil.rmtree(root / STAGING, ignore_errors=True)


@contextmanager
def replaced(
    root: Path, folder: str, files: Mapping[str, File | None], *, anew: Collection[str] = ()
) -> Iterator[None]:
    """Have files in a folder of a repository, by their path from the top; nothing stands for a file to go.

    Of the folders `anew` nothing is kept, of the others what is not in `files`. Where the context ends with
    an error the old folder is put back. Raises `UserError` where the disk does not let us; then nothing
    was changed.
    """
    target = root / folder
    made, is_new = root / STAGING / target.name, not target.exists()
    try:
        _make(made, target, files, anew)
        exchange(made, target)
        try:
            yield
        except BaseException:
            target.rename(made) if is_new else exchange(made, target)
            raise
    except OSError as error:
        where = error.filename or target
        raise UserError(f"{where}: cannot be written: {error.strerror or error}; the chart stands as it was") from error
    finally:
        tidy(root)


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
