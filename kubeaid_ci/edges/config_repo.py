"""Reads a config repo: its clusters, their vars files and their Applications."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.cluster import Cluster

VARS_SUFFIX = "-vars.jsonnet"
_TEMPLATES = "argocd-apps/templates"


@dataclass(frozen=True, slots=True)
class NotACluster:
    """A folder below ``k8s/`` that cannot be taken for a cluster, and why; `wrong` where that is an error."""

    dir: str
    reason: str
    wrong: bool


def folders(root: Path) -> tuple[Cluster | NotACluster, ...]:
    """Every folder below ``k8s/``, in order of name; raises `UserError` where there is no ``k8s/``."""
    home = root / "k8s"
    try:
        names = sorted(entry.name for entry in home.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except FileNotFoundError:
        raise UserError(f"{root}: not a config repo: it has no folder k8s/; name one with --config-repo") from None
    except OSError as error:
        raise UserError(f"{home}: cannot be read: {error.strerror}") from error
    return tuple(_folder(root, name) for name in names)


def folders_among(paths: Iterable[str], *, where: str) -> tuple[Cluster | NotACluster, ...]:
    """The same for the files of a commit, by path; raises `UserError`, with `where`, if none is below ``k8s/``."""
    found: dict[str, list[str]] = {}
    for path in paths:
        top, _, rest = path.partition("/")
        name, slash, file = rest.partition("/")
        if top == "k8s" and slash and not name.startswith("."):
            found.setdefault(name, []).extend([file] if "/" not in file and file.endswith(VARS_SUFFIX) else [])
    if not found:
        raise UserError(f"{where}: no folder k8s/, so no config repo; name another revision, or one with --config-repo")
    return tuple(_cluster(name, sorted(files)) for name, files in sorted(found.items()))


def _folder(root: Path, name: str) -> Cluster | NotACluster:
    try:
        found = sorted(path.name for path in (root / "k8s" / name).iterdir() if path.name.endswith(VARS_SUFFIX))
    except OSError as error:
        return NotACluster(name, f"k8s/{name}: cannot be read: {error.strerror}", wrong=True)
    return _cluster(name, found)


def _cluster(name: str, found: list[str]) -> Cluster | NotACluster:
    match found:
        case [one]:
            return Cluster(one.removesuffix(VARS_SUFFIX), name, f"k8s/{name}/{one}")
        case []:
            return NotACluster(name, f"k8s/{name}: no *{VARS_SUFFIX}, so not a cluster", wrong=False)
    names = " and ".join(found) if len(found) == 2 else ", ".join(found)
    message = (
        f"k8s/{name}: expected one *{VARS_SUFFIX}, found {len(found)}: {names}; keep the one that names the cluster"
    )
    return NotACluster(name, message, wrong=True)


def application(root: Path, cluster: Cluster, name: str) -> dict[str, Any] | None:
    """The Application of a name among a cluster's templates; nothing where there is none.

    The file named like the Application is looked at first. Raises `UserError` where that file
    cannot be read as YAML.
    """
    own = root / cluster.path / _TEMPLATES / f"{name}.yaml"
    if own.is_file():
        for one in _applications(root, own):
            return one
        return None
    for one in applications(root, cluster):
        if _name(one) == name:
            return one
    return None


def applications(root: Path, cluster: Cluster) -> tuple[dict[str, Any], ...]:
    """Every Application among a cluster's templates that is plain YAML, in order of file name."""
    found: list[dict[str, Any]] = []
    for path in sorted((root / cluster.path / _TEMPLATES).glob("*.y*ml")):
        try:
            found.extend(_applications(root, path))
        except UserError:
            # A template that is only YAML after Helm rendered it; `render` reads those.
            continue
    return tuple(found)


def application_names(root: Path, cluster: Cluster) -> tuple[str, ...]:
    """The names of a cluster's Applications, sorted."""
    return tuple(sorted({_name(one) for one in applications(root, cluster)} - {""}))


def _applications(root: Path, path: Path) -> list[dict[str, Any]]:
    where = path.relative_to(root).as_posix()
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UserError(f"{where}: cannot be read: {error.strerror}") from error
    found = documents.load_all(text, where=where)
    return [one for one in found if isinstance(one, dict) and one.get("kind") == "Application"]


def _name(application: dict[str, Any]) -> str:
    metadata = application.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""
