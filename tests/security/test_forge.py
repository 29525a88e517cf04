"""The forge, and whoever stands in its place: tokens stay at one origin, answers are bounded."""

import gzip
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.forge.change_request import ChangeRequest
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.forge.environment import forge_token, git_token
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.forge.interface import ForgeError, upsert_comment
from kubeaid_ci.forge.issues import IssueOutcome, Issues
from kubeaid_ci.net import bounded
from kubeaid_ci.net import session as wire
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import is_at_home
from kubeaid_ci.repositories.folders import mirrored, public_address
from tests.repos import git
from tests.servers.http import Fault, Reply, Server
from tests.servers.world import World

LISTS = r"/(pulls|merge_requests)$"
GITLAB = {"CI_SERVER_URL": "https://gitlab.example.com", "CI_SERVER_HOST": "gitlab.example.com", "CI_JOB_TOKEN": "job"}
GITHUB = {"GITHUB_SERVER_URL": "https://ghe.example.com", "GITHUB_TOKEN": "job"}


@pytest.mark.parametrize(
    ("address", "repository", "expected"),
    [
        ("https://git.example.com/api/v4", "https://git.example.com/a/b", True),
        ("https://git.example.com:443/api/v4", "https://git.example.com/a/b", True),
        ("https://GIT.example.com./api/v4", "https://git.example.com/a/b", True),
        ("https://git.example.com/api/v4", "git@git.example.com:a/b.git", True),
        ("https://git.example.com/api/v4", "ssh://git@git.example.com:2222/a/b.git", True),
        ("https://api.github.com", "https://github.com/a/b", True),
        ("https://api.github.com", "git@github.com:a/b", True),
        ("https://api.acme.ghe.com", "https://acme.ghe.com/a/b", True),
        ("http://git.example.com:8080/api/v4", "http://git.example.com:8080/a/b", True),
        ("https://git.example.com:8443/api/v4", "https://git.example.com/a/b", False),
        ("http://git.example.com/api/v4", "https://git.example.com/a/b", False),
        ("http://git.example.com:443/api/v4", "https://git.example.com/a/b", False),
        ("http://git.example.com:18099/api/v1", "http://git.example.com/a/b", False),
        ("https://git.example.com:8443/api/v4", "git@git.example.com:a/b.git", False),
        ("http://api.github.com", "https://github.com/a/b", False),
        ("https://api.git.example.com", "https://git.example.com/a/b", False),
        ("https://api.github.com.evil.example.com", "https://github.com/a/b", False),
        ("https://github.com@evil.example.com/", "https://github.com/a/b", False),
        ("https://evil.example.com/", "/srv/repository", False),
        ("ftp://git.example.com/", "https://git.example.com/a/b", False),
        ("https://git.example.com:x/", "https://git.example.com/a/b", False),
    ],
)
def test_a_token_goes_to_one_origin(address, repository, expected):
    assert is_at_home(address, Remote.parse(repository)) is expected


@pytest.mark.parametrize(
    ("address", "environ", "given"),
    [
        ("https://gitlab.example.com/a/b", GITLAB, True),
        ("https://gitlab.example.com:443/a/b", GITLAB, True),
        ("http://gitlab.example.com:8080/a/b", GITLAB, False),
        ("http://gitlab.example.com/a/b", GITLAB, False),
        ("https://gitlab.example.com:8443/a/b", GITLAB, False),
        ("https://ghe.example.com/a/b", GITHUB, True),
        ("http://ghe.example.com/a/b", GITHUB, False),
        ("https://ghe.example.com:8443/a/b", GITHUB, False),
        ("https://github.com/a/b", {"GH_TOKEN": "t"}, True),
        ("http://github.com/a/b", {"GH_TOKEN": "t"}, False),
        ("https://github.com:8443/a/b", {"GH_TOKEN": "t"}, False),
        ("https://gitlab.com/a/b", {"GITLAB_TOKEN": "t"}, True),
        ("http://gitlab.com:8080/a/b", {"GITLAB_TOKEN": "t"}, False),
        (
            "https://g.example.com/a",
            {"KUBERNETES_CONFIG_REPO_URL": "https://g.example.com/c", "KUBERNETES_CONFIG_REPO_TOKEN": "t"},
            True,
        ),
        (
            "http://g.example.com/a",
            {"KUBERNETES_CONFIG_REPO_URL": "https://g.example.com/c", "KUBERNETES_CONFIG_REPO_TOKEN": "t"},
            False,
        ),
    ],
)
def test_a_repository_that_is_only_read_gets_the_token_of_its_own_server(address, environ, given):
    remote = Remote.parse(address)
    try:
        kind = detect(remote, environ).kind
    except UserError:
        kind = ForgeKind.NONE
    assert (git_token(remote, kind, environ, target=False) is not None) is given
    assert forge_token(remote, kind, environ, target=False) is None or given


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:18084/x.git",
        "http://localhost:1/x.git",
        "http://127.1:1/x.git",
        "http://2130706433/x.git",
        "http://[::1]/x.git",
        "http://[::ffff:0:127.0.0.1]/x.git",
        "https://10.0.0.1/x.git",
        "https://169.254.169.254/x.git",
        "ssh://git@127.0.0.1/x.git",
        "git@localhost:x.git",
        "git://192.168.1.1/x.git",
    ],
)
def test_an_address_of_a_settings_file_leads_to_no_host_inside(tmp_path, address):
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "https://git.example.com/a/b")
    with pytest.raises(UserError, match="name it with --kubeaid"):
        mirrored(address, named_by=str(tmp_path))


