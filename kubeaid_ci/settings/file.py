"""Reads the settings file of a repository, as it is or at the base of a change."""

import glob
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.documents.loader import load, locate
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings import registry
from kubeaid_ci.findings.suppression import MISNAMED, SETTINGS_FILE, Removed
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR
from kubeaid_ci.runtime.files import read_regular
from kubeaid_ci.settings import Settings, parse

_VARS, _LOCKS, _IMAGES = "-vars.jsonnet", ("Chart.lock", "requirements.lock"), "images.lock.yaml"
_WATCHED = (_IMAGES, f"k8s/*/*{_VARS}", *(f"argocd-helm-charts/*/{name}" for name in _LOCKS))
_APPLICATIONS = "argocd-apps"
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Base:
    """The revision that a change is judged by: its names, best first, and what gave them, for messages."""

    names: tuple[str, ...]
    source: str


def read(folder: Path) -> Settings:
    """Return the settings from the file at the root of a repository. Nothing is set if there is no file.

    Raises `UserError` naming file, line and key if it cannot be read, if it is not a regular file, or if it suppresses
    or judges a rule that does not exist. At the base of a change such a suppression counts for nothing (`read_at`).
    """
    path = folder / SETTINGS_FILE
    data = read_regular(path, most=_MOST_BYTES)
    if data is None:
        return Settings()
    found = _parsed(data, str(path))
    for suppression in found.suppress:
        if problem := registry.unknown(suppression.rule):
            raise UserError(f"{path}:{suppression.line}: suppress: {problem}")
    for rule in found.check.severity:
        if problem := registry.unknown(rule):
            line = locate(data, ("check", "severity", rule))
            raise UserError(f"{path}:{line}: check.severity: {problem}")
    return found


def misnamed(folder: Path) -> tuple[str, ...]:
    """Return the names of files at the root of a repository that look like settings and are not read."""
    return tuple(name for name in MISNAMED if (folder / name).is_file())


def removed(folder: Path, base: Base) -> tuple[Removed, ...]:
    """Return what checks start from that the base of a change has and the checkout has not.

    These are vars files, the Applications of a cluster, and locks. A file that another one takes the place of is not
    removed. Paths are relative to `folder`.
    """
    repository, commit, prefix = _commit_of(folder, base)
    top = f":(glob){glob.escape(prefix)}"

    def gone(*patterns: str) -> list[str]:
        paths = repository.removed_since(commit, *(f"{top}{pattern}" for pattern in patterns))
        return [path.removeprefix(prefix) for path in paths]

    files = [Removed(path, _is_needed(folder / path)) for path in gone(*_WATCHED) if not _has_successor(folder / path)]
    homes = dict.fromkeys("/".join(path.split("/")[:3]) for path in gone(f"k8s/*/{_APPLICATIONS}/**"))
    return (*files, *(Removed(home, is_needed=True) for home in homes if not (folder / home).is_dir()))


def _has_successor(path: Path) -> bool:
    if path.name.endswith(_VARS):
        return any(path.parent.glob(f"*{_VARS}"))
    return path.name in _LOCKS and any((path.parent / name).is_file() for name in _LOCKS)


def _is_needed(path: Path) -> bool:
    """Return whether the chart of a lock has dependencies, or cannot be read. Every other file is needed."""
    if path.name not in _LOCKS or (path.parent / "requirements.yaml").is_file():
        return True
    chart = path.parent / "Chart.yaml"
    try:
        data = load(read_regular(chart, most=_MOST_BYTES) or b"", where=str(chart))
    except UserError:
        return True
    return isinstance(data, dict) and bool(data.get("dependencies"))


def read_at(folder: Path, base: Base) -> Settings:
    """Return the settings of a repository at the base of a change.

    Raises `UserError` if the repository does not have that revision, because without it the rules are unknown.
    """
    repository, commit, prefix = _commit_of(folder, base)
    path = f"{prefix}{SETTINGS_FILE}"
    entry = repository.files(commit, path).get(path)
    if entry is None:
        return Settings()
    where = f"{path} at {commit[:12]}"
    data = repository.show(commit, path) if entry.mode in (REGULAR, EXECUTABLE) else None
    if data is None:
        raise UserError(f"{where}: is not a regular file; replace it by one")
    return _parsed(data, where)


def files_at(folder: Path, base: Base, top: str, names: Collection[str]) -> dict[str, bytes]:
    """Return the files of these names in the folders of `top`, such as ``k8s``, at the base of a change, by path."""
    repository, commit, prefix = _commit_of(folder, base)
    found = {}
    for path, entry in repository.files(commit, f"{prefix}{top}").items():
        own = path.removeprefix(prefix)
        if own.count("/") == 2 and own.rpartition("/")[2] in names and entry.mode in (REGULAR, EXECUTABLE):
            found[own] = repository.show(commit, path) or b""
    return found


def _commit_of(folder: Path, base: Base) -> tuple[Repository, str, str]:
    """Return the repository around a folder, the commit of the base, and the path of the folder in it.

    The path is empty, or ends with a slash.
    """
    top = top_of(folder)
    repository = Repository.at(top or folder)
    if repository is None:
        raise UserError(f"{folder}: not in a Git repository, so it has no revision {base.names[0]}")
    commit = next((commit for name in base.names if (commit := repository.commit(name))), None)
    if commit is None and repository.commit("HEAD") is None:
        raise UserError(f"{folder} has no revision {base.names[0]}, because it has no commit yet; commit first")
    if commit is None:
        raise UserError(
            f"{folder} has no revision {base.names[0]}; fetch it: the settings of {base.source} judge the change"
            " (GitHub: fetch-depth: 0 of actions/checkout, GitLab: GIT_DEPTH: 0)"
        )
    below = folder.resolve().relative_to(top).as_posix() if top else "."
    return repository, commit, "" if below == "." else f"{below}/"


def top_of(folder: Path) -> Path | None:
    """Return the top of the Git work tree that a folder is in, or None."""
    folder = folder.resolve()
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _parsed(data: bytes, where: str) -> Settings:
    try:
        return parse(data.decode(), where=where)
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: is not UTF-8 text: {error.reason} at byte {error.start}") from error
