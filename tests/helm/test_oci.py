import base64
import json
import os
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import trustme

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.helm.published import Fetched
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.net.source_addresses import Network
from tests import helm_binaries
from tests.archives import tgz
from tests.servers import registry
from tests.servers.charts import Charts, chart
from tests.servers.http import Reply, Request, Server
from tests.servers.registry import CONFIG, INDEX, LAYER, PASSWORD, USER, Running, digest, manifest

QUICK = RetryPolicy(attempts=2, first=0, sleep=lambda _: None)
DATA = chart("web", "1.2.3+4", {"templates/a.yaml": b"a: 1\n"})


def test_docker_registry_is_installed_where_tests_may_not_be_passed_over() -> None:
    if os.environ.get("CI") == "true":
        assert registry.PROGRAM, "docker-registry (Debian: docker-registry) is not installed"


needs_registry = pytest.mark.skipif(
    registry.PROGRAM is None, reason="docker-registry (Debian: docker-registry) is not installed"
)


@pytest.fixture(scope="module")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with registry.running(tmp_path_factory.mktemp("open")) as made:
        yield made


@pytest.fixture(scope="module")
def closed_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With TLS of a private authority, and a login."""
    folder = tmp_path_factory.mktemp("closed")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with registry.running(folder, login=True, certificate=folder / "server.pem", ca=folder / "ca.pem") as made:
        yield made


def upstreams(
    host: str = "", cache: Cache | None = None, environ: dict[str, str] | None = None, **more: object
) -> Upstreams:
    return Upstreams(cache, plain_http=[host], environ=environ or {}, retries=QUICK, **more)


def failed(answer: object) -> tuple[FailedKind, str]:
    assert isinstance(answer, Failed), answer
    return answer.kind, answer.message


def docker_login(folder: Path, host: str, password: str = PASSWORD) -> dict[str, str]:
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return {"DOCKER_CONFIG": str(folder), "HOME": str(folder)}


@needs_registry
def test_a_chart_comes_with_its_digests(open_registry: Running) -> None:
    pushed = open_registry.push("charts/web", "1.2.3_4", DATA, annotations={"org.opencontainers.image.created": "2024"})
    found = upstreams(open_registry.host).fetch("web", "1.2.3+4", f"oci://{open_registry.host}/charts/")
    assert isinstance(found, Fetched)
    assert (found.manifest_digest, found.layer_digest) == (pushed, digest(DATA))
    assert found.sha256 == sha256(DATA).hexdigest()
    assert (found.url, found.host) == (f"oci://{open_registry.host}/charts/web:1.2.3_4", "127.0.0.1")
    assert (found.created, found.index_digest, found.notes) == ("2024", None, ())
    assert found.files["templates/a.yaml"].data == b"a: 1\n"


TAGS = [
    "0.9.0",
    "1.0.0",
    "1.0.1-rc.1",
    "20240101",
    "main",
    "1.2",
    "2.0.0-01",
    "1.0.0_b",
    "1.0.0_b_c",
    "01.0.0",
    "v1.1.0",
]


@needs_registry
def test_only_tags_that_are_versions_to_helm_are_releases(open_registry: Running) -> None:
    for tag in TAGS:
        open_registry.push("tags/web", tag, DATA)
    found = upstreams(open_registry.host).versions("web", f"oci://{open_registry.host}/tags")
    assert not isinstance(found, Failed)
    versions = [one.version for one in found]
    # Helm pulls a tag with a `v`, but does not list it.
    assert sorted(versions) == ["0.9.0", "1.0.0", "1.0.0+b", "1.0.1-rc.1", "v1.1.0"]
    assert (versions[0], versions[-1]) == ("v1.1.0", "0.9.0")


@needs_registry
@helm_binaries.needs_helm
def test_helm_takes_the_newest_of_the_same_tags(open_registry: Running) -> None:
    for tag in TAGS:
        open_registry.push("same/web", tag, chart("web", tag.replace("_", "+")))
    place = f"oci://{open_registry.host}/same/web"
    for wanted, expected in (("*", "1.0.0"), (">=0-0", "1.0.1-rc.1"), ("<1.0.0", "0.9.0"), ("v1.1.0", "v1.1.0")):
        out = helm_binaries.run("show", "chart", place, "--version", wanted, "--plain-http")
        assert f"version: {expected}" in out.stdout, out.stderr


@needs_registry
def test_what_helm_pushes_is_fetched(open_registry: Running, tmp_path: Path) -> None:
    import helm_python

    data = chart("web", "3.0.0")
    (tmp_path / "web-3.0.0.tgz").write_bytes(data)
    helm_python.push(tmp_path / "web-3.0.0.tgz", f"oci://{open_registry.host}/helm", plain_http=True)
    found = upstreams(open_registry.host).fetch("web", "3.0.0", f"oci://{open_registry.host}/helm")
    assert isinstance(found, Fetched)
    assert found.sha256 == sha256(data).hexdigest()


@needs_registry
def test_the_older_media_type_and_an_index_are_read(open_registry: Running) -> None:
    host = open_registry.host
    data = chart("web", "0.9.0")
    open_registry.push("old/web", "0.9.0", data, layer_type="application/tar+gzip")
    assert isinstance(upstreams(host).fetch("web", "0.9.0", f"oci://{host}/old"), Fetched)
    inner = open_registry.push("old/web", "inner", data)
    image = open_registry.push("old/web", "image", data, config_type="application/vnd.oci.image.config.v1+json")
    listed = [{"mediaType": registry.MANIFEST, "digest": one, "size": 500} for one in (image, inner)]
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    open_registry.put("old/web", "1.0.0", body, INDEX)
    found = upstreams(host).fetch("web", "1.0.0", f"oci://{host}/old")
    assert isinstance(found, Fetched)
    assert found.manifest_digest == inner


@needs_registry
def test_what_is_missing_or_no_chart_is_told_apart(open_registry: Running) -> None:
    host = open_registry.host
    open_registry.push("some/web", "1.0.0", DATA)
    open_registry.push("some/web", "2.0.0", DATA, config_type="application/vnd.oci.image.config.v1+json")
    open_registry.push("some/web", "3.0.0", DATA, layer_type="application/octet-stream")
    open_registry.push("some/web", "1.2.3", tgz(("web/../x", b"")))
    ups = upstreams(host)
    kinds = {
        version: failed(ups.fetch("web", version, f"oci://{host}/some"))[0]
        for version in ("9.0.0", "2.0.0", "3.0.0", "1.2.3", "a b", "")
    }
    assert kinds == {
        "9.0.0": FailedKind.NO_SUCH_VERSION,
        "2.0.0": FailedKind.INVALID,
        "3.0.0": FailedKind.INVALID,
        "1.2.3": FailedKind.UNSAFE_ARCHIVE,
        "a b": FailedKind.NO_SUCH_VERSION,
        "": FailedKind.NO_SUCH_VERSION,
    }
    # This registry says of a repository without tags what it says of a missing tag; of the list it knows better.
    assert failed(ups.versions("none", f"oci://{host}/some"))[0] is FailedKind.NO_SUCH_CHART


@needs_registry
def test_versions_are_all_tags_that_are_one_with_v_and_build(open_registry: Running) -> None:
    host = open_registry.host
    for tag in ("v5.20.0", "5.3.0", "5.30.0_1", "latest", "sha256-abc.sig", "5.4.0-rc.1"):
        open_registry.push("many/web", tag, DATA)
    found = upstreams(host).versions("web", f"oci://{host}/many")
    assert not isinstance(found, Failed)
    assert [one.version for one in found] == ["5.30.0+1", "v5.20.0", "5.4.0-rc.1", "5.3.0"]


@needs_registry
def test_a_login_and_a_private_authority_are_needed_and_do(closed_registry: Running, tmp_path: Path) -> None:
    host, bundle = closed_registry.host, closed_registry.folder / "ca.pem"
    closed_registry.push("charts/web", "1.2.3_4", DATA)
    ask = ("web", "1.2.3+4", f"oci://{host}/charts")
    good = docker_login(tmp_path, f"https://{host}/v2/")
    assert isinstance(Upstreams(environ=good, retries=QUICK, ca_bundle=bundle).fetch(*ask), Fetched)
    assert (
        failed(Upstreams(environ={"HOME": "/nowhere"}, retries=QUICK, ca_bundle=bundle).fetch(*ask))[0]
        is FailedKind.REFUSED
    )
    wrong = docker_login(tmp_path, host, "wrong")
    kind, message = failed(Upstreams(environ=wrong, retries=QUICK, ca_bundle=bundle).fetch(*ask))
    assert kind is FailedKind.REFUSED
    assert "wrong" not in message
    kind, message = failed(Upstreams(environ=good, retries=QUICK).fetch(*ask))
    assert kind is FailedKind.UNREACHABLE
    assert "certificate verify failed" in message


@needs_registry
def test_a_later_run_asks_for_the_manifest_alone(open_registry: Running, tmp_path: Path) -> None:
    host = open_registry.host
    open_registry.push("cached/web", "1.2.3_4", DATA)
    cache = Cache(tmp_path, 10**9)
    ask = ("web", "1.2.3+4", f"oci://{host}/cached")
    first = upstreams(host, cache).fetch(*ask)
    blob = open_registry.folder / "storage/docker/registry/v2/blobs/sha256" / digest(DATA)[7:9] / digest(DATA)[7:]
    kept = (blob / "data").read_bytes()
    (blob / "data").unlink()
    try:
        assert upstreams(host, cache).fetch(*ask) == first
        assert isinstance(upstreams(host).fetch(*ask), Failed)
    finally:
        (blob / "data").write_bytes(kept)


@needs_registry
def test_a_repository_index_may_name_a_registry(open_registry: Running) -> None:
    open_registry.push("from/web", "1.0.0", chart("web", "1.0.0"))
    with (charts := Charts()).server as server:
        charts.entries = {
            "web": [{"name": "web", "version": "1.0.0", "urls": [f"oci://{open_registry.host}/from/web:1.0.0"]}]
        }
        found = upstreams(open_registry.host).fetch("web", "1.0.0", server.url)
    assert isinstance(found, Fetched)
    assert found.url == f"oci://{open_registry.host}/from/web:1.0.0"


def test_an_index_does_not_send_to_a_registry_further_inside() -> None:
    network = Network(
        lambda host, _: ["9.9.9.9" if host == "charts.example.com" else host],
        lambda _, port: socket.create_connection(("127.0.0.1", port)),
    )
    with (charts := Charts()).server as server:
        charts.entries = {
            "web": [{"name": "web", "version": "1.0.0", "urls": [f"oci://127.0.0.1:{server.port}/x/web:1.0.0"]}]
        }
        ups = upstreams(f"127.0.0.1:{server.port}", network=network)
        kind, message = failed(ups.fetch("web", "1.0.0", f"http://charts.example.com:{server.port}"))
    assert kind is FailedKind.REFUSED
    assert "leads to a loopback address" in message
    assert charts.paths() == ["/index.yaml"]


class Played:
    """A registry of our own that wants tokens, for what the real one cannot be made to do."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.realm = ""
        self.manifest = manifest(b"{}", DATA)
        self.blob = DATA
        self.headers: dict[str, str] = {}
        self.token: object = {"token": "t0ken"}
        self.server = Server(self.handle)

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.path == "/token":
            return Reply(200, self.token)
        if request.headers.get("authorization") != "Bearer t0ken":
            realm = self.realm or f"{self.server.url}/token"
            return Reply(401, None, {"WWW-Authenticate": f'Bearer realm="{realm}",service="charts",scope="x"'})
        if "/manifests/" in request.path:
            return Reply(200, self.manifest, self.headers)
        if "/tags/" in request.path:
            return self.tags(request)
        return Reply(200, self.blob)

    def tags(self, request: Request) -> Reply:
        last = request.one("last")
        link = {} if last else {"Link": f'<{self.headers.get("next", request.path + "?last=1.0.0")}>; rel="next"'}
        return Reply(200, {"tags": ["v2.0.0"] if last else ["1.0.0"]}, link)

    def authorizations(self) -> list[str]:
        return [request.headers.get("authorization", "") for request in self.requests]


