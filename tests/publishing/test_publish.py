"""From a build to change requests: real builds of a small fleet, real Git over HTTP, each forge played."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import kubeaid_ci
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.publishing.publish import Publication
from kubeaid_ci.publishing.target import Target
from kubeaid_ci.settings.publish import PublishOptions
from tests import repos
from tests.repos import vars_file
from tests.servers.git import git
from tests.servers.http import Fault, Reply, Request, Server
from tests.servers.world import BRANCH, SECRET, World

LIVE = "kubeaid-ci/into/live/kube-prometheus"
BROKEN = "{ platform: 'kops', kube_prometheus_version: 'v9.9.9' }\n"


@dataclass
class Fleet:
    """A KubeAid repo, and a played forge whose repository is the config repo."""

    world: World
    kubeaid: Path
    cache: Path

    def put(self, **texts: str | None) -> None:
        """Put vars files on the base branch; a cluster of no text is removed with all that it has."""
        files: dict[str, str | None] = {}
        for name, text in texts.items():
            files |= {path: None for path in self.world.forge.repo.files("main") if path.startswith(f"k8s/{name}/")}
            files |= {} if text is None else {f"k8s/{name}/{name}-vars.jsonnet": text}
        self.world.forge.repo.commit("main", files, "Set")

    def options(self, **fields: Any) -> PublishOptions:
        return PublishOptions(forge=self.world.kind, forge_url=self.world.forge.api_url, **fields)

    def publish(self, *clusters: str, config_repo: str | Path | None = None, **options: Any) -> Publication:
        build = {name: options.pop(name) for name in ("kubeaid_ref", "progress") if name in options}
        return kubeaid_ci.publish(
            config_repo or self.world.forge.git_url,
            self.kubeaid,
            clusters=clusters,
            options=self.options(**options),
            cache=self.cache,
            jobs=1,
            **build,
        )

    def outcomes(self, *clusters: str, **options: Any) -> list[str]:
        return [result.outcome.value for result in self.publish(*clusters, **options).results]

    def merge(self) -> None:
        """Merge what the branch for all clusters has, and delete it, as a person would."""
        repo = self.world.forge.repo
        git(repo.folder, "update-ref", "refs/heads/main", BRANCH)
        git(repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")

    def clusters_on(self, branch: str) -> set[str]:
        """The clusters whose manifests a branch has."""
        return {path.split("/")[1] for path in self.world.forge.repo.files(branch) if "/kube-prometheus/" in path}

    def asked(self) -> list[str]:
        """The requests since the last look: verb and what they end in."""
        seen = [f"{verb} {path.rpartition('/')[2]}" for verb, path, _ in self.world.forge.server.seen]
        self.world.forge.server.seen.clear()
        return seen


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One build cache for all tests here: what is tested comes after the build."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A KubeAid repo with one commit."""
    root = repos.kubeaid(tmp_path_factory.mktemp("kubeaid"))
    repos.commit(root)
    return root


@pytest.fixture
def make_fleet(kubeaid: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[World, int], Fleet]:
    def make(world: World, size: int) -> Fleet:
        monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
        fleet = Fleet(world, kubeaid, cache)
        # Old manifests of another cluster are on the base, as the played forges have it.
        fleet.put(prod=None, **{f"c{number}": vars_file() for number in range(size)})
        return fleet

    return make


@pytest.fixture
def fleet(gitlab: World, make_fleet: Callable[[World, int], Fleet]) -> Fleet:
    """For what is the same on every forge."""
    return make_fleet(gitlab, 2)


# Nothing to do


def test_eight_clusters_with_nothing_changed_ask_for_the_repository_and_nothing_else(
    world: World, make_fleet: Callable[[World, int], Fleet]
) -> None:
    fleet = make_fleet(world, 8)
    assert fleet.outcomes() == ["created"]
    fleet.merge()
    fleet.asked()
    assert fleet.outcomes() == ["up-to-date"]
    # A clone, and one look at the branches.
    assert sorted(fleet.asked()) == ["GET refs"] * 2 + ["POST git-upload-pack"] * 3
    assert fleet.outcomes(per_cluster=True) == ["up-to-date"] * 8
    assert sorted(fleet.asked()) == ["GET refs"] * 2 + ["POST git-upload-pack"] * 3


