"""Downloads that the cache has: files of web servers, and unpacked archives.

A file is requested again only if it changed on the server. An archive that was found safe is unpacked again only
if its files are needed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import kubeaid_ci
from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.git.tree import File, tree_id
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm.chart_archive import read
from kubeaid_ci.net.web import FetchFailed, Request, Response, Web

_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
_FORMAT = 1
"""Counts on whenever the same archive may be refused, or give another tree, where it did not before."""


class Downloads:
    """Files of web servers, with what earlier runs kept of them; `cache` may be nothing."""

    def __init__(self, web: Web, cache: Cache | None) -> None:
        self.web = web
        self.cache = cache

    def get(self, request: Request) -> Response | FetchFailed:
        """Return the current file: downloaded, or from the cache if the server answers that it is unchanged."""
        cached = self._cached(request.url)
        conditions = {_CONDITIONS[name]: value for name, value in cached.headers.items()} if cached else {}
        answer = self.web.get(replace(request, headers={**request.headers, **conditions}))
        match answer:
            case Response(status=304) if cached:
                return replace(cached, url=answer.url)
            case Response(status=304):
                return self.web.get(request)
            case Response() if self.cache:
                self._keep(self.cache, request.url, answer)
        return answer

    def content(self, digest: str) -> bytes | None:
        """Return what the cache has under a SHA-256 in hex."""
        return self.cache.content(digest) if self.cache else None

    def keep(self, data: bytes) -> None:
        """Keep content for `content`."""
        if self.cache:
            self.cache.keep(data)

    def noted(self, name: str) -> bytes | None:
        """Return what earlier runs noted under a name."""
        return self.cache.noted(name) if self.cache else None

    def note(self, name: str, text: bytes) -> None:
        """Note something for `noted`."""
        if self.cache:
            self.cache.note(name, text)

    def prune(self) -> None:
        """Bring the cache back to its size."""
        if self.cache:
            self.cache.prune()

    def _cached(self, url: str) -> Response | None:
        text = self.cache.noted(f"download {url}") if self.cache else None
        if text is None or self.cache is None:
            return None
        noted = json.loads(text)
        data = self.cache.content(noted["sha256"])
        return Response(200, data, url, noted["headers"]) if data is not None else None

    @staticmethod
    def _keep(cache: Cache, url: str, response: Response) -> None:
        headers = {name: response.headers[name] for name in _CONDITIONS if name in response.headers}
        if headers:
            noted = {"sha256": cache.keep(response.data), "headers": headers}
            cache.note(f"download {url}", json.dumps(noted).encode())


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The content of an archive; `version` and `deprecated` are from its Chart.yaml."""

    sha256: str
    files: Mapping[str, File]
    tree: str
    version: str
    deprecated: bool


def unpack(data: bytes, *, chart: str, downloads: Downloads) -> Unpacked:
    """Return the archive of a chart; one that was found safe before is unpacked when its files are requested.

    Raises `UnsafeArchive`.
    """
    digest = sha256(data).hexdigest()
    name = f"archive {_FORMAT} {kubeaid_ci.__version__} {chart} {digest}"
    if known := downloads.noted(name):
        return Unpacked(digest, _Later(data, chart), *json.loads(known))
    files = read(data, chart=chart)
    metadata = chart_yaml.read_if_valid(files[chart_yaml.CHART].data)
    tree = tree_id({path: file.entry for path, file in files.items()})
    found = Unpacked(digest, files, tree, metadata.get("version", ""), metadata.get("deprecated") is True)
    downloads.note(name, json.dumps([found.tree, found.version, found.deprecated]).encode())
    return found


class _Later(Mapping[str, File]):
    """The files of an archive, unpacked on first use."""

    def __init__(self, data: bytes, chart: str) -> None:
        self._data = data
        self._chart = chart
        self._files: dict[str, File] | None = None

    def _unpacked(self) -> dict[str, File]:
        if self._files is None:
            self._files = read(self._data, chart=self._chart)
        return self._files

    def __getitem__(self, path: str) -> File:
        return self._unpacked()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked())
