"""What people do to the branch, the base and the change request between two runs."""

from dataclasses import replace

import pytest

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.commit import Signing
from kubeaid_ci.publishing import body
from kubeaid_ci.settings.publish import OnForeignCommits
from tests.servers.git import git
from tests.servers.http import Reply, Request
from tests.servers.world import BRANCH, STYLE, World

HUMAN = {"k8s/prod/by-hand.yaml": "mine\n"}


def squash(world: World) -> None:
    """Merge the open change request as one new commit, and leave the branch."""
    repo, change = world.forge.repo, world.the_change()
    tree = git(repo.folder, "merge-tree", "--write-tree", "main", BRANCH).partition("\n")[0]
    git(
        repo.folder,
        "update-ref",
        "refs/heads/main",
        git(repo.folder, "commit-tree", "-p", "main", "-m", "Squash", tree),
    )
    change.state = "merged"


def rewrite_base(world: World, files: dict[str, str]) -> str:
    """Throw the base branch's history away, as a force-push does."""
    repo = world.forge.repo
    tree = repo.tree(None, {path: ("100644", repo.blob(text.encode())) for path, text in files.items()})
    sha = git(repo.folder, "commit-tree", "-m", "Begin again", tree)
    git(repo.folder, "update-ref", "refs/heads/main", sha)
    return sha


# Closed by a person


def test_closed_change_request_is_a_no_to_the_same_and_not_to_something_else(world: World) -> None:
    first = world.publish()
    world.the_change().state = "closed"
    world.forge.server.seen.clear()
    again = world.publish()
    assert again.outcome == "stopped"
    assert first.url in again.messages[0]
    assert "reopen" in again.messages[0]
    assert world.forge.server.writes() == []
    other = world.publish("newer\n")
    assert other.outcome == "created"
    assert other.number != first.number


def test_closed_change_request_is_offered_again_under_another_title(world: World) -> None:
    world.publish()
    world.the_change().state = "closed"
    assert [world.publish(title=title).outcome for title in ("Update kube-prometheus", "Please")] == [
        "stopped",
        "created",
    ]


def test_closed_with_its_branch_deleted_is_a_no_too(world: World) -> None:
    world.publish()
    world.the_change().state = "closed"
    git(world.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    assert world.publish().outcome == "stopped"
    assert world.forge.repo.head(BRANCH) is None


def test_reopened_change_request_is_taken_up_again(world: World) -> None:
    first = world.publish()
    change = world.the_change()
    change.state = "closed"
    world.publish()
    change.state = "open"
    assert (world.publish().outcome, world.publish("newer\n").number) == ("unchanged", first.number)


def test_what_we_closed_ourselves_is_opened_again_when_the_difference_is_back(world: World) -> None:
    world.publish()
    closed = world.publish(None)
    again = world.publish()
    assert [closed.outcome, again.outcome] == ["closed", "created"]
    assert again.number != closed.number


# Merged, and the branch left


@pytest.mark.parametrize("by_hand", [False, True])
def test_squashed_change_request_with_its_branch_left_is_cleared_away(world: World, by_hand: bool) -> None:
    world.publish()
    if by_hand:
        world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    squash(world)
    assert world.publish().outcome == "closed"
    assert world.forge.repo.head(BRANCH) is None


def test_squashed_change_request_with_its_branch_left_does_not_stop_the_next(world: World) -> None:
    first = world.publish()
    world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    squash(world)
    second = world.publish("newer\n")
    assert second.outcome == "created"
    assert second.number != first.number
    assert world.forge.repo.ahead("main", BRANCH) == 1


def test_commit_of_a_person_after_the_merge_is_not_lost(world: World) -> None:
    world.publish()
    squash(world)
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "After the merge")
    assert [world.publish(text).outcome for text in ("new\n", "newer\n")] == ["stopped", "stopped"]
    assert world.forge.repo.head(BRANCH) == theirs


# The base


def test_branch_follows_a_rewritten_base(world: World) -> None:
    world.forge.repo.commit("main", {"README.md": "soon gone\n"}, "Soon gone")
    world.publish()
    rewrite_base(world, {"README.md": "anew\n"})
    assert world.publish().outcome == "updated"
    assert world.forge.repo.ahead("main", BRANCH) == 1
    assert world.forge.repo.files(BRANCH) == ["README.md", "k8s/prod/new.yaml"]


def test_commit_of_a_person_is_not_lost_when_the_base_is_rewritten(world: World) -> None:
    world.forge.repo.commit("main", {"README.md": "soon gone\n"}, "Soon gone")
    world.publish()
    theirs = world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand")
    rewrite_base(world, {"README.md": "anew\n"})
    stopped = world.publish("newer\n")
    assert stopped.outcome == "stopped"
    assert "Soon gone" not in stopped.messages[0]
    assert world.forge.repo.head(BRANCH) == theirs