def test_eight_clusters_whose_change_request_is_open_write_nothing(
    world: World, make_fleet: Callable[[World, int], Fleet]
) -> None:
    fleet = make_fleet(world, 8)
    fleet.publish(labels=("ci",))
    fleet.asked()
    assert fleet.outcomes(labels=("ci",)) == ["unchanged"]
    asked = fleet.asked()
    assert [each for each in asked if not each.startswith("GET") and each != "POST git-upload-pack"] == []
    # Gitea gives pages of three here, and has to be asked for a page until one is empty.
    assert asked.count("GET pulls") + asked.count("GET merge_requests") == (2 if world.kind == "gitea" else 1)
    assert len([each for each in asked if "upload-pack" not in each and "refs" not in each]) <= 2


# Which clusters


def test_named_cluster_keeps_the_others_in_the_change_request(fleet: Fleet) -> None:
    fleet.publish()
    fleet.put(c0=vars_file(platform="'aks'"))
    published = fleet.publish("c0")
    assert [result.outcome for result in published.results] == ["updated"]
    assert published.results[0].clusters == ("c0", "c1")
    assert fleet.clusters_on(BRANCH) == {"c0", "c1"}


def test_named_cluster_that_is_up_to_date_closes_nothing(fleet: Fleet) -> None:
    fleet.publish("c0")
    fleet.merge()
    fleet.publish("c1")
    assert fleet.outcomes("c0") == ["unchanged"]
    assert fleet.clusters_on(BRANCH) == {"c0", "c1"}


def test_cluster_that_fails_is_named_and_makes_a_draft_of_the_rest(fleet: Fleet) -> None:
    fleet.put(c1=BROKEN)
    published = fleet.publish()
    change = fleet.world.the_change()
    assert [result.outcome for result in published.results] == ["created"]
    assert fleet.clusters_on(BRANCH) == {"c0"}
    assert change.title.startswith("Draft: ")
    assert "could not be built" in change.body
    assert "`c1`" in change.body


def test_cluster_that_fails_does_not_close_what_it_has_brought(fleet: Fleet) -> None:
    fleet.publish("c0")
    fleet.merge()
    fleet.publish("c1")
    fleet.put(c1=BROKEN)
    published = fleet.publish()
    assert [result.outcome for result in published.results] == ["stopped"]
    assert "failed in this run: c1" in published.results[0].messages[0]
    assert len(fleet.world.forge.open_changes(BRANCH)) == 1


def test_no_cluster_that_can_be_built_leaves_everything_alone(fleet: Fleet) -> None:
    fleet.publish()
    fleet.put(c0=BROKEN, c1=BROKEN)
    assert fleet.outcomes() == []
    assert len(fleet.world.forge.open_changes(BRANCH)) == 1


# One for each cluster


def test_each_cluster_has_its_own_change_request(fleet: Fleet) -> None:
    assert fleet.outcomes(per_cluster=True) == ["created", "created"]
    assert fleet.clusters_on(f"{BRANCH}/c0") == {"c0"}
    fleet.put(c1=vars_file(platform="'aks'"))
    assert fleet.outcomes(per_cluster=True) == ["unchanged", "updated"]
    titles = sorted(change.title for change in fleet.world.forge.open_changes())
    assert titles == [f"build(kube-prometheus): rebuild the manifests of {name}" for name in ("c0", "c1")]


def test_change_request_of_a_removed_cluster_is_closed(fleet: Fleet) -> None:
    fleet.publish(per_cluster=True)
    fleet.put(c1=None)
    assert fleet.outcomes("c0", per_cluster=True) == ["unchanged"]
    assert fleet.outcomes(per_cluster=True) == ["unchanged", "closed"]
    assert [change.head for change in fleet.world.forge.open_changes()] == [f"{BRANCH}/c0"]


