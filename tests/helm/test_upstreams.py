import base64
import socket
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.documents import dump, load
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import tree_id
from kubeaid_ci.helm import downloads as archives
from kubeaid_ci.helm.chart_archive import read
from kubeaid_ci.helm.published import Fetched, Release, Wanted
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.net.source_addresses import Network
from tests.archives import tgz
from tests.servers.charts import Charts, chart
from tests.servers.http import Fault, Reply
from tests.servers.raw import Raw

QUICK = RetryPolicy(attempts=3, first=0, sleep=lambda _: None)


@pytest.fixture
def charts() -> Iterator[Charts]:
    made = Charts()
    with made.server:
        yield made


def upstreams(cache: Cache | None = None, **more: object) -> Upstreams:
    return Upstreams(cache, environ={}, retries=QUICK, **more)


def fetched(answer: Fetched | Failed) -> Fetched:
    assert isinstance(answer, Fetched), answer
    return answer


def failed(answer: object) -> tuple[FailedKind, str]:
    assert isinstance(answer, Failed), answer
    return answer.kind, answer.message


def test_a_chart_comes_with_all_that_is_known_of_it(charts: Charts) -> None:
    data = charts.add("web", "1.2.3", {"templates/a.yaml": b"a: 1\n"}, created="2024-01-01", deprecated=True)
    found = fetched(upstreams().fetch("web", "1.2.3", charts.server.url))
    assert found.sha256 == found.index_digest == sha256(data).hexdigest()
    assert sorted(found.files) == ["Chart.yaml", "templates/a.yaml"]
    assert found.tree_id == tree_id({path: file.entry for path, file in found.files.items()})
    assert (found.url, found.host, found.final_host) == (f"{charts.server.url}/web-1.2.3.tgz", "127.0.0.1", "127.0.0.1")
    assert (found.deprecated, found.yanked, found.created, found.notes) == (True, False, "2024-01-01", ())
    assert (found.manifest_digest, found.layer_digest) == (None, None)


def test_the_index_is_asked_for_once_however_many_charts_and_however_it_is_spelled(charts: Charts) -> None:
    for number in range(30):
        charts.add(f"web-{number}", "1.0.0")
    wanted = [Wanted(f"web-{n}", "1.0.0", charts.server.url + "/" * (n % 2)) for n in range(30)]
    found = upstreams().fetch_all([*wanted, wanted[0]])
    assert [len(fetched(one).files) for one in found] == [1] * 31
    assert charts.paths().count("/index.yaml") == 1
    assert len(charts.paths()) == 31


def test_the_version_written_the_same_counts_before_one_that_means_the_same(charts: Charts) -> None:
    charts.add("web", "1.2.3+2", {"which": b"build"})
    charts.add("web", "v1.2.3", {"which": b"v"})
    charts.add("web", "1.2.3", {"which": b"plain"})
    ups = upstreams()
    for version, which in (("1.2.3", b"plain"), ("v1.2.3", b"v"), ("1.2.3+2", b"build")):
        assert fetched(ups.fetch("web", version, charts.server.url)).files["which"].data == which
    other = fetched(ups.fetch("web", "1.2.3+9", charts.server.url))
    assert other.files["which"].data == b"build"
    assert other.notes[0] == "The index writes the version 1.2.3+9 as 1.2.3+2."


def test_what_the_index_does_not_have_is_told_apart(charts: Charts) -> None:
    charts.add("web", "1.0.0")
    ups = upstreams()
    assert failed(ups.fetch("web", "2.0.0", charts.server.url))[0] is FailedKind.NO_SUCH_VERSION
    assert failed(ups.fetch("web", "", charts.server.url))[0] is FailedKind.NO_SUCH_VERSION
    assert failed(ups.fetch("api", "1.0.0", charts.server.url))[0] is FailedKind.NO_SUCH_CHART
    charts.entries["web"][0]["urls"] = []
    assert failed(upstreams().fetch("web", "1.0.0", charts.server.url))[0] is FailedKind.NO_SUCH_VERSION


