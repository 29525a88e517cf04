"""One issue about a matter on every forge, whatever happens to the answers on the way."""

import pytest

from kubeaid_ci.forge.interface import ForgeError
from kubeaid_ci.forge.issues import Issues
from tests.servers.http import Fault, Reply
from tests.servers.world import BRANCH, World

LIST = r"/issues$"
KEY = "charts-verify"


def keep(world: World, text: str = "Look.\n", title: str = "Vendored charts: web/web") -> str:
    outcome, issue = Issues(world.client()).keep(KEY, title=title, text=text)
    assert issue.url.endswith(f"/{issue.number}")
    return outcome


def close(world: World) -> str:
    return Issues(world.client()).close(KEY, comment="All is well again.")[0]


def test_the_issue_is_opened_kept_updated_closed_and_opened_anew(world: World) -> None:
    assert [close(world), keep(world), keep(world), keep(world, "Look again.\n")] == ["none", "created", "unchanged", "updated"]  # fmt: skip
    (ticket,) = world.forge.tickets.values()
    assert ticket.body.endswith("Look again.\n")
    assert [close(world), close(world)] == ["closed", "none"]
    assert [text.splitlines()[-1] for text in ticket.comments.values()] == ["All is well again."]
    assert keep(world) == "created"
    assert [one.state for one in world.forge.tickets.values()] == ["closed", "open"]


def test_issues_of_people_and_change_requests_are_left_alone(world: World) -> None:
    marker = f"<!-- kubeaid-ci:issue:{KEY} -->"
    world.forge.add_ticket("By hand", f"about {marker}")
    world.forge.add(BRANCH, body=f"{marker}\nx", fork=True)
    for number in range(60):
        world.forge.add_ticket(f"Older {number}", "")
    assert [keep(world), keep(world)] == ["created", "unchanged"]
    for number in range(60):
        world.forge.add_ticket(f"Newer {number}", "")
    assert [keep(world), close(world)] == ["unchanged", "closed"]
    assert len([one for one in world.forge.tickets.values() if one.state == "closed"]) == 1


def test_text_that_the_forge_changed_the_line_ends_of_is_not_edited_again(world: World) -> None:
    keep(world)
    (ticket,) = world.forge.tickets.values()
    ticket.body = ticket.body.replace("\n", "\r\n").rstrip()
    assert keep(world) == "unchanged"


def test_a_lost_answer_makes_no_second_issue_and_no_second_comment(world: World) -> None:
    world.forge.server.inject("POST", LIST, Fault.AFTER)
    assert keep(world) == "created"
    world.forge.server.inject("POST", r"/issues/\d+/(comments|notes)$", Fault.AFTER)
    assert close(world) == "closed"
    (ticket,) = world.forge.tickets.values()
    assert (ticket.state, len(ticket.comments)) == ("closed", 1)


def test_a_forge_that_refuses_says_so(world: World) -> None:
    world.forge.server.inject("POST", LIST, Reply(410, {"message": "Issues are disabled"}), times=9)
    with pytest.raises(ForgeError, match="Issues are disabled"):
        keep(world)
