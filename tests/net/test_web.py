import errno
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme

from kubeaid_ci.net.errors import FailedKind
from kubeaid_ci.net.reach import shown
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.net.source_addresses import Network
from kubeaid_ci.net.web import FetchFailed, Request, Response, Web
from tests.servers.http import Fault, Reply, Server
from tests.servers.http import Request as Received
from tests.servers.raw import Raw

QUICK = RetryPolicy(attempts=3, first=0, sleep=lambda _: None)
MIB = 1024 * 1024


def ask(url: str, *, start: str = "", most_bytes: int = MIB, seconds: float = 10, **more: object) -> Request:
    return replace(Request(url, start or url, most_bytes, seconds), **more)


def failure(answer: Response | FetchFailed) -> tuple[FailedKind, str]:
    assert isinstance(answer, FetchFailed), answer
    return answer.failed.kind, answer.failed.message


def network(names: dict[str, str]) -> Network:
    """Names with addresses of anywhere, which all lead to loopback in truth."""

    def resolve(host: str, port: int) -> list[str]:
        return [names.get(host, host)]

    return Network(resolve, lambda _, port: socket.create_connection(("127.0.0.1", port), 5))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda request: Reply(200, f"{request.path}".encode(), {"ETag": '"1"'})) as made:
        yield made


@pytest.fixture
def web() -> Web:
    return Web(retries=QUICK)


def test_a_file_comes_with_its_headers_and_the_address_it_came_from(server: Server, web: Web) -> None:
    got = web.get(ask(f"{server.url}/a"))
    assert isinstance(got, Response)
    assert (got.status, got.data, got.url, got.headers["etag"]) == (200, b"/a", f"{server.url}/a", '"1"')


@pytest.mark.parametrize(
    ("status", "kind", "times"),
    [
        (404, FailedKind.GONE, 1),
        (410, FailedKind.GONE, 1),
        (401, FailedKind.REFUSED, 1),
        (403, FailedKind.REFUSED, 1),
        (400, FailedKind.INVALID, 1),
        (500, FailedKind.UNREACHABLE, 3),
        (503, FailedKind.UNREACHABLE, 3),
        (429, FailedKind.UNREACHABLE, 3),
    ],
)
def test_each_status_means_one_kind_and_only_some_are_asked_again(
    server: Server, web: Web, status: int, kind: FailedKind, times: int
) -> None:
    server.inject("GET", "/a", Reply(status, b"said"), 9)
    answer = web.get(ask(f"{server.url}/a?token=secret"))
    assert failure(answer) == (kind, f"{server.url}/a: the server answered {status}")
    assert answer.data == b"said"
    assert len(server.seen) == times


@pytest.mark.parametrize("fault", [Fault.HALF, Fault.BEFORE, Reply(502)])
def test_a_fault_that_passes_is_passed_over(server: Server, web: Web, fault: Fault | Reply) -> None:
    server.inject("GET", "/a", fault, 2)
    assert isinstance(web.get(ask(f"{server.url}/a")), Response)


def test_the_wait_that_a_server_asks_for_is_kept_and_a_long_one_is_not_waited_for(server: Server) -> None:
    waits: list[float] = []
    web = Web(retries=RetryPolicy(attempts=3, first=0, longest=30, sleep=waits.append))
    server.inject("GET", "/a", Reply(429, None, {"Retry-After": "7"}))
    assert isinstance(web.get(ask(f"{server.url}/a")), Response)
    assert waits == [7]
    server.inject("GET", "/b", Reply(503, None, {"Retry-After": "3600"}), 9)
    assert failure(web.get(ask(f"{server.url}/b")))[0] is FailedKind.UNREACHABLE
    assert waits == [7]


