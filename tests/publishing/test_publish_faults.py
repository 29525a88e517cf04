"""Two hundred runs while everything may fail: what must never happen does not happen, and the next run heals the rest."""

import base64
import logging
import os
import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.net import session
from kubeaid_ci.settings.publish import CommitVia
from tests.conftest import Contracts, played
from tests.servers.git import git
from tests.servers.http import Fault, Reply, Request
from tests.servers.world import BRANCH, SECRET, World

SEQUENCES, RUNS = 20, 10
KINDS = (ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA)
LINE = (Fault.BEFORE, Fault.MIDDLE, Fault.AFTER, Fault.HALF, Reply(500), Reply(502, b"<html>bad gateway"))
LIMITS = (
    Reply(429, {"message": "slow down"}, {"Retry-After": "1"}),
    Reply(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "1"}),
    Reply(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}),
)
REFUSALS = (
    Reply(401, {"message": f"Bad credentials {SECRET}"}),
    Reply(403, {"message": "Resource not accessible"}),
    Reply(404, {"message": "Not Found"}),
    Reply(409, {"message": ["already exists"]}),
    Reply(422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists"}]}),
)
_STARTED: list[Any] = []
_WATCHING = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Sees every program that is started, from where no test double could hide one."""
    if _WATCHING and event == "subprocess.Popen":
        _STARTED.append(arguments[1])


sys.addaudithook(_watch)


@contextmanager
def watched() -> Iterator[list[Any]]:
    global _WATCHING  # noqa: PLW0603 - an audit hook cannot be taken away, only told to look elsewhere
    _STARTED.clear()
    _WATCHING = True
    try:
        yield _STARTED
    finally:
        _WATCHING = False


def secret_forms() -> list[bytes]:
    users = ("x-access-token", "oauth2", "gitlab-ci-token")
    basic = [base64.b64encode(f"{user}:{SECRET}".encode()) for user in users]
    return [SECRET.encode(), *basic]


def assert_never_shown(data: bytes) -> None:
    assert not [form for form in secret_forms() if form in data]


def assert_nowhere_on_disk(folder: Path) -> None:
    """Also while Git is at work, which makes and removes files all the time; os.walk passes over lost folders."""
    for here, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                path = Path(here, name)
                assert_never_shown(path.read_bytes() if path.is_file() else b"")


@dataclass
class People:
    """What people do to the repository and the change request between and during the runs.

    `commits` and `files` are theirs and must not be lost; `notes` they have written by change request.
    """

    world: World
    rng: random.Random
    commits: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    notes: dict[int, list[str]] = field(default_factory=dict)
    number: int = 0

    def act(self) -> None:
        deeds = [
            self.nothing,
            self.commit,
            self.move_base,
            self.merge,
            self.squash,
            self.close,
            self.write,
            self.delete,
        ]
        self.rng.choices(deeds, weights=(7, 2, 2, 1, 1, 1, 2, 1))[0]()

    def nothing(self) -> None:
        """Leave everything alone."""

    def commit(self) -> None:
        self.number += 1
        if self.world.forge.repo.head(BRANCH):
            name = f"by-hand-{self.number}"
            self.files.append(name)
            self.commits.append(self.world.forge.repo.commit(BRANCH, {name: "mine\n"}, f"By hand {self.number}"))

    def move_base(self) -> None:
        self.number += 1
        self.world.forge.repo.commit("main", {f"elsewhere-{self.number}": "x\n"}, f"Elsewhere {self.number}")

    def merge(self, *, keep_commits: bool = True) -> None:
        repo = self.world.forge.repo
        if (head := repo.head(BRANCH)) and (base := repo.head("main")):
            tree = git(repo.folder, "merge-tree", "--write-tree", base, head).partition("\n")[0]
            parents = ["-p", base, "-p", head] if keep_commits else ["-p", base]
            git(
                repo.folder, "update-ref", "refs/heads/main", git(repo.folder, "commit-tree", *parents, "-m", "M", tree)
            )

    def squash(self) -> None:
        """Merge as one commit: what the others brought is there, their commits are not."""
        for change in self.world.forge.open_changes(BRANCH):
            self.merge(keep_commits=False)
            self.commits.clear()
            change.state = "merged"

    def close(self) -> None:
        for change in self.world.forge.open_changes(BRANCH):
            change.state = "closed"

    def write(self) -> None:
        for change in self.world.forge.open_changes(BRANCH):
            self.number += 1
            note = f"Note {self.number}."
            self.notes.setdefault(change.number, []).append(note)
            change.body = f"{note}\n{change.body}"

    def delete(self) -> None:
        """Their own branch to delete, with their own commits."""
        if self.world.forge.repo.head(BRANCH):
            git(self.world.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
            self.commits.clear()
            self.files = [name for name in self.files if name in self.world.forge.repo.files("main")]


@dataclass
class Faults:
    """What goes wrong in one run: on the line, at the forge, at Git's remote, and by others who are quicker."""

    people: People
    rng: random.Random
    options: dict[str, Any]
    rivals: bool
    silent: bool

    def __post_init__(self) -> None:
        self.likelihood = self.rng.choice((0, 0.05, 0.15, 0.4))
        self.faults: list[Fault | Reply] = [*LINE, *LIMITS, *([Fault.SILENCE] if self.silent else [])]

    def __call__(self, request: Request) -> Fault | Reply | None:
        over_git = ".git/" in request.path
        writes = request.verb == "POST" and not request.path.endswith("upload-pack")
        # Before Git hears where the branch is, a lease alone keeps it from what came after our own look.
        if writes or request.one("service") == "git-receive-pack":
            self._meanwhile()
        if self.rng.random() >= self.likelihood:
            return None
        if self.rng.random() < 0.1:
            return self.rng.choice(REFUSALS)
        fault = self.rng.choice(self.faults)
        # Git waits a minute before it gives a silent server up; that has its own test.
        return Fault.BEFORE if fault is Fault.SILENCE and over_git else fault

    def _meanwhile(self) -> None:
        deed = self.rng.random()
        if deed < 0.1:
            self.people.commit()
        elif deed < 0.2:
            self.people.write()
        elif deed < 0.3 and self.rivals:
            self._rival()

    def _rival(self) -> None:
        """Another run, from its look to its end, while this request is on its way."""
        server = self.people.world.forge.server
        server.chance = None
        server.lock.release()
        try:
            assert_quiet(run(self.people.world, f"rival {self.people.number}\n", **self.options))
        finally:
            server.lock.acquire()
            server.chance = self


def run(world: World, text: str | None, **options: Any) -> Published | OutsideError:
    try:
        return world.publish(text, labels=("ci",), reviewers=("alice",), **options)
    except OutsideError as error:
        return error


def assert_quiet(ended: Published | OutsideError) -> None:
    assert_never_shown(repr(ended).encode() + str(ended).encode())
    if isinstance(ended, OutsideError):
        assert_never_shown("".join(traceback.format_exception(ended)).encode())


def assert_nothing_is_lost(world: World, people: People) -> None:
    repo = world.forge.repo
    assert len(world.forge.open_changes(BRANCH)) <= 1
    kept = [head for head in (repo.head(BRANCH), repo.head("main")) if head]
    assert [sha for sha in people.commits if not any(repo.has(sha, head) for head in kept)] == []
    there = {name for head in kept for name in repo.files(head)}
    assert [name for name in people.files if name not in there] == []
    for change in world.forge.open_changes(BRANCH):
        assert [note for note in people.notes.get(change.number, ()) if note not in change.body] == []


@contextmanager
def refusing(world: World, *, refuse: bool) -> Iterator[None]:
    """The remote with or without a hook that lets nothing in."""
    hook = world.forge.repo.folder / "hooks" / "pre-receive"
    if refuse:
        world.forge.repo.hook("pre-receive", "echo 'no, and never will' >&2; exit 1")
    yield
    hook.unlink(missing_ok=True)


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_ten_runs_with_random_faults(
    seed: int,
    tmp_path: Path,
    home: Path,
    contracts: Contracts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kind = KINDS[seed % len(KINDS)]
    rng = random.Random(seed)  # the same faults on every machine
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    caplog.set_level(logging.DEBUG)
    with played(kind, tmp_path, contracts[kind]) as world, watched() as started:
        people = People(world, rng)
        rivals, silent = seed % 2 == 0, seed % 5 == 4
        # Where no second run is at work, the forge would take a second change request for the branch.
        world.forge.unique = rivals
        via = CommitVia.API if kind is ForgeKind.GITHUB and seed % 4 >= 2 else CommitVia.GIT
        options = {"repository": world.repository(), "commit_via": via}
        for number in range(RUNS):
            people.act()
            text = rng.choices([f"text {number // 3}\n", None], weights=(6, 1))[0]
            with refusing(world, refuse=rng.random() < 0.1), monkeypatch.context() as patched:
                if silent:
                    patched.setattr(session, "TIMEOUT", (5, 1))
                world.forge.server.chance = Faults(people, rng, options, rivals, silent)
                ended = run(world, text, **options)
                world.forge.server.chance = None
            assert_quiet(ended)
            assert_nothing_is_lost(world, people)
        assert_healed(world, **options)
        assert len(started) > RUNS
        assert_never_shown(os.fsencode(repr(started)))
    assert "git-remote-http" in trace.read_text()
    assert_never_shown(caplog.text.encode() + "".join(capfd.readouterr()).encode())
    assert_nowhere_on_disk(tmp_path)
    assert_nowhere_on_disk(home)


def assert_healed(world: World, **options: Any) -> None:
    """Without faults, and with the branch handed back, one run makes all right, and another has nothing to do."""
    last = world.publish("the last\n", on_foreign_commits="overwrite", labels=("ci",), **options)
    assert last.outcome in ("created", "updated", "unchanged")
    assert world.the_change().number == last.number
    assert world.forge.repo.show(BRANCH, "k8s/prod/new.yaml") == "the last"
    assert world.publish("the last\n", labels=("ci",), **options).outcome == "unchanged"