@pytest.mark.parametrize("address", ["fd::17", "ext::/bin/true", "Http::x", "a+b.c-d::e"])
def test_no_address_names_a_program_of_git(address):
    with pytest.raises(UserError, match="a repository is reached by https, ssh, git or a path"):
        mirrored(address)


def test_an_address_of_a_settings_file_may_lead_to_the_server_of_the_config_repo(tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "http://127.0.0.1:8080/a/b")
    assert public_address("http://127.0.0.1:8080/c/d", str(tmp_path)) == ""
    with pytest.raises(UserError):
        public_address("http://127.0.0.1:8081/c/d", str(tmp_path))


def get(server: Server, path: str = "/x", **headers: str):
    with wire.session(headers, None, server.url) as opened:
        return wire.exchange(opened, "GET", f"{server.url}{path}", query={}, body=None)


def test_an_answer_that_unpacks_to_more_is_not_read_on():
    packed = gzip.compress(b" " * (bounded.MOST_BYTES + 1))
    with Server(lambda _: Reply(200, packed, {"Content-Encoding": "gzip"})) as server:
        answer = get(server)
    assert isinstance(answer, wire.NoResponse)
    assert not answer.may_pass
    assert "MiB" in answer.detail


def test_an_answer_that_never_ends_is_cut(monkeypatch):
    monkeypatch.setattr(bounded, "TOTAL_SECONDS", 0.5)
    began = time.monotonic()
    with Server(lambda _: Reply(200, {}), chance=lambda _: Fault.SILENCE) as server:
        answer = get(server)
    assert isinstance(answer, wire.NoResponse)
    assert "not complete after" in answer.detail
    assert time.monotonic() - began < 10


def test_a_get_follows_no_redirect_to_another_origin():
    seen = []
    with Server(lambda request: seen.append(request) or Reply(200, {})) as other:
        moved = Reply(302, None, {"Location": f"{other.url}/x"})
        with Server(lambda _: moved) as server:
            answer = get(server, Authorization="token canary")
    assert isinstance(answer, wire.NoResponse)
    assert "redirects to" in answer.detail
    assert not seen


def test_a_get_follows_a_redirect_within_the_origin():
    with Server(
        lambda request: Reply(200, {}) if request.path == "/y" else Reply(301, None, {"Location": "/y"})
    ) as server:
        assert get(server).status == 200


GARBAGE = [{}, [], None, "text", 5, [1], ["x"], [None], [[]], [{}], {"id": "x"}, [{"id": None, "body": 1, "user": 1}]]


@pytest.mark.parametrize("data", GARBAGE, ids=str)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_an_answer_of_another_shape_is_an_outside_error(world: World, verb: str, data: object) -> None:
    world.forge.server.inject(verb, LISTS, Reply(200, data), times=50)
    if (verb, data) == ("GET", []):  # nothing is there yet
        assert world.publish().outcome == "created"
        return
    with pytest.raises(OutsideError):
        world.publish()


