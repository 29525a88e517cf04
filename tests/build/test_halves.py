"""A cluster that is built by halves is built as one that is not, whatever goes wrong."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.build import build as build_module
from kubeaid_ci.build.built_files import Task
from kubeaid_ci.build.halves import to_halve
from kubeaid_ci.build.result import Builds
from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.git.source_files import FolderRef
from kubeaid_ci.repositories.kubeaid import KubeAid
from tests import repos
from tests.repos import Repos, vars_file

VARS = "k8s/one/one-vars.jsonnet"
OUTPUT = "k8s/one/kube-prometheus"
TEMPLATE = "build/kube-prometheus/common-template.jsonnet"
MIXIN = "build/kube-prometheus/libraries/v0.17.0/vendor/mixin/main.libsonnet"


def made(folder: Path) -> Repos:
    """A cluster that was built, which the halves need: they go by the sizes of its files."""
    texts = {"one": vars_file()}
    made = Repos(repos.kubeaid(folder / "kubeaid", "v0.17.0"), repos.config(folder / "config", texts))
    assert kubeaid_ci.build_clusters(made.config, made.kubeaid, cache=False).failed == ()
    return made


def vars_changed(two: Repos) -> None:
    repos.write(two.config, {VARS: vars_file(replicas="3")})


def nothing_changed(_: Repos) -> None:
    """The cache is empty: everything is evaluated and gives what is there."""


def mixin_changed(two: Repos) -> None:
    repos.write(two.kubeaid, {MIXIN: repos.MIXIN.replace("Watchdog", "Dog")})


def edited_by_hand(two: Repos) -> None:
    repos.write(two.config, {f"{OUTPUT}/general-rules.yaml": "kind: Other\n", f"{OUTPUT}/left.yaml": "a: 1\n"})


def file_is_a_pipe(two: Repos) -> None:
    (two.config / OUTPUT / "general-rules.yaml").unlink()
    os.mkfifo(two.config / OUTPUT / "general-rules.yaml")


def every_file_is_new(two: Repos) -> None:
    shutil.rmtree(two.config / OUTPUT)
    repos.write(two.config, {f"{OUTPUT}/elsewhere.yaml": "a: 1\n" * 1000})


def no_files(two: Repos) -> None:
    shutil.rmtree(two.config / OUTPUT)


def largest_is_no_yaml(two: Repos) -> None:
    repos.write(two.config, {f"{OUTPUT}/README.md": "text\n" * 5000})


def vars_are_wrong(two: Repos) -> None:
    repos.write(two.config, {VARS: "{ platform: error 'not today' }\n"})


def vars_are_no_jsonnet(two: Repos) -> None:
    repos.write(two.config, {VARS: "{ platform: }\n"})


def unknown_key(two: Repos) -> None:
    repos.write(two.config, {VARS: vars_file(replikas="3")})


def release_is_missing(two: Repos) -> None:
    repos.write(two.config, {VARS: vars_file(kube_prometheus_version="'v9.9.9'")})


def one_manifest_fails(two: Repos) -> None:
    text = (two.kubeaid / TEMPLATE).read_text()
    repos.write(two.kubeaid, {TEMPLATE: f"({text}) + {{ 'one-more': error 'broken here' }}"})


def largest_manifest_fails(two: Repos) -> None:
    text = (two.kubeaid / TEMPLATE).read_text()
    repos.write(two.kubeaid, {TEMPLATE: f"({text}) + {{ 'general-rules': error 'broken here' }}"})


def name_is_unsafe(two: Repos) -> None:
    text = (two.kubeaid / TEMPLATE).read_text()
    repos.write(two.kubeaid, {TEMPLATE: f"({text}) + {{ '../out': {{}} }}"})


def only_gojsonnet_evaluates_it(two: Repos) -> None:
    text = (two.kubeaid / TEMPLATE).read_text()
    repos.write(two.kubeaid, {TEMPLATE: f"({text}) + {{ 'one-more': {{ a: std.crc32 }} }}"})


def template_gives_an_array(two: Repos) -> None:
    repos.write(two.kubeaid, {TEMPLATE: "[1, 2]"})


def assertion_without_manifests_fails(two: Repos) -> None:
    repos.write(two.kubeaid, {TEMPLATE: "{ assert false : 'not for this cluster' }"})


def no_manifests(two: Repos) -> None:
    repos.write(two.kubeaid, {TEMPLATE: "{ assert true }"})


def largest_is_gone(two: Repos) -> None:
    text = (two.kubeaid / TEMPLATE).read_text()
    repos.write(two.kubeaid, {TEMPLATE: f"local all = ({text}); {{ [n]: all[n] for n in ['prometheus-prometheus'] }}"})


def object_moves_between_the_halves(two: Repos) -> None:
    text = (two.kubeaid / TEMPLATE).read_text()
    moved = f"local all = ({text}); {{ [n + '-moved']: all[n] for n in std.objectFields(all) }}"
    repos.write(two.kubeaid, {TEMPLATE: moved})


def vars_are_a_pointer_of_lfs(two: Repos) -> None:
    repos.write(two.config, {VARS: "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"})


def output_is_a_link(two: Repos) -> None:
    shutil.move(two.config / OUTPUT, two.config / "elsewhere")
    (two.config / OUTPUT).symlink_to(two.config / "elsewhere")


STATES: list[Callable[[Repos], None]] = [
    nothing_changed, vars_changed, mixin_changed, edited_by_hand, file_is_a_pipe, every_file_is_new, no_files,
    largest_is_no_yaml, vars_are_wrong, vars_are_no_jsonnet, unknown_key, release_is_missing, one_manifest_fails,
    largest_manifest_fails, name_is_unsafe, only_gojsonnet_evaluates_it, template_gives_an_array, largest_is_gone,
    assertion_without_manifests_fails, no_manifests, object_moves_between_the_halves, vars_are_a_pointer_of_lfs,
    output_is_a_link,
]  # fmt: skip
WHOLE = {no_files, largest_is_no_yaml, output_is_a_link}


@pytest.fixture
def halved(monkeypatch) -> list[str]:
    """The clusters that were evaluated by halves."""
    found: list[str] = []
    real = build_module.evaluate_halves

    def spy(pool, halved):
        found.extend(half.task.cluster.dir for half, _ in halved)
        yield from real(pool, halved)

    monkeypatch.setattr(build_module, "evaluate_halves", spy)
    return found


def outcome(builds: Builds, two: Repos) -> tuple[object, ...]:
    """What was found, and what is on disk, without what differs from run to run."""
    texts = repos.snapshot(two.config)
    return tuple(replace(one, seconds=0) for one in builds.results), builds.findings, texts


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_result_is_that_of_a_cluster_built_as_a_whole(tmp_path, halved, state, check):
    both = []
    for name, jobs in (("whole", 1), ("halves", 2)):
        two = made(tmp_path / "same")
        state(two)
        builds = kubeaid_ci.build_clusters(
            two.config, two.kubeaid, cache=tmp_path / f"cache-{name}", jobs=jobs, check=check
        )
        both.append(outcome(builds, two))
        shutil.move(tmp_path / "same", tmp_path / name)
    assert both[0] == both[1]
    assert halved == ([] if state in WHOLE else ["one"])


def test_what_was_built_by_halves_is_found_in_the_cache(tmp_path, halved):
    two = made(tmp_path)
    vars_changed(two)
    cache = tmp_path / "cache"
    first = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=cache, jobs=2)
    second = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=cache, jobs=2)
    assert [one.cached for one in (*first.results, *second.results)] == [False, True]
    assert halved == ["one"]
    mixin_changed(two)
    third = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=cache, jobs=2)
    assert third.results[0].cached is False
    assert [change.kind for change in third.results[0].changes]


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, halved):
    two = made(tmp_path)
    vars_changed(two)
    repos.write(tmp_path / "cache", {"objects": "a file where a folder should be"})
    (tmp_path / "cache").chmod(0o700)
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=tmp_path / "cache", jobs=2)
    assert halved == ["one"]
    assert builds.failed == ()
    assert b"replicas: 3" in repos.snapshot(two.config)[f"{OUTPUT}/prometheus-prometheus.yaml"]


def test_progress_tells_of_each_cluster_once(tmp_path, halved):
    two = made(tmp_path)
    vars_changed(two)
    calls: list[tuple[str, bool]] = []
    kubeaid_ci.build_clusters(
        two.config, two.kubeaid, cache=tmp_path / "cache", jobs=2,
        progress=lambda cluster, result: calls.append((cluster.dir, result is not None)),
    )  # fmt: skip
    assert calls == [("one", False), ("one", True)]
    assert halved == ["one"]


@pytest.mark.parametrize(
    ("releases", "workers", "expected"),
    [
        ("a", 1, ""),
        ("a", 2, "0"),
        ("a", 4, "0"),
        ("ab", 2, ""),
        ("ab", 4, "01"),
        ("abc", 4, ""),  # more than half of the workers have work
        ("aaa", 2, "0"),
        ("aab", 2, ""),  # both workers would have to prepare the library of a
        ("aabbc", 2, "4"),
        ("aaaab", 4, ""),
        ("aaaaa", 5, ""),
    ],
)
def test_clusters_that_leave_workers_idle_are_halved(tmp_path, releases, workers, expected):
    cache = Cache(tmp_path / "cache", 1 << 20)
    tasks = []
    for number, release in enumerate(releases):
        name = str(number)
        vars_path = f"k8s/{name}/{name}-vars.jsonnet"
        repos.write(tmp_path, {f"k8s/{name}/kube-prometheus/a.yaml": "a: 1\n", vars_path: "{}"})
        kubeaid = KubeAid(FolderRef(str(tmp_path)), release)
        tasks.append(Task(str(tmp_path), Cluster(name, name, vars_path), kubeaid, "rjsonnet", cache=cache))
    found = to_halve(tasks, workers, together=lambda task: task.kubeaid.revision)
    assert "".join(sorted(half.task.cluster.dir for half, _ in found)) == expected


SLOW = "std.length([x for x in std.range(1, 300000) for y in std.range(1, 3000)])"


def test_cluster_whose_halves_take_too_long_is_not_blamed_on_other_clusters(tmp_path, halved):
    two = made(tmp_path)
    repos.write(two.config, {VARS: vars_file(replicas=SLOW)})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=tmp_path / "cache", jobs=2, timeout=3)
    assert halved == ["one"]
    assert [one.error for one in builds.results] == [
        "the evaluation did not end well: it took more than 3 seconds and was stopped"
    ]


def test_cluster_that_crashes_by_halves_is_built_with_the_other_engine(tmp_path, halved):
    two = made(tmp_path)
    repos.write(
        two.config, {VARS: vars_file(platform="local f(x) = if x == 0 then 'kops' else f(x - 1) tailstrict; f(100000)")}
    )
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=tmp_path / "cache", jobs=2)
    assert halved == ["one"]
    assert builds.failed == ()
