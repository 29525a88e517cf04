"""A registry, or whoever answers in its place: logins stay at home, answers are bounded."""

import pytest

from kubeaid_ci.net.web import FetchFailed, Request, Response, Web
from tests.servers.http import Fault, Reply, Server

LOGIN = "Basic Y2FuYXJ5"


def ask(server: Server, *, most: int = 1000, seconds: float = 5.0) -> Response | FetchFailed:
    web = Web(allow=["127.0.0.1"])
    url = f"{server.url}/x"
    return web.get(Request(url, url, most, seconds, authorization=LOGIN))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_login_does_not_follow_a_redirect_to_another_port(status: int) -> None:
    seen = []
    with (
        Server(lambda request: seen.append(request.headers) or Reply(200, b"x")) as other,
        Server(lambda _: Reply(status, None, {"Location": f"{other.url}/x"})) as server,
    ):
        assert isinstance(ask(server), Response)
    assert [headers.get("authorization") for headers in seen] == [None]


def test_an_answer_is_read_up_to_a_limit() -> None:
    with Server(lambda _: Reply(200, b"x" * 1001)) as server:
        answer = ask(server)
    assert isinstance(answer, FetchFailed)
    assert "bytes" in answer.failed.message


def test_a_registry_that_does_not_answer_is_waited_for_within_the_time() -> None:
    with Server(lambda _: Reply(200, b"x"), chance=lambda _: Fault.SILENCE) as server:
        answer = ask(server, seconds=0.5)
    assert isinstance(answer, FetchFailed)
    assert "timed out" in answer.failed.message