def test_nobody_listening_is_unreachable_and_says_why(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer = web.get(ask(f"http://127.0.0.1:{port}/a?token=secret"))
    assert failure(answer) == (FailedKind.UNREACHABLE, f"cannot reach 127.0.0.1:{port}: connection refused")
    assert isinstance(answer, FetchFailed)
    assert (answer.failed.host, answer.failed.reason) == (f"127.0.0.1:{port}", "connection refused")


def test_a_name_without_an_address_is_unreachable(web: Web) -> None:
    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    found = failure(Web(retries=QUICK, network=Network(resolve=fail)).get(ask("http://no.such.host/")))
    assert found == (FailedKind.UNREACHABLE, "cannot reach no.such.host: no such host")


@dataclass
class Dead:
    """A network in which no connection is made; counts the attempts by name."""

    error: OSError
    resolves: bool = True
    seconds: float = 0
    tried: list[str] = field(default_factory=list)

    @property
    def network(self) -> Network:
        return Network(self._resolve, self._connect)

    def _resolve(self, host: str, port: int) -> list[str]:
        self.tried.append(host)
        if not self.resolves:
            raise self.error
        return ["127.0.0.1"]

    def _connect(self, address: str, port: int) -> socket.socket:
        time.sleep(self.seconds)
        raise self.error


NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NO_ANSWER = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
DEAD = {
    # what fails, whether names resolve, the reason, how often a host is tried
    "unknown names": (NO_NAME, False, "no such host", 1),
    "no name server": (NO_ANSWER, False, "no name server answers", 3),
    "no network": (OSError(errno.ENETUNREACH, "Network is unreachable"), True, "network is unreachable", 3),
    "closed ports": (ConnectionRefusedError(errno.ECONNREFUSED, "x"), True, "connection refused", 3),
    "no route": (OSError(errno.EHOSTUNREACH, "No route to host"), True, "no route to the host", 3),
    "silence": (TimeoutError("timed out"), True, "timed out", 3),
    "a fault of another kind": (OSError(errno.EMFILE, "Too many open files"), True, "Too many open files", 3),
}


@pytest.mark.parametrize(("error", "resolves", "reason", "times"), DEAD.values(), ids=DEAD)
def test_no_host_is_waited_for_twice_and_without_any_answer_each_is_tried_once(
    error: OSError, resolves: bool, reason: str, times: int
) -> None:
    dead = Dead(error, resolves)
    web = Web(retries=QUICK, network=dead.network)
    first = [failure(web.get(ask(f"https://a.example.com/{number}"))) for number in range(3)]
    assert first == [(FailedKind.UNREACHABLE, f"cannot reach a.example.com: {reason}")] * 3
    assert len(dead.tried) == times
    rest = [failure(web.get(ask(f"https://b{number}.example.com/"))) for number in range(19)]
    assert rest[-1] == (FailedKind.UNREACHABLE, f"cannot reach b18.example.com: {reason}")
    assert len(dead.tried) == 2 * times + 18


def test_where_nothing_answers_and_each_host_takes_long_few_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubeaid_ci.net.web._SLOW_SECONDS", 0.02)
    dead = Dead(TimeoutError("timed out"), seconds=0.05)
    web = Web(retries=QUICK, network=dead.network)
    found = [failure(web.get(ask(f"https://b{number}.example.com/")))[1] for number in range(9)]
    assert dead.tried == [f"b{number}.example.com" for number in range(4)]
    assert found[3] == "cannot reach b3.example.com: timed out"
    assert found[4] == "cannot reach b4.example.com: not tried, because no other host answered"


def test_a_host_with_many_silent_addresses_is_not_waited_for_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubeaid_ci.net.connections.CONNECT_SECONDS", 0.1)
    asked = []

    def connect(address: str, port: int) -> socket.socket:
        asked.append(address)
        time.sleep(0.08)
        raise TimeoutError("timed out")

    network = Network(lambda *_: [f"192.0.2.{number}" for number in range(8)], connect)
    failure(
        Web(retries=RetryPolicy(attempts=1), network=network, allow=["a.example.com"]).get(ask("http://a.example.com/"))
    )
    assert len(asked) == 2


def test_a_host_that_answers_shows_that_there_is_a_network(server: Server) -> None:
    dead = Dead(NO_ANSWER, resolves=False)
    names = Network(lambda host, port: ["127.0.0.1"] if host == "127.0.0.1" else dead.network.resolve(host, port))
    web = Web(retries=QUICK, network=names)
    server.inject("GET", "/a", Reply(500), 9)
    failure(web.get(ask(f"{server.url}/a")))
    for number in range(9):
        failure(web.get(ask(f"https://b{number}.example.com/")))
    assert len(dead.tried) == 27


def redirecting(target: Callable[[Received], str], status: int = 302) -> Server:
    return Server(
        lambda request: (
            Reply(status, None, {"Location": target(request)}) if request.path == "/go" else Reply(200, b"x")
        )
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(web: Web, status: int) -> None:
    with redirecting(lambda _: "../there?q=1", status) as server:
        got = web.get(ask(f"{server.url}/go"))
    assert isinstance(got, Response)
    assert got.url == f"{server.url}/there?q=1"


@pytest.mark.parametrize(
    ("target", "kind", "words"),
    [
        ("file:///etc/passwd", FailedKind.REFUSED, "file:///etc/passwd: is not an http or https address"),
        ("ftp://127.0.0.1/x", FailedKind.REFUSED, "is not an http or https"),
        ("gopher:x", FailedKind.REFUSED, "is not an http or https"),
        ("http://user:pass@127.0.0.1/x", FailedKind.REFUSED, "http://127.0.0.1/x: holds a user name or password"),
        ("http://[::1/x", FailedKind.REFUSED, "is no address"),
        ("http://127.0.0.1:99999/x", FailedKind.REFUSED, "is no address"),
        ("http://169.254.169.254/latest/meta-data", FailedKind.REFUSED, "leads to a link-local or reserved address"),
        ("http://0.0.0.0/", FailedKind.REFUSED, "leads to a link-local or reserved address"),
        ("http://[::ffff:169.254.169.254]/", FailedKind.REFUSED, "leads to a link-local or reserved address"),
        ("/go", FailedKind.INVALID, "redirects more than 10 times"),
        ("", FailedKind.INVALID, "without a location"),
    ],
)
def test_a_redirect_to_elsewhere_than_the_web_is_refused(web: Web, target: str, kind: FailedKind, words: str) -> None:
    with redirecting(lambda _: target) as server:
        found = failure(web.get(ask(f"{server.url}/go")))
    assert found[0] is kind
    assert words in found[1]
    assert "pass@" not in found[1]


PUBLIC = {"charts.example.com": "9.9.9.9", "cdn.example.com": "8.8.8.8", "inside.example.com": "10.0.0.8"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "inside.example.com", "10.1.2.3", "[::1]"])
def test_a_public_host_does_not_lead_inside(host: str) -> None:
    names = {**PUBLIC, "2130706433": "127.0.0.1", "localhost": "127.0.0.1"}
    with redirecting(lambda request: f"http://{host}:{server.port}/secret") as server:
        web = Web(retries=QUICK, network=network(names))
        kind, message = failure(web.get(ask(f"http://charts.example.com:{server.port}/go")))
    assert kind is FailedKind.REFUSED
    assert "where http://charts.example.com" in message
    assert [path for _, path, _ in server.seen] == ["/go"]


def test_an_address_from_an_index_is_held_to_the_same_as_a_redirect() -> None:
    with Server(lambda _: Reply(200, b"x")) as server:
        web = Web(retries=QUICK, network=network(PUBLIC))
        start = f"http://charts.example.com:{server.port}/"
        assert failure(web.get(ask(f"{server.url}/x", start=start)))[0] is FailedKind.REFUSED
        assert failure(web.get(ask(f"http://inside.example.com:{server.port}/x", start=start)))[0] is FailedKind.REFUSED
        assert server.seen == []
        assert isinstance(web.get(ask(f"http://cdn.example.com:{server.port}/x", start=start)), Response)


def test_a_private_start_reaches_private_and_public_hosts_but_not_loopback() -> None:
    with Server(lambda _: Reply(200, b"x")) as server:
        names = {**PUBLIC, "other.example.com": "192.168.7.7"}
        web = Web(retries=QUICK, network=network(names))
        start = f"http://inside.example.com:{server.port}/"
        for host in ("inside", "other", "cdn"):
            assert isinstance(web.get(ask(f"http://{host}.example.com:{server.port}/x", start=start)), Response), host
        assert failure(web.get(ask(f"{server.url}/x", start=start)))[0] is FailedKind.REFUSED


def test_a_connection_kept_open_for_one_source_is_not_lent_to_another() -> None:
    with Server(lambda _: Reply(200, b"x")) as server:
        web = Web(retries=QUICK, network=network(PUBLIC))
        inside = f"http://inside.example.com:{server.port}/x"
        assert isinstance(web.get(ask(inside)), Response)
        assert failure(web.get(ask(inside, start=f"http://charts.example.com:{server.port}/")))[0] is FailedKind.REFUSED
        assert len(server.seen) == 1


def test_a_name_whose_address_moves_inside_is_refused() -> None:
    names = dict(PUBLIC)
    with Server(lambda _: Reply(200, b"x", {"Connection": "close"})) as server:
        web = Web(retries=QUICK, network=network(names))
        url = f"http://charts.example.com:{server.port}/x"
        assert isinstance(web.get(ask(url)), Response)
        names["charts.example.com"] = "127.0.0.1"
        assert failure(web.get(ask(url)))[0] is FailedKind.REFUSED


def test_a_start_on_a_metadata_address_is_refused_and_so_is_an_allowed_one() -> None:
    web = Web(retries=QUICK, allow=["169.254.169.254"])
    assert failure(web.get(ask("http://169.254.169.254/latest")))[0] is FailedKind.REFUSED


def test_an_allowed_host_may_be_inside_wherever_its_address_is_found() -> None:
    with Server(lambda _: Reply(200, b"x")) as server:
        web = Web(retries=QUICK, network=network(PUBLIC), allow=["Inside.example.com"])
        url = f"http://inside.example.com:{server.port}/x"
        assert isinstance(web.get(ask(url, start="http://charts.example.com/")), Response)


def test_a_login_goes_to_its_own_scheme_host_and_port_alone() -> None:
    seen: list[tuple[str, str | None]] = []

    def handle(request: Received) -> Reply:
        seen.append((request.path, request.headers.get("authorization")))
        targets = {"/same": "/x", "/other": f"{other.url}/x"}
        if request.path in targets:
            return Reply(302, None, {"Location": targets[request.path]})
        return Reply(200, b"x")

    with Server(handle) as server, Server(handle) as other:
        web = Web(retries=QUICK)
        for path in ("/same", "/other"):
            web.get(ask(f"{server.url}{path}", authorization="Basic c2VjcmV0"))
    assert seen == [("/same", "Basic c2VjcmV0"), ("/x", "Basic c2VjcmV0"), ("/other", "Basic c2VjcmV0"), ("/x", None)]


def test_netrc_and_cookies_are_not_used(home: Path, web: Web) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login somebody password secret\n")
    (home / ".netrc").chmod(0o600)
    seen = []

    def handle(request: Received) -> Reply:
        seen.append((request.headers.get("authorization"), request.headers.get("cookie")))
        return Reply(200, b"x", {"Set-Cookie": "a=b"})

    with Server(handle) as server:
        web.get(ask(server.url))
        web.get(ask(server.url))
    assert seen == [(None, None), (None, None)]


def test_a_proxy_from_the_environment_is_used_and_may_be_private(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(lambda request: Reply(200, b"by proxy")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        web = Web(retries=QUICK)
        got = web.get(ask("http://charts.example.com/x"))
        assert isinstance(got, Response)
        assert got.data == b"by proxy"
        assert failure(web.get(ask("http://10.0.0.1/x", start="http://charts.example.com/")))[0] is FailedKind.REFUSED


def tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_private_authority_is_trusted_only_by_its_bundle(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Server(lambda _: Reply(200, b"x"), tls=tls(ca)) as server:
        assert isinstance(Web(retries=QUICK, ca_bundle=tmp_path / "ca.pem").get(ask(server.url)), Response)
        kind, message = failure(Web(retries=QUICK).get(ask(server.url)))
    assert kind is FailedKind.UNREACHABLE
    assert "certificate verify failed" in message


def test_https_does_not_lead_to_http(tmp_path: Path) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Server(lambda _: Reply(302, None, {"Location": "http://127.0.0.1/x?token=1"}), tls=tls(ca)) as server:
        kind, message = failure(Web(retries=QUICK, ca_bundle=tmp_path / "ca.pem").get(ask(server.url)))
    assert (kind, message) == (FailedKind.REFUSED, f"{server.url}: redirects from https to http://127.0.0.1/x")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"200 OK\r\nContent-Length: 209715200", "has 209,715,200 bytes, more than the 3,145,728"),
        (b"200 OK", "has more than the 3,145,728 bytes"),
        (b"302 Found\r\nLocation: file:///etc/passwd", "not an http or https address"),
        (b"404 Not Found", "answered 404"),
    ],
)
def test_a_body_larger_than_is_read_is_refused_in_little_memory(web: Web, head: bytes, words: str) -> None:
    def say() -> Iterator[bytes]:
        yield b"HTTP/1.1 " + head + b"\r\n\r\n"
        for _ in range(200):
            yield bytes(MIB)

    with Raw(say) as server:
        web.get(ask(server.url, most_bytes=10))  # what is loaded on first use is not counted
        tracemalloc.start()
        _, message = failure(web.get(ask(server.url, most_bytes=3 * MIB)))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert words in message
    assert most < 16 * MIB


def drip(*parts: bytes) -> Callable[[], Iterator[bytes]]:
    def say() -> Iterator[bytes]:
        yield from parts
        while True:
            time.sleep(0.02)
            yield b"x"

    return say


@pytest.mark.parametrize(
    "start", [(), (b"HTTP/1.1 200 OK\r\n", b"X-Long: "), (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",)]
)
def test_an_answer_that_drips_for_ever_is_cut_off(web: Web, start: tuple[bytes, ...]) -> None:
    with Raw(drip(*start)) as server:
        kind, message = failure(web.get(ask(server.url, seconds=0.3)))
        assert len(server.heads) == 1
    assert kind is FailedKind.UNREACHABLE
    assert message == f"{server.url}: timed out before the answer was complete"


def test_a_host_that_lets_all_requests_run_out_of_time_is_soon_asked_no_more(web: Web) -> None:
    with Raw(drip(b"HTTP/1.1 200 OK\r\n\r\n")) as server:
        messages = [failure(web.get(ask(f"{server.url}/{number}", seconds=0.15)))[1] for number in range(6)]
        assert len(server.heads) <= 4
    place = server.url.removeprefix("http://")
    assert messages[3:] == [
        f"{server.url}/3: timed out before the answer was complete",
        *[f"cannot reach {place}: 4 requests timed out, so no more are sent"] * 2,
    ]


def test_a_tls_handshake_that_drips_for_ever_is_cut_off(web: Web) -> None:
    with Raw(drip(b"\x16\x03\x03\x40\x00")) as server:
        url = server.url.replace("http:", "https:")
        assert "timed out before the answer was complete" in failure(web.get(ask(url, seconds=0.3)))[1]


def test_noise_in_place_of_http_is_unreachable(web: Web) -> None:
    with Raw(lambda: [b"\0\1\2\3\r\n\r\n"]) as server:
        assert failure(web.get(ask(server.url)))[0] is FailedKind.UNREACHABLE


def test_at_most_four_requests_a_host_run_at_once(web: Web) -> None:
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(4, timeout=5)

    def resolve(host: str, port: int) -> list[str]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait()
        with lock:
            running -= 1
        return ["127.0.0.1"]

    with Server(lambda _: Reply(200, b"x", {"Connection": "close"})) as server, ThreadPoolExecutor(12) as pool:
        web = Web(retries=QUICK, network=Network(resolve=resolve))
        url = f"http://charts.example.com:{server.port}/"
        assert all(isinstance(got, Response) for got in pool.map(lambda _: web.get(ask(url)), range(12)))
    assert most == 4


def test_an_address_in_a_message_has_no_secret_and_no_control_character() -> None:
    assert shown("https://user:pass@host:1/p?token=1#x") == "https://host:1/p"
    assert shown("https://host/\x1b[2J\n") == "https://host/�[2J"
    assert shown("http://[::1") == "an invalid address"
