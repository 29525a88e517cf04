"""What reaches Git and what does not: the caller's variables, the user's settings, the repository's programs."""

import ast
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeaid_ci.checkup.forge import readable
from kubeaid_ci.checkup.result import Refused
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.git import process
from kubeaid_ci.git.access import GitAccess, remote_git
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.commit_repository import temporary_commit_repository
from kubeaid_ci.git.remote import clone, heads
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.git.snapshot import open_snapshot
from kubeaid_ci.net.credentials import Token
from tests.servers.git import BareRepo, backend, git
from tests.servers.http import Reply, Request, Server

SOURCE = Path(process.__file__).parents[1]
TOKENS = {"KUBEAID_CI_TOKEN": "canary-1", "KUBEAID_CI_GIT_TOKEN": "canary-2", "GITHUB_TOKEN": "canary-3"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "file.txt").write_text("text\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.fixture
def configure(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write the user's own Git configuration."""

    def write(*pairs: tuple[str, str]) -> None:
        for key, value in pairs:
            git(home, "config", "--file", str(home / ".gitconfig"), "--add", key, value)

    return write


def commit_of(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


def other_repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-qm", "other", "--allow-empty")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_SHALLOW_FILE",
        "GIT_PREFIX",
        "GIT_CEILING_DIRECTORIES",
    ],
)
def test_variables_that_name_another_repository_change_nothing(
    name: str, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, head = other_repository(tmp_path / "other"), commit_of(checkout)
    before = sorted(path for path in other.rglob("*"))
    monkeypatch.setenv(name, str(other / ".git"))
    repository = Repository.at(checkout)
    assert repository
    assert repository.commit("HEAD") == head
    assert read(checkout) == b"text\n"
    with Blobs(checkout) as blobs:
        assert blobs.read(repository.files("HEAD")["file.txt"].id) == b"text\n"
    monkeypatch.delenv(name)
    assert sorted(path for path in other.rglob("*")) == before


def read(folder: Path) -> bytes:
    with open_snapshot(folder, WORK_TREE, ["file.txt"]) as snapshot:
        return snapshot.read("file.txt")


def test_every_local_variable_of_git_is_dropped(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in git(checkout, "rev-parse", "--local-env-vars").splitlines():
        if name not in ("GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"):
            monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")
    repository = Repository.at(checkout)
    assert repository
    assert repository.commit("HEAD")


def test_folder_below_a_repository_is_none(checkout: Path) -> None:
    below = checkout / "cache" / "mirror"
    below.mkdir(parents=True)
    assert Repository.at(below) is None
    with pytest.raises(UserError, match="not the top of a Git repository"):
        process.git(["fetch", "--prune"], folder=below)


def test_linked_work_tree_and_bare_repository_are_found(
    checkout: Path, tmp_path: Path, configure: Callable[..., None]
) -> None:
    configure(("safe.bareRepository", "explicit"))
    git(checkout, "worktree", "add", "-q", str(tmp_path / "linked"))
    git(tmp_path, "clone", "-q", "--bare", str(checkout), "bare.git")
    for folder in (tmp_path / "linked", tmp_path / "bare.git"):
        repository = Repository.at(folder)
        assert repository
        assert repository.commit("HEAD") == commit_of(checkout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_repository_of_another_user_is_named_as_such(checkout: Path, configure: Callable[..., None]) -> None:
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 65534, 65534)
    with pytest.raises(UserError, match=rf"dubious ownership.*safe\.directory {checkout}"):
        Repository.at(checkout)
    configure(("safe.directory", str(checkout)))
    from kubeaid_ci.git import repository as module

    module._open_failure.cache_clear()
    process._read_configuration.cache_clear()
    assert Repository.at(checkout) is not None
    configure(("safe.directory", ""))
    module._open_failure.cache_clear()
    process._read_configuration.cache_clear()
    with pytest.raises(UserError, match="dubious ownership"):
        Repository.at(checkout)


def test_damaged_repository_is_reported_with_gits_reason(checkout: Path) -> None:
    (checkout / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(UserError, match=r"Git refuses to open this repository: .*not a git repository"):
        Repository.at(checkout)


PROGRAMS = {
    "filter": [("filter.x.clean", "PROGRAM"), ("filter.x.smudge", "PROGRAM"), ("filter.x.required", "true")],
    "long-running filter": [("filter.x.process", "PROGRAM")],
    "hooks": [("core.hooksPath", "HOOKS")],
    "file watcher": [("core.fsmonitor", "PROGRAM")],
    "pager": [("core.pager", "PROGRAM"), ("pager.log", "true")],
    "diff": [("diff.external", "PROGRAM"), ("diff.x.command", "PROGRAM"), ("diff.x.textconv", "PROGRAM")],
    "ssh": [("core.sshCommand", "PROGRAM")],
}


@pytest.mark.parametrize("settings", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("place", ["repository", "user"])
def test_programs_of_the_configuration_are_not_started(
    settings: list[tuple[str, str]], place: str, checkout: Path, tmp_path: Path, configure: Callable[..., None]
) -> None:
    ran, program = tmp_path / "ran", tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\ncat\n')
    program.chmod(0o755)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "post-index-change", "reference-transaction", "post-checkout"):
        (hooks / name).symlink_to(program)
    (checkout / ".gitattributes").write_text("* filter=x diff=x\n")
    (checkout / "file.txt").write_text("changed\n")
    values = [(key, value.replace("PROGRAM", str(program)).replace("HOOKS", str(hooks))) for key, value in settings]
    if place == "user":
        configure(*values)
    else:
        for key, value in values:
            git(checkout, "config", key, value)
    repository = Repository.at(checkout)
    assert repository
    assert read(checkout) == b"changed\n"
    assert "file.txt" in repository.diffs(["file.txt"])
    repository.last_change("file.txt")
    assert not ran.exists()


def test_lazy_fetch_from_a_program_is_not_made(checkout: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(checkout, "config", "core.repositoryFormatVersion", "1")
    git(checkout, "config", "extensions.partialClone", "evil")
    git(checkout, "config", "remote.evil.url", f"ext::sh -c touch% {ran}")
    git(checkout, "config", "remote.evil.promisor", "true")
    git(checkout, "config", "protocol.ext.allow", "always")
    assert Repository(checkout).show("HEAD", "file.txt") == b"text\n"
    with pytest.raises(UserError, match="lacks object"), Blobs(checkout) as blobs:
        blobs.read("a" * 40)
    assert not ran.exists()


def test_personal_ignore_file_does_not_count(checkout: Path, tmp_path: Path, configure: Callable[..., None]) -> None:
    (tmp_path / "ignore").write_text("*secret*\n")
    configure(("core.excludesFile", str(tmp_path / "ignore")))
    (checkout / ".gitignore").write_text("*.log\n")
    with temporary_commit_repository(GitAccess(str(checkout)), checkout) as made:
        assert made.ignored(["alertmanager-secret.yaml", "x.log"]) == {"x.log"}


def test_log_is_read_in_utf_8(checkout: Path, configure: Callable[..., None]) -> None:
    configure(("i18n.logOutputEncoding", "ISO-8859-1"))
    git(checkout, "commit", "-q", "--allow-empty", "-m", "größe")
    assert process.git(["log", "-1", "--format=%s"], folder=checkout).text == "größe"


def test_remote_is_called_origin_whatever_the_user_prefers(
    checkout: Path, tmp_path: Path, configure: Callable[..., None]
) -> None:
    configure(("clone.defaultRemoteName", "upstream"), ("core.autocrlf", "true"))
    into = clone(GitAccess(str(checkout)), tmp_path / "clone", shallow=False)
    assert Repository(into).address() == str(checkout)
    assert (into / "file.txt").read_bytes() == b"text\n"
    assert git(into, "status", "--porcelain") == ""


def test_push_address_is_the_one_that_git_pushes_to(checkout: Path, configure: Callable[..., None]) -> None:
    git(checkout, "remote", "add", "origin", "gh:acme/config.git")
    configure(("url.https://github.com/.insteadOf", "gh:"))
    assert Repository(checkout).push_address() == "https://github.com/acme/config.git"
    git(checkout, "config", "remote.origin.pushurl", "gh:acme/other.git")
    assert Repository(checkout).push_address() == "https://github.com/acme/other.git"


@pytest.mark.parametrize("address", ["ext::sh -c touch% RAN", "fd::17", "git://127.0.0.1:1/x"])
def test_other_transports_are_refused(address: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    done = remote_git(["ls-remote", "--", address.replace("RAN", str(ran))], GitAccess(address))
    assert done.code == 128
    assert "not allowed" in done.stderr
    assert not ran.exists()


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the environment of every Git that was started, by its number."""
    real = next(Path(part, "git") for part in os.environ["PATH"].split(":") if Path(part, "git").exists())
    seen = tmp_path / "environments"
    seen.mkdir()
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n{{ echo "$@"; env; }} > {seen}/$$.$(ls {seen} | wc -l)\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    return seen


def test_tokens_reach_no_call_that_needs_none(
    checkout: Path, environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    read(checkout)
    assert Repository(checkout).commit("HEAD")
    started = [path.read_text() for path in environments.iterdir()]
    assert len(started) >= 3
    assert not [text for text in started for value in TOKENS.values() if value in text]


def test_token_is_in_the_environment_of_the_call_to_its_remote(checkout: Path, environments: Path) -> None:
    token = Token("canary-4", "KUBEAID_CI_TOKEN")
    remote_git(["ls-remote", "--", str(checkout)], GitAccess(str(checkout), token))
    remote_git(["ls-remote", "--", "http://127.0.0.1:1/x"], GitAccess("http://127.0.0.1:1/x", token))
    started = [path.read_text() for path in environments.iterdir()]
    with_token = [text for text in started if token.basic in text]
    assert with_token
    assert all("127.0.0.1" in text.partition("\n")[0] for text in with_token)


def test_redirect_is_refused_and_named(tmp_path: Path) -> None:
    repo = BareRepo.make(tmp_path / "srv" / "x.git", {"a": "b\n"})
    asked: list[Request] = []

    def elsewhere(request: Request) -> Reply:
        asked.append(request)
        return backend(repo.folder.parent, request)

    with Server(elsewhere) as other:

        def redirecting(request: Request) -> Reply:
            return Reply(302, b"", {"Location": f"{other.url}{request.path}?service=git-upload-pack"})

        with Server(redirecting) as first:
            access = GitAccess(f"{first.url}/x.git", Token("canary-5", "KUBEAID_CI_TOKEN"))
            with pytest.raises(OutsideError, match=f"redirects to {other.url}/x.git; name that address"):
                heads(access)
            assert readable(access) == Refused(f"redirects to {other.url}/x.git; name that address if you trust it")
    assert asked == []


def test_git_is_started_in_one_place() -> None:
    started = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for value in node.args
        if isinstance(value, ast.List) and value.elts and getattr(value.elts[0], "value", None) == "git"
        if getattr(node.func, "attr", "") != "Choice"
    }
    assert started == {"git/process.py"}
