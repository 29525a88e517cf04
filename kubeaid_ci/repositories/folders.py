"""The two repositories as folders on this machine, wherever they are."""

import atexit
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.cache.cache import default_folder, make_folders, named_folder
from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.forge.environment import git_token
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.git import remote as git_remote
from kubeaid_ci.git.access import GitAccess, split_address
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.net.address import Remote, names_address
from kubeaid_ci.net.credentials import Origin, is_at_home
from kubeaid_ci.net.reach import proxy_for
from kubeaid_ci.net.source_addresses import Network, Zone, literal, zone
from kubeaid_ci.repositories.kubeaid import origin


def is_address(text: str) -> bool:
    """Return whether a repository is named by an address and not by an existing folder.

    Raises `UserError` for an address that is malformed.
    """
    if Path(text).exists() or not names_address(text):
        return False
    Remote.parse(text)
    return True


def cloned(address: str, *, beside: str | None = None, keep: bool = False) -> Path:
    """Clone the config repo that is named by its address into a temporary folder; without `keep` it goes at exit.

    Our own tokens are for it, or where it is only read for the repository `beside` it (a folder or an address).
    """
    place = tempfile.mkdtemp(prefix="kubeaid-ci-")
    if not keep:
        atexit.register(shutil.rmtree, place, ignore_errors=True)
    folder = Path(place) / Remote.parse(address).name
    access = reading(address, target=True) if beside is None else _reading_beside(address, beside)
    return git_remote.clone(access, folder)


def mirrored(address: str, *, named_by: str | None = None) -> Path:
    """Return a bare mirror of a repository in the cache folder, brought up to date.

    `named_by` is the config repo (a folder or an address), if only its settings file names the address: then this may
    not lead into the network that the job runs in, unless to the server of the config repo. Raises `UserError`.
    """
    access = reading(address)
    if named_by is not None:
        access = replace(access, resolved=public_address(access.url, named_by))
    folder = mirror_folder(access.url)
    make_folders(default_folder() / "mirrors")
    with _locked(folder.with_suffix(".lock")):
        if folder.is_dir() and Repository.at(folder):
            git_remote.run_remote(access, ["fetch", "--quiet", "--prune", "--force", "--tags", "origin"], folder=folder)
        else:
            # A cache that a CI system brought back in part; a clone that is cut off leaves another name.
            shutil.rmtree(folder, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as new:
                git_remote.run_remote(
                    access, ["clone", "--quiet", "--mirror", "--template=", "--", access.url, f"{new}/m"]
                )
                Path(new, "m").rename(folder)
    return folder


def public_address(url: str, config_repo: str) -> str:
    """Return the public address of a host as `GitAccess.resolved`, empty for the server of the config repo.

    Raises `UserError` if the host is private, on this machine or link-local.
    """
    remote = Remote.parse(url)
    home = Remote.parse(config_repo) if is_address(config_repo) else origin(Path(config_repo).resolve())
    if remote.is_local or (home is not None and Origin.of_repository(remote) == Origin.of_repository(home)):
        return ""
    by_http = Origin.of(url) if remote.scheme in ("https", "http") else None
    proxy = proxy_for(url) if by_http else None
    found = literal(remote.host) if proxy else Network().zone(remote.host)
    if found not in (None, Zone.PUBLIC):
        raise UserError(
            f"kubeaid of a settings file is {url}, a {found} address; if that is meant, name it with --kubeaid or"
            " KUBEAID_CI_KUBEAID"
        )
    if by_http is None or proxy or found is None or literal(remote.host) is not None:
        return ""
    # Git must not ask again: the name server may answer otherwise then.
    addresses = [one for one in Network().resolve(remote.host, by_http.port) if zone(one) is Zone.PUBLIC]
    return f"{remote.host}:{by_http.port}:{','.join(addresses)}" if addresses else ""


def mirror_folder(url: str) -> Path:
    """Return where the mirror of a repository is, or would; the address is one without credentials."""
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    return named_folder() / "mirrors" / f"{Remote.parse(url).name}-{name}"


def reading(address: str, *, target: bool = False) -> GitAccess:
    """Return how to read a repository; `target` is true if it is the config repo, which our own tokens are for."""
    url, given = split_address(address)
    remote = Remote.parse(url)
    try:
        kind = detect(remote, os.environ).kind
    except UserError:
        kind = ForgeKind.NONE  # the forge of a repository that is only read need not be known
    return GitAccess(url, given or git_token(remote, kind, os.environ, target=target))


def _reading_beside(address: str, other: str) -> GitAccess:
    """Return how to read a repository while our own tokens are for another: these come last, and to its host only."""
    access = reading(address)
    home = Remote.parse(other) if is_address(other) else origin(Path(other).resolve())
    if access.token or home is None or not is_at_home(access.url, home):
        return access
    return reading(address, target=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
