"""Names our own code in cache keys: what we make of some input depends on it."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kubeaid_ci

_CODE = (".py", ".libsonnet")


@cache
def digest(*parts: str) -> str:
    """Return a digest of our code, or of some files and folders of it (paths in the package).

    The version is no substitute: several commits share one.
    """
    folder = Path(kubeaid_ci.__file__).parent
    found = hashlib.sha256()
    for part in parts or (".",):
        for path in sorted(_files(folder / part)):
            data = path.read_bytes()
            found.update(f"{path.relative_to(folder)} {len(data)}\n".encode() + data)
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    yield from (inner for inner in path.rglob("*") if inner.suffix in _CODE) if path.is_dir() else (path,)
