"""Two hundred runs of upgrades while the line fails and runs are killed: no half upgrade, no second change request."""

import os
import random
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import PublishOptions
from kubeaid_ci import forge as forges
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.net.retries import RetryPolicy
from tests.conftest import Contracts, played
from tests.servers.git import git
from tests.servers.http import Fault, Reply, Request
from tests.servers.world import SECRET, World
from tests.upgrade import platform
from tests.upgrade.platform import NEW, OLD, app, cluster

SEQUENCES, RUNS = 20, 10
KINDS = (ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA)
FAULTS = (
    *(Fault.BEFORE, Fault.MIDDLE, Fault.AFTER, Fault.HALF, Reply(500), Reply(502, b"<html>bad gateway")),
    Reply(429, {"message": "slow down"}, {"Retry-After": "1"}),
    Reply(403, {"message": "Resource not accessible"}),
)
BRANCH = "kubeaid-ci/upgrade/prod"
HOME = "k8s/prod/"


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform.kubeaid(tmp_path_factory.mktemp("KubeAid"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@dataclass
class ForgeError:
    """Faults on the line, and a kill of the run in the middle of a request."""

    rng: random.Random
    likelihood: float
    kill: Callable[[], None] | None
    kill_at: int
    requests: int = 0

    def __call__(self, request: Request) -> Fault | Reply | None:
        self.requests += 1
        if self.kill and self.requests == self.kill_at:
            self.kill()
            return self.rng.choice((None, Fault.BEFORE, Fault.AFTER))
        over_git = ".git/" in request.path
        if self.rng.random() >= self.likelihood:
            return None
        fault = self.rng.choice(FAULTS)
        return Fault.BEFORE if over_git and isinstance(fault, Reply) and fault.status == 403 else fault


@dataclass
class Runs:
    """The runs of one sequence, and what people do between them."""

    world: World
    kubeaid: Path
    cache: Path
    rng: random.Random
    number: int = 0
    mine: list[str] = field(default_factory=list)

    def upgrade(self, to: str) -> kubeaid_ci.Upgrades:
        options = PublishOptions(forge=self.world.kind, forge_url=self.world.forge.api_url)
        url = self.world.forge.git_url
        return kubeaid_ci.publish_upgrades(
            url, self.kubeaid, to=to, options=options, cache=self.cache, jobs=1, accept_dangers=True
        )

    def run(self, to: str) -> None:
        """One run that may fail."""
        self.world.forge.server.chance = ForgeError(self.rng, self.rng.choice((0, 0.05, 0.15, 0.4)), None, 0)
        ended = ""
        try:
            self.upgrade(to)
        except KubeaidCiError as error:
            ended = str(error)
        self.world.forge.server.chance = None
        assert SECRET not in ended

    def killed(self, to: str) -> None:
        """One run in a process of its own that is killed at one of its requests, if it makes as many."""
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            try:
                self.upgrade(to)
            finally:
                os._exit(0)
        kill = partial(os.killpg, child, signal.SIGKILL)
        self.world.forge.server.chance = ForgeError(self.rng, 0, kill, self.rng.randint(1, 14))
        timer = threading.Timer(120, kill)
        timer.start()
        os.waitpid(child, 0)
        timer.cancel()
        self.world.forge.server.chance = None

    def people(self) -> None:
        """Somebody moves the base, merges, closes, or works on the branch."""
        repo, deed = self.world.forge.repo, self.rng.random()
        self.number += 1
        if deed < 0.2:
            repo.commit("main", {f"elsewhere-{self.number}": "x\n"}, "Elsewhere")
        elif deed < 0.3 and (head := repo.head(BRANCH)):
            git(repo.folder, "update-ref", "refs/heads/main", head)
        elif deed < 0.4:
            for change in self.world.forge.open_changes(BRANCH):
                change.state = "closed"
        elif deed < 0.45 and repo.head(BRANCH):
            name = f"k8s/prod/mine-{self.number}.txt"
            repo.commit(BRANCH, {name: "mine\n"}, "Mine")
            self.mine.append(name)


def assert_no_half_upgrade(world: World, files: dict[str, str]) -> None:
    """The branch has all places at one revision, or none of them moved."""
    repo = world.forge.repo
    assert len(world.forge.open_changes(BRANCH)) <= 1
    # The Git of a run that was killed may still move the branch: one commit is looked at.
    base, head = repo.head("main"), repo.head(BRANCH)
    if head is None or base is None:
        return
    there = {path: repo.show(head, path) for path in files}
    found = {
        version
        for path, text in there.items()
        for version in re.findall(r"\b[12]\.0\.0\b", text)
        if "Chart" not in path
    }
    assert len(found) == 1 or there == {path: repo.show(base, path) for path in files}


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_ten_runs_with_faults_and_kills(
    seed: int, tmp_path: Path, kubeaid: Path, cache: Path, contracts: Contracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)  # the same faults on every machine
    kind = KINDS[seed % len(KINDS)]
    quick = partial(RetryPolicy, attempts=3, first=0.001, between_writes=0, sleep=lambda _: None)
    monkeypatch.setattr(forges, "RetryPolicy", quick)
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    files = cluster("prod", {"web": app("web", revision="HEAD", label=""), "db": app("db")}, built=False)
    with played(kind, tmp_path, contracts[kind]) as world:
        world.forge.known_labels += ["kubeaid-upgrade", "risk-low", "risk-medium", "risk-high"]
        world.forge.repo.commit("main", {**dict.fromkeys(world.forge.repo.files("main")), **files}, "A cluster")
        runs = Runs(world, kubeaid, cache, rng)
        for _ in range(RUNS):
            runs.people()
            to = rng.choice((OLD, NEW, NEW))
            runs.killed(to) if rng.random() < 0.3 else runs.run(to)
            assert_no_half_upgrade(world, files)
        kept = {
            name
            for branch in ("main", BRANCH)
            if world.forge.repo.head(branch)
            for name in world.forge.repo.files(branch)
        }
        assert set(runs.mine) <= kept
        last = runs.upgrade(NEW)
        again = runs.upgrade(NEW)
        assert len(world.forge.open_changes(BRANCH)) <= 1
        settled = again.clusters[0].request
        assert settled is None or settled.outcome.value in ("unchanged", "stopped", "up-to-date")
        assert last.clusters[0].error is None
        # A request that ends in the middle, because its client was killed, is no error of the server.
        world.forge.server.seen[:] = [entry for entry in world.forge.server.seen if entry[0] != "ERROR"]