def test_unreadable_cluster_is_not_taken_for_a_removed_one(fleet: Fleet) -> None:
    fleet.publish(per_cluster=True)
    fleet.world.forge.repo.commit("main", {"k8s/c1/another-vars.jsonnet": vars_file()}, "Two vars files")
    assert fleet.outcomes(per_cluster=True) == ["unchanged"]
    assert len(fleet.world.forge.open_changes()) == 2


def test_clusters_of_one_name_are_told_apart_by_their_folders(fleet: Fleet) -> None:
    files = {f"k8s/{folder}/same-vars.jsonnet": vars_file() for folder in ("east", "west")}
    fleet.world.forge.repo.commit("main", files, "Twins")
    assert fleet.outcomes(per_cluster=True) == ["created"] * 4
    assert fleet.clusters_on(f"{BRANCH}/east") == {"east"}
    assert fleet.outcomes(per_cluster=True) == ["unchanged"] * 4


@pytest.mark.parametrize(
    "folders",
    [("prod eu", "prod-eu"), ("a..b", "a.b"), ("x", "x.lock"), ("größe", "gr-e"), ("-a", "a"), ("~", "cluster")],
    ids=" and ".join,
)
def test_two_folders_never_share_a_branch(fleet: Fleet, folders: tuple[str, str]) -> None:
    fleet.put(c0=None, c1=None)
    files = {f"k8s/{folder}/{folder}-vars.jsonnet": vars_file() for folder in folders}
    fleet.world.forge.repo.commit("main", files, "Two")
    assert fleet.outcomes(per_cluster=True) == ["created"] * 2
    heads = [change.head for change in fleet.world.forge.open_changes()]
    assert sorted(folder for head in heads for folder in fleet.clusters_on(head)) == sorted(folders)
    assert fleet.outcomes(per_cluster=True) == ["unchanged"] * 2


def test_branch_that_is_no_longer_used_makes_room_in_the_same_run(fleet: Fleet) -> None:
    """Git cannot keep ``…/c0`` and ``…/c0/east`` side by side: the old branch has to go first."""
    repo = fleet.world.forge.repo
    repo.commit(f"{BRANCH}/c0/east", {"k8s/east/kube-prometheus/x.yaml": "a: 1\n"}, "By hand")
    git(repo.folder, "update-ref", f"refs/heads/{BRANCH}/c0/east", repo.head("main") or "")
    assert fleet.outcomes(per_cluster=True) == ["created", "created", "closed"]
    assert set(repo.branches()) == {"main", f"{BRANCH}/c0", f"{BRANCH}/c1"}


def test_request_on_a_branch_with_its_former_name_is_replaced(fleet: Fleet) -> None:
    fleet.put(c0=None)
    fleet.world.forge.repo.commit("main", {"k8s/c0.example.com/c0-vars.jsonnet": vars_file()}, "Other folder")
    former = f"{BRANCH}/c0"
    git(fleet.world.forge.repo.folder, "update-ref", f"refs/heads/{former}", "main")
    old = fleet.world.forge.add(former)
    assert fleet.outcomes("c0", per_cluster=True) == ["created", "closed"]
    assert old.state in ("closed", "merged")
    assert fleet.world.forge.repo.head(former) is None
    (change,) = fleet.world.forge.open_changes()
    assert change.head == f"{BRANCH}/c0.example.com"


def test_change_request_that_fails_stops_no_other(fleet: Fleet) -> None:
    fleet.world.forge.repo.hook("update", f'case "$1" in */{BRANCH}/c0) echo "not this one" >&2; exit 1;; esac')
    published = fleet.publish(per_cluster=True)
    assert [(result.outcome, result.clusters) for result in published.results] == [("created", ("c1",))]
    (failed,) = published.failed
    assert (failed.clusters, failed.branch, failed.error.exit_code) == (("c0",), f"{BRANCH}/c0", 3)
    assert "not this one" in str(failed.error)


