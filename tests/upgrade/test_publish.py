"""Upgrades become change requests: real rehearsals of a small fleet, real Git over HTTP, each forge played."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from kubeaid_ci import PublishOptions, Upgrades
from kubeaid_ci.settings.publish import OnForeignCommits
from kubeaid_ci.upgrade import announcement
from tests.servers.git import git
from tests.servers.world import SECRET, World
from tests.upgrade import platform
from tests.upgrade.platform import NEW, OLD, app, cluster

PROD, ALL = "kubeaid-ci/upgrade/prod", "kubeaid-ci/upgrade-all"
WEB = "k8s/prod/argocd-apps/templates/web.yaml"


@dataclass
class Fleet:
    """A KubeAid repo, and a played forge whose repository is the config repo."""

    world: World
    kubeaid: Path
    cache: Path

    def put(self, *clusters: dict[str, str]) -> None:
        repo = self.world.forge.repo
        files: dict[str, str | None] = dict.fromkeys(repo.files("main"))
        for one in clusters:
            files |= one
        repo.commit("main", files, "Clusters")

    def upgrade(self, *clusters: str, to: str = NEW, **options: Any) -> Upgrades:
        own = ("accept_dangers", "together", "apps")
        job = {name: options.pop(name) for name in own if name in options}
        forge = {"forge": self.world.kind, "forge_url": self.world.forge.api_url}
        options = PublishOptions(**{**forge, **options})
        return kubeaid_ci.publish_upgrades(
            self.world.forge.git_url,
            self.kubeaid,
            to=to,
            clusters=clusters,
            options=options,
            cache=self.cache,
            jobs=1,
            **job,
        )

    def merge(self, branch: str) -> None:
        repo = self.world.forge.repo
        git(repo.folder, "update-ref", "refs/heads/main", branch)
        git(repo.folder, "update-ref", "-d", f"refs/heads/{branch}")


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform.kubeaid(tmp_path_factory.mktemp("KubeAid"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def make_fleet(kubeaid: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[World], Fleet]:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    return lambda world: Fleet(world, kubeaid, cache)


@pytest.fixture
def fleet(github: World, make_fleet: Callable[[World], Fleet]) -> Fleet:
    return make_fleet(github)


def outcomes(made: Upgrades) -> dict[str, str | None]:
    return {one.cluster: one.request and one.request.outcome.value for one in made.clusters}


def test_each_cluster_gets_a_change_request_of_its_own(world: World, make_fleet: Callable[[World], Fleet]) -> None:
    fleet = make_fleet(world)
    world.forge.known_labels += ["kubeaid-upgrade", "risk-low"]  # Gitea takes no label that it does not know
    fleet.put(cluster("prod", {"web": app("web")}), cluster("test", {"web": app("web")}, built=False))
    made = fleet.upgrade()
    assert outcomes(made) == {"prod": "created", "test": "created"}
    repo = world.forge.repo
    assert f"targetRevision: {NEW}" in repo.show(PROD, WEB)
    assert "60d" in repo.show(PROD, "k8s/prod/kube-prometheus/prometheus-prometheus.yaml")
    assert "k8s/prod/kube-prometheus/old.yaml" not in repo.files(PROD)
    assert repo.show(PROD, "k8s/test/argocd-apps/templates/web.yaml") == app("web").rstrip("\n")
    (change,) = world.forge.open_changes(PROD)
    assert change.title == f"chore(kubeaid): upgrade prod to {NEW}"
    assert {"kubeaid-upgrade", "risk-low"} <= set(change.labels)
    for part in ("### Applications", "### Order of sync", "engine 1.0.0 → 2.0.0", "### Roll back", "What the upgrade"):
        assert part in change.body
    assert outcomes(fleet.upgrade()) == {"prod": "unchanged", "test": "unchanged"}
    assert len(world.forge.open_changes()) == 2
    fleet.merge(PROD)
    assert outcomes(fleet.upgrade("prod")) == {"prod": None}


def test_another_revision_updates_the_change_request_that_is_open(fleet: Fleet) -> None:
    fleet.put(cluster("prod", {"web": app("web", revision="HEAD")}, built=False))
    fleet.upgrade(to=OLD)
    (change,) = fleet.world.forge.open_changes(PROD)
    assert outcomes(fleet.upgrade(to=NEW)) == {"prod": "updated"}
    (again,) = fleet.world.forge.open_changes(PROD)
    assert (again.number, again.title) == (change.number, f"chore(kubeaid): upgrade prod to {NEW}")
    assert f"targetRevision: {NEW}" in fleet.world.forge.repo.show(PROD, WEB)


def test_a_change_request_of_which_nothing_is_left_is_closed(fleet: Fleet) -> None:
    files = cluster("prod", {"web": app("web")}, built=False)
    fleet.put(files)
    fleet.upgrade()
    fleet.put({path: text.replace(OLD, NEW) for path, text in files.items()})
    assert outcomes(fleet.upgrade()) == {"prod": "closed"}
    assert fleet.world.forge.open_changes() == []


def test_one_change_request_for_all_replaces_those_of_each(fleet: Fleet) -> None:
    fleet.put(*(cluster(name, {"web": app("web")}, built=False) for name in ("prod", "test")))
    fleet.upgrade()
    made = fleet.upgrade(together=True)
    assert outcomes(made) == {"prod": "created", "test": "created"}
    (change,) = fleet.world.forge.open_changes()
    assert (change.head, change.title) == (ALL, f"chore(kubeaid): upgrade 2 clusters to {NEW}")
    assert "### Order of sync: prod" in change.body


def test_errors_refuse_one_cluster_and_not_the_others(fleet: Fleet) -> None:
    wrong = cluster("prod", {"gone": app("gone", chart="gone")}, built=False)
    fleet.put(wrong, cluster("test", {"web": app("web")}, built=False))
    made = fleet.upgrade()
    assert outcomes(made) == {"prod": None, "test": "created"}
    assert [one.cluster for one in made.refused] == ["prod"]
    assert outcomes(fleet.upgrade(together=True)) == {"prod": None, "test": None}
    made = fleet.upgrade("prod", accept_dangers=True, auto_merge=True)
    assert outcomes(made) == {"prod": "created"}
    (change,) = fleet.world.forge.open_changes(PROD)
    assert "risk-high" in change.labels
    assert "**Proposed despite 1 error of its rehearsal.**" in change.body
    assert "successor: argocd-helm-charts/successor" in change.body
    assert change.body.index("### Dangers") < change.body.index("### Applications")
    assert not made.clusters[0].request.auto_merge


def test_commits_of_others_are_kept(fleet: Fleet) -> None:
    fleet.put(cluster("prod", {"web": app("web")}, built=False))
    fleet.upgrade()
    repo = fleet.world.forge.repo
    mine = repo.commit(PROD, {"k8s/prod/mine.txt": "mine\n"}, "By hand")
    files = cluster("prod", {"web": app("web"), "more": app("more")}, built=False)
    fleet.put(files)
    assert outcomes(fleet.upgrade()) == {"prod": "stopped"}
    assert repo.has(mine, PROD)
    assert outcomes(fleet.upgrade(on_foreign_commits=OnForeignCommits.STACK)) == {"prod": "updated"}
    assert repo.has(mine, PROD)
    assert f"targetRevision: {NEW}" in repo.show(PROD, "k8s/prod/argocd-apps/templates/more.yaml")


def test_a_change_request_that_was_turned_down_is_not_opened_again(fleet: Fleet) -> None:
    fleet.put(cluster("prod", {"web": app("web")}, built=False))
    fleet.upgrade()
    (change,) = fleet.world.forge.open_changes(PROD)
    change.state = "closed"
    assert outcomes(fleet.upgrade()) == {"prod": "stopped"}


def test_a_dry_run_pushes_nothing_and_writes_the_announcement(fleet: Fleet, tmp_path: Path) -> None:
    fleet.put(cluster("prod", {"web": app("web")}))
    made = fleet.upgrade(dry_run=True, preview=str(tmp_path / "preview"))
    assert outcomes(made) == {"prod": "created"}
    assert made.clusters[0].dry_run
    assert "kubeaid-ci/upgrade/prod" not in fleet.world.forge.repo.branches()
    page, patch = sorted((tmp_path / "preview").iterdir())
    assert "### Order of sync" in page.read_text()
    assert patch.read_text().count(f"+    targetRevision: {NEW}") == 1


def test_the_text_fits_the_forge_with_what_matters_most(fleet: Fleet) -> None:
    apps = {f"web{number}": app(f"web{number}") for number in range(40)}
    fleet.put(cluster("prod", apps | {"gone": app("gone", chart="gone")}))
    made = fleet.upgrade(accept_dangers=True, dry_run=True, forge="none")
    whole = announcement.body(made, made.clusters, limit=1_000_000)
    for limit in (400, 1_500, 6_000, len(whole) - 1):
        text = announcement.body(made, made.clusters, limit=limit)
        assert 0 < len(text) <= limit
        assert "did not fit here" in text
    assert "### Dangers" in announcement.body(made, made.clusters, limit=6_000)
    assert "did not fit here" not in whole
