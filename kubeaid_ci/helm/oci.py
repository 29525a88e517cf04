"""Charts and images in OCI registries: manifests and blobs, each checked against the digest that names it.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md and, for who may read,
https://distribution.github.io/distribution/spec/auth/token/.
"""

import hashlib
import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from kubeaid_ci.documents import plainjson
from kubeaid_ci.helm.downloads import Downloads
from kubeaid_ci.helm.logins import Logins
from kubeaid_ci.helm.tarball import MOST_PACKED
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.reach import origin, shown
from kubeaid_ci.net.source_addresses import literal
from kubeaid_ci.net.web import FetchFailed, Request, Response

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
_ANY_MANIFEST = f"{_INDEX}, {_DOCKER_INDEX}, {_MANIFEST}, {_DOCKER_MANIFEST}"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_LAYERS = ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip")
_MIB = 1024 * 1024
_MOST_MANIFEST = 4 * _MIB
_MOST_TOKEN = 64 * 1024
_MOST_PAGES = 200
_MOST_TAGS = 100_000
_MOST_LISTED = 16
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9A-Fa-f:]+\](?::\d{1,5})?")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PARAMETER = re.compile(r'([A-Za-z]+)="([^"]*)"')
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?', re.IGNORECASE)
_DOCKER_HUB, _DOCKER_HUB_API = "docker.io", "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Pulled:
    """A chart's archive as a registry has it."""

    data: bytes = field(repr=False)
    reference: str
    manifest_digest: str
    layer_digest: str
    url: str
    """The address that the archive came from, after redirects."""
    created: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """A repository of a registry."""

    host: str
    path: str
    base: str
    start: str
    """The address that a person wrote: of this registry, or of the repository whose index named it."""

    @property
    def shown(self) -> str:
        return f"oci://{self.host}/{self.path}"


class Registry:
    """The registries of one run; `plain_http` names the hosts that are contacted without TLS."""

    def __init__(self, downloads: Downloads, logins: Logins, *, plain_http: Collection[str] = ()) -> None:
        self._downloads = downloads
        self._logins = logins
        self._plain_http = frozenset(host.lower() for host in plain_http)
        self._authorizations: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def pull(self, repository: str, version: str, *, start: str = "") -> Pulled | Failed:
        """Return the archive under the tag of a version in ``oci://host/path``.

        `start` is the repository whose index named that place, if one did.
        """
        if isinstance(place := self._place(repository, start), Failed):
            return place
        tag = version.replace("+", "_")
        if not _TAG.fullmatch(tag):
            return Failed(FailedKind.NO_SUCH_VERSION, f"{place.shown}: {version!r} is no version a tag can name")
        found = self._manifest(place, tag)
        if isinstance(found, Failed):
            return found
        digest, manifest = found
        layer = next((entry for entry in _list(manifest, "layers") if entry.get("mediaType") in _LAYERS), None)
        name = str(layer.get("digest")) if layer else ""
        if _mapping(manifest, "config").get("mediaType") != _CONFIG or not _DIGEST.fullmatch(name):
            return Failed(FailedKind.INVALID, f"{place.shown}:{tag}: is not a Helm chart")
        blob = self._blob(place, name)
        if isinstance(blob, Failed):
            return blob
        created = _mapping(manifest, "annotations").get("org.opencontainers.image.created")
        return Pulled(blob.data, f"{place.shown}:{tag}", digest, name, blob.url, str(created) if created else None)

    def tags(self, repository: str) -> tuple[str, ...] | Failed:
        """Return all tags of ``oci://host/path``, as the registry lists them."""
        if isinstance(place := self._place(repository), Failed):
            return place
        url = f"{place.base}/tags/list?n=1000"
        found: dict[str, None] = {}
        for _ in range(_MOST_PAGES):
            answer = self._get(place, url, most=_MOST_MANIFEST)
            if isinstance(answer, Failed):
                return answer
            listed = _json(answer.data).get("tags")
            tags = listed if isinstance(listed, list) else []
            found |= dict.fromkeys(tag for tag in tags if isinstance(tag, str) and _TAG.fullmatch(tag))
            if len(found) > _MOST_TAGS:
                return Failed(FailedKind.INVALID, f"{place.shown}: more than {_MOST_TAGS:,} tags")
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return tuple(found)
            url = urljoin(answer.url, following[1])
            if origin(url) != origin(place.base):
                return Failed(FailedKind.INVALID, f"{place.shown}: the list of tags goes on at another host")
        return Failed(FailedKind.INVALID, f"{place.shown}: more than {_MOST_PAGES} pages of tags")

    def resolve(self, repository: str, tag: str) -> str | Failed:
        """Return the digest that a tag of ``host/path`` names now: that of all platforms, if the image has several.

        The request is a HEAD, which Docker Hub does not count as a pull. A registry that gives no digest then, or that
        does not have the tag, gets a GET: its answer shows the digest, or what is missing.
        """
        if isinstance(place := self._place(repository), Failed):
            return place
        if not _TAG.fullmatch(tag):
            return Failed(FailedKind.INVALID, f"{place.shown}: {tag[:200]!r} is not a tag")
        url = f"{place.base}/manifests/{tag}"
        answer = self._get(place, url, accept=_ANY_MANIFEST, method="HEAD")
        if isinstance(answer, Response) and _DIGEST.fullmatch(answer.headers.get("docker-content-digest", "")):
            return answer.headers["docker-content-digest"]
        if isinstance(answer, Failed) and answer.kind is not FailedKind.GONE:
            return answer
        answer = self._get(place, url, accept=_ANY_MANIFEST)
        return answer if isinstance(answer, Failed) else f"sha256:{hashlib.sha256(answer.data).hexdigest()}"

    def _place(self, repository: str, start: str = "") -> _Place | Failed:
        host, _, path = repository.removeprefix("oci://").partition("/")
        path = path.rstrip("/")
        if not _HOST.fullmatch(host) or not _REPOSITORY.fullmatch(path):
            return Failed(FailedKind.INVALID, f"{shown(repository)}: is no repository of a registry")
        host = host.lower()
        scheme = "http" if host in self._plain_http else "https"
        base = f"{scheme}://{_DOCKER_HUB_API if host == _DOCKER_HUB else host}/v2/{path}"
        return _Place(host, path, base, start or base)

    def _manifest(self, place: _Place, reference: str) -> tuple[str, dict[str, Any]] | Failed:
        """Return a manifest and its digest; of an index the one that is a chart."""
        answer = self._get(place, f"{place.base}/manifests/{reference}", accept=f"{_MANIFEST}, {_INDEX}")
        if isinstance(answer, Failed):
            return answer
        digest = f"sha256:{hashlib.sha256(answer.data).hexdigest()}"
        expected = reference if _DIGEST.fullmatch(reference) else answer.headers.get("docker-content-digest", digest)
        if expected.startswith("sha256:") and expected != digest:
            message = f"{place.shown}: the manifest {reference} should be {expected}, and is {digest}"
            return Failed(FailedKind.DIGEST_MISMATCH, message)
        manifest = _json(answer.data)
        if "manifests" not in manifest:
            return digest, manifest
        if _DIGEST.fullmatch(reference):
            return Failed(FailedKind.INVALID, f"{place.shown}: an index within an index")
        for entry in _list(manifest, "manifests")[:_MOST_LISTED]:
            if _DIGEST.fullmatch(str(entry.get("digest"))):
                found = self._manifest(place, str(entry["digest"]))
                if isinstance(found, Failed) or _mapping(found[1], "config").get("mediaType") == _CONFIG:
                    return found
        return Failed(FailedKind.INVALID, f"{place.shown}:{reference}: no chart among its manifests")

    def _blob(self, place: _Place, digest: str) -> Response | Failed:
        """Return a blob by its digest, which identifies its content: a cached blob is not requested."""
        url = f"{place.base}/blobs/{digest}"
        if (cached := self._downloads.content(digest.removeprefix("sha256:"))) is not None:
            return Response(200, cached, url, {})
        answer = self._get(place, url, most=MOST_PACKED)
        if isinstance(answer, Failed):
            return answer
        found = f"sha256:{hashlib.sha256(answer.data).hexdigest()}"
        if found != digest:
            return Failed(FailedKind.DIGEST_MISMATCH, f"{place.shown}: the blob {digest} is {found}")
        self._downloads.keep(answer.data)
        return answer

    def _get(
        self, place: _Place, url: str, *, accept: str = "*/*", most: int = _MOST_MANIFEST, method: str = "GET"
    ) -> Response | Failed:
        authorization = self._authorizations.get((place.host, place.path))
        request = Request(url, place.start, most, 300, {"Accept": accept}, authorization, method)
        answer = self._downloads.web.get(request)
        # Only the registry itself may name the login service, not a target of its redirects.
        if isinstance(answer, FetchFailed) and answer.status == 401 and origin(answer.url) == origin(url):
            granted = self._authorize(place, answer.headers.get("www-authenticate", ""))
            if isinstance(granted, Failed):
                return granted
            if granted and granted != request.authorization:
                with self._lock:
                    self._authorizations[place.host, place.path] = granted
                answer = self._downloads.web.get(replace(request, authorization=granted))
        return answer if isinstance(answer, Response) else _failed(place, answer)

    def _authorize(self, place: _Place, challenge: str) -> str | Failed | None:
        """Return what to show the registry, as it asks; None if there is nothing to show."""
        scheme, _, rest = challenge.partition(" ")
        login = self._logins.registry(place.host)
        if scheme.lower() == "basic":
            return f"Basic {login.basic}" if login else None
        if scheme.lower() != "bearer":
            return None
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(rest)}
        realm = parameters.get("realm", "")
        if urlsplit(place.base).scheme == "https" and not realm.lower().startswith("https://"):
            return Failed(
                FailedKind.REFUSED, f"{place.shown}: sends for a token to {realm[:200]!a}, which is not https"
            )
        query = {"scope": f"repository:{place.path}:pull"} | (
            {"service": parameters["service"]} if "service" in parameters else {}
        )
        url = realm + ("&" if "?" in realm else "?") + urlencode(query)
        authorization = f"Basic {login.basic}" if login and _kin(place.base, realm) else None
        answer = self._downloads.web.get(Request(url, place.start, _MOST_TOKEN, 60, {}, authorization))
        if isinstance(answer, FetchFailed):
            return answer.failed
        body = _json(answer.data)
        token = body.get("token") or body.get("access_token")
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            return Failed(FailedKind.INVALID, f"{place.shown}: no token came from where it sends for one")
        return f"Bearer {token}"


def _kin(base: str, realm: str) -> bool:
    """Return whether a token service may see a registry's login: the same host, one of the same domain, or below."""
    host, other = urlsplit(base).hostname or "", urlsplit(realm).hostname or ""
    if other == host or literal(host) is not None:
        return other == host
    domain = host.partition(".")[2]
    family = (host, domain) if "." in domain else (host,)
    return any(other == name or other.endswith(f".{name}") for name in family)


def _failed(place: _Place, answer: FetchFailed) -> Failed:
    """Return the kind of a registry's error; its code shows whether the repository or the tag is missing."""
    codes = {str(entry.get("code")) for entry in _list(_json(answer.data), "errors")}
    if answer.failed.kind is FailedKind.GONE and "MANIFEST_UNKNOWN" in codes:
        tag = answer.url.rpartition("/")[2]
        return Failed(FailedKind.NO_SUCH_VERSION, f"{place.shown}: has no {tag[:200]}")
    if answer.failed.kind is FailedKind.GONE and "NAME_UNKNOWN" in codes:
        return Failed(FailedKind.NO_SUCH_CHART, f"{place.shown}: the registry has no such repository")
    return answer.failed


def _json(data: bytes) -> dict[str, Any]:
    """Return a mapping; an empty one for anything else."""
    try:
        loaded = plainjson.parse(data)
    except ValueError:
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _mapping(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _list(of: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = of.get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