def test_one_error_is_raised_where_nothing_could_be_published(fleet: Fleet) -> None:
    fleet.world.forge.repo.hook("update", 'echo "nobody" >&2; exit 1')
    with pytest.raises(OutsideError, match="nobody"):
        fleet.publish(per_cluster=True)


# The base


def test_base_that_moves_during_the_build_is_built_again(fleet: Fleet) -> None:
    moved = []

    def somebody_edits(cluster: object, result: object) -> None:
        if not moved:
            moved.append(cluster)
            fleet.put(c0=vars_file(platform="'aks'"))

    published = fleet.publish(progress=somebody_edits)
    assert published.results[0].outcome == "created"
    assert "k8s/c0/kube-prometheus/aks-only.yaml" in fleet.world.forge.repo.files(BRANCH)


def test_base_that_moves_elsewhere_does_not_matter(fleet: Fleet) -> None:
    ended = []

    def somebody_edits(cluster: object, result: object) -> None:
        if result:
            ended.append(cluster)
            fleet.world.forge.repo.commit("main", {"README.md": f"{len(ended)}\n"}, "Elsewhere")

    assert fleet.publish(progress=somebody_edits).results[0].outcome == "created"
    assert len(ended) == 2


def test_base_that_never_rests_is_an_error_and_nothing_is_published(fleet: Fleet) -> None:
    ended = []

    def somebody_edits(cluster: object, result: object) -> None:
        if result:
            ended.append(cluster)
            fleet.world.forge.repo.commit("main", {"k8s/new": f"{len(ended)}\n"}, "Again")

    with pytest.raises(OutsideError, match="base branch main kept moving"):
        fleet.publish(progress=somebody_edits)
    assert fleet.world.forge.server.writes() == []


def test_missing_base_is_named_at_once(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "wait_and_retry", lambda *_: pytest.fail("waited for what cannot pass"))
    with pytest.raises(UserError, match=r"has no branch nowhere to propose to; its default branch is main"):
        fleet.publish(base="nowhere")


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (None, r"its HEAD names the branch master, which does not exist; name one with --base: main"),
        ("nope", r"has no branch nope to propose to; its branches are main"),
    ],
)
def test_remote_whose_head_names_no_branch_says_which_there_are(fleet: Fleet, base: str | None, message: str) -> None:
    git(fleet.world.forge.repo.folder, "symbolic-ref", "HEAD", "refs/heads/master")
    with pytest.raises(UserError, match=message):
        fleet.publish(base=base)
    assert fleet.outcomes(base="main") == ["created"]


def test_repository_may_be_named_by_a_file_address(fleet: Fleet) -> None:
    address = fleet.world.forge.repo.folder.as_uri()
    options = PublishOptions(forge="none")
    published = kubeaid_ci.publish(address, fleet.kubeaid, options=options, cache=fleet.cache, jobs=1)
    assert published.results[0].outcome == "created"
    assert fleet.world.forge.repo.head(BRANCH) == published.results[0].head


@pytest.mark.parametrize(
    ("prepare", "advice"),
    [
        (lambda folder: None, "it does not exist"),
        (lambda folder: folder.mkdir(), "not the top of a Git repository; go to that folder"),
        (lambda folder: git(folder.parent, "init", "-q", "--bare", str(folder)), "name it as the address file:///"),
        (lambda folder: git(folder.parent, "init", "-q", str(folder)), "remote add origin URL"),
    ],
    ids=["missing", "no repository", "bare", "no origin"],
)
def test_folder_that_nothing_can_be_published_from_says_what_to_do(
    fleet: Fleet, tmp_path: Path, prepare: Callable[[Path], object], advice: str
) -> None:
    prepare(tmp_path / "folder")
    with pytest.raises(UserError, match=advice):
        fleet.publish(config_repo=tmp_path / "folder")


@pytest.mark.parametrize("base", [None, "main"])
def test_empty_repository_is_the_callers_fault(fleet: Fleet, base: str | None) -> None:
    git(fleet.world.forge.repo.folder, "update-ref", "-d", "refs/heads/main")
    with pytest.raises(UserError, match="no commit yet"):
        fleet.publish(base=base)


