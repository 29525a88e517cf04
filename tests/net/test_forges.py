"""What forges answer when they do not do as asked, and what becomes of it."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from kubeaid_ci.forge.interface import ForgeError
from kubeaid_ci.net import session
from tests.servers.http import Reply, Request, Server
from tests.servers.world import BRANCH, SECRET, World

LISTS = r"/(pulls|merge_requests)$"


@pytest.mark.parametrize("kind", ["github", "gitlab", "gitea"])
def test_connecting_imports_no_library_before_something_is_asked(kind: str) -> None:
    program = f"""
import sys
from kubeaid_ci.forge import connect
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.net.address import Remote
address = detect(Remote.parse("https://git.example.com/a/b"), {{}}, kind=ForgeKind("{kind}"))
assert connect(address, Token("t", "T"), environ={{}})
print(*({{"github", "gitlab", "requests"}} & set(sys.modules)), end="")
"""
    root = Path(session.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_limit_without_a_time_is_waited_for_a_minute_as_github_asks(github: World) -> None:
    said = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation."
    github.forge.server.inject("POST", LISTS, Reply(403, {"message": said}))
    assert github.publish().outcome == "created"
    assert github.waits == [60]


def test_primary_limit_is_waited_for_until_it_is_reset(github: World) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 30)}
    github.forge.server.inject("GET", LISTS, Reply(403, {"message": "API rate limit exceeded for user"}, headers))
    assert github.publish().outcome == "created"
    assert 25 <= github.waits[0] <= 31


def test_limit_that_lasts_too_long_says_how_long(github: World) -> None:
    limit = Reply(403, {"message": "API rate limit exceeded for user"}, {"Retry-After": "1800"})
    github.forge.server.inject("GET", LISTS, limit)
    with pytest.raises(ForgeError, match="GitHub asks to wait 1800 seconds"):
        github.publish()
    assert github.waits == []


def test_repository_that_was_renamed_is_still_ours(world: World) -> None:
    world.publish()
    world.forge.called = "acme/another-name"
    assert world.publish().outcome == "unchanged"


@pytest.mark.parametrize("status", [301, 302, 307])
def test_write_to_a_repository_that_has_moved_is_told_so(world: World, status: int) -> None:
    moved = Reply(status, {"message": "Moved"}, {"Location": "http://elsewhere.invalid/x"})
    world.forge.server.inject("POST", LISTS, moved, times=9)
    with pytest.raises(ForgeError) as caught:
        world.publish()
    told = str(caught.value)
    assert "has another address now" in told or "elsewhere.invalid" in told
    assert world.waits == []


def test_token_does_not_follow_to_another_host(world: World) -> None:
    got: list[dict[str, str]] = []

    def answer(request: Request) -> Reply:
        got.append(request.headers)
        return Reply(200, [])

    with Server(answer) as elsewhere:
        # By another name than the forge's, which is what makes it another host.
        place = f"http://localhost:{elsewhere.port}/x"
        world.forge.server.inject("GET", LISTS, Reply(302, None, {"Location": place}), times=9)
        with suppress(ForgeError):
            world.client().find_open(BRANCH)
    assert SECRET not in str(got)


def test_proxy_that_answers_in_html_is_asked_again(world: World) -> None:
    page = Reply(503, b"<html><body>Service unavailable</body></html>", {"Content-Type": "text/html"})
    world.forge.server.inject("GET", LISTS, page, times=2)
    assert world.publish().outcome == "created"
    assert len(world.waits) == 2


def test_proxy_that_goes_on_answering_in_html_is_quoted(world: World) -> None:
    page = Reply(503, b"<html><body>Service unavailable</body></html>", {"Content-Type": "text/html"})
    world.forge.server.inject("GET", LISTS, page, times=99)
    with pytest.raises(ForgeError, match=r"HTTP 503: .*Service unavailable"):
        world.publish()


@pytest.mark.parametrize("data", [["a list"], {"message": ["a list"]}, {"error": "no message"}, "text", None])
def test_answer_of_any_shape_is_told_and_no_bug_of_ours(world: World, data: object) -> None:
    world.forge.server.inject("GET", LISTS, Reply(418, data), times=9)
    with pytest.raises(ForgeError, match="HTTP 418: "):
        world.client().find_open(BRANCH)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"message": "Not Found"}, "Not Found"),
        (
            {
                "message": "Validation Failed",
                "errors": [{"resource": "PullRequest", "code": "custom", "message": "no"}],
            },
            "Validation Failed: no",
        ),
        ({"message": "Invalid", "errors": [{"field": "head", "code": "invalid"}]}, "Invalid: field head, code invalid"),
        ({"message": {"source_branch": ["does not exist"]}}, "source_branch does not exist"),
        ({"message": ["one", "two"]}, "one; two"),
        ({"error": "insufficient_scope", "error_description": "give more"}, "insufficient_scope: give more"),
        ({"unknown": 1}, '{"unknown": 1}'),
        (None, "plain text"),
    ],
)
def test_what_a_server_says_is_put_into_words(data: object, said: str) -> None:
    assert session.words(data, "plain  text\n") == said


def test_branch_of_the_same_name_in_a_fork_is_neither_open_nor_last(world: World) -> None:
    world.forge.add(BRANCH, fork=True, state="closed")
    world.forge.add(BRANCH, fork=True)
    client = world.client()
    assert client.find_open(BRANCH) == ()
    assert client.find_last(BRANCH) is None
