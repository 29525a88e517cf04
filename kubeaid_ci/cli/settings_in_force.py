"""The settings that are in force: those of the base, if a change is under review, so that it cannot weaken its checks.

What the change makes weaker is reported.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci.findings.suppression import MISNAMED, SETTINGS_FILE

if TYPE_CHECKING:
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.findings.suppression import Suppression
    from kubeaid_ci.net.address import Remote
    from kubeaid_ci.settings import Settings
    from kubeaid_ci.settings.file import Base


def read_settings(folder: Path) -> "Settings":
    """Return the settings of a repository that is a folder; empty settings if it has no file."""
    from kubeaid_ci.settings.file import read

    return read(folder)


def repository_of_base(base_of: str | None, config_repo: str, kubeaid: str | None) -> Path | None:
    """Return the repository that ``--base`` is a revision of; None if it is known by its address only."""
    here = Path.cwd().resolve()
    of = base_of or ("config" if here.is_relative_to(Path(config_repo).resolve()) else "kubeaid")
    folder = Path(config_repo if of == "config" else kubeaid or ".")
    from kubeaid_ci.git.git_dir import git_dir

    return folder.resolve() if folder.is_dir() and git_dir(folder) else None


def _addresses(config_repo: Path, kubeaid: str | None) -> "Iterator[Remote]":
    """Yield the addresses of the two repositories."""
    from kubeaid_ci.net.address import Remote, names_address
    from kubeaid_ci.repositories.kubeaid import origin

    is_folder = kubeaid is not None and Path(kubeaid).is_dir()
    for folder in (config_repo, *([Path(kubeaid)] if kubeaid and is_folder else [])):
        if remote := origin(folder):
            yield remote
    if kubeaid and not is_folder and names_address(kubeaid):
        yield Remote.parse(kubeaid)


class SettingsReader:
    """Reads settings files: of the repository under review at the base of the change, of the other one as it is."""

    def __init__(self, read_file: "Callable[[Path], Settings]", base: str | None, repository: Path | None) -> None:
        self.findings: list[Finding] = []
        self.new_suppressions: list[Suppression] = []
        self._read_file = read_file
        self._base = base.removesuffix("...") if base else None
        self._repository = repository

    def read(self, folder: Path) -> "Settings":
        """Return the settings that are in force for a repository, and note what the change would make weaker."""
        after = self._read_file(folder)
        self._report_misnamed(folder)
        if after.clusters:
            self._report_unknown_clusters(folder, after.clusters)
        base = self._base_of(folder)
        if base is None:
            return after
        from kubeaid_ci.settings import change
        from kubeaid_ci.settings.file import read_at, removed

        before = read_at(folder, base)
        self.findings += change.weakened(before, after)
        self.findings += change.removed(removed(folder, base))
        self.new_suppressions += change.new_suppressions(before.suppress, after.suppress)
        return before

    def report_general_settings(self, folder: Path, kubeaid: str | None, settings: "Settings") -> None:
        """Note what a change makes weaker in the general settings files of clusters."""
        base = self._base_of(folder)
        if base is None or not (folder / "k8s").is_dir():
            return
        from kubeaid_ci.config_repo.general_change import weakened

        own = settings.repositories
        self.findings += weakened(folder, base, {*own.kubeaid, *own.config, *_addresses(folder, kubeaid)})

    def _report_unknown_clusters(self, folder: Path, names: Iterable[str]) -> None:
        """Note settings of clusters that a config repo does not have; a KubeAid repo has none."""
        from kubeaid_ci.config_repo.cluster import Cluster
        from kubeaid_ci.config_repo.folders import HOME, folders

        if not (folder / HOME).is_dir():
            return
        known = set()
        for found in folders(folder):
            known |= {found.dir, found.name if isinstance(found, Cluster) else found.dir}
        for name in (name for name in names if name not in known):
            from kubeaid_ci.settings.rules import SETTINGS_CLUSTER_UNKNOWN
            from kubeaid_ci.suggestion import NAME, suggestion

            message = f"clusters.{name}: no such cluster; {suggestion(name, known, likeness=NAME)}"
            self.findings.append(SETTINGS_CLUSTER_UNKNOWN.at(SETTINGS_FILE, message, subject=name, key=name))

    def _report_misnamed(self, folder: Path) -> None:
        """Note settings files whose name is nearly right, because nothing reads them."""
        if not any((folder / name).is_file() for name in MISNAMED):
            return
        from kubeaid_ci.settings.file import misnamed
        from kubeaid_ci.settings.rules import SETTINGS_MISNAMED

        for name in misnamed(folder):
            message = f"{folder / name} is not read; rename it to {SETTINGS_FILE}"
            self.findings.append(SETTINGS_MISNAMED.at(name, message, subject=name, key=name, content=name))

    def _base_of(self, folder: Path) -> "Base | None":
        """Return the base of the job's change request, else ``--base``, if it is one of this repository."""
        if not folder.is_dir():
            return None
        from kubeaid_ci.ci.review import base_of
        from kubeaid_ci.settings.file import Base

        request = base_of(folder, os.environ)
        names = request.names if request else ()
        if self._base and folder.resolve() == self._repository:
            names = (*names, self._base)
        return Base(names, request.source if request else "--base") if names else None
