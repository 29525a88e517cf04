"""Looks up the digests of image tags at their registries, and reads and writes the lock file."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import TreeRevision, WorkTree
from kubeaid_ci.helm.downloads import Downloads
from kubeaid_ci.helm.logins import Logins
from kubeaid_ci.helm.oci import Registry
from kubeaid_ci.images.lock_file import LOCK, lock_text, read_lock, to_resolve, update_lock
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.images.result import ImageLock
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.reach import shown
from kubeaid_ci.net.web import Web
from kubeaid_ci.runtime.files import read_regular, write_atomically

Resolve = Callable[[Image], str | Failed]
"""Looks up the digest of an image's tag; it is called from several threads."""

_MOST_BYTES = 16 * 1024 * 1024
_MOST_FAILURES = 3
"""After so many failures of a registry in a row it is not tried again in this run."""
_THREADS = 16


def lock_images(
    folder: str | os.PathLike[str],
    inventory: ImageInventory,
    *,
    resolve: Resolve,
    is_whole: bool = False,
    check: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImageLock:
    """Look up the digest of every tag of an inventory, and write ``images.lock.yaml`` in a folder.

    `resolve` is that of `image_registries`. An image whose registry does not answer keeps its old entry. Entries of
    unused images are removed only if `is_whole`: the inventory is of all clusters, and nothing in it is unknown. With
    `check` nothing is written. `progress` is called with the number of images looked up, and of all. Raises
    `UserError` if the file is not a lock file.
    """
    path = Path(folder) / LOCK
    before = read_lock_file(path)
    digests = resolve_all(to_resolve(inventory), resolve, progress=progress)
    lock = update_lock(before, inventory, digests, is_whole=is_whole and not inventory.unknown)
    if lock.is_changed and not check:
        write_atomically(path, lock_text(lock.entries).encode())
    return replace(lock, check=check)


def read_lock_file(path: Path) -> dict[str, str]:
    """Return the digests in a lock file, by image; empty if the file does not exist."""
    data = read_regular(path, most=_MOST_BYTES)
    if data is None:
        return {}
    try:
        return read_lock(data.decode(), where=str(path))
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8 text; write it with images lock") from None


def locked_digests(config_repo: Path, revision: TreeRevision) -> dict[str, str]:
    """Return the digests in the lock file of a repository by image; empty if it has none."""
    if isinstance(revision, WorkTree):
        return read_lock_file(config_repo / LOCK)
    repository = Repository.at(config_repo.resolve())
    commit = repository.commit(revision.name) if repository else None
    data = repository.show(commit, LOCK) if repository and commit else None
    if data is None:
        return {}
    return read_lock(data.decode("utf-8", "replace"), where=f"{LOCK} at {revision.name[:12]}")


@contextmanager
def image_registries(
    *,
    allow: Collection[str] = (),
    plain_http: Collection[str] = (),
    ca_bundle: str | os.PathLike[str] | None = None,
) -> Iterator[Resolve]:
    """Give a way to look up tags at registries, with the logins of Docker's and Helm's files.

    The parameters are those of `upstream_charts`.
    """
    bundle = Path(ca_bundle) if ca_bundle else None
    if bundle is not None and not bundle.is_file():
        raise UserError(f"{bundle}: no such file; name certificates with --ca-bundle")
    downloads = Downloads(Web(ca_bundle=bundle, allow=allow), None)
    registry = Registry(downloads, Logins(os.environ), plain_http=plain_http)
    yield lambda image: registry.resolve(image.name, image.tag)


def resolve_all(
    images: Mapping[str, Image], resolve: Resolve, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, str | Failed]:
    """Look up several images in parallel. A registry that fails three times in a row is not tried again."""
    attempts = _Attempts(resolve)
    found: dict[str, str | Failed] = {}
    with ThreadPoolExecutor(_THREADS) as threads:
        futures = {threads.submit(attempts.resolve, image): name for name, image in images.items()}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            if progress:
                progress(len(found), len(images))
    return found


class _Attempts:
    """Counts the failures of each registry in a row. A rate limit would be met again by every further image."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._failures: Counter[str] = Counter()
        self._lock = threading.Lock()

    def resolve(self, image: Image) -> str | Failed:
        if self._failures[image.registry] >= _MOST_FAILURES:
            message = f"{shown(f'oci://{image.registry}')}: not tried, because {_MOST_FAILURES} requests failed"
            return Failed(FailedKind.UNREACHABLE, message)
        found = self._resolve(image)
        with self._lock:
            if isinstance(found, Failed) and found.may_pass:
                self._failures[image.registry] += 1
            else:
                self._failures[image.registry] = 0
        return found
