"""A chart repository over HTTP: its index, fetched once a run, and where its archives are."""

import hashlib
import json
import threading
from dataclasses import asdict
from urllib.parse import urljoin, urlsplit, urlunsplit

import kubeaid_ci
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.downloads import Downloads
from kubeaid_ci.helm.index import MOST_BYTES, Index
from kubeaid_ci.helm.logins import Logins
from kubeaid_ci.helm.published import Release
from kubeaid_ci.helm.tarball import MOST_PACKED
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.reach import origin, shown
from kubeaid_ci.net.web import FetchFailed, Request, Response

_FORMAT = 2
"""Counts on whenever the same index may give another release than before."""
_INDEX_SECONDS = 180
_ARCHIVE_SECONDS = 300


class ChartRepository:
    """One repository, its index fetched; it is read when the first chart is requested."""

    def __init__(
        self, url: str, index: bytes, downloads: Downloads, *, moved_to: str, authorization: str | None
    ) -> None:
        self.url = url
        self.moved_to = moved_to
        """The host that the index came from, where it is another one than the repository's, else empty."""
        self._data = index
        self._digest = hashlib.sha256(index).hexdigest()
        self._read: Index | None = None
        self._lock = threading.Lock()
        self._downloads = downloads
        self._authorization = authorization

    @classmethod
    def open(cls, url: str, downloads: Downloads, logins: Logins) -> "ChartRepository | Failed":
        """Fetch the index of the repository at an address."""
        token = logins.repository(url)
        authorization = f"Basic {token.basic}" if token else None
        address = resolved(url, "index.yaml")
        answer = downloads.get(Request(address, url, MOST_BYTES, _INDEX_SECONDS, {}, authorization))
        if isinstance(answer, FetchFailed):
            return answer.failed
        host = urlsplit(answer.url).hostname or ""
        moved_to = "" if host == urlsplit(address).hostname else host
        return cls(url, answer.data, downloads, moved_to=moved_to, authorization=authorization)

    def releases(self, chart: str) -> tuple[Release, ...] | Failed:
        """Return the versions of a chart, in the order of the index."""
        try:
            found = self._index().releases(chart)
        except UserError as error:
            return Failed(FailedKind.INVALID, str(error))
        return self._no_chart(chart) if found is None else found

    def release(self, chart: str, version: str) -> Release | Failed:
        """Return the release of a version: the one with the same text, else the first that is equal.

        The entries of an index are cached by its content, so that later runs need not parse it.
        """
        name = f"release {_FORMAT} {kubeaid_ci.__version__} {self._digest} {json.dumps([chart, version])}"
        if (known := self._downloads.noted(name)) is not None:
            noted = json.loads(known)
            return Release(**{**noted, "sources": tuple(noted["sources"])})
        try:
            index = self._index()
            found = index.release(chart, version)
            if found is not None and found.url:
                self._downloads.note(name, json.dumps(asdict(found)).encode())
                return found
            return self._no_version(index, chart, version, is_listed=found is not None)
        except UserError as error:
            return Failed(FailedKind.INVALID, str(error))

    def _no_version(self, index: Index, chart: str, version: str, *, is_listed: bool) -> Failed:
        if index.releases(chart) is None:
            return self._no_chart(chart)
        message = f"{shown(self.url)}: the index has no {chart} {version!r}"
        if is_listed:
            message = f"{shown(self.url)}: the index names no archive of {chart} {version!r}"
        elif reason := index.skipped(chart, version):
            message = f"{shown(self.url)}: Helm skips the entry of {chart} {version!r} in the index: {reason}"
        return Failed(FailedKind.NO_SUCH_VERSION, message)

    def _no_chart(self, chart: str) -> Failed:
        return Failed(FailedKind.NO_SUCH_CHART, f"{shown(self.url)}: the index has no chart {chart!r}")

    def _index(self) -> Index:
        with self._lock:
            if self._read is None:
                self._read = Index(self._data, where=shown(resolved(self.url, "index.yaml")))
            return self._read

    def archive(self, url: str) -> Response | Failed:
        """Return the bytes of an archive that the index names; the login is sent only to the repository's host."""
        authorization = self._authorization if origin(url) == origin(self.url) else None
        answer = self._downloads.get(Request(url, self.url, MOST_PACKED, _ARCHIVE_SECONDS, {}, authorization))
        return answer if isinstance(answer, Response) else answer.failed


def resolved(repository: str, reference: str) -> str:
    """Return the address that a reference in an index means; a relative one gets the repository's query, as in Helm."""
    try:
        parts = urlsplit(repository)
    except ValueError:
        return repository
    try:
        if urlsplit(reference).scheme:
            return reference
        base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + "/", "", ""))
        joined = urlsplit(urljoin(base, reference))
    except ValueError:
        return reference
    return urlunsplit((joined.scheme, joined.netloc, joined.path, parts.query, ""))
