"""A chart repository over HTTP: its index, fetched once a run, and where its archives are."""

from urllib.parse import urljoin, urlsplit, urlunsplit

from kubeaid_ci.edges.chart_index import MOST_BYTES, Index
from kubeaid_ci.edges.downloads import Downloads
from kubeaid_ci.edges.logins import Logins
from kubeaid_ci.edges.reach import origin, shown
from kubeaid_ci.edges.tarball import MOST_PACKED
from kubeaid_ci.edges.web import Ask, Got, NotGot
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.upstream import Failed, FailedKind, Release
from kubeaid_ci.model.version import Version

_INDEX_SECONDS = 180
_ARCHIVE_SECONDS = 300


class ChartRepository:
    """One repository, its index read."""

    def __init__(
        self, url: str, index: Index, downloads: Downloads, *, moved_to: str, authorization: str | None
    ) -> None:
        self.url = url
        self.moved_to = moved_to
        """The host that the index came from, where it is another one than the repository's, else empty."""
        self._index = index
        self._downloads = downloads
        self._authorization = authorization

    @classmethod
    def open(cls, url: str, downloads: Downloads, logins: Logins) -> "ChartRepository | Failed":
        """Fetch and read the index of the repository at an address."""
        token = logins.repository(url)
        authorization = f"Basic {token.basic}" if token else None
        address = resolved(url, "index.yaml")
        answer = downloads.get(Ask(address, url, MOST_BYTES, _INDEX_SECONDS, {}, authorization))
        if isinstance(answer, NotGot):
            return answer.failed
        try:
            index = Index(answer.data, where=shown(address))
        except UserError as error:
            return Failed(FailedKind.INVALID, str(error))
        host = urlsplit(answer.url).hostname or ""
        moved_to = "" if host == urlsplit(address).hostname else host
        return cls(url, index, downloads, moved_to=moved_to, authorization=authorization)

    def releases(self, chart: str) -> tuple[Release, ...] | Failed:
        """The versions of a chart, in the order of the index."""
        try:
            found = self._index.releases(chart)
        except UserError as error:
            return Failed(FailedKind.INVALID, str(error))
        if found is None:
            return Failed(FailedKind.NO_SUCH_CHART, f"{shown(self.url)}: the index has no chart {chart!r}")
        return found

    def archive(self, url: str) -> Got | Failed:
        """The bytes of an archive that the index names; the login goes along to the repository's host alone."""
        authorization = self._authorization if origin(url) == origin(self.url) else None
        answer = self._downloads.get(Ask(url, self.url, MOST_PACKED, _ARCHIVE_SECONDS, {}, authorization))
        return answer if isinstance(answer, Got) else answer.failed


def resolved(repository: str, reference: str) -> str:
    """The address that a reference in an index means; a relative one takes the repository's query along, as in Helm."""
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


def matching(releases: tuple[Release, ...], version: str) -> Release | None:
    """The release of a version: the one written the same, else the first that means the same."""
    for release in releases:
        if release.version == version:
            return release
    wanted = _parsed(version)
    return next((one for one in releases if wanted and _parsed(one.version) == wanted), None)


def _parsed(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except UserError:
        return None
