"""Two hundred runs while everything may fail: what must never happen does not happen, and the next run heals the rest."""

import base64
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.model.forge import ForgeKind
from kubeaid_ci.model.publication import Published
from tests.conftest import Contracts, played
from tests.servers.git import git
from tests.servers.http import Fault, Reply, Request
from tests.servers.world import BRANCH, SECRET, World

SEQUENCES, RUNS = 10, 20
KINDS = (ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA)
FAULTS: tuple[Fault | Reply, ...] = (
    Fault.BEFORE,
    Fault.MIDDLE,
    Fault.AFTER,
    Fault.HALF,
    Reply(500),
    Reply(502, b"<html>bad gateway", {"Content-Type": "text/html"}),
    Reply(429, {"message": "slow down"}, {"Retry-After": "1"}),
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
    for path in folder.rglob("*"):
        if path.is_file():
            assert_never_shown(path.read_bytes())


class People:
    """What people do to the repository and the change request between and during the runs."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.commits: list[str] = []
        self.number = 0

    def act(self) -> None:
        deeds = [self.nothing, self.commit, self.move_base, self.merge, self.close, self.edit, self.delete]
        self.rng.choices(deeds, weights=(8, 2, 2, 1, 1, 2, 1))[0]()

    def nothing(self) -> None:
        """Leave everything alone."""

    def commit(self) -> None:
        self.number += 1
        if self.world.forge.repo.head(BRANCH):
            files = {f"by-hand-{self.number}": "mine\n"}
            self.commits.append(self.world.forge.repo.commit(BRANCH, files, f"By hand {self.number}"))

    def move_base(self) -> None:
        self.number += 1
        self.world.forge.repo.commit("main", {f"elsewhere-{self.number}": "x\n"}, f"Elsewhere {self.number}")

    def merge(self) -> None:
        repo = self.world.forge.repo
        if (head := repo.head(BRANCH)) and (base := repo.head("main")):
            tree = git(repo.folder, "merge-tree", "--write-tree", base, head).partition("\n")[0]
            merged = git(repo.folder, "commit-tree", "-p", base, "-p", head, "-m", "Merge", tree)
            git(repo.folder, "update-ref", "refs/heads/main", merged)

    def close(self) -> None:
        for change in self.world.forge.open_changes(BRANCH):
            change.state = "closed"

    def edit(self) -> None:
        for change in self.world.forge.open_changes(BRANCH):
            change.body = f"Note {self.number}\n{change.body}"

    def delete(self) -> None:
        """Their own branch to delete, with their own commits."""
        if self.world.forge.repo.head(BRANCH):
            git(self.world.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
            self.commits.clear()


def faults(people: People, rng: random.Random) -> Any:
    likelihood = rng.choice((0, 0.05, 0.15, 0.5))

    def chance(request: Request) -> Fault | Reply | None:
        if request.path.endswith("receive-pack") and rng.random() < 0.1:
            people.commit()
        return rng.choice(FAULTS) if rng.random() < likelihood else None

    return chance


def run(world: World, text: str | None, shop: Any) -> Published | OutsideError:
    try:
        return world.publish(text, workshop=shop, labels=("ci",), reviewers=("alice",))
    except OutsideError as error:
        return error


def assert_all_is_well(world: World, people: People) -> None:
    repo = world.forge.repo
    assert len(world.forge.open_changes(BRANCH)) <= 1
    kept = [head for head in (repo.head(BRANCH), repo.head("main")) if head]
    lost = [sha for sha in people.commits if not any(repo.has(sha, head) for head in kept)]
    assert lost == []


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_twenty_runs_with_random_faults(seed: int, tmp_path: Path, contracts: Contracts) -> None:
    kind = KINDS[seed % len(KINDS)]
    rng = random.Random(seed)  # the same faults on every machine
    with played(kind, tmp_path, contracts[kind]) as world, watched() as started:
        people, shop = People(world, rng), world.workshop()
        outcomes = []
        for number in range(RUNS):
            people.act()
            world.forge.server.chance = faults(people, rng)
            text = rng.choices([f"text {number // 3}\n", None], weights=(6, 1))[0]
            ended = run(world, text, shop)
            world.forge.server.chance = None
            outcomes.append(str(ended))
            assert_never_shown(repr(ended).encode() + str(ended).encode())
            assert_all_is_well(world, people)
        assert_healed(world, shop, people)
        assert_never_shown(os.fsencode(repr(started)))
        assert len(started) > RUNS
    assert_nowhere_on_disk(tmp_path)


def assert_healed(world: World, shop: Any, people: People) -> None:
    """Without faults, and with the branch handed back, one run makes all right, and another has nothing to do."""
    people.commits.clear()
    last = world.publish("the last\n", workshop=shop, on_foreign_commits="overwrite", labels=("ci",))
    assert last.outcome in ("created", "updated", "unchanged")
    assert world.the_change().number == last.number
    assert world.forge.repo.show(BRANCH, "k8s/prod/new.yaml") == "the last"
    assert world.publish("the last\n", workshop=shop, labels=("ci",)).outcome == "unchanged"
