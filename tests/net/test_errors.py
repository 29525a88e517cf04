"""Real failures of real libraries, each as one plain phrase."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
import trustme

from kubeaid_ci.net import session
from kubeaid_ci.net.errors import NetworkError, explain
from tests.servers.http import Fault, Reply, Server
from tests.servers.raw import Raw


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@contextmanager
def failing(fault: Fault) -> Iterator[str]:
    with Server(lambda _: Reply(200, b"x" * 1000)) as server:
        server.inject("GET", "/", fault, 9)
        yield server.url


@contextmanager
def noise() -> Iterator[str]:
    with Raw(lambda: [b"\0\1\2\3\r\n\r\n"]) as server:
        yield server.url


@contextmanager
def untrusted() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with Server(lambda _: Reply(200), tls=context) as server:
        yield server.url


@contextmanager
def plain() -> Iterator[str]:
    with Raw(lambda: [b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        yield server.url.replace("http:", "https:")


@contextmanager
def at(url: str) -> Iterator[str]:
    yield url


CASES: dict[str, tuple[Callable[[], object], dict[str, object], NetworkError]] = {
    "closed port": (lambda: at(closed_port()), {}, NetworkError("connection refused", transient=True, connected=False)),
    "proxy": (
        lambda: at("http://charts.example.com"),
        {"proxies": {"http": closed_port()}},
        NetworkError("proxy: connection refused", transient=True, connected=False),
    ),
    "no answer": (
        lambda: failing(Fault.BEFORE),
        {},
        NetworkError("connection closed before the answer was complete", transient=True),
    ),
    "half an answer": (
        lambda: failing(Fault.HALF),
        {},
        NetworkError("connection closed before the answer was complete", transient=True),
    ),
    "silence": (lambda: failing(Fault.SILENCE), {"timeout": 0.2}, NetworkError("timed out", transient=True)),
    "noise": (noise, {}, NetworkError("the answer is not HTTP", transient=True)),
    "untrusted certificate": (
        untrusted,
        {},
        NetworkError(
            "TLS certificate verify failed: unable to get local issuer certificate", transient=False, connected=False
        ),
    ),
    "no TLS": (
        plain,
        {},
        NetworkError("TLS handshake failed (WRONG_VERSION_NUMBER)", transient=False, connected=False),
    ),
    "no address": (
        lambda: at("http://"),
        {},
        NetworkError("Invalid URL 'http://': No host supplied", transient=False),
    ),
}


@pytest.mark.parametrize(("place", "options", "expected"), CASES.values(), ids=CASES)
def test_a_failure_is_one_phrase_without_object_names(place, options, expected) -> None:
    with place() as url, pytest.raises(requests.RequestException) as caught:
        requests.get(url, **{"timeout": 5} | options)
    found = explain(caught.value)
    assert found == expected
    assert "secret" not in found.reason
    assert session.lost(caught.value) == session.NoResponse(expected.reason, expected.transient)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (socket.EAI_NONAME, NetworkError("no such host", transient=False, connected=False)),
        (socket.EAI_AGAIN, NetworkError("no name server answers", transient=True, connected=False)),
    ],
)
def test_an_unknown_name_is_not_the_same_as_no_name_server(
    code: int, expected: NetworkError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "what the C library says")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(requests.RequestException) as caught:
        requests.get("http://charts.example.com/x?token=secret", timeout=5)
    assert explain(caught.value) == expected
