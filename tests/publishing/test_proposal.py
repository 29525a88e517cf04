"""Publishing against each forge: real Git over HTTP, the forge's API played and held against its description."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.net import session
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.publishing import body
from kubeaid_ci.settings.publish import OnForeignCommits
from tests.servers.git import git
from tests.servers.http import Fault, Reply, Request
from tests.servers.world import BRANCH, SECRET, World

HUMAN = {"k8s/prod/by-hand.yaml": "mine\n"}


def tick(text: str) -> str:
    return text.replace("- [ ] <!-- kubeaid-ci:take-back -->", "- [x] <!-- kubeaid-ci:take-back -->")


def comments(world: World) -> list[str]:
    return [text for change in world.forge.changes.values() for text in change.comments.values()]


def test_first_run_creates_and_second_leaves_alone(world: World) -> None:
    first = world.publish()
    world.forge.server.seen.clear()
    second = world.publish()
    assert [first.outcome, second.outcome] == ["created", "unchanged"]
    assert first.number == second.number == world.the_change().number
    assert first.url == second.url
    assert world.forge.repo.files(BRANCH) == ["README.md", "k8s/prod/new.yaml", "k8s/prod/old.yaml"]
    assert first.head == second.head == world.forge.repo.head(BRANCH)
    assert world.forge.server.writes() == []


def test_other_content_updates_the_same_change_request(world: World) -> None:
    first, second = world.publish(), world.publish("newer\n", title="Update again", body="More changes.")
    assert (second.outcome, second.number) == ("updated", first.number)
    assert world.forge.repo.ahead("main", BRANCH) == 1
    change = world.the_change()
    assert change.title == "Update again"
    assert "More changes." in change.body
    assert "What changes." not in change.body


def test_change_request_is_closed_and_branch_deleted_when_nothing_is_left(world: World) -> None:
    created = world.publish()
    closed, after = world.publish(None), world.publish(None)
    assert [closed.outcome, after.outcome] == ["closed", "up-to-date"]
    assert closed.number == created.number
    assert world.forge.repo.head(BRANCH) is None
    assert world.forge.open_changes(BRANCH) == []
    assert len(comments(world)) == 1


def test_merged_change_leaves_nothing_behind(world: World) -> None:
    created = world.publish()
    world.forge.repo.commit("main", {"k8s/prod/new.yaml": "new\n"}, "Merged", parents=(created.head or "",))
    assert world.publish().outcome in ("closed", "up-to-date")
    assert world.forge.repo.head(BRANCH) is None


def test_commit_of_a_person_stops_the_run_and_is_told_once(world: World) -> None:
    world.publish()
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand @alice fixes #1")
    runs = [world.publish("newer\n") for _ in range(2)]
    assert [run.outcome for run in runs] == ["stopped", "stopped"]
    assert world.forge.repo.head(BRANCH) == theirs
    assert len(comments(world)) == 1
    assert theirs[:12] in comments(world)[0]
    assert "`Fix by hand @alice fixes #1`" in comments(world)[0]
    assert "--on-foreign-commits" in runs[0].messages[0]


def test_commit_of_a_person_is_no_reason_to_stop_where_nothing_is_to_be_pushed(world: World) -> None:
    world.publish()
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    again = world.publish()
    assert (again.outcome, again.head) == ("unchanged", theirs)


def test_stacking_keeps_the_commit_of_a_person(world: World) -> None:
    world.publish()
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    stacked = [world.publish("newer\n", on_foreign_commits=OnForeignCommits.STACK) for _ in range(2)]
    assert [run.outcome for run in stacked] == ["updated", "unchanged"]
    assert world.forge.repo.has(theirs, BRANCH)
    assert world.forge.repo.show(BRANCH, "k8s/prod/new.yaml") == "newer"
    assert world.forge.repo.show(BRANCH, "k8s/prod/by-hand.yaml") == "mine"


def test_overwriting_says_which_commits_it_replaced(world: World) -> None:
    world.publish()
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    assert world.publish("newer\n", on_foreign_commits=OnForeignCommits.OVERWRITE).outcome == "updated"
    assert not world.forge.repo.has(theirs, BRANCH)
    assert theirs[:12] in comments(world)[0]


def test_ticked_box_hands_the_branch_back_once(world: World) -> None:
    world.publish()
    world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    world.publish("newer\n")
    world.the_change().body = tick(world.the_change().body).replace("\n", "\r\n")
    assert world.publish("newer\n").outcome == "updated"
    assert not body.read(world.the_change().body).handed_back
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand again")
    assert world.publish("newest\n").outcome == "stopped"
    assert world.forge.repo.head(BRANCH) == theirs


def test_notes_and_title_of_people_survive(world: World) -> None:
    world.publish()
    change = world.the_change()
    change.body = f"Please wait for Tuesday.\n\n{change.body}\n\nSee the runbook."
    change.title = "Do not merge before Tuesday"
    assert world.publish("newer\n", title="Update again", body="More changes.").outcome == "updated"
    assert change.title == "Do not merge before Tuesday"
    assert change.body.startswith("Please wait for Tuesday.\n\n<!-- kubeaid-ci:start -->")
    assert change.body.endswith("<!-- kubeaid-ci:end -->\n\nSee the runbook.")
    assert "More changes." in change.body


def test_change_requests_of_the_old_branches_are_closed_with_a_pointer(world: World) -> None:
    for old in ("obmondo-deploy", "argocd-deploy"):
        world.forge.repo.commit(old, {"k8s/prod/old.yaml": "x\n"}, "Old")
        world.forge.add(old)
    published = world.publish()
    assert [change.head for change in world.forge.open_changes()] == [BRANCH]
    assert [published.url in text for text in comments(world)] == [True, True]
    assert world.forge.repo.head("obmondo-deploy") is not None


def test_our_request_to_another_base_is_closed_and_not_retargeted(world: World) -> None:
    world.forge.repo.commit("release", {"k8s/prod/release.yaml": "r\n"}, "Release")
    first = world.publish(base="release")
    assert world.the_change().base == "release"
    assert world.forge.repo.ahead("release", BRANCH) == 1
    second = world.publish(base="main")
    assert (second.outcome, second.base) == ("created", "main")
    assert world.the_change().number == second.number != first.number
    assert "run `kubeaid-ci publish --base release`" in comments(world)[0]
    assert world.forge.repo.files(BRANCH) == ["README.md", "k8s/prod/new.yaml", "k8s/prod/old.yaml"]
    # It was not turned down: the next run to that base opens one again.
    assert world.publish(base="release").outcome == "created"


def test_request_of_a_person_from_our_branch_is_named_and_left_alone(world: World) -> None:
    world.publish()
    world.forge.repo.commit("release", {"k8s/prod/release.yaml": "r\n"}, "Release")
    theirs = world.forge.add(BRANCH, base="release", body="my own")
    again = world.publish("newer\n")
    assert (again.outcome, theirs.state) == ("updated", "open")
    assert "which kubeaid-ci did not open" in again.messages[0]
    gone = world.publish(None)
    assert (gone.outcome, theirs.state) == ("closed", "open")
    assert world.forge.repo.head(BRANCH) is not None


def test_branch_of_the_same_name_in_a_fork_is_not_ours(world: World) -> None:
    world.forge.add(BRANCH, fork=True)
    assert world.publish().number != 1


def test_change_request_is_found_behind_many_others(world: World) -> None:
    for number in range(8):
        world.forge.repo.commit(f"other-{number}", {"x": str(number)}, "Other")
        world.forge.add(f"other-{number}")
    assert [world.publish().outcome for _ in range(2)] == ["created", "unchanged"]


def test_labels_people_and_milestone_are_set_once(world: World) -> None:
    options = {
        "labels": ("ci", "kube-prometheus"),
        "reviewers": ("alice",),
        "team_reviewers": ("acme/sre",),
        "assignees": ("bob",),
        "milestone": "Q3",
    }
    created = world.publish(**options)
    change = world.the_change()
    assert created.messages == ()
    assert (change.labels, change.assignees, change.milestone) == (["ci", "kube-prometheus"], ["bob"], "Q3")
    assert change.reviewers == ["alice"]
    world.forge.server.seen.clear()
    assert world.publish(**options).outcome == "unchanged"
    assert world.forge.server.writes() == []


def test_who_has_reviewed_is_not_asked_again(world: World) -> None:
    world.publish(reviewers=("alice",))
    change = world.the_change()
    if world.kind != "gitlab":  # there reviewers stay listed after their review
        change.reviewers, change.reviewed_by = [], ["alice"]
    world.forge.server.seen.clear()
    world.publish(reviewers=("alice",))
    assert world.forge.server.writes() == []


def test_unknown_reviewer_is_a_warning_and_no_lost_change_request(world: World) -> None:
    created = world.publish(reviewers=("nobody",), milestone="never", labels=("ci",))
    assert created.outcome == "created"
    assert world.the_change().labels == ["ci"]
    assert [message.partition(":")[0] for message in created.messages] == [
        "could not set the reviewers",
        "could not set the milestone",
    ]


def test_draft_while_asked_for_and_ready_after(world: World) -> None:
    def is_draft() -> bool:
        change = world.the_change()
        return change.draft or change.title.startswith(("Draft: ", "WIP: "))

    states = []
    for draft in (True, True, False, False, True):
        world.publish(draft=draft)
        states.append(is_draft())
    assert states == [True, True, False, False, True]
    assert world.the_change().title.endswith("Update kube-prometheus")


def test_draft_made_ready_by_a_person_stays_ready(world: World) -> None:
    world.publish(draft=True)
    change = world.the_change()
    change.draft, change.title = False, "Update kube-prometheus"
    world.publish("newer\n", draft=True)
    assert (change.draft, change.title) == (False, "Update kube-prometheus")


def test_auto_merge_only_when_asked_and_for_the_commit_published(world: World) -> None:
    world.publish()
    assert world.the_change().auto_merge is None
    updated = world.publish("newer\n", auto_merge=True)
    assert world.the_change().auto_merge == updated.head


def test_lost_answer_after_a_creation_that_worked_opens_no_second(world: World) -> None:
    world.forge.server.inject("POST", r"/(pulls|merge_requests)$", Fault.AFTER)
    assert world.publish().outcome == "created"
    assert len(world.forge.changes) == 1


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.HALF, Reply(500), Reply(502, b"<html>", {})], ids=str)
def test_creation_that_failed_is_tried_again(world: World, fault: Fault | Reply) -> None:
    world.forge.server.inject("POST", r"/(pulls|merge_requests)$", fault)
    assert world.publish().outcome == "created"
    assert len(world.forge.changes) == 1


def test_change_request_that_another_run_opened_meanwhile_is_taken(world: World) -> None:
    def other_run(request: Request) -> None:
        if request.verb == "POST" and request.path.endswith(("/pulls", "/merge_requests")):
            world.forge.server.chance = None
            world.forge.add(BRANCH)

    world.forge.server.chance = other_run
    published = world.publish()
    assert (published.outcome, published.number) == ("updated", 1)
    assert len(world.forge.changes) == 1


def test_silent_forge_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TIMEOUT", (1, 1))
    world.forge.server.inject("GET", r"/(pulls|merge_requests)$", Fault.SILENCE)
    assert world.publish().outcome == "created"
    assert len(world.waits) == 1


def test_rate_limit_is_waited_for_as_long_as_asked(world: World) -> None:
    limit = {"message": "You have exceeded a secondary rate limit", "documentation_url": "https://example.com"}
    status = 403 if world.kind == "github" else 429
    world.forge.server.inject("GET", r"/(pulls|merge_requests)$", Reply(status, limit, {"Retry-After": "7"}))
    world.forge.server.inject("POST", r"/(pulls|merge_requests)$", Reply(429, limit, {"Retry-After": "9"}))
    assert world.publish().outcome == "created"
    assert world.waits == [7, 9]


def test_rate_limit_of_an_hour_is_an_error_at_once(world: World) -> None:
    world.forge.server.inject("GET", r"/(pulls|merge_requests)$", Reply(429, {}, {"Retry-After": "3600"}))
    with pytest.raises(OutsideError, match="HTTP 429"):
        world.publish()
    assert world.waits == []


def test_forge_that_stays_broken_is_an_error_and_the_next_run_heals_it(world: World) -> None:
    world.forge.server.inject("POST", r"/(pulls|merge_requests)$", Reply(500), times=100)
    with pytest.raises(OutsideError, match="HTTP 500"):
        world.publish()
    world.forge.server.injected.clear()
    assert world.publish().outcome == "created"


@pytest.mark.parametrize("step", [r"comments$|notes$", r"/(pulls|merge_requests)/\d+$", "git-receive-pack$"])
def test_half_closed_change_request_is_closed_by_the_next_run(world: World, step: str) -> None:
    world.publish()
    for verb in ("POST", "PUT", "PATCH"):
        world.forge.server.inject(verb, step, Reply(500), times=100)
    with pytest.raises(OutsideError):
        world.publish(None)
    world.forge.server.injected.clear()
    world.publish(None)
    assert world.forge.repo.head(BRANCH) is None
    assert world.forge.open_changes(BRANCH) == []
    assert len(comments(world)) == 1


def test_missing_permission_is_answered_with_what_it_needs_and_where(world: World) -> None:
    world.forge.rights[SECRET] = {"read", "write"}
    with pytest.raises(OutsideError, match="HTTP 403") as caught:
        world.publish()
    told = str(caught.value)
    place, scope = {
        "github": ("/settings/personal-access-tokens", "Pull requests: read and write"),
        "gitlab": ("/acme/config/-/settings/access_tokens", "scopes api and write_repository"),
        "gitea": ("/user/settings/applications", "write:repository"),
    }[world.kind]
    assert f"{world.forge.server.url}{place}" in told
    assert scope in told
    assert "KUBEAID_CI_TOKEN" in told


def test_refused_token_is_named_and_never_shown(world: World) -> None:
    echo = {"message": f"bad token {SECRET}", "documentation_url": "https://example.com"}
    world.forge.server.inject("GET", r"/(pulls|merge_requests)$", Reply(401, echo))
    with pytest.raises(OutsideError, match=r"HTTP 401.*KUBEAID_CI_TOKEN") as caught:
        world.publish()
    assert SECRET not in str(caught.value)


def test_project_that_the_token_does_not_see_is_an_error(world: World) -> None:
    world.forge.server.inject("GET", "/api/", Reply(404, {"message": "Not Found"}), times=9)
    with pytest.raises(OutsideError, match="HTTP 404"):
        world.publish()


def test_access_is_told_without_trying(world: World) -> None:
    access = world.client().access()
    assert (access.repository, access.read, access.push) == ("acme/config", True, True)


def test_body_is_cut_to_what_the_forge_takes(world: World) -> None:
    text = "<details><summary>diff</summary>\n\n```diff\n" + "+ a line of it\n" * 100_000 + "```\n</details>\n"
    world.publish(body=text)
    written = world.the_change().body
    assert len(written) <= world.client().body_limit
    assert written.count("```") == 2
    assert written.count("</details>") == 1
    assert written.rstrip().endswith("<!-- kubeaid-ci:end -->")


@pytest.mark.parametrize("letter", ["x", "ü", "監", "😀"])
def test_text_is_measured_in_the_unit_of_the_forge(world: World, letter: str) -> None:
    lines = f"{letter * 79}\n" * 20_000
    first = world.publish(body=lines, whole="x")
    assert (first.outcome, letter in world.the_change().body) == ("created", True)
    assert world.publish(body=f"More.\n\n{lines}").outcome == "updated"
    assert world.the_change().body.rstrip().endswith("<!-- kubeaid-ci:end -->")


def test_notes_of_people_count_in_the_unit_of_the_forge(world: World) -> None:
    world.publish()
    notes = 50_000 if world.kind == "github" else 300_000
    world.the_change().body = "監" * notes + "\n\n" + world.the_change().body
    assert world.publish("newer\n", body="More.\n" * 100_000).outcome == "updated"
    assert world.the_change().body.startswith("監" * notes)


def test_title_that_no_forge_takes_is_refused_before_anything_is_pushed(world: World) -> None:
    with pytest.raises(UserError, match="has 300 characters; write at most 240"):
        world.publish(title="t" * 300)
    assert world.forge.repo.head(BRANCH) is None
    assert world.publish(title="t" * 240, draft=True).outcome == "created"


@pytest.mark.parametrize("times", [1, 2])
def test_branch_that_the_remote_does_not_let_us_delete_is_a_note(world: World, times: int) -> None:
    created = world.publish()
    world.forge.repo.commit("main", {"k8s/prod/new.yaml": "new\n"}, "Merged", parents=(created.head or "",))
    git(world.forge.repo.folder, "config", "receive.denyDeletes", "true")
    for _ in range(times):
        again = world.publish()
        assert again.outcome in ("closed", "up-to-date")
        assert "could not be deleted; delete it manually" in again.messages[-1]
    assert world.forge.repo.head(BRANCH) == created.head


def test_dry_run_pushes_nothing_calls_nobody_and_writes_text_and_patch(world: World, tmp_path: Path) -> None:
    dry = world.publish(dry_run=True, preview=str(tmp_path / "preview"))
    assert (dry.outcome, dry.number) == ("created", None)
    assert world.forge.repo.head(BRANCH) is None
    assert not [path for _, path, _ in world.forge.server.seen if path.startswith("/api")]
    assert "What changes." in (tmp_path / "preview" / "kubeaid-ci-kube-prometheus.md").read_text()
    assert "+new" in (tmp_path / "preview" / "kubeaid-ci-kube-prometheus.patch").read_text()


def test_branch_is_not_pushed_again_when_the_base_moves_elsewhere(world: World) -> None:
    first = world.publish()
    world.forge.repo.commit("main", {"README.md": "other\n"}, "Elsewhere")
    assert world.publish().head == first.head


def test_branch_follows_the_base_where_they_touch(world: World) -> None:
    world.publish()
    base = world.forge.repo.commit("main", {"k8s/prod/new.yaml": "between\n"}, "Same file")
    assert world.publish().outcome == "updated"
    assert world.forge.repo.has(base, BRANCH)


def test_wrong_proposals_are_refused_before_anything_is_done(world: World) -> None:
    with pytest.raises(UserError, match="itself"):
        world.publish(branch="main")
    with pytest.raises(UserError, match="not a path inside"):
        world.publish(files={"../x": b""})
    with pytest.raises(UserError, match="no branch nowhere"):
        world.publish(base="nowhere")
    assert world.forge.server.writes() == []


def test_branch_that_excludes_this_one_is_named(world: World) -> None:
    world.publish()
    with pytest.raises(UserError, match=f"{BRANCH} is in the way of {BRANCH}/prod"):
        world.publish(branch=f"{BRANCH}/prod")


def test_token_with_other_rights_pushes_and_opens(world: World) -> None:
    world.forge.rights = {SECRET: {"api"}, "push-only-token": {"read", "write"}}
    access = replace(world.access, token=Token("push-only-token", "KUBEAID_CI_GIT_TOKEN"))
    repository = replace(world.repository(), access=access)
    assert world.publish(repository=repository).outcome == "created"
    assert json.dumps(world.forge.server.seen).count("401") == 0