@pytest.mark.parametrize("entries", [{}, {"web": []}])
def test_a_yanked_version_comes_from_where_it_was(charts: Charts, entries: dict[str, list[dict[str, object]]]) -> None:
    charts.add("web", "1.0.0")
    charts.entries = entries
    known = f"{charts.server.url}/web-1.0.0.tgz"
    found = fetched(upstreams().fetch("web", "1.0.0", charts.server.url, known_url=known))
    assert (found.yanked, found.index_digest, found.url) == (True, None, known)
    charts.files.clear()
    assert failed(upstreams().fetch("web", "1.0.0", charts.server.url, known_url=known))[0] is FailedKind.GONE


def test_a_digest_that_is_not_the_archives_is_told_and_not_judged(charts: Charts) -> None:
    charts.add("web", "1.0.0", digest="sha256:" + "00" * 32)
    found = fetched(upstreams().fetch("web", "1.0.0", charts.server.url))
    assert found.index_digest == "00" * 32 != found.sha256


def test_an_archive_of_another_version_is_noted(charts: Charts) -> None:
    charts.add("web", "1.0.0")
    charts.files["/web-1.0.0.tgz"] = chart("web", "6.6.6")
    found = fetched(upstreams().fetch("web", "1.0.0", charts.server.url))
    assert found.notes == ("The archive's Chart.yaml has version '6.6.6', not 1.0.0.",)


def test_an_unsafe_archive_is_told_with_its_address_and_reason(charts: Charts) -> None:
    charts.add("web", "1.2.3")
    charts.files["/web-1.2.3.tgz"] = tgz(("web/../x", b""))
    kind, message = failed(upstreams().fetch("web", "1.2.3", charts.server.url))
    assert kind is FailedKind.UNSAFE_ARCHIVE
    assert message.startswith(f"{charts.server.url}/web-1.2.3.tgz: the name 'web/../x' leaves its folder")


@pytest.mark.parametrize(
    ("url", "reference", "expected"),
    [
        ("{base}/charts", "web.tgz", "/charts/web.tgz"),
        ("{base}/charts/", "./web.tgz", "/charts/web.tgz"),
        ("{base}/charts/", "../web.tgz", "/web.tgz"),
        ("{base}/charts", "/web.tgz", "/web.tgz"),
        ("{base}/charts?token=1", "web.tgz?own=2", "/charts/web.tgz?token=1"),
        ("{base}/charts?token=1", "{base}/web.tgz", "/web.tgz"),
    ],
)
def test_a_relative_address_is_joined_as_helm_does(charts: Charts, url: str, reference: str, expected: str) -> None:
    base = charts.server.url
    charts.add("web", "1.0.0", urls=[reference.format(base=base), f"{base}/second.tgz"])
    index, data = charts.entries, charts.files["/web-1.0.0.tgz"]
    charts.files = {
        "/charts/index.yaml": dump({"apiVersion": "v1", "entries": index}).encode(),
        "/charts/web.tgz": data,
        "/web.tgz": data,
    }
    assert fetched(upstreams().fetch("web", "1.0.0", url.format(base=base))).url == base + expected
    assert charts.seen[0].query == ({"token": ["1"]} if "?" in url else {})


def test_archives_at_another_host_get_no_login_and_the_own_host_does(charts: Charts, tmp_path: Path) -> None:
    charts.login = "me:s3cret"
    charts.add("web", "1.0.0")
    with Charts().server as plain:
        other = charts.entries["web"][0]
        charts.entries["api"] = [{**other, "urls": [f"{plain.url}/web-1.0.0.tgz"]}]
        config = tmp_path / "repositories.yaml"
        config.write_text(
            f"repositories:\n- name: x\n  url: {charts.server.url}/\n  username: me\n  password: s3cret\n"
        )
        ups = Upstreams(environ={"HELM_REPOSITORY_CONFIG": str(config)}, retries=QUICK)
        assert isinstance(ups.fetch("web", "1.0.0", charts.server.url), Fetched)
        assert failed(ups.fetch("api", "1.0.0", charts.server.url))[0] is FailedKind.GONE
        assert plain.handle.__self__.seen[0].headers.get("authorization") is None  # type: ignore[attr-defined]
    kind, message = failed(upstreams().fetch("web", "1.0.0", charts.server.url))
    assert (kind, message) == (FailedKind.REFUSED, f"{charts.server.url}/index.yaml: the server answered 401")