@pytest.fixture
def played() -> Iterator[Played]:
    made = Played()
    with made.server:
        yield made


def pulled(played: Played, **environ: str) -> Fetched | Failed:
    host = f"127.0.0.1:{played.server.port}"
    return upstreams(host, environ={"HOME": "/nowhere", **environ}).fetch("web", "1.2.3+4", f"oci://{host}/charts")


def test_a_token_is_got_once_and_shown(played: Played) -> None:
    assert isinstance(pulled(played), Fetched)
    assert [request.path for request in played.requests] == [
        "/v2/charts/web/manifests/1.2.3_4",
        "/token",
        "/v2/charts/web/manifests/1.2.3_4",
        f"/v2/charts/web/blobs/{digest(DATA)}",
    ]
    assert played.requests[1].query == {"service": ["charts"], "scope": ["repository:charts/web:pull"]}
    assert played.authorizations() == ["", "", "Bearer t0ken", "Bearer t0ken"]


def test_the_login_goes_to_the_token_service_of_the_registry_alone(played: Played, tmp_path: Path) -> None:
    login = docker_login(tmp_path, f"127.0.0.1:{played.server.port}")
    assert isinstance(pulled(played, **login), Fetched)
    assert played.authorizations()[1].startswith("Basic ")
    with Server(lambda _: Reply(200, {"access_token": "t0ken"})) as other:
        heard: list[str | None] = []
        inner = other.handle
        other.handle = lambda request: (heard.append(request.headers.get("authorization")), inner(request))[1]
        played.realm = f"http://localhost:{other.port}/token"
        assert isinstance(pulled(played, **login), Fetched)
    assert heard == [None]


