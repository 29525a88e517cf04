"""Transfers with progress: the same door as without, whatever the user's settings and the remote are."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.access import GitAccess, remote_git
from kubeaid_ci.git.commit_repository import create_commit_repository
from kubeaid_ci.git.remote import clone
from kubeaid_ci.git.transfer import reporting
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.retries import RetryPolicy
from tests.servers.git import BareRepo, git
from tests.servers.raw import Raw

TOKENS = {"KUBEAID_CI_TOKEN": "canary-1", "KUBEAID_CI_GIT_TOKEN": "canary-2", "GITHUB_TOKEN": "canary-3"}
Steps = list[tuple[str, int, int]]


@pytest.fixture
def steps() -> Iterator[Steps]:
    """The reported steps of the transfers in this test."""
    found: Steps = []
    with reporting(lambda *step: found.append(step)):
        yield found


@pytest.fixture
def bare(tmp_path: Path) -> BareRepo:
    return BareRepo.make(tmp_path / "srv" / "x.git", {f"file{number}.txt": f"{number}\n" for number in range(40)})


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the command line and the environment of every program that was started by its name."""
    real = next(Path(part, "git") for part in os.environ["PATH"].split(":") if Path(part, "git").exists())
    started, folder = tmp_path / "started", tmp_path / "bin"
    started.mkdir()
    folder.mkdir()
    for name in ("git", "pgrep", "ps", "sh"):
        program = folder / name
        rest = f'exec {real} "$@"' if name == "git" else "exit 1"
        program.write_text(f'#!/bin/bash\n{{ echo {name} "$@"; env; }} > {started}/$$\n{rest}\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return started


def phases(steps: Steps) -> set[str]:
    return {phase for phase, _, _ in steps}


def children() -> list[str]:
    done = subprocess.run(
        ["ps", "--no-headers", "-o", "comm", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return [name for name in done.stdout.split() if name != "ps"]


def test_a_clone_a_fetch_and_a_push_report_their_progress(bare: BareRepo, tmp_path: Path, steps: Steps) -> None:
    access = GitAccess(f"file://{bare.folder}")
    copy = clone(access, tmp_path / "copy")
    assert git(copy, "rev-parse", "HEAD") == bare.head("main")
    assert ("receiving objects", 42, 42) in steps
    steps.clear()

    repository = create_commit_repository(tmp_path / "commits.git", access)
    heads = repository.fetch_heads("main", fetch=("main",))
    assert "receiving objects" in phases(steps)
    steps.clear()

    assert repository.push("copy", new=heads.commits["main"], seen=None)
    assert bare.head("copy") == bare.head("main")
    new = bare.commit("other", {"new.txt": "new\n"}, "New")
    git(copy, "fetch", "-q", str(bare.folder), "other")
    done = remote_git(["push", "--porcelain", "origin", f"{new}:refs/heads/third"], access, folder=copy)
    assert done.code == 0
    assert f"{new}:refs/heads/third" in done.text
    assert done.stderr == ""


def test_without_somebody_to_report_to_gitpython_is_not_loaded(bare: BareRepo, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from kubeaid_ci.git.access import GitAccess; from kubeaid_ci.git.remote import clone\n"
        f"clone(GitAccess({str(bare.folder)!r}), Path({str(tmp_path / 'copy')!r}))\n"
        "print('git' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("executable", ["", "EVIL"])
def test_loading_gitpython_starts_no_program(executable: str, programs: Path, tmp_path: Path) -> None:
    ran, evil = tmp_path / "ran", tmp_path / "evil"
    evil.write_text(f"#!/bin/bash\ntouch {ran}\n")
    evil.chmod(0o755)
    code = (
        "import json, os; before = dict(os.environ)\n"
        "from kubeaid_ci.git.transfer import _load_gitpython; _load_gitpython()\n"
        "import git; print(json.dumps([git.Git.GIT_PYTHON_GIT_EXECUTABLE, before == dict(os.environ)]))"
    )
    env = {**os.environ, **({"GIT_PYTHON_GIT_EXECUTABLE": str(evil)} if executable else {})}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert json.loads(done.stdout) == ["git", True]
    assert not ran.exists()
    assert list(programs.iterdir()) == []


def test_variables_and_settings_of_the_user_change_no_transfer(
    bare: BareRepo, programs: Path, home: Path, tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran, template = tmp_path / "ran", tmp_path / "template"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/bash\ntouch {ran}\n")
    evil.chmod(0o755)
    (template / "hooks").mkdir(parents=True)
    for hook in ("post-checkout", "pre-push", "reference-transaction"):
        (template / "hooks" / hook).write_text(evil.read_text())
        (template / "hooks" / hook).chmod(0o755)
    other = BareRepo.make(tmp_path / "other.git", {"other.txt": "other\n"})
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.folder))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / "objects"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template))
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(evil))
    monkeypatch.setenv("GIT_PYTHON_TRACE", "full")
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    (home / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {template}/hooks\n\tfsmonitor = {evil}\n\tpager = {evil}\n"
        f"[init]\n\ttemplateDir = {template}\n[alias]\n\tclone = !{evil}\n\tfetch = !{evil}\n"
        f"[clone]\n\tdefaultRemoteName = theirs\n[protocol]\n\tallow = always\n"
        f'[filter "x"]\n\tsmudge = {evil}\n[fetch]\n\trecurseSubmodules = true\n'
    )
    before = sorted(other.folder.rglob("*"))
    access = GitAccess(f"file://{bare.folder}")
    for path in programs.iterdir():
        path.unlink()
    copy = clone(access, tmp_path / "copy")
    started = [path.read_text() for path in programs.iterdir()]
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE", "GIT_TEMPLATE_DIR"):
        monkeypatch.delenv(name)
    assert git(copy, "rev-parse", "HEAD") == bare.head("main")
    assert git(copy, "remote") == "origin"
    assert sorted(other.folder.rglob("*")) == before
    assert not ran.exists()
    assert steps
    assert len(started) > 3
    assert all(text.startswith("git ") for text in started)
    # A credential helper may read GITHUB_TOKEN.
    assert not [text for text in started for value in ("canary-1", "canary-2") if value in text]


