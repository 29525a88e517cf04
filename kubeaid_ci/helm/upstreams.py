"""The one door to charts as their upstreams publish them, whether over HTTP or from a registry."""

import os
import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart_archive import UnsafeArchive
from kubeaid_ci.helm.downloads import Downloads, unpack
from kubeaid_ci.helm.http_repository import ChartRepository, resolved
from kubeaid_ci.helm.logins import Logins
from kubeaid_ci.helm.oci import Registry
from kubeaid_ci.helm.published import Fetched, Release, Wanted
from kubeaid_ci.helm.repository import mirrored, original
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.reach import shown
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.net.source_addresses import Network
from kubeaid_ci.net.web import Web
from kubeaid_ci.semver.version import Version

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
_JOBS = 16


class Upstreams:
    """The upstreams of one run: each index is requested once. Safe to use from several threads.

    `cache` keeps downloads for later runs, which revalidate them. `jobs` is how many charts are
    fetched in parallel, at most four from one host. `allow` names hosts that may be private wherever
    their address was found, `plain_http` registries without TLS, `mirrors` the replacements by address
    prefix: for repositories and for addresses in their indexes. What a mirror gives counts as its
    original's. With `keep` each chart is requested once and its files stay in memory until the end.
    """

    def __init__(
        self,
        cache: Cache | None = None,
        *,
        jobs: int = _JOBS,
        ca_bundle: Path | None = None,
        allow: Collection[str] = (),
        plain_http: Collection[str] = (),
        mirrors: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        retries: RetryPolicy | None = None,
        network: Network | None = None,
        keep: bool = False,
    ) -> None:
        web = Web(ca_bundle=ca_bundle, allow=allow, retries=retries, network=network)
        self._jobs = jobs
        self._mirrors = dict(mirrors or {})
        self._downloads = Downloads(web, cache)
        self._logins = Logins(os.environ if environ is None else environ)
        self._registry = Registry(self._downloads, self._logins, plain_http=plain_http)
        self._repositories: _Once[str, ChartRepository | Failed] = _Once()
        self._kept: _Once[Wanted, Fetched | Failed] | None = _Once() if keep else None

    def fetch(self, name: str, version: str, repository: str, *, known_url: str = "") -> Fetched | Failed:
        """Return a chart as its upstream publishes it now, found safe and unpacked in memory.

        `known_url` is where its archive was before: tried where the index no longer lists the version.
        """
        wanted = Wanted(name, version, self._mirrored(repository), self._mirrored(known_url))
        found = self._kept.get(wanted, lambda: self._fetch(wanted)) if self._kept else self._fetch(wanted)
        if not self._mirrors or isinstance(found, Failed):
            return found
        url = original(found.url, self._mirrors)
        return replace(found, url=url, host=urlsplit(url).hostname or "")

    def fetch_all(
        self, wanted: Iterable[Wanted], *, progress: Callable[[int, int], None] | None = None
    ) -> list[Fetched | Failed]:
        """Fetch several charts, each once, a few at a time. The result is in the order of `wanted`.

        `progress` is called with the number of charts that are fetched, and of all.
        """
        asked = list(wanted)
        once = list(dict.fromkeys(asked))
        found: dict[Wanted, Fetched | Failed] = {}
        with ThreadPoolExecutor(self._jobs) as pool:
            futures = {pool.submit(self._of, needed): needed for needed in once}
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                if progress:
                    progress(len(found), len(once))
        self.close()
        return [found[needed] for needed in asked]

    def _of(self, wanted: Wanted) -> Fetched | Failed:
        return self.fetch(wanted.name, wanted.version, wanted.repository, known_url=wanted.known_url)

    def _mirrored(self, url: str) -> str:
        return mirrored(url, self._mirrors)

    def close(self) -> None:
        """Bring the cache back to its size; for the end of a run."""
        self._downloads.prune()

    def versions(self, name: str, repository: str) -> tuple[Release, ...] | Failed:
        """Return the releases of a chart that Helm can take, newest first, without those marked as removed."""
        repository = self._mirrored(repository)
        if repository.startswith("oci://"):
            tags = self._registry.tags(f"{repository.rstrip('/')}/{name}")
            return tags if isinstance(tags, Failed) else _newest_first(_tagged(tags))
        opened = self._open(repository)
        found = opened if isinstance(opened, Failed) else opened.releases(name)
        # Helm skips entries without an archive.
        return found if isinstance(found, Failed) else _newest_first(release for release in found if release.url)

    def _fetch(self, wanted: Wanted) -> Fetched | Failed:
        if wanted.repository.startswith("oci://"):
            return self._pull(wanted, f"{wanted.repository.rstrip('/')}/{wanted.name}", wanted.version)
        opened = self._open(wanted.repository)
        if isinstance(opened, Failed):
            return opened
        release = opened.release(wanted.name, wanted.version)
        if isinstance(release, Release):
            url = self._mirrored(resolved(wanted.repository, release.url or ""))
            return self._download(wanted, opened, release, url)
        if release.kind not in (FailedKind.NO_SUCH_CHART, FailedKind.NO_SUCH_VERSION) or not wanted.known_url:
            return release
        # A version that the index does not have, from where it was before.
        found = self._download(wanted, opened, Release(wanted.version), wanted.known_url)
        return replace(found, yanked=True) if isinstance(found, Fetched) else found

    def _download(self, wanted: Wanted, repository: ChartRepository, release: Release, url: str) -> Fetched | Failed:
        notes = []
        if repository.moved_to:
            notes.append(f"{shown(repository.url)} redirects to the host {repository.moved_to}.")
        if release.version != wanted.version:
            notes.append(f"The index writes the version {wanted.version} as {release.version}.")
        if url.startswith("oci://"):
            place, _, tag = url.rpartition(":")
            place, tag = (url, release.version) if "/" in tag else (place, tag)
            found = self._pull(wanted, place, tag, start=wanted.repository)
        else:
            answer = repository.archive(url)
            found = answer if isinstance(answer, Failed) else self._made(wanted, answer.data, url, final_url=answer.url)
        if isinstance(found, Failed):
            return found
        return replace(
            found,
            index_digest=release.digest,
            deprecated=found.deprecated or release.deprecated,
            created=release.created or found.created,
            notes=(*notes, *found.notes),
        )

    def _pull(self, wanted: Wanted, place: str, version: str, *, start: str = "") -> Fetched | Failed:
        pulled = self._registry.pull(place, version, start=start)
        if isinstance(pulled, Failed):
            return pulled
        made = self._made(wanted, pulled.data, pulled.reference, final_url=pulled.url)
        if isinstance(made, Failed):
            return made
        return replace(
            made,
            manifest_digest=pulled.manifest_digest,
            layer_digest=pulled.layer_digest,
            created=pulled.created,
        )

    def _made(self, wanted: Wanted, data: bytes, url: str, *, final_url: str) -> Fetched | Failed:
        try:
            found = unpack(data, chart=wanted.name, downloads=self._downloads)
        except UnsafeArchive as error:
            return Failed(FailedKind.UNSAFE_ARCHIVE, f"{shown(url)}: {error.reason}")
        other = f"The archive's Chart.yaml has version {found.version!a}, not {wanted.version}."
        return Fetched(
            found.sha256,
            found.files,
            found.tree,
            url,
            urlsplit(url).hostname or "",
            urlsplit(final_url).hostname or "",
            deprecated=found.deprecated,
            notes=() if found.version in (wanted.version, wanted.version.removeprefix("v")) else (other,),
        )

    def _open(self, repository: str) -> ChartRepository | Failed:
        if not repository.lower().startswith(("https://", "http://")):
            return Failed(FailedKind.INVALID, f"{repository[:300]!a}: is not an http, https or oci address")
        url = repository.rstrip("/")
        return self._repositories.get(url, lambda: ChartRepository.open(url, self._downloads, self._logins))


class _Once(Generic[K, T]):
    """Makes a thing on first use; other threads that need it meanwhile wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[K, threading.Lock] = {}
        self._made: dict[K, T] = {}

    def get(self, key: K, make: Callable[[], T]) -> T:
        """Return the value for a key."""
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]


def _tagged(tags: Iterable[str]) -> Iterator[Release]:
    """Yield the releases that tags name: full SemVer, ``_`` for ``+`` (https://github.com/helm/helm/issues/10166).

    A leading ``v`` counts too: Helm does not list such a tag, but pulls it where Chart.yaml names it.
    """
    for tag in tags:
        version = tag.replace("_", "+")
        with suppress(UserError):
            Version.parse_strict(version.removeprefix("v"))
            yield Release(version)


def _newest_first(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Return the releases that have a version, the newest first."""
    numbered = []
    for release in releases:
        with suppress(UserError):
            numbered.append((Version.parse(release.version), release))
    numbered.sort(key=lambda one: one[0], reverse=True)
    return tuple(release for _, release in numbered if not release.removed)
