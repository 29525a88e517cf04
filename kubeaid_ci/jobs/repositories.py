"""The two repositories as folders on this machine, wherever they are."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubeaid_ci.edges import git_remote
from kubeaid_ci.edges.cache import default_folder, make_folders, named_folder
from kubeaid_ci.edges.environment import git_token
from kubeaid_ci.edges.forges.detection import detect
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.git_access import GitAccess, split_address
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.kubeaid_source import origin
from kubeaid_ci.model.forge import ForgeKind
from kubeaid_ci.model.remote import Remote, is_at_home, names_address


def is_address(text: str) -> bool:
    """Return whether a repository is named by an address and not by an existing folder.

    Raises `UserError` for an address that is malformed.
    """
    if Path(text).exists() or not names_address(text):
        return False
    Remote.parse(text)
    return True


def cloned(address: str, *, beside: str | None = None) -> Path:
    """Clone the config repo that is named by its address into a temporary folder, which is kept.

    Our own tokens are for it, or where it is only read for the repository `beside` it (a folder or an address).
    """
    folder = Path(tempfile.mkdtemp(prefix="kubeaid-ci-")) / Remote.parse(address).name
    access = reading(address, target=True) if beside is None else _reading_beside(address, beside)
    return git_remote.clone(access, folder)


def mirrored(address: str) -> Path:
    """A bare mirror of a repository in the cache folder, brought up to date."""
    access = reading(address)
    folder = mirror_folder(access.url)
    make_folders(default_folder() / "mirrors")
    with _locked(folder.with_suffix(".lock")):
        if folder.is_dir() and Repository.at(folder):
            git_remote.talk(access, ["fetch", "--quiet", "--prune", "--force", "--tags", "origin"], folder=folder)
        else:
            # A cache that a CI system brought back in part; a clone that is cut off leaves another name.
            shutil.rmtree(folder, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as new:
                git_remote.talk(access, ["clone", "--quiet", "--mirror", "--template=", "--", access.url, f"{new}/m"])
                Path(new, "m").rename(folder)
    return folder


def mirror_folder(url: str) -> Path:
    """Where the mirror of a repository lies, or would; the address is one without credentials."""
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    return named_folder() / "mirrors" / f"{Remote.parse(url).name}-{name}"


def reading(address: str, *, target: bool = False) -> GitAccess:
    """How to read a repository; `target` says that it is the config repo, which our own tokens are for."""
    url, given = split_address(address)
    remote = Remote.parse(url)
    try:
        kind = detect(remote, os.environ).kind
    except UserError:
        kind = ForgeKind.NONE  # nobody has to say what forge a repository is on that is only read
    return GitAccess(url, given or git_token(remote, kind, os.environ, target=target))


def _reading_beside(address: str, other: str) -> GitAccess:
    """How to read a repository while our own tokens are for another: these come last, and to its host only."""
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
