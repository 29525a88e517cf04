"""The small jsonnet library that comes with the package, for the demo and the tests."""

import shutil
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """Return where the starter library is: inside the installed package, or next to it in a checkout."""
    inside = _PACKAGE / "jsonnet" / "starter"
    return inside if inside.is_dir() else _PACKAGE.parent / "jsonnet" / "starter"


def copy(target: Path) -> None:
    """Copy the starter library as a small KubeAid repo."""
    shutil.copytree(folder(), target, symlinks=True)