def test_repository_without_clusters_is_named_by_its_address(fleet: Fleet) -> None:
    fleet.put(c0=None, c1=None)
    with pytest.raises(UserError, match=rf"^{fleet.world.forge.git_url}: not a config repo: its branch main has no"):
        fleet.publish()


def test_other_base_is_built_from_and_proposed_to(fleet: Fleet) -> None:
    fleet.world.forge.repo.commit("main", {}, "More")
    git(fleet.world.forge.repo.folder, "update-ref", "refs/heads/live", "main")
    fleet.put(c0=None)
    assert fleet.publish(base="live").results[0].base == "live"
    assert fleet.clusters_on(LIVE) == {"c0", "c1"}
    (change,) = fleet.world.forge.open_changes()
    assert (change.head, change.base) == (LIVE, "live")


def test_two_bases_have_a_change_request_each(world: World, make_fleet: Callable[[World, int], Fleet]) -> None:
    fleet = make_fleet(world, 2)
    git(world.forge.repo.folder, "update-ref", "refs/heads/live", "main")
    for _ in range(2):
        for base in ("main", "live"):
            fleet.publish(base=base)
        fleet.publish()
    found = sorted((change.head, change.base, change.number) for change in world.forge.changes.values())
    assert found == [(LIVE, "live", 2), (BRANCH, "main", 1)]
    assert fleet.outcomes(base="live") == fleet.outcomes(base="main") == fleet.outcomes() == ["unchanged"]


def test_request_to_another_base_that_an_earlier_release_opened_is_replaced(fleet: Fleet) -> None:
    repo = fleet.world.forge.repo
    git(repo.folder, "update-ref", "refs/heads/live", "main")
    repo.commit(BRANCH, {"k8s/c0/kube-prometheus/x.yaml": "a: 1\n"}, "By an earlier release")
    git(repo.folder, "update-ref", f"refs/heads/{BRANCH}", BRANCH)
    old = fleet.world.forge.add(BRANCH, base="live")
    published = fleet.publish(base="live")
    assert published.results[0].outcome == "created"
    assert old.state == "closed"
    assert published.results[0].url in next(iter(old.comments.values()))