def test_commit_of_a_person_below_ours_is_seen(world: World) -> None:
    """Reordered in a rebase: theirs first, ours on top."""
    world.publish()
    repo = world.forge.repo
    message = git(repo.folder, "log", "-1", "--format=%B", BRANCH)
    git(repo.folder, "update-ref", f"refs/heads/{BRANCH}", "main")
    theirs = repo.commit(BRANCH, HUMAN, "Fix by hand")
    repo.commit(BRANCH, {"k8s/prod/new.yaml": "new\n"}, message)
    assert world.publish("newer\n").outcome == "stopped"
    assert repo.has(theirs, BRANCH)


# Words and notes


def test_commits_that_are_replaced_stay_named_each_time(world: World) -> None:
    world.publish()
    replaced = []
    for text in ("newer\n", "newest\n"):
        replaced.append(world.forge.repo.commit(BRANCH, HUMAN, "Fix by hand"))
        world.publish(text, on_foreign_commits=OnForeignCommits.OVERWRITE)
    said = "".join(world.the_change().comments.values())
    assert [sha[:12] in said for sha in replaced] == [True, True]


def test_note_written_while_the_push_takes_its_time_survives(world: World) -> None:
    world.publish()

    def somebody_writes(request: Request) -> None:
        if request.verb == "POST" and request.path.endswith("receive-pack"):
            world.the_change().body = f"Wait for me.\n\n{world.the_change().body}"

    world.forge.server.chance = somebody_writes
    assert world.publish("newer\n", body="More changes.").outcome == "updated"
    assert world.the_change().body.startswith("Wait for me.\n\n<!-- kubeaid-ci:start -->")
    assert "More changes." in world.the_change().body


def test_signing_from_now_on_replaces_the_unsigned_commit(gitlab: World, ssh_key: str) -> None:
    gitlab.publish()
    style = replace(STYLE, signing=Signing.SSH, signing_key=ssh_key)
    assert [gitlab.publish(style=style).outcome for _ in range(2)] == ["updated", "unchanged"]


# Drafts


def test_forge_without_drafts_gets_a_ready_change_request_and_a_warning(github: World) -> None:
    github.forge.drafts = False
    created = github.publish(draft=True)
    assert created.outcome == "created"
    assert "Draft pull requests are not supported" in created.messages[0]
    assert not github.the_change().draft
    assert body.read(github.the_change().body).draft is False


def test_draft_that_cannot_be_made_is_a_warning_and_the_rest_is_done(github: World) -> None:
    github.publish()
    github.forge.drafts = False
    updated = github.publish("newer\n", draft=True, body="More changes.")
    assert (updated.outcome, len(updated.messages)) == ("updated", 1)
    assert "More changes." in github.the_change().body
    github.forge.drafts = True
    github.publish("newer\n", draft=True, body="More changes.")
    assert github.the_change().draft


# What is left where something could not be built


def test_change_request_stays_open_while_a_part_could_not_be_made(world: World) -> None:
    created = world.publish()
    left = world.publish(None, incomplete=("prod",))
    assert (left.outcome, left.number) == ("stopped", created.number)
    assert "what failed in this run: prod" in left.messages[0]
    assert world.publish(None).outcome == "closed"
    assert world.publish(None, incomplete=("prod",)).outcome == "up-to-date"


# Told where it is set


def test_workflow_token_that_may_not_open_pull_requests_is_told_where_to_allow_it(github: World) -> None:
    github.token = replace(github.token, source="GITHUB_TOKEN")
    said = {"message": "GitHub Actions is not permitted to create or approve pull requests."}
    github.forge.server.inject("POST", "/pulls$", Reply(403, said))
    with pytest.raises(OutsideError, match="HTTP 403: GitHub Actions is not permitted to create") as caught:
        github.publish()
    assert f"{github.forge.server.url}/acme/config/settings/actions" in str(caught.value)
    assert "pull-requests: write" in str(caught.value)


def test_token_that_may_only_read_is_told_the_scope_and_the_page(world: World) -> None:
    world.forge.rights = {world.token.secret: {"read", "api"}}
    with pytest.raises(
        OutsideError, match=r"HTTP 403: the token from KUBEAID_CI_TOKEN does not let us write"
    ) as caught:
        world.publish()
    scope, place = {
        "github": ("Contents: read and write", "/settings/personal-access-tokens"),
        "gitlab": ("the scopes api and write_repository", "/acme/config/-/settings/access_tokens"),
        "gitea": ("the scopes write:repository", "/user/settings/applications"),
    }[world.kind]
    assert scope in str(caught.value)
    assert f"{world.forge.server.url}{place}" in str(caught.value)


def test_refusal_of_a_protected_branch_is_told_the_page_of_the_rules(world: World) -> None:
    world.forge.repo.hook("update", 'echo "GH006: Protected branch update failed for $1." >&2; exit 1')
    with pytest.raises(OutsideError, match="GH006: Protected branch update failed") as caught:
        world.publish()
    place = {
        "github": "/acme/config/settings/rules",
        "gitlab": "/acme/config/-/settings/repository",
        "gitea": "/acme/config/settings/branches",
    }[world.kind]
    assert str(caught.value).endswith(f"create, force-push and delete {BRANCH}: {world.forge.server.url}{place}")
    assert world.waits == []