def test_a_login_is_for_the_address_it_was_added_with_alone(charts: Charts, tmp_path: Path) -> None:
    config = tmp_path / "repositories.yaml"
    config.write_text(f"repositories: [{{url: '{charts.server.url}/private', username: me, password: s3cret}}]\n")
    ups = Upstreams(environ={"HELM_REPOSITORY_CONFIG": str(config)}, retries=QUICK)
    ups.fetch("web", "1.0.0", charts.server.url)
    ups.fetch("web", "1.0.0", f"{charts.server.url}/private")
    sent = [request.headers.get("authorization") for request in charts.seen]
    assert sent == [None, "Basic " + base64.b64encode(b"me:s3cret").decode()]


def test_a_login_in_an_address_is_refused_and_not_shown(charts: Charts) -> None:
    url = charts.server.url.replace("://", "://me:s3cret@")
    kind, message = failed(upstreams().fetch("web", "1.0.0", url))
    assert kind is FailedKind.REFUSED
    assert "s3cret" not in message
    assert charts.seen == []


@pytest.mark.parametrize("url", ["https://[::1", "http://127.0.0.1:99999/", "https://", "http://a b/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert failed(upstreams().fetch("web", "1.0.0", url))[0] is FailedKind.REFUSED


def test_many_versions_of_a_chart_are_read_from_the_index_each_once(
    charts: Charts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubeaid_ci.helm import index as chart_index

    read = []
    monkeypatch.setattr(chart_index, "load", lambda text, **more: read.append(text) or load(text, **more))
    for number in range(20):
        charts.add("web", f"1.0.{number}")
    found = upstreams().fetch_all(Wanted("web", f"1.0.{number}", charts.server.url) for number in range(20))
    assert all(isinstance(one, Fetched) for one in found)
    assert sum(map(len, read)) < 1.2 * len(dump(charts.entries))


def test_a_repository_that_moved_to_another_host_is_noted(charts: Charts) -> None:
    charts.add("web", "1.0.0")
    with Charts().server as old:
        old.inject("GET", "index", Reply(301, None, {"Location": f"http://localhost:{charts.server.port}/index.yaml"}))
        old.handle.__self__.files.update(charts.files)  # type: ignore[attr-defined]
        found = fetched(upstreams().fetch("web", "1.0.0", old.url))
    assert found.notes == (f"{old.url} redirects to the host localhost.",)


@pytest.mark.parametrize("repository", ["", "file://../addons", "@alias", "alias:x", "ftp://host/x", "/path", "null"])
def test_a_repository_that_is_no_address_of_one_is_told(repository: str) -> None:
    kind, message = failed(upstreams().fetch("web", "1.0.0", repository))
    assert kind is FailedKind.INVALID
    assert "is not an http, https or oci address" in message


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (b"<html>We moved</html>", "is no index"),
        (b"apiVersion: v1\nentries:\n  web:\n  - version: 1\n  \tx: [", "not valid YAML"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_an_index_that_cannot_be_read_fails_its_charts_alone(charts: Charts, index: bytes, words: str) -> None:
    charts.index = index
    with Charts().server as good:
        good.handle.__self__.add("web", "1.0.0")  # type: ignore[attr-defined]
        bad, fine = upstreams().fetch_all([Wanted("web", "1.0.0", charts.server.url), Wanted("web", "1.0.0", good.url)])
    kind, message = failed(bad)
    assert kind is FailedKind.INVALID
    assert words in message
    assert isinstance(fine, Fetched)


def test_an_index_of_200_mb_is_refused() -> None:
    def say() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(200):
            yield b"100000\r\n" + b"#" * 0x100000 + b"\r\n"

    with Raw(say) as server:
        kind, message = failed(upstreams().fetch("web", "1.0.0", server.url))
    assert (kind, message) == (
        FailedKind.INVALID,
        f"{server.url}/index.yaml: has more than the 67,108,864 bytes that are read",
    )


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://169.254.169.254/x.tgz", "javascript:alert(1)"])
def test_an_index_does_not_send_elsewhere_than_the_web(charts: Charts, url: str) -> None:
    charts.add("web", "1.0.0", urls=[url])
    assert failed(upstreams().fetch("web", "1.0.0", charts.server.url))[0] is FailedKind.REFUSED


def test_a_public_index_does_not_send_to_loopback(charts: Charts) -> None:
    charts.add("web", "1.0.0", urls=[f"{charts.server.url}/web-1.0.0.tgz"])
    network = Network(lambda host, _: ["9.9.9.9"], lambda _, port: socket.create_connection(("127.0.0.1", port)))
    repository = f"http://charts.example.com:{charts.server.port}"
    kind, message = failed(upstreams(network=network).fetch("web", "1.0.0", repository))
    assert kind is FailedKind.REFUSED
    assert "leads to a loopback address" in message
    assert charts.paths() == ["/index.yaml"]
    assert isinstance(upstreams(network=network, allow=["127.0.0.1"]).fetch("web", "1.0.0", repository), Fetched)


def test_a_later_run_is_sent_only_what_changed(charts: Charts, tmp_path: Path) -> None:
    charts.add("web", "1.0.0")
    cache = Cache(tmp_path, 10**9)
    first = fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    statuses = lambda: [status for _, _, status in charts.server.seen]  # noqa: E731
    assert fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url)) == first
    assert statuses() == [200, 200, 304, 304]
    charts.files["/web-1.0.0.tgz"] = chart("web", "1.0.0", {"new": b""})
    assert "new" in fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url)).files
    assert statuses()[4:] == [304, 200]