def test_broken_line_during_the_clone_is_tried_again(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    monkeypatch.setattr(RetryPolicy, "wait_and_retry", lambda _, attempt, *__: tries.append(attempt) or True)
    fleet.world.forge.server.inject("POST", "git-upload-pack$", Fault.HALF, times=2)
    assert fleet.outcomes() == ["created"]
    assert tries == [1, 2]


# What is committed


def test_files_that_git_is_to_ignore_are_left_out_of_branch_and_text(fleet: Fleet) -> None:
    fleet.world.forge.repo.commit("main", {".gitignore": "general-rules.yaml\n"}, "Ignore")
    published = fleet.publish()
    assert "left out 2 files that Git is to ignore" in published.results[0].messages[0]
    assert not [path for path in fleet.world.forge.repo.files(BRANCH) if path.endswith("general-rules.yaml")]
    assert "general-rules.yaml" not in fleet.world.the_change().body


def test_commit_is_dated_by_the_kubeaid_commit_that_was_built(fleet: Fleet) -> None:
    fleet.publish()
    built = git(fleet.kubeaid, "log", "-1", "--format=%ct")
    assert git(fleet.world.forge.repo.folder, "log", "-1", "--format=%at %ct", BRANCH) == f"{built} {built}"


def test_commit_is_the_same_from_any_machine(
    fleet: Fleet, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = fleet.world.forge.repo
    first = fleet.publish().results[0].head
    git(repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    fleet.world.forge.changes.clear()
    # Another machine: other clones of both repositories, another time zone, language, person and umask.
    elsewhere = tmp_path / "another machine"
    git(tmp_path, "clone", "-q", fleet.kubeaid.as_uri(), str(elsewhere / "kubeaid"))
    git(tmp_path, "clone", "-q", repo.folder.as_uri(), str(elsewhere / "config"))
    git(elsewhere / "config", "remote", "set-url", "origin", fleet.world.forge.git_url)
    (home / ".gitconfig").write_text("[user]\nname = Jörg\nemail = j@example.com\n[core]\nautocrlf = input\n")
    for name, value in (("TZ", "Pacific/Auckland"), ("LANG", "tr_TR.UTF-8"), ("GIT_AUTHOR_NAME", "Jörg")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1234567890 +1200")
    time.tzset()
    old = os.umask(0o077)
    try:
        other = replace(fleet, kubeaid=elsewhere / "kubeaid", cache=tmp_path / "cache")
        second = other.publish(config_repo=elsewhere / "config").results[0].head
    finally:
        os.umask(old)
        monkeypatch.undo()
        time.tzset()
    assert second == first


def test_checkout_lends_its_objects_and_is_left_as_it_was(fleet: Fleet, tmp_path: Path) -> None:
    repo = fleet.world.forge.repo
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", repo.folder.as_uri(), str(checkout))
    git(checkout, "remote", "set-url", "origin", fleet.world.forge.git_url)
    git(checkout, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    (checkout / "mine").write_text("mine\n")
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    fleet.asked()
    assert fleet.outcomes(config_repo=checkout) == ["created"]
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before
    # The first fetch is of the branches' names alone: there is nothing to bring.
    assert fleet.asked()[:4] == ["GET refs", "POST git-upload-pack", "GET refs", "POST git-upload-pack"]
    assert fleet.outcomes(config_repo=tmp_path / "linked") == ["unchanged"]


# Shown before it is done


def test_dry_run_shows_the_whole_text_and_a_patch_that_applies(fleet: Fleet, tmp_path: Path) -> None:
    preview = tmp_path / "preview"
    published = fleet.publish(dry_run=True, preview=str(preview), commit_via="api")
    assert [result.outcome for result in published.results] == ["created"]
    assert fleet.world.forge.server.writes() == []
    assert "`c1`" in (preview / "kubeaid-ci-kube-prometheus.md").read_text()
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", fleet.world.forge.repo.folder.as_uri(), str(checkout))
    git(checkout, "apply", str(preview / "kubeaid-ci-kube-prometheus.patch"))
    assert (checkout / "k8s/c0/kube-prometheus/general-rules.yaml").is_file()


def test_preview_of_a_real_run_has_what_did_not_fit_into_the_text(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Target, "limit", 2000)
    fleet.publish(preview=str(tmp_path))
    body = fleet.world.the_change().body
    assert "did not fit here" in body
    assert len(body) <= 3000
    whole = (tmp_path / "kubeaid-ci-kube-prometheus.md").read_text()
    assert "did not fit here" not in whole
    assert whole.count("<summary>") > body.count("<summary>")


@pytest.mark.parametrize("folder", ["team b", 'we"ird', "back\\slash", "a\tb", "größe", "x b", "diff --git a"])
def test_diffs_are_under_their_own_files_whatever_these_are_called(fleet: Fleet, folder: str) -> None:
    fleet.put(c0=None)
    fleet.world.forge.repo.commit("main", {f"k8s/{folder}/odd-vars.jsonnet": vars_file()}, "Odd")
    fleet.publish()
    path = f"k8s/{folder}/kube-prometheus/general-rules.yaml"
    body = fleet.world.the_change().body
    shown = [part for part in body.split("<summary>")[1:] if "```diff" in part or "````diff" in part]
    assert len(shown) == 6
    own = [part for part in shown if "kube-prometheus/general-rules.yaml" in part.partition("</summary>")[0]]
    assert len(own) == 2
    assert all("+kind: PrometheusRule" in part for part in own)
    assert path in fleet.world.forge.repo.files(BRANCH)


def test_description_names_every_file_of_the_commit(fleet: Fleet) -> None:
    more = "{ ['cm-%03d' % i]: {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'c%d' % i}} for i in std.range(1, 300) }"
    fleet.put(c0=vars_file(more=more))
    fleet.publish("c0")
    body = fleet.world.the_change().body
    changed = [path for path in fleet.world.forge.repo.files(BRANCH) if "/kube-prometheus/" in path]
    assert len(changed) > 300
    assert [path for path in changed if path.rpartition("/")[2] not in body] == []
    assert f"| {len(changed)} added |" in body


def test_no_forge_takes_the_branch_alone(fleet: Fleet) -> None:
    plain = PublishOptions(forge="none")
    published = kubeaid_ci.publish(fleet.world.forge.git_url, fleet.kubeaid, options=plain, cache=fleet.cache, jobs=1)
    assert [(result.outcome, result.url) for result in published.results] == [("created", None)]
    assert not [path for _, path, _ in fleet.world.forge.server.seen if path.startswith("/api")]


def test_token_in_the_address_is_used_and_kept_secret(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBEAID_CI_TOKEN")
    address = fleet.world.forge.git_url.replace("://", f"://oauth2:{SECRET}@")
    assert fleet.outcomes(config_repo=address) == ["created"]
    fleet.world.forge.rights.clear()
    with pytest.raises(OutsideError, match="HTTP 401: the token from the address") as caught:
        fleet.publish(config_repo=address)
    assert SECRET not in str(caught.value)


def test_proxy_that_the_environment_names_leads_git_and_api_alike(
    world: World, make_fleet: Callable[[World, int], Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = make_fleet(world, 1)

    def lead(request: Request) -> Reply:
        target = f"{request.path}?{urlencode(request.query, doseq=True)}"
        with closing(HTTPConnection("127.0.0.1", world.forge.server.port)) as asked:
            asked.request(request.verb, target, request.body, {**request.headers, "connection": "close"})
            answer = asked.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name not in ("Content-Length", "Date")}
            return Reply(answer.status, answer.read(), headers)

    with Server(lead) as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.url)
        # A name that nothing but the proxy knows.
        options = PublishOptions(forge=world.kind, forge_url=f"http://forge.invalid{world.forge.prefix}")
        address = "http://forge.invalid/acme/config.git"
        published = kubeaid_ci.publish(address, fleet.kubeaid, options=options, cache=fleet.cache, jobs=1)
    assert [result.outcome for result in published.results] == ["created"]
    assert len(proxy.seen) == len(world.forge.server.seen)


def test_access_without_a_token_says_so(fleet: Fleet) -> None:
    from kubeaid_ci.git.remote import remote_head

    with pytest.raises(OutsideError, match="HTTP 401: without a token we may not read it"):
        remote_head(GitAccess(fleet.world.forge.git_url), "main")


def test_second_run_that_makes_the_same_commit_is_no_rival(fleet: Fleet) -> None:
    fleet.publish()
    fleet.put(c0=vars_file(platform="'aks'"))
    quicker: list[str] = []

    def other_run(request: Request) -> None:
        if request.path.endswith("receive-pack") and request.verb == "POST" and not quicker:
            fleet.world.forge.server.chance = None
            fleet.world.forge.server.lock.release()
            quicker.extend(fleet.outcomes())
            fleet.world.forge.server.lock.acquire()

    fleet.world.forge.server.chance = other_run
    assert [fleet.outcomes(), quicker] == [["updated"], ["updated"]]
    assert fleet.world.forge.repo.ahead("main", BRANCH) == 1
    assert len(fleet.world.forge.open_changes(BRANCH)) == 1


def test_files_of_git_lfs_are_not_committed_as_they_are(fleet: Fleet) -> None:
    fleet.world.forge.repo.commit("main", {".gitattributes": "k8s/c0/kube-prometheus/** filter=lfs -text\n"}, "LFS")
    published = fleet.publish()
    assert fleet.clusters_on(BRANCH) == {"c1"}
    assert [(one.rule.id, "filter=lfs in .gitattributes" in one.message) for one in published.builds.findings] == [
        ("publish/failed", True)
    ]
