"""The played GitHub, and what we read of GitHub's answers, held against recorded traffic of the real one.

No recording has the two refusals of a creation (there is one already; no commits between): of these only the
shape is held against recorded refusals of other creations.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.forge.change_request import ChangeRequest, Proposal
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.forge.interface import ForgeError
from tests.conftest import make_world
from tests.servers import recordings
from tests.servers.http import Reply, Request
from tests.servers.recordings import Recorded
from tests.servers.world import BRANCH, PROPOSAL, World

pytestmark = pytest.mark.skipif(
    recordings.archive() is None, reason=f"{recordings.VARIABLE} names no folder with {recordings.ARCHIVE}"
)
REPO = r"/repos/[\w.-]+/[\w.-]+"
PULL = rf"{REPO}/pulls/\d+"
ISSUE = rf"{REPO}/issues/\d+"
SENT_ANEW = {"server", "transfer-encoding", "content-length", "content-encoding", "connection", "date"}
REQUEST = ChangeRequest(1, "https://example.com/1", BRANCH, "main", "Title", "Text", handle="PR_1")


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[World]:
    """A server that answers whatever it is asked with what the test puts into `answers`."""
    world = make_world(ForgeKind.GITHUB, tmp_path, None)
    with world.forge.server:
        yield world


def answered(world: World, *answers: Recorded) -> Any:
    """GitHub as the client sees it, where these are its next answers, and empty ones after them."""
    waiting = list(answers)

    def handle(_: Request) -> Reply:
        if not waiting:
            return Reply(200, [])
        each = waiting.pop(0)
        headers = {name.title(): value for name, value in each.headers.items() if name not in SENT_ANEW}
        return Reply(each.status, each.text.encode(), headers)

    world.forge.server.handle = handle
    return world.client()


def proposal(**fields: Any) -> Proposal:
    return replace(PROPOSAL, **fields)


# What we read


def test_every_recorded_pull_request_is_read(replay: World) -> None:
    single = [replace(each, text=f"[{each.text}]") for each in recordings.found("GET", PULL, 200)]
    read = 0
    for each in (*recordings.found("GET", rf"{REPO}/pulls", 200), *single):
        for pull in each.data:
            there = [one for one in each.data if is_own(one) and one["head"]["ref"] == pull["head"]["ref"]]
            told = answered(replay, each).find_open(pull["head"]["ref"])
            assert [(one.number, one.url, one.title, one.head_sha) for one in told] == [
                (one["number"], one["html_url"], one["title"], one["head"]["sha"]) for one in there
            ]
            read += len(told)
    assert read >= 10


def is_own(pull: dict[str, Any]) -> bool:
    """Whether the branch is in the repository itself, by what the recording says in words."""
    repo = pull["head"]["repo"]
    return bool(repo) and repo["full_name"] == pull["base"]["repo"]["full_name"]


def test_recorded_creation_gives_number_and_address(replay: World) -> None:
    created = recordings.found("POST", rf"{REPO}/pulls", 201)
    assert len(created) >= 2
    for each in created:
        made = answered(replay, each).create(proposal(), title="x", body="y")
        assert (made.number, made.url) == (each.data["number"], each.data["html_url"])
        assert (made.head, made.base) == (each.data["head"]["ref"], each.data["base"]["ref"])


@pytest.mark.parametrize(
    ("verb", "path", "status", "act"),
    [
        ("PATCH", PULL, 200, lambda forge: forge.close(REQUEST)),
        ("POST", rf"{ISSUE}/comments", 201, lambda forge: forge.add_comment(REQUEST, "x")),
        ("POST", rf"{ISSUE}/labels", 200, lambda forge: forge.set_metadata(REQUEST, proposal(labels=("x",)))),
        ("POST", rf"{ISSUE}/assignees", 201, lambda forge: forge.set_metadata(REQUEST, proposal(assignees=("x",)))),
    ],
)
def test_recorded_answer_to_a_write_is_taken(replay: World, verb: str, path: str, status: int, act: Any) -> None:
    known = recordings.found(verb, path, status)
    assert known
    for each in known:
        assert act(answered(replay, each)) in (None, ())


def test_recorded_comments_reviews_and_milestones_are_read(replay: World) -> None:
    for each in recordings.found("GET", rf"{ISSUE}/comments", 200):
        said = answered(replay, each).comments(REQUEST)
        assert [comment.id for comment in said] == [comment["id"] for comment in each.data]
    (reviews,) = [each for each in recordings.found("GET", rf"{PULL}/reviews", 200) if each.data]
    who = reviews.data[0]["user"]["login"]
    assert answered(replay, reviews).set_metadata(REQUEST, proposal(reviewers=(who,))) == ()
    milestones = recordings.found("GET", rf"{REPO}/milestones", 200)[0]
    title = milestones.data[0]["title"]
    assert answered(replay, milestones).set_metadata(REQUEST, proposal(milestone=title)) == ()


# What goes wrong


def passes(each: Recorded) -> bool:
    """What has to be so of a recorded error: limits and faults of the server may pass, nothing else."""
    return each.status >= 500 or "rate limit" in each.text.lower() or "abuse detection" in each.text


def test_every_recorded_error_is_told_and_known_to_pass_or_not(replay: World) -> None:
    known = recordings.errors()
    assert {401, 403, 404, 409, 422, 500, 502, 503} <= {each.status for each in known}
    replay.waits.clear()
    for each in known:
        with pytest.raises(ForgeError) as caught:
            answered(replay, *[each] * 9).find_open(BRANCH)
        trouble = caught.value
        assert (trouble.status, trouble.passes) == (each.status, passes(each)), each
        data = each.data if each.text.startswith("{") else {}
        assert f"HTTP {each.status}: {' '.join((data.get('message') or '').split())}" in str(trouble), each


def test_recorded_limits_are_waited_for(replay: World) -> None:
    limits = [each for each in recordings.errors() if each.status == 403 and passes(each)]
    assert len(limits) >= 2
    for each in limits:
        with pytest.raises(ForgeError) as caught:
            answered(replay, *[each] * 9).find_open(BRANCH)
        assert caught.value.wait is not None, each


def test_recorded_refusal_of_a_mutation_is_an_error_though_its_status_is_good(replay: World) -> None:
    (refused,) = [each for each in recordings.recordings() if each.path == "/graphql" and '"errors"' in each.text]
    with pytest.raises(ForgeError, match=r"HTTP 422: .*Auto merge is not allowed for this repository"):
        answered(replay, refused).auto_merge(REQUEST)


# What the played GitHub says


def test_played_answers_have_the_types_of_the_recorded_ones(github: World) -> None:
    said = listened(github)
    github.publish(labels=("ci",), assignees=("bob",), reviewers=("alice",), milestone="Q3")
    github.publish("newer\n", title="Another")
    github.publish(None)
    routes = {
        ("GET", "/pulls"): recordings.found("GET", rf"{REPO}/pulls", 200),
        ("POST", "/pulls"): recordings.found("POST", rf"{REPO}/pulls", 201),
        ("PATCH", r"/pulls/\d+"): recordings.found("PATCH", PULL, 200),
        ("GET", r"/issues/\d+/comments"): recordings.found("GET", rf"{ISSUE}/comments", 200),
        ("POST", r"/issues/\d+/comments"): recordings.found("POST", rf"{ISSUE}/comments", 201),
        ("POST", r"/issues/\d+/labels"): recordings.found("POST", rf"{ISSUE}/labels", 200),
        ("GET", "/milestones"): recordings.found("GET", rf"{REPO}/milestones", 200),
    }
    for (verb, path), known in routes.items():
        ours = [
            reply for request, reply in said if request.verb == verb and re.fullmatch(f".*/config{path}", request.path)
        ]
        assert ours, (verb, path)
        assert {reply.status for reply in ours} <= {each.status for each in known}
        types = merged(typed(each.data) for each in known)
        assert [wrong for reply in ours for wrong in unlike(typed(reply.data), types)] == [], (verb, path)


def test_played_errors_have_the_shape_of_the_recorded_ones(github: World) -> None:
    said = listened(github)
    shapes = {
        status: merged(typed(each.data) for each in recordings.errors() if each.status == status)
        for status in (401, 403, 404, 422)
    }
    client, repo = github.client(), github.forge.repo
    repo.commit(BRANCH, {"x": "1\n"}, "One")
    client.create(proposal(), title="x", body="y")
    for branch in (BRANCH, "main", "nowhere"):
        with pytest.raises(ForgeError, match="HTTP 422: Validation Failed"):
            client.create(proposal(branch=branch), title="x", body="y")
    for status, rights in ((401, {}), (403, {github.token.secret: set()})):
        github.forge.rights = rights
        with pytest.raises(ForgeError, match=f"HTTP {status}"):
            client.find_open(BRANCH)
    github.forge.rights = {github.token.secret: {"api"}}
    with pytest.raises(ForgeError, match="HTTP 404: Not Found"):
        client.api.get("/repos/acme/other")
    refused = [reply for _, reply in said if reply.status >= 400]
    assert {reply.status for reply in refused} == set(shapes)
    for reply in refused:
        assert list(unlike(typed(reply.data), shapes[reply.status])) == [], reply
    recorded = {each.data["message"] for each in recordings.errors() if each.status in (401, 404)}
    assert {reply.data["message"] for reply in refused if reply.status in (401, 404)} <= recorded


def listened(world: World) -> list[tuple[Request, Reply]]:
    """What the played forge is asked from now on, and answers."""
    said: list[tuple[Request, Reply]] = []
    answer = world.forge.server.handle

    def handle(request: Request) -> Reply:
        reply = answer(request)
        if "/api/" in request.path:
            said.append((request, reply))
        return reply

    world.forge.server.handle = handle
    return said


def typed(value: Any, path: str = "") -> dict[str, set[str]]:
    """The types of JSON at each place in a value; of a list's entries together."""
    types = {path: {type(value).__name__}}
    if isinstance(value, dict):
        types = merged([types, *(typed(each, f"{path}.{name}") for name, each in value.items())])
    if isinstance(value, list):
        types = merged([types, *(typed(each, f"{path}[]") for each in value)])
    return types


def merged(several: Any) -> dict[str, set[str]]:
    together: dict[str, set[str]] = {}
    for types in several:
        for path, names in types.items():
            together.setdefault(path, set()).update(names)
    return together


def unlike(ours: dict[str, set[str]], known: dict[str, set[str]]) -> Iterator[str]:
    """Places where we have another type than any recording. Recordings are of many years: fields come and go."""
    for path, names in ours.items():
        real = known.get(path, set())
        if real - {"NoneType"} and names - real - {"NoneType"}:
            yield f"{path}: {names} instead of {real}"