def test_a_damaged_cache_counts_as_none(charts: Charts, tmp_path: Path) -> None:
    charts.add("web", "1.0.0")
    cache = Cache(tmp_path, 10**9)
    first = fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    for number, file in enumerate(sorted(path for path in tmp_path.rglob("*") if path.is_file())):
        file.write_bytes(b"" if number % 2 else file.read_bytes()[:-1] + b"\0")
    assert fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url)) == first
    assert [status for _, _, status in charts.server.seen] == [200] * 4


def test_an_archive_that_is_known_is_unpacked_when_its_files_are_asked_for(
    charts: Charts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charts.add("web", "1.0.0", {"templates/a.yaml": b"a: 1\n"})
    cache = Cache(tmp_path, 10**9)
    first = fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    unpacked = []
    monkeypatch.setattr(archives, "read", lambda data, **more: unpacked.append(data) or read(data, **more))
    again = fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    assert (again.tree_id, again.sha256, unpacked) == (first.tree_id, first.sha256, [])
    assert dict(again.files) == dict(first.files)
    assert len(unpacked) == 1


def test_an_archive_that_changed_under_its_address_is_not_what_is_known(charts: Charts, tmp_path: Path) -> None:
    charts.add("web", "1.0.0", {"templates/a.yaml": b"a: 1\n"})
    cache = Cache(tmp_path, 10**9)
    first = fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    charts.entries.clear()
    charts.add("web", "1.0.0", {"templates/a.yaml": b"a: 2\n"})
    again = fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    assert again.tree_id != first.tree_id
    assert again.files["templates/a.yaml"].data == b"a: 2\n"
    assert again.index_digest == again.sha256 != first.sha256


def test_an_archive_that_is_known_is_still_refused_as_another_chart(charts: Charts, tmp_path: Path) -> None:
    data = charts.add("web", "1.0.0")
    cache = Cache(tmp_path, 10**9)
    fetched(upstreams(cache).fetch("web", "1.0.0", charts.server.url))
    charts.add("api", "1.0.0")
    charts.files["/api-1.0.0.tgz"] = data
    kind, _ = failed(upstreams(cache).fetch("api", "1.0.0", charts.server.url))
    assert kind is FailedKind.UNSAFE_ARCHIVE


def test_nothing_is_written_outside_the_cache(
    charts: Charts, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charts.add("web", "1.2.3")
    charts.files["/web-1.2.3.tgz"] = tgz(("web/../../evil", b"x"), ("/tmp/evil", b"x"))
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    monkeypatch.chdir(cwd)
    upstreams(Cache(tmp_path / "cache", 10**9)).fetch("web", "1.2.3", charts.server.url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "cwd"]
    assert list(cwd.iterdir()) == list(home.iterdir()) == []


def test_a_fault_that_lasts_is_unreachable_and_one_that_passes_is_none(charts: Charts) -> None:
    charts.add("web", "1.0.0")
    charts.server.inject("GET", "tgz", Fault.HALF, 2)
    assert isinstance(upstreams().fetch("web", "1.0.0", charts.server.url), Fetched)
    charts.server.inject("GET", "index", Reply(503), 9)
    found = upstreams().fetch("web", "1.0.0", charts.server.url)
    assert isinstance(found, Failed)
    assert found.may_pass


def test_versions_come_newest_first_without_what_is_removed_or_none(charts: Charts) -> None:
    for version, more in (
        ("1.0.0", {}),
        ("1.10.0", {}),
        ("v1.9.0", {"kubeVersion": ">=1.30"}),
        ("2.0.0", {"removed": True}),
    ):
        charts.add("web", version, **more)
    charts.entries["web"].append({"version": "latest"})
    found = upstreams().versions("web", charts.server.url)
    assert not isinstance(found, Failed)
    assert [one.version for one in found] == ["1.10.0", "v1.9.0", "1.0.0"]
    assert (found[1].kube_version, found[1].url) == (">=1.30", "web-v1.9.0.tgz")
    assert isinstance(found[0], Release)
    assert failed(upstreams().versions("api", charts.server.url))[0] is FailedKind.NO_SUCH_CHART
    assert failed(upstreams().versions("api", f"{charts.server.url}/x"))[0] is FailedKind.GONE


def test_a_login_file_that_cannot_be_read_is_named(charts: Charts, tmp_path: Path) -> None:
    config = tmp_path / "repositories.yaml"
    config.write_bytes(b"repositories: [")
    with pytest.raises(UserError, match=r"repositories\.yaml:1: not valid YAML"):
        Upstreams(environ={"HELM_REPOSITORY_CONFIG": str(config)}).fetch("web", "1.0.0", charts.server.url)


def test_a_mirror_is_asked_for_the_index_and_for_what_it_names_and_counts_as_the_original(charts: Charts) -> None:
    data = charts.add("web", "1.0.0", urls=["https://charts.example.com/files/web.tgz"])
    charts.files["/files/web.tgz"] = data
    ups = Upstreams(environ={}, retries=QUICK, mirrors={"https://charts.example.com/": charts.server.url})
    found = fetched(ups.fetch("web", "1.0.0", "https://charts.example.com"))
    assert (found.url, found.host) == ("https://charts.example.com/files/web.tgz", "charts.example.com")
    assert [release.version for release in ups.versions("web", "https://charts.example.com/")] == ["1.0.0"]
    yanked = fetched(ups.fetch("web", "0.9.0", "https://charts.example.com", known_url="https://charts.example.com/files/web.tgz"))  # fmt: skip
    assert (yanked.yanked, yanked.host) == (True, "charts.example.com")