@pytest.mark.parametrize(
    ("realm", "kind"),
    [
        ("file:///etc/passwd", FailedKind.REFUSED),
        ("http://169.254.169.254/token", FailedKind.REFUSED),
        ("/token", FailedKind.REFUSED),
        ("http://user:pass@127.0.0.1/", FailedKind.REFUSED),
    ],
)
def test_a_token_service_elsewhere_than_on_the_web_is_refused(played: Played, realm: str, kind: FailedKind) -> None:
    played.realm = realm
    assert failed(pulled(played))[0] is kind


@pytest.mark.parametrize("token", [{}, [], {"token": 7}, {"token": "a\r\nX: y"}, {"token": ""}])
def test_a_token_that_is_none_is_told(played: Played, token: object) -> None:
    played.token = token
    assert "no token came" in failed(pulled(played))[1]


def test_a_registry_that_refuses_its_own_token_is_not_asked_for_ever(played: Played) -> None:
    played.token = {"token": "other"}
    assert failed(pulled(played))[0] is FailedKind.REFUSED
    assert len(played.requests) == 3


def test_bytes_that_are_not_what_the_digest_says_are_refused(played: Played) -> None:
    played.blob = DATA + b"x"
    assert failed(pulled(played))[0] is FailedKind.DIGEST_MISMATCH
    played.blob = DATA
    played.headers = {"Docker-Content-Digest": "sha256:" + "00" * 32}
    assert failed(pulled(played))[0] is FailedKind.DIGEST_MISMATCH


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        json.dumps({"config": [], "layers": {}}).encode(),
        json.dumps(
            {"config": {"mediaType": CONFIG}, "layers": [{"mediaType": LAYER, "digest": "sha256:../../x"}]}
        ).encode(),
        json.dumps({"config": {"mediaType": CONFIG}, "layers": [{"mediaType": LAYER, "digest": 7}, "x"]}).encode(),
        json.dumps({"manifests": [{"digest": "../x"}, 7]}).encode(),
        json.dumps({"manifests": "x"}).encode(),
    ],
)
def test_a_manifest_that_is_none_is_invalid(played: Played, body: bytes) -> None:
    played.manifest = body
    assert failed(pulled(played))[0] is FailedKind.INVALID