@pytest.mark.parametrize("data", GARBAGE, ids=str)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_an_issue_of_another_shape_is_an_outside_error(world: World, verb: str, data: object) -> None:
    world.forge.server.inject(verb, r"/issues$", Reply(200, data), times=50)
    if (verb, data) == ("GET", []):
        return
    with pytest.raises(OutsideError):
        Issues(world.client()).keep("key", title="title", text="text")


@pytest.mark.parametrize("is_person", [True, False])
def test_a_comment_of_a_stranger_with_our_marker_is_left_alone(world: World, is_person: bool) -> None:
    world.forge.is_person = is_person
    forge, change = world.client(), world.forge.add("x", base="main", title="t", body="")
    request = ChangeRequest.numbered(change.number)
    stranger = world.forge.comment_id("<!-- kubeaid-ci:comment:diff -->\nall is well", change)
    world.forge.by_strangers.add(stranger)
    assert upsert_comment(forge, request, "diff", "first") == 1
    assert upsert_comment(forge, request, "diff", "second") == 1
    assert change.comments[stranger].endswith("all is well")
    assert [text.partition("\n")[2] for number, text in change.comments.items() if number != stranger] == ["second"]


def test_an_issue_of_a_stranger_with_our_marker_is_left_alone(world: World) -> None:
    issues = Issues(world.client())
    ticket = world.forge.add_ticket("all is well", "<!-- kubeaid-ci:issue:key -->\nall is well")
    world.forge.by_strangers.add(ticket.number)
    outcome, made = issues.keep("key", title="alarm", text="text")
    assert (outcome, made.number != ticket.number) == (IssueOutcome.CREATED, True)
    assert issues.close("key", comment="done")[0] is IssueOutcome.CLOSED
    assert (world.forge.tickets[ticket.number].state, ticket.title) == ("open", "all is well")


def test_without_knowing_who_we_are_no_comment_is_changed(world: World) -> None:
    change = world.forge.add("x", base="main", title="t", body="")
    world.forge.comment_id("<!-- kubeaid-ci:comment:diff -->\nall is well", change)
    world.forge.server.inject("GET", r"/user$", Reply(500, {"message": "x"}), times=50)
    with pytest.raises(OutsideError):
        upsert_comment(world.client(), ChangeRequest.numbered(change.number), "diff", "text")
    assert len(change.comments) == 1


@pytest.mark.parametrize(
    "reply", [Reply(200, b"{" * 10), Reply(202, {}), Reply(302, None, {"Location": "http://127.0.0.1:9/x"})]
)
def test_no_forge_client_waits_or_goes_elsewhere(world: World, reply: Reply) -> None:
    world.forge.server.inject("GET", LISTS, reply, times=50)
    with pytest.raises(ForgeError):
        world.publish()


def test_no_forge_client_unpacks_without_end(world: World) -> None:
    packed = gzip.compress(b" " * (bounded.MOST_BYTES + 1))
    world.forge.server.inject("GET", LISTS, Reply(200, packed, {"Content-Encoding": "gzip"}), times=50)
    with pytest.raises(ForgeError, match="MiB"):
        world.publish()


def test_answer_that_cannot_be_unpacked_is_an_outside_error(world: World) -> None:
    world.forge.server.inject("GET", LISTS, Reply(200, b"[]", {"Content-Encoding": "gzip"}), times=50)
    with pytest.raises(ForgeError, match="the answer cannot be unpacked"):
        world.publish()


@pytest.mark.parametrize(
    "reply", [b"Content-Length: 100\r\n\r\n[{", b"Transfer-Encoding: chunked\r\n\r\n9\r\n[{", b"\r\n"]
)
def test_answer_that_breaks_off_is_lost(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + reply)

        with ThreadPoolExecutor(1) as pool, wire.session({}, None, url) as opened:
            pool.submit(answer)
            found = wire.exchange(opened, "GET", url, query={}, body=None)
    if reply == b"\r\n":
        assert isinstance(found, wire.Answer)
    else:
        assert found == wire.NoResponse("connection closed before the answer was complete", may_pass=True)


def test_sessions_of_requests_take_no_other_adapter():
    opened = wire.session({}, None, "https://git.example.com/x")
    with pytest.raises(requests.RequestException, match="redirects to"):
        opened.get("https://evil.example.com/?token=x")