@pytest.mark.parametrize("address", ["ext::sh -c touch% RAN", "fd::17", "git://127.0.0.1:1/x"])
def test_other_transports_are_refused(address: str, tmp_path: Path, steps: Steps) -> None:
    ran = tmp_path / "ran"
    url = address.replace("RAN", str(ran))
    done = remote_git(["clone", "--quiet", "--", url, str(tmp_path / "copy")], GitAccess(url))
    assert done.code == 128
    assert "not allowed" in done.stderr
    assert not ran.exists()
    assert steps == []


def test_what_a_remote_prints_is_a_message_and_no_progress(bare: BareRepo, tmp_path: Path, steps: Steps) -> None:
    hook = bare.folder / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    digits = "9" * 400
    hook.write_text(
        "#!/bin/bash\n"
        "printf '\\033[31mReceiving objects:  50%% (1/2)\\033[0m\\r' >&2\n"
        f"printf 'Receiving objects:  50%% (1/{digits})\\n' >&2\n"
        "printf 'caf\\351 \\377\\n' >&2\n"
        "printf 'error: 5 secrets found\\n' >&2\n"
        "printf 'Resolving deltas \\033]0;title\\007: 50%% (7/8)\\n' >&2\n"
        "exit 1\n"
    )
    hook.chmod(0o755)
    copy = clone(GitAccess(f"file://{bare.folder}"), tmp_path / "copy", shallow=False)
    steps.clear()
    access = GitAccess(f"file://{bare.folder}")
    done = remote_git(["push", "--porcelain", "origin", "HEAD:refs/heads/new"], access, folder=copy)
    assert done.code == 1
    assert "!\t" in done.text
    assert "error: 5 secrets found" in done.stderr
    assert "caf\N{REPLACEMENT CHARACTER}" in done.stderr
    assert all(phase.isascii() and phase.isprintable() for phase in phases(steps))
    assert bare.head("new") is None


class Hanging(Raw):
    """A server that sends some bytes and nothing more until the test ends."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        super().__init__(self.hang)

    def hang(self) -> Iterator[bytes]:
        yield from self.pieces
        self.stopping.wait(60)


@pytest.mark.parametrize("pieces", [[], [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]])
def test_a_remote_that_hangs_is_left_in_time(pieces: list[bytes], tmp_path: Path, steps: Steps) -> None:
    with Hanging(*pieces) as server:
        access = GitAccess(f"{server.url}/x.git", timeout=1, retries=RetryPolicy(attempts=1))
        begin = time.monotonic()
        with pytest.raises(OutsideError, match="did not end within 1 seconds"):
            clone(access, tmp_path / "copy")
        assert time.monotonic() - begin < 30
        assert children() == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A background shell without job control starts pytest with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_git(tmp_path: Path, steps: Steps) -> None:
    with Hanging() as server:
        timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            clone(GitAccess(f"{server.url}/x.git"), tmp_path / "copy")
        timer.join()
        assert children() == []


def test_a_token_is_in_no_error(tmp_path: Path, steps: Steps) -> None:
    token = Token("canary-4", "KUBEAID_CI_TOKEN")
    access = GitAccess("http://127.0.0.1:1/x", token, retries=RetryPolicy(attempts=1))
    done = remote_git(["clone", "--", "http://user:canary-4@127.0.0.1:1/x", str(tmp_path / "copy")], access)
    assert done.code == 128
    assert "unable to access 'http://127.0.0.1:1/x" in done.stderr
    assert "canary-4" not in done.stderr
    assert token.basic not in done.stderr


def test_an_error_comes_without_the_progress_before_it(bare: BareRepo, tmp_path: Path, steps: Steps) -> None:
    url = f"file://{bare.folder}"
    done = remote_git(["clone", "--branch", "missing", "--", url, str(tmp_path / "copy")], GitAccess(url))
    assert done.code == 128
    assert done.stderr == "fatal: Remote branch missing not found in upstream origin"
