"""Commits, leases, refusals and broken lines against a real remote over HTTP."""

import hashlib
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.git import process
from kubeaid_ci.git.access import GitAccess, split_address
from kubeaid_ci.git.commit import Commit, Identity, Signing
from kubeaid_ci.git.commit_repository import create_commit_repository, temporary_commit_repository
from kubeaid_ci.git.remote import clone, default_branch, remote_head
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.settings.publish import OnForeignCommits
from tests.conftest import make_world
from tests.servers.git import BareRepo, git
from tests.servers.http import Fault, Reply, Request
from tests.servers.world import BRANCH, SECRET, STYLE, World

PUSH = "git-receive-pack$"


def commits(world: World) -> tuple[Commit, ...]:
    shop = world.repository()
    heads = shop.fetch_heads("main", BRANCH, fetch=("main", BRANCH)).commits
    return shop.commits_since(heads["main"], heads[BRANCH])


def snapshot(folder: Path) -> dict[str, str]:
    """Every file of a folder and what is in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def checkout_of(world: World, *options: str) -> Path:
    folder = world.folder / "checkout"
    git(world.folder, "clone", "-q", *options, f"file://{world.forge.repo.folder}", str(folder))
    return folder


# Deterministic commits, made beside the checkout


def test_same_content_is_the_same_commit(gitlab: World) -> None:
    first = gitlab.publish()
    gitlab.forge.repo.hook("noop", "")
    git(gitlab.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    assert gitlab.publish().head == first.head


def test_commit_is_dated_by_its_source(gitlab: World) -> None:
    gitlab.publish(style=replace(STYLE, date=1_800_000_000))
    assert git(gitlab.forge.repo.folder, "log", "-1", "--format=%at %ct", BRANCH) == "1800000000 1800000000"


def test_author_and_sign_off_are_those_asked_for(gitlab: World) -> None:
    author = Identity.parse("Ada Bot <ada@example.com>")
    gitlab.publish(style=replace(STYLE, author=author, sign_off=True))
    shown = git(gitlab.forge.repo.folder, "log", "-1", "--format=%an %ae %cn %ce|%(trailers:key=Signed-off-by)", BRANCH)
    assert shown.split("|") == [
        "Ada Bot ada@example.com Ada Bot ada@example.com",
        "Signed-off-by: Ada Bot <ada@example.com>",
    ]
    # The author may change from run to run; the commits stay ours.
    assert gitlab.publish("newer\n").outcome == "updated"


def test_checkout_is_left_exactly_as_it_was(gitlab: World) -> None:
    checkout = checkout_of(gitlab)
    (checkout / "k8s" / "prod" / "old.yaml").write_text("work in progress\n")
    (checkout / "untracked").write_text("mine\n")
    git(checkout, "add", "k8s/prod/old.yaml")
    before = snapshot(checkout)
    assert gitlab.publish(repository=gitlab.repository(checkout)).outcome == "created"
    assert snapshot(checkout) == before
    assert gitlab.forge.repo.files(BRANCH) == ["README.md", "k8s/prod/new.yaml", "k8s/prod/old.yaml"]
    assert gitlab.forge.repo.show(BRANCH, "k8s/prod/old.yaml") == "old"


@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--filter=blob:none",)], ids=["whole", "shallow", "partial"])
def test_any_checkout_will_do(gitlab: World, options: tuple[str, ...]) -> None:
    gitlab.forge.repo.commit("main", {"README.md": "second\n"}, "Second")
    checkout = checkout_of(gitlab, *options)
    gitlab.forge.repo.commit("main", {"README.md": "third\n"}, "Third")
    runs = [gitlab.publish(text, repository=gitlab.repository(checkout)) for text in ("a\n", "b\n", "b\n")]
    assert [run.outcome for run in runs] == ["created", "updated", "unchanged"]


def test_whole_checkout_of_the_base_saves_the_fetch(gitlab: World) -> None:
    checkout = checkout_of(gitlab)
    gitlab.forge.server.seen.clear()
    assert gitlab.publish(None, repository=gitlab.repository(checkout)).outcome == "up-to-date"
    assert [path.rpartition("/")[2] for _, path, _ in gitlab.forge.server.seen] == ["refs", "git-upload-pack"]


def test_ignored_files_are_left_out_and_named(gitlab: World) -> None:
    gitlab.forge.repo.commit("main", {".gitignore": "*.secret\n"}, "Ignore")
    checkout = checkout_of(gitlab)
    files = {"k8s/prod/a.secret": b"s", "k8s/prod/a.yaml": b"a"}
    published = gitlab.publish(files=files, repository=gitlab.repository(checkout))
    assert "k8s/prod/a.secret" in published.messages[0]
    assert "k8s/prod/a.secret" not in gitlab.forge.repo.files(BRANCH)


def test_paths_and_bytes_are_kept_to_the_letter(gitlab: World) -> None:
    strange = {
        'k8s/prod/a "quoted".yaml': b"\xff\x00\r\n",
        "k8s/prod/späße und\ttab.yaml": b"",
        "k8s/prod/line\nbreak\\n.yaml": b"no end of line",
        "k8s/prod/old.yaml": None,
        "k8s/prod/missing.yaml": None,
    }
    gitlab.forge.repo.commit("main", {".gitattributes": "* text=auto eol=crlf\n"}, "Attributes")
    gitlab.publish(files=strange)
    folder = gitlab.forge.repo.folder
    listed = git(folder, "ls-tree", "-r", "-z", "--name-only", BRANCH).split("\0")
    assert set(listed) - {""} == {
        ".gitattributes",
        "README.md",
        *(path for path, data in strange.items() if data is not None),
    }
    for path, data in strange.items():
        if data is not None:
            shown = subprocess.run(["git", "cat-file", "blob", f"{BRANCH}:{path}"], cwd=folder, capture_output=True)
            assert shown.stdout == data


def test_file_becomes_a_folder_and_back(gitlab: World) -> None:
    gitlab.publish(files={"README.md": None, "README.md/x": b"x"})
    assert gitlab.forge.repo.files(BRANCH) == ["README.md/x", "k8s/prod/old.yaml"]
    git(gitlab.forge.repo.folder, "update-ref", "refs/heads/main", BRANCH)
    gitlab.publish(files={"README.md/x": None, "README.md": b"y"})
    assert gitlab.forge.repo.files(BRANCH) == ["README.md", "k8s/prod/old.yaml"]


def test_executable_files_stay_executable(gitlab: World) -> None:
    repo = gitlab.forge.repo
    tree = repo.tree("main", {"run.sh": ("100755", repo.blob(b"#!/bin/sh\n"))})
    git(repo.folder, "update-ref", "refs/heads/main", git(repo.folder, "commit-tree", "-p", "main", "-m", "x", tree))
    gitlab.publish(files={"run.sh": b"#!/bin/sh\ntrue\n"})
    assert git(repo.folder, "ls-tree", BRANCH, "run.sh").startswith("100755 ")


# Whose commits are these?


def test_amended_commit_is_no_longer_ours(gitlab: World) -> None:
    gitlab.publish()
    repo = gitlab.forge.repo
    message = git(repo.folder, "log", "-1", "--format=%B", BRANCH)
    git(repo.folder, "update-ref", f"refs/heads/{BRANCH}", "main")
    repo.commit(BRANCH, {"k8s/prod/new.yaml": "amended\n"}, message)
    assert [commit.is_ours for commit in commits(gitlab)] == [False]
    assert gitlab.publish("newer\n").outcome == "stopped"


def test_reworded_commit_is_no_longer_ours(gitlab: World) -> None:
    gitlab.publish()
    repo = gitlab.forge.repo
    message = git(repo.folder, "log", "-1", "--format=%B", BRANCH).replace("Update", "Reworded", 1)
    git(repo.folder, "update-ref", f"refs/heads/{BRANCH}", "main")
    repo.commit(BRANCH, {"k8s/prod/new.yaml": "new\n"}, message)
    assert [commit.is_ours for commit in commits(gitlab)] == [False]


def test_rebased_commit_is_still_ours(gitlab: World) -> None:
    gitlab.publish()
    repo = gitlab.forge.repo
    message = git(repo.folder, "log", "-1", "--format=%B", BRANCH)
    repo.commit("main", {"README.md": "moved on\n"}, "Elsewhere")
    git(repo.folder, "update-ref", f"refs/heads/{BRANCH}", "main")
    repo.commit(BRANCH, {"k8s/prod/new.yaml": "new\n"}, message)
    assert [commit.is_ours for commit in commits(gitlab)] == [True]
    assert gitlab.publish().outcome == "unchanged"


def test_update_button_of_the_forge_adds_nobodys_work(gitlab: World) -> None:
    gitlab.publish()
    repo = gitlab.forge.repo
    base = repo.commit("main", {"README.md": "moved on\n"}, "Elsewhere")
    repo.commit(BRANCH, {"README.md": "moved on\n"}, f"Merge branch 'main' into {BRANCH}", parents=(base,))
    assert [commit.is_ours for commit in commits(gitlab)] == [True]
    assert gitlab.publish().outcome == "unchanged"
    assert gitlab.publish("newer\n").outcome == "updated"


def test_merge_that_changed_something_on_the_way_is_somebodys_work(gitlab: World) -> None:
    gitlab.publish()
    repo = gitlab.forge.repo
    base = repo.commit("main", {"README.md": "moved on\n"}, "Elsewhere")
    repo.commit(BRANCH, {"README.md": "something else\n"}, "Merge", parents=(base,))
    assert [commit.is_ours for commit in commits(gitlab)] == [False, True]
    assert gitlab.publish("newer\n").outcome == "stopped"


# Refusals and broken lines


def test_refused_push_leaves_the_remote_as_it_was_and_says_why(gitlab: World) -> None:
    gitlab.forge.repo.hook("pre-receive", "echo 'policy: no bots on Fridays' >&2; exit 1")
    shop = gitlab.repository()
    with pytest.raises(OutsideError, match="no bots on Fridays"):
        gitlab.publish(repository=shop)
    assert gitlab.forge.repo.branches().keys() == {"main"}
    assert gitlab.forge.changes == {}
    (gitlab.forge.repo.folder / "hooks" / "pre-receive").unlink()
    assert gitlab.publish(repository=shop).outcome == "created"


def test_line_that_drops_in_the_middle_of_a_push_is_tried_again(gitlab: World) -> None:
    # Twice: the HTTP library sends once more by itself.
    gitlab.forge.server.inject("POST", PUSH, Fault.MIDDLE, times=2)
    assert gitlab.publish().outcome == "created"
    assert len(gitlab.waits) == 1


def test_line_that_keeps_dropping_leaves_the_remote_as_it_was(gitlab: World) -> None:
    gitlab.forge.server.inject("POST", PUSH, Fault.MIDDLE, times=100)
    shop = gitlab.repository()
    with pytest.raises(OutsideError, match="did not go through"):
        gitlab.publish(repository=shop)
    assert gitlab.forge.repo.branches().keys() == {"main"}
    gitlab.forge.server.injected.clear()
    assert gitlab.publish(repository=shop).outcome == "created"


def test_remote_that_falls_silent_is_given_up_and_asked_again(gitlab: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = [(key, "1" if key == "http.lowSpeedTime" else value) for key, value in process._NETWORK]
    monkeypatch.setattr(process, "_NETWORK", tuple(settings))
    gitlab.forge.server.inject("POST", PUSH, Fault.SILENCE)
    assert gitlab.publish().outcome == "created"
    assert len(gitlab.waits) == 1


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.HALF], ids=str)
def test_lost_answer_after_a_push_that_worked_is_no_failure(gitlab: World, fault: Fault) -> None:
    gitlab.forge.server.inject("POST", PUSH, fault)
    published = gitlab.publish()
    assert (published.outcome, published.head) == ("created", gitlab.forge.repo.head(BRANCH))


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.HALF, Reply(502, b"")], ids=str)
def test_fetch_is_tried_again(gitlab: World, fault: Fault | Reply) -> None:
    gitlab.forge.server.inject("POST", "git-upload-pack$", fault, times=2)
    assert gitlab.publish().outcome == "created"


def test_commit_that_comes_between_look_and_push_is_not_lost(gitlab: World) -> None:
    gitlab.publish()
    theirs = []

    def somebody_is_quicker(request: Request) -> None:
        if request.path.endswith("receive-pack") and not theirs:
            theirs.append(gitlab.forge.repo.commit(BRANCH, {"by-hand": "mine\n"}, "By hand"))

    gitlab.forge.server.chance = somebody_is_quicker
    assert gitlab.publish("newer\n").outcome == "stopped"
    assert gitlab.forge.repo.head(BRANCH) == theirs[0]


def test_commit_that_comes_before_the_branch_is_deleted_is_not_lost(gitlab: World) -> None:
    gitlab.publish()
    theirs = []

    def somebody_is_quicker(request: Request) -> None:
        if request.path.endswith("receive-pack") and not theirs:
            theirs.append(gitlab.forge.repo.commit(BRANCH, {"by-hand": "mine\n"}, "By hand"))

    gitlab.forge.server.chance = somebody_is_quicker
    assert gitlab.publish(None).outcome == "stopped"
    assert gitlab.forge.repo.head(BRANCH) == theirs[0]


def test_two_runs_at_once_end_with_one_change_request(gitlab: World) -> None:
    results: list[Published] = []
    runs = [threading.Thread(target=lambda: results.append(gitlab.publish())) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert {run.number for run in results} == {gitlab.the_change().number}
    assert len(gitlab.forge.changes) == 1
    assert gitlab.forge.repo.ahead("main", BRANCH) == 1


def test_newer_run_that_was_quicker_wins(gitlab: World) -> None:
    gitlab.publish()
    quicker: list[Published] = []

    def other_run(request: Request) -> None:
        if request.path.endswith("receive-pack") and request.verb == "POST" and not quicker:
            gitlab.forge.server.chance = None
            gitlab.forge.server.lock.release()
            quicker.append(gitlab.publish("from the newer\n", style=replace(STYLE, date=1_900_000_000)))
            gitlab.forge.server.lock.acquire()

    gitlab.forge.server.chance = other_run
    older = gitlab.publish("from the older\n", style=replace(STYLE, date=1_800_000_000))
    assert [quicker[0].outcome, older.outcome] == ["updated", "stopped"]
    assert "another run" in older.messages[0]
    assert gitlab.forge.repo.show(BRANCH, "k8s/prod/new.yaml") == "from the newer"


# Who may come in


def test_wrong_token_is_an_error_that_names_it_and_never_shows_it(gitlab: World) -> None:
    gitlab.forge.rights = {}
    with pytest.raises(OutsideError, match=r"HTTP 401: the token from KUBEAID_CI_TOKEN") as caught:
        gitlab.publish()
    assert SECRET not in str(caught.value)
    assert gitlab.waits == []


def test_token_that_may_only_read_is_told_apart(gitlab: World) -> None:
    gitlab.forge.rights = {SECRET: {"read", "api"}}
    with pytest.raises(OutsideError, match=r"HTTP 403.*does not let us write to it"):
        gitlab.publish()


def test_missing_repository_is_an_error(gitlab: World) -> None:
    access = replace(gitlab.access, url=f"{gitlab.forge.server.url}/acme/other.git")
    with pytest.raises(OutsideError, match="HTTP 404"):
        remote_head(access, "main")


def test_missing_branch_is_nothing_and_no_error(gitlab: World) -> None:
    assert remote_head(gitlab.access, "no/such") is None
    assert remote_head(gitlab.access, "main") == gitlab.forge.repo.head("main")


def test_headers_that_others_set_do_not_get_in_the_way(gitlab: World, home: Path) -> None:
    setting = f'[http "{gitlab.forge.server.url}/"]\n\textraheader = Authorization: Basic bm9ib2R5Om5vYm9keQ==\n'
    (home / ".gitconfig").write_text(setting)
    assert gitlab.publish().outcome == "created"


def test_hooks_and_settings_of_the_machine_do_not_get_in_the_way(gitlab: World, home: Path) -> None:
    hooks = home / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\nenv > {home}/leak\nexit 1\n")
        (hooks / name).chmod(0o755)
    settings = (
        f"[core]\nhooksPath={hooks}\n[commit]\ngpgSign=true\n[push]\nfollowTags=true\n[log]\nshowSignature=true\n"
    )
    (home / ".gitconfig").write_text(settings)
    assert [gitlab.publish().outcome for _ in range(2)] == ["created", "unchanged"]
    assert not (home / "leak").exists()


def test_certificate_of_a_private_authority_works_with_its_bundle(tmp_path: Path) -> None:
    import ssl

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    for kind in (ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA):
        world = make_world(kind, tmp_path / kind, None)
        world.forge.server.tls = context
        with world.forge.server:
            with pytest.raises(OutsideError, match="certificate verify failed"):
                remote_head(world.access, "main")
            with pytest.raises(OutsideError, match="certificate verify failed"):
                world.client().find_open("x")
            assert world.waits == []
            world.ca_bundle = bundle
            assert world.publish().outcome == "created"


@pytest.mark.parametrize(
    ("address", "clean", "secret", "user"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git", None, None),
        ("https://tok@example.com/a/b", "https://example.com/a/b", "tok", "x-access-token"),
        ("https://me:t%40k@example.com:8443/a/b", "https://example.com:8443/a/b", "t@k", "me"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git", None, None),
        ("ssh://git@example.com/a/b", "ssh://git@example.com/a/b", None, None),
    ],
)
def test_credentials_in_an_address_are_taken_out(
    address: str, clean: str, secret: str | None, user: str | None
) -> None:
    url, token = split_address(address)
    assert url == clean
    assert (token.secret if token else None, token.user if token else None) == (secret, user)


# Clones


def test_clone_is_shallow_unless_all_is_wanted_and_keeps_no_secret(gitlab: World, tmp_path: Path) -> None:
    gitlab.forge.repo.commit("main", {"README.md": "second\n"}, "Second")
    git(gitlab.forge.repo.folder, "tag", "v1", "main")
    shallow = clone(gitlab.access, tmp_path / "shallow")
    whole = clone(gitlab.access, tmp_path / "whole", shallow=False)
    assert [git(folder, "rev-list", "--count", "HEAD") for folder in (shallow, whole)] == ["1", "2"]
    assert [git(folder, "tag") for folder in (shallow, whole)] == ["", "v1"]
    for path in (*shallow.rglob("*"), *whole.rglob("*")):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_default_branch_is_asked_for_and_not_guessed(tmp_path: Path) -> None:
    repo = BareRepo.make(tmp_path / "r.git", {"a": "a"})
    git(repo.folder, "branch", "-m", "main", "trunk")
    assert default_branch(GitAccess(str(repo.folder))) == "trunk"


def test_remote_without_commits_has_no_default_branch(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    with pytest.raises(OutsideError, match="--base"):
        default_branch(GitAccess(str(tmp_path / "empty.git")))


def test_workshop_leaves_nothing_behind(gitlab: World) -> None:
    with temporary_commit_repository(gitlab.access) as shop:
        place = shop.folder
        assert place.is_dir()
    assert not place.parent.exists()


# Signatures


def test_ssh_signature_is_verified_by_git(gitlab: World, tmp_path: Path, ssh_key: str) -> None:
    style = replace(STYLE, signing=Signing.SSH, signing_key=ssh_key, sign_off=True)
    first = gitlab.publish(style=style)
    (tmp_path / "allowed").write_text(f"bot@example.com {Path(f'{ssh_key}.pub').read_text()}")
    allowed = f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}"
    git(gitlab.forge.repo.folder, "-c", allowed, "verify-commit", str(first.head))
    # Ed25519 signs the same text with the same letters, so the commit is the same from anywhere.
    git(gitlab.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    gitlab.forge.changes.clear()
    assert gitlab.publish(style=style).head == first.head
    assert gitlab.publish(style=style).outcome == "unchanged"


def test_changed_signed_commit_is_not_verified(gitlab: World, tmp_path: Path, ssh_key: str) -> None:
    """That the check above can fail."""
    signed = gitlab.publish(style=replace(STYLE, signing=Signing.SSH, signing_key=ssh_key))
    (tmp_path / "allowed").write_text(
        "bot@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    )
    allowed = f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}"
    with pytest.raises(AssertionError):
        git(gitlab.forge.repo.folder, "-c", allowed, "verify-commit", str(signed.head))


def test_gpg_signature_is_verified_by_git(gitlab: World, home: Path) -> None:
    options = ["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    make = ["gpg", *options, "--quick-gen-key", "Bot <bot@example.com>", "ed25519", "sign", "never"]
    subprocess.run(make, check=True, capture_output=True)
    try:
        style = replace(STYLE, signing=Signing.GPG, signing_key="bot@example.com")
        head = gitlab.publish(style=style).head
        git(gitlab.forge.repo.folder, "verify-commit", str(head))
        # The time is in the signature, but the same content is not pushed again.
        assert gitlab.publish(style=style).outcome == "unchanged"
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=True)


def test_missing_signing_key_is_the_callers_fault(gitlab: World, tmp_path: Path) -> None:
    style = replace(STYLE, signing=Signing.SSH, signing_key=str(tmp_path / "no-key"))
    with pytest.raises(UserError, match="cannot sign the commit with ssh"):
        gitlab.publish(style=style)
    assert gitlab.forge.repo.head(BRANCH) is None


# GitHub's own commits


def test_commit_through_the_api_has_the_same_tree(github: World) -> None:
    files = {
        "k8s/prod/new.yaml": b"new\n",
        "k8s/prod/binary": b"\xff\x00",
        "k8s/prod/old.yaml": None,
        **{f"k8s/prod/many-{number}.yaml": b"x\n" for number in range(150)},
    }
    first = github.publish(files=files, commit_via="api")
    again = github.publish(files=files, commit_via="api")
    assert [first.outcome, again.outcome] == ["created", "unchanged"]
    assert github.forge.commits_by_api == 1
    assert git(github.forge.repo.folder, "log", "-1", "--format=%cn", BRANCH) == "GitHub"
    by_git = github.publish(files=files, branch="other")
    trees = [git(github.forge.repo.folder, "rev-parse", f"{sha}^{{tree}}") for sha in (first.head, by_git.head)]
    assert trees[0] == trees[1]


def test_commit_through_the_api_loses_no_commit_of_a_person(github: World) -> None:
    github.publish(commit_via="api")
    theirs = []

    def somebody_is_quicker(request: Request) -> None:
        if request.path.endswith("graphql") and not theirs:
            theirs.append(github.forge.repo.commit(BRANCH, {"by-hand": "mine\n"}, "By hand"))

    github.forge.server.chance = somebody_is_quicker
    assert github.publish("newer\n", commit_via="api").outcome == "stopped"
    assert github.forge.repo.head(BRANCH) == theirs[0]
    github.forge.server.chance = None
    overwritten = github.publish("newer\n", commit_via="api", on_foreign_commits=OnForeignCommits.OVERWRITE)
    assert overwritten.outcome == "updated"


def test_lost_answer_when_the_api_moved_the_branch_is_no_failure(github: World) -> None:
    github.forge.server.inject("POST", "graphql$", Fault.AFTER)
    assert github.publish(commit_via="api").outcome == "created"


def test_only_github_makes_commits(gitlab: World) -> None:
    with pytest.raises(UserError, match="only GitHub"):
        gitlab.publish(commit_via="api")


# No forge at all


def test_plain_remote_takes_a_branch(tmp_path: Path) -> None:
    repo = BareRepo.make(tmp_path / "r.git", {"a": "a"})
    access = GitAccess(str(repo.folder), retries=RetryPolicy(attempts=1))
    from kubeaid_ci.publishing.proposal import publish_proposal
    from kubeaid_ci.settings.publish import PublishOptions
    from tests.servers.world import PROPOSAL

    def publish(number: int, **fields: object) -> str:
        shop = create_commit_repository(tmp_path / f"w{number}", access)
        return publish_proposal(replace(PROPOSAL, **fields), shop, None, style=STYLE, options=PublishOptions()).outcome

    outcomes = [publish(1), publish(2), publish(3, files={"b": b"b"}), publish(4, files={}), publish(5, files={})]
    assert outcomes == ["created", "unchanged", "updated", "closed", "up-to-date"]
    assert repo.branches().keys() == {"main"}


def test_address_without_a_repository_is_an_error_at_once(tmp_path: Path) -> None:
    waits: list[float] = []
    access = GitAccess(str(tmp_path / "none"), Token("x", "y"), retries=RetryPolicy(sleep=waits.append))
    with pytest.raises(OutsideError, match="ls-remote"):
        remote_head(access, "main")
    assert waits == []
