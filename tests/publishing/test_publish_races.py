"""Several runs for different clusters at once: every cluster ends up in the one change request, which names them all."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.forge.change_request import Outcome, Proposal
from kubeaid_ci.git.remote import Heads, heads
from kubeaid_ci.publishing.proposal import publish_proposal
from kubeaid_ci.publishing.publish import Publication
from kubeaid_ci.settings.publish import OnForeignCommits, PublishOptions
from tests import repos
from tests.repos import vars_file
from tests.servers.git import git
from tests.servers.http import Request
from tests.servers.world import BRANCH, PROPOSAL, SECRET, STYLE, World

CLUSTERS = ("dev", "prod", "qa", "test")
# More rounds find rarer orders: KUBEAID_CI_TEST_ROUNDS=100.
ROUNDS = int(os.environ.get("KUBEAID_CI_TEST_ROUNDS", "4"))


@pytest.fixture
def kubeaid(tmp_path: Path) -> Path:
    root = repos.kubeaid(tmp_path / "kubeaid")
    repos.commit(root)
    return root


@pytest.fixture
def configured(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    files: dict[str, str | None] = {f"k8s/{name}/{name}-vars.jsonnet": vars_file() for name in CLUSTERS}
    world.forge.repo.commit("main", {"k8s/prod/old.yaml": None, **files}, "Clusters")
    return world


def publish(world: World, kubeaid: Path, *clusters: str) -> Publication:
    options = PublishOptions(forge=world.kind, forge_url=world.forge.api_url)
    cache = world.folder / "cache"
    return kubeaid_ci.publish(world.forge.git_url, kubeaid, clusters=clusters, options=options, cache=cache, jobs=1)


def clusters_on(world: World, branch: str) -> set[str]:
    return {path.split("/")[1] for path in world.forge.repo.files(branch) if "/kube-prometheus/" in path}


def reset(world: World) -> None:
    """Take branch and change requests away, as if nothing had been published yet."""
    if world.forge.repo.head(BRANCH):
        git(world.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    world.forge.changes.clear()


def test_runs_for_different_clusters_all_end_up_in_one_request(configured: World, kubeaid: Path) -> None:
    publish(configured, kubeaid)  # fills the build cache
    for _ in range(ROUNDS):
        reset(configured)
        with ThreadPoolExecutor(len(CLUSTERS)) as pool:
            runs = list(pool.map(lambda name: publish(configured, kubeaid, name), CLUSTERS))
        assert clusters_on(configured, BRANCH) == set(CLUSTERS)
        change = configured.the_change()
        assert [name for name in CLUSTERS if f"`{name}`" not in change.body] == []
        assert change.title.endswith("rebuild the manifests of 4 clusters")
        outcomes = [run.results[0].outcome for run in runs]
        assert set(outcomes) <= {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED}
        # A run says which clusters its last push had: its own at least.
        assert all(name in run.results[0].clusters for name, run in zip(CLUSTERS, runs, strict=True))
        assert publish(configured, kubeaid).results[0].outcome is Outcome.UNCHANGED


def test_run_for_all_clusters_and_one_for_a_single_one_lose_nothing(configured: World, kubeaid: Path) -> None:
    publish(configured, kubeaid)
    for _ in range(ROUNDS):
        reset(configured)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda names: publish(configured, kubeaid, *names), [(), ("qa",)]))
        assert clusters_on(configured, BRANCH) == set(CLUSTERS)
        assert all(f"`{name}`" in configured.the_change().body for name in CLUSTERS)


def test_cluster_that_another_run_adds_between_look_and_push_stays(configured: World, kubeaid: Path) -> None:
    """The order of events is fixed: the other run pushes right before ours does, twice."""
    others = ["prod", "qa"]

    def quicker(request: Request) -> None:
        if request.verb == "POST" and request.path.endswith("receive-pack") and others:
            name, server = others.pop(), configured.forge.server
            server.chance = None
            server.lock.release()
            publish(configured, kubeaid, name)
            server.lock.acquire()
            server.chance = quicker

    configured.forge.server.chance = quicker
    published = publish(configured, kubeaid, "dev")
    assert published.results[0].clusters == ("dev", "prod", "qa")
    assert clusters_on(configured, BRANCH) == {"dev", "prod", "qa"}
    assert all(f"`{name}`" in configured.the_change().body for name in ("dev", "prod", "qa"))


def test_cluster_that_another_run_adds_while_we_open_the_request_is_described(configured: World, kubeaid: Path) -> None:
    others = ["prod"]

    def quicker(request: Request) -> None:
        if request.verb == "POST" and request.path.endswith(("/pulls", "/merge_requests")) and others:
            name, server = others.pop(), configured.forge.server
            server.chance = None
            server.lock.release()
            publish(configured, kubeaid, name)
            server.lock.acquire()

    configured.forge.server.chance = quicker
    publish(configured, kubeaid, "dev")
    assert clusters_on(configured, BRANCH) == {"dev", "prod"}
    assert all(f"`{name}`" in configured.the_change().body for name in ("dev", "prod"))


def test_run_that_never_wins_says_that_nothing_of_it_was_published(gitlab: World) -> None:
    pushed: list[str] = []

    def always_quicker(request: Request) -> None:
        if request.verb == "POST" and request.path.endswith("receive-pack"):
            pushed.append(gitlab.forge.repo.commit(BRANCH, {f"k8s/other/{len(pushed)}": "x\n"}, "Other"))

    gitlab.forge.repo.commit(BRANCH, {"k8s/other/x": "x\n"}, "Other")
    git(gitlab.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    gitlab.forge.server.chance = always_quicker
    repository, forge = gitlab.repository(), gitlab.client()

    def refresh() -> tuple[Proposal, tuple[str, ...], Heads]:
        return PROPOSAL, ("prod",), heads(gitlab.access, BRANCH, "main")

    with pytest.raises(OutsideError, match=r"kept moving.*nothing of this run is in it; run again"):
        publish_proposal(
            PROPOSAL,
            repository,
            forge,
            style=STYLE,
            options=PublishOptions(on_foreign_commits=OnForeignCommits.OVERWRITE),
            refresh=refresh,
        )
    assert len(pushed) > 3
    assert gitlab.forge.repo.head(BRANCH) == pushed[-1]
