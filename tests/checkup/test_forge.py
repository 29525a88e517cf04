"""Asking a remote for access: over HTTP, over SSH, on this machine; nothing is ever pushed."""

from dataclasses import replace
from pathlib import Path

import pytest

from kubeaid_ci.checkup.forge import readable, writable
from kubeaid_ci.checkup.result import NotReached, Refused
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.net.retries import RetryPolicy
from tests import repos
from tests.servers.git import BareRepo
from tests.servers.http import Fault, Reply
from tests.servers.world import BRANCH, SECRET, World


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = repos.write(tmp_path / "checkout", {"README.md": "x\n"})
    repos.commit(folder)
    return folder


def brief(world: World) -> GitAccess:
    return replace(world.access, retries=RetryPolicy(attempts=1))


def test_remote_that_lets_us_in_tells_its_branches(gitlab: World, checkout: Path) -> None:
    assert readable(brief(gitlab), "main") == Heads("main", {"main": gitlab.forge.repo.head("main")})
    assert writable(brief(gitlab), checkout, BRANCH) is None
    assert gitlab.forge.server.writes() == []


def test_reading_and_pushing_are_refused_apart(gitlab: World, checkout: Path) -> None:
    gitlab.forge.rights[SECRET] = {"read"}
    assert isinstance(readable(brief(gitlab)), Heads)
    assert writable(brief(gitlab), checkout, BRANCH) == Refused("HTTP 403")
    gitlab.forge.rights = {}
    assert readable(brief(gitlab)) == Refused("HTTP 401")


@pytest.mark.parametrize("fault", [Fault.BEFORE, Reply(500, b"")], ids=str)
def test_remote_that_gives_no_answer_is_not_reached(gitlab: World, checkout: Path, fault: Fault | Reply) -> None:
    gitlab.forge.server.inject("GET", "info/refs", fault, times=9)
    for answer in (readable(brief(gitlab)), writable(brief(gitlab), checkout, BRANCH)):
        assert isinstance(answer, NotReached)
        assert SECRET not in answer.detail


def test_remote_on_this_machine_is_asked_and_nothing_pushed(tmp_path: Path, checkout: Path) -> None:
    repo = BareRepo.make(tmp_path / "r.git", {"a": "a"})
    access = GitAccess(str(repo.folder))
    assert readable(access) == Heads("main", {})
    assert writable(access, checkout, BRANCH) is None
    assert repo.branches().keys() == {"main"}
    assert isinstance(writable(GitAccess(str(tmp_path / "none.git")), checkout, BRANCH), Refused)


def test_key_that_may_only_read_is_refused_over_ssh(
    tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = BareRepo.make(tmp_path / "r.git", {"a": "a"})
    # As a forge's SSH server does: it looks at the command that Git asks for, and lets it run or not.
    server = (
        "#!/bin/sh\nfor command; do :; done\n"
        'case "$command" in *receive-pack*) echo "ERROR: no write access" >&2; exit 1;; esac\n'
        f'exec sh -c "$(echo "$command" | sed "s|/acme/config.git|{repo.folder}|")"\n'
    )
    ssh = repos.write(tmp_path / "bin", {"ssh": server}) / "ssh"
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    access = GitAccess("ssh://git@git.example.com/acme/config.git", retries=RetryPolicy(attempts=1))
    assert readable(access) == Heads("main", {})
    refusal = writable(access, checkout, BRANCH)
    assert isinstance(refusal, Refused)
    assert "no write access" in refusal.detail


def test_remote_that_never_answers_is_given_up(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = repos.write(tmp_path / "bin", {"ssh": "#!/bin/sh\nexec sleep 5\n"}) / "ssh"
    ssh.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    access = GitAccess("ssh://git@git.example.com/acme/config.git", retries=RetryPolicy(attempts=1), timeout=0.3)
    for answer in (readable(access), writable(access, checkout, BRANCH)):
        assert answer == NotReached("git: did not end within 0.3 seconds")
