"""Checks the config repo: settings, clusters, Applications and its origin."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeaid_ci.checkup import checks
from kubeaid_ci.checkup.forge import RemoteAccess, approach
from kubeaid_ci.checkup.result import Area, Check, NotReached
from kubeaid_ci.clusters.clusters import Clusters, list_clusters
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.findings.suppression import SETTINGS_FILE
from kubeaid_ci.git import remote
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.repositories.folders import is_address
from kubeaid_ci.settings import Settings, file
from kubeaid_ci.settings.publish import PublishOptions


@dataclass(frozen=True, slots=True)
class ConfigRepo:
    """The state of the config repo; `folder` is None if it has no local files, `approach` if it has no remote."""

    checks: tuple[Check, ...]
    folder: Path | None = None
    approach: RemoteAccess | None = None
    clusters: Clusters = field(default_factory=lambda: Clusters((), ()))
    has_clusters: bool = False
    """True if the clusters could be listed. If not, `clusters` is empty and nothing follows from it."""


def check_config_repo(named: str, kubeaid: str | None, options: PublishOptions, scratch: Path) -> ConfigRepo:
    """Check the config repo, a folder or an address. An address is cloned to `scratch`."""
    try:
        if is_address(named):
            return _remote(named, kubeaid, options, scratch)
    except UserError as error:
        return ConfigRepo((checks.no_repository(Area.CONFIG_REPO, str(error)),))
    return _local(Path(named), kubeaid, options)


def _remote(address: str, kubeaid: str | None, options: PublishOptions, scratch: Path) -> ConfigRepo:
    way = approach(address, options)
    if not isinstance(way.answer, Heads):
        return ConfigRepo((), approach=way)
    try:
        folder = remote.clone(way.access, scratch / "config", branch=way.base)
    except OutsideError as error:
        return ConfigRepo((checks.not_cloned(NotReached(str(error))),), approach=way)
    found, clusters = _content(folder, kubeaid)
    return _with_clusters(ConfigRepo(found, folder, way), clusters)


def _local(folder: Path, kubeaid: str | None, options: PublishOptions) -> ConfigRepo:
    found, clusters = _content(folder, kubeaid)
    repository = Repository.at(folder.resolve()) if folder.is_dir() else None
    address = repository.address() if repository else None
    try:
        way = approach(address, options, is_origin=True) if address else None
    except UserError as error:
        origin = checks.origin(str(folder), trouble=str(error))
        return _with_clusters(ConfigRepo((*found, origin), folder), clusters)
    # A GitLab runner puts the token of its job there, which ends with the job.
    secret = way is not None and way.held is not None and way.held.user != "gitlab-ci-token"
    origin = checks.origin(str(folder), way.access.url if way else None, secret=secret)
    return _with_clusters(ConfigRepo((*found, origin), folder, way), clusters)


def _with_clusters(repo: ConfigRepo, clusters: Clusters | None) -> ConfigRepo:
    return repo if clusters is None else replace(repo, clusters=clusters, has_clusters=True)


def _content(folder: Path, kubeaid: str | None) -> tuple[tuple[Check, ...], Clusters | None]:
    """Return the checks of the config repo's files, and its clusters; None if they cannot be listed."""
    settings = settings_check(Area.CONFIG_REPO, folder)
    own = _settings(folder)
    here = Path(kubeaid) if kubeaid and Path(kubeaid).is_dir() else None
    try:
        clusters = list_clusters(folder, kubeaid=here, settings=own)
    except UserError as error:
        return (*settings, checks.no_repository(Area.CONFIG_REPO, str(error))), None
    infos = clusters.clusters
    found = (checks.clusters(infos, clusters.findings), checks.applications(infos))
    versions = (checks.kubernetes_versions(infos),) if infos else ()
    return (*settings, *found, *versions), clusters


def _settings(folder: Path) -> Settings:
    """Return the settings of a repository; none if they cannot be read, which `settings_check` reports."""
    try:
        return file.read(folder)
    except UserError:
        return Settings()


def settings_check(area: Area, folder: Path) -> tuple[Check, ...]:
    """Return whether the settings file can be read; empty if it does not exist."""
    try:
        file.read(folder)
    except UserError as error:
        return (checks.settings(area, SETTINGS_FILE, str(error)),)
    return (checks.settings(area, SETTINGS_FILE, None),) if (folder / SETTINGS_FILE).is_file() else ()
