"""Reads the settings file of a repository, as it is or at the base of a change."""

from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.edges.files import read_regular
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.suppression import SETTINGS_FILE
from kubeaid_ci.model.tree import EXECUTABLE, REGULAR
from kubeaid_ci.settings import Settings, parse

_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Base:
    """The revision that a change is judged by: its names, best first, and what gave them, for messages."""

    names: tuple[str, ...]
    source: str


def read(folder: Path) -> Settings:
    """Return what the settings file at the root of a repository says. Nothing is set if there is no file.

    Raises `UserError` naming file, line and key if it cannot be read, and if it is not a regular file.
    """
    path = folder / SETTINGS_FILE
    data = read_regular(path, most=_MOST_BYTES)
    return Settings() if data is None else _parsed(data, str(path))


def read_at(folder: Path, base: Base) -> Settings:
    """Return what the settings file of a repository says at the base of a change.

    Raises `UserError` if the repository does not have that revision, because without it the rules are unknown.
    """
    repository = Repository.at(folder)
    if repository is None:
        raise UserError(f"{folder}: not the top of a Git repository, so it has no revision {base.names[0]}")
    commit = next((commit for name in base.names if (commit := repository.commit(name))), None)
    if commit is None:
        raise UserError(
            f"{folder} has no revision {base.names[0]}; fetch it: the settings of {base.source} judge the change"
            " (GitHub: fetch-depth: 0 of actions/checkout, GitLab: GIT_DEPTH: 0)"
        )
    entry = repository.files(commit, SETTINGS_FILE).get(SETTINGS_FILE)
    if entry is None:
        return Settings()
    where = f"{SETTINGS_FILE} at {commit[:12]}"
    data = repository.show(commit, SETTINGS_FILE) if entry.mode in (REGULAR, EXECUTABLE) else None
    if data is None:
        raise UserError(f"{where}: is not a regular file; replace it by one")
    return _parsed(data, where)


def _parsed(data: bytes, where: str) -> Settings:
    try:
        return parse(data.decode(), where=where)
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: is not UTF-8 text: {error.reason} at byte {error.start}") from error
