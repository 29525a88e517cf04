"""Reads and replaces the files of a cluster's folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from kubeaid_ci.build import output
from kubeaid_ci.charts.update import folder
from kubeaid_ci.config_repo.cluster import APPLICATIONS, OUTPUT, Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File

_MOST_BYTES = 4 * 1024 * 1024
_TEXTS = (".yaml", ".yml")


def read(config: Path, cluster: Cluster) -> dict[str, bytes]:
    """Return the files that may name a revision, by path: YAML files, and all of the root chart.

    Built manifests, links and files of more than 4 MiB are left out.
    """
    top = config / cluster.path
    found: dict[str, bytes] = {}
    for here, folders, names in os.walk(top):
        inside = Path(here).relative_to(top)
        folders[:] = [name for name in folders if name != ".git" and not (inside == Path() and name == OUTPUT)]
        is_root_chart = inside.parts[:1] == (APPLICATIONS,)
        for name in names:
            path = Path(here, name)
            is_file = path.is_file() and not path.is_symlink()
            if is_file and (is_root_chart or name.endswith(_TEXTS)) and path.stat().st_size <= _MOST_BYTES:
                found[path.relative_to(config).as_posix()] = path.read_bytes()
    return found


def replace(config: Path, cluster: str, files: Mapping[str, bytes | None], *, before: Mapping[str, bytes]) -> None:
    """Write files of a cluster's folder, by path: all or none, also if the process is killed. None removes a file.

    `cluster` is the path of the folder. Raises `UserError` if a file is not what it was `before`, or cannot be written.
    """
    with output.locked(config / "k8s"):
        for path, data in before.items():
            if not (config / path).is_file() or (config / path).read_bytes() != data:
                raise UserError(f"{path}: changed while the upgrade was prepared; run it again")
        new = {path: None if data is None else File(_mode(config / path), data) for path, data in files.items()}
        folder.replace(config, cluster, new, outcome="the cluster is left as it was")


def tidy(config: Path) -> None:
    """Remove what a killed run left."""
    with output.locked(config / "k8s"):
        folder.tidy(config)


def _mode(path: Path) -> str:
    is_executable = path.is_file() and os.access(path, os.X_OK)
    return EXECUTABLE if is_executable else REGULAR