def test_a_list_of_tags_goes_on_at_the_same_host_alone(played: Played) -> None:
    host = f"127.0.0.1:{played.server.port}"
    found = upstreams(host).versions("web", f"oci://{host}/charts")
    assert not isinstance(found, Failed)
    assert [one.version for one in found] == ["v2.0.0", "1.0.0"]
    played.headers = {"next": "http://localhost:1/v2/x"}
    assert "goes on at another host" in failed(upstreams(host).versions("web", f"oci://{host}/charts"))[1]
    played.headers = {"next": "?n=1"}
    assert "more than 200 pages" in failed(upstreams(host).versions("web", f"oci://{host}/charts"))[1]


def test_a_blob_at_another_host_is_asked_for_without_the_token(played: Played) -> None:
    heard: list[str | None] = []

    def content(request: Request) -> Reply:
        heard.append(request.headers.get("authorization"))
        return Reply(200, DATA)

    with Server(content) as network:
        played.server.inject(
            "GET", "/blobs/", Reply(307, None, {"Location": f"http://localhost:{network.port}/b?sig=1"})
        )
        found = pulled(played)
    assert isinstance(found, Fetched)
    assert heard == [None]
    assert found.final_host == "localhost"


@pytest.mark.parametrize(
    "repository",
    [
        "oci://",
        "oci://host",
        "oci://host/..",
        "oci://host/A/b",
        "oci://me:pw@host/x",
        "oci://host/a b",
        "oci://[::1/x",
        "oci://host/%2e%2e",
    ],
)
def test_a_repository_that_no_registry_has_is_invalid(repository: str) -> None:
    kind, message = failed(upstreams().fetch("..", "1.0.0", repository))
    assert kind is FailedKind.INVALID
    assert "is no repository of a registry" in message
    assert "pw@" not in message
