"""The cache is keyed by content: it is never stale, and losing it costs time only."""

import multiprocessing
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.cache.cache import Cache
from tests import repos
from tests.repos import Repos, vars_file

LIBRARY = "build/kube-prometheus/libraries/v0.17.0/vendor"


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    texts = {"one": vars_file(), "two": vars_file(kube_prometheus_version="'v0.18.0'")}
    return Repos(repos.kubeaid(tmp_path / "kubeaid", "v0.17.0", "v0.18.0"), repos.config(tmp_path / "config", texts))


@pytest.fixture
def build(tmp_path, two):
    def run(**options) -> tuple[BuildResult, ...]:
        builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=tmp_path / "cache", **options)
        assert builds.failed == ()
        return builds.results

    return run


def evaluated(results) -> list[str]:
    return [result.cluster for result in results if not result.cached]


def test_unchanged_clusters_are_not_evaluated_again(build):
    assert evaluated(build()) == ["one", "two"]
    assert evaluated(build()) == []


def test_a_changed_mixin_rebuilds_only_the_clusters_that_import_it(build, two):
    build()
    repos.write(two.kubeaid, {f"{LIBRARY}/mixin/main.libsonnet": repos.MIXIN.replace("Watchdog", "Dog")})
    results = build()
    assert evaluated(results) == ["one"]
    assert results[0].status is BuildStatus.CHANGED


def test_a_file_that_nothing_imports_rebuilds_nothing(build, two):
    build()
    repos.write(two.kubeaid, {f"{LIBRARY}/other/main.libsonnet": "{}", "README.md": "new"})
    assert evaluated(build()) == []


def test_a_file_at_a_path_that_was_probed_in_vain_rebuilds(build, two):
    build()
    # The template's import of mixin/… is looked for beside the template first.
    repos.write(two.kubeaid, {"build/kube-prometheus/mixin/main.libsonnet": repos.MIXIN.replace("Watchdog", "Near")})
    assert evaluated(build()) == ["one", "two"]
    assert "Near" in (two.config / "k8s/one/kube-prometheus/general-rules.yaml").read_text()


def test_a_link_that_leads_elsewhere_rebuilds(build, two):
    vendor = two.kubeaid / LIBRARY
    (vendor / "mixin").rename(vendor / "first")
    (vendor / "mixin").symlink_to("first")
    build()
    repos.write(vendor, {"second/main.libsonnet": repos.MIXIN.replace("Watchdog", "Second")})
    (vendor / "mixin").unlink()
    (vendor / "mixin").symlink_to("second")
    assert evaluated(build()) == ["one"]


def test_going_back_to_an_earlier_state_is_found_in_the_cache(build, two):
    build()
    new = repos.MIXIN.replace("Watchdog", "Dog")
    repos.write(two.kubeaid, {f"{LIBRARY}/mixin/main.libsonnet": new})
    build()
    repos.write(two.kubeaid, {f"{LIBRARY}/mixin/main.libsonnet": repos.MIXIN})
    results = build()
    assert evaluated(results) == []
    assert results[0].status is BuildStatus.CHANGED
    assert "Watchdog" in (two.config / "k8s/one/kube-prometheus/general-rules.yaml").read_text()


def test_manifests_edited_by_hand_are_restored_from_the_cache(build, two):
    build()
    rules = two.config / "k8s/one/kube-prometheus/general-rules.yaml"
    good = rules.read_bytes()
    rules.write_bytes(good + b"# edited\n")
    results = build()
    assert evaluated(results) == []
    assert results[0].status is BuildStatus.CHANGED
    assert rules.read_bytes() == good


def test_another_engine_has_a_cache_of_its_own(build):
    build()
    assert evaluated(build(engine="gojsonnet")) == ["one", "two"]


@pytest.mark.parametrize("how", ["cut", "flip", "empty", "garbage"])
def test_a_damaged_entry_is_a_miss(build, two, tmp_path, how):
    build()
    expected = repos.snapshot(two.config)
    damage = {
        "cut": lambda data: data[: len(data) // 2],
        "flip": lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
        "empty": lambda _: b"",
        "garbage": lambda _: b"\xff\x00 not a record\n" * 9,
    }[how]
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file():
            path.write_bytes(damage(path.read_bytes()))
    (two.config / "k8s/one/kube-prometheus/general-rules.yaml").write_text("edited: true\n")
    build()
    assert repos.snapshot(two.config) == expected
    assert evaluated(build()) == []


def test_lost_contents_are_built_again(build, two, tmp_path):
    build()
    expected = repos.snapshot(two.config)
    for path in (tmp_path / "cache/objects").rglob("*"):
        if path.is_file():
            path.unlink()
    (two.config / "k8s/one/kube-prometheus/general-rules.yaml").write_text("edited: true\n")
    assert evaluated(build()) == ["one"]
    assert repos.snapshot(two.config) == expected


def test_warnings_about_vars_are_said_by_a_warm_build_too(build, two):
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(replicsa="3")})
    cold, warm = (
        kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=two.config.parent / "cache") for _ in range(2)
    )
    assert warm.results[0].cached
    assert [finding.message for finding in warm.findings] == [
        "replicsa is no variable that the template knows; did you mean replicas?"
    ]
    assert warm.findings == cold.findings


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(two, tmp_path):
    (tmp_path / "file").write_text("in the way")
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=tmp_path / "file/cache")
    assert builds.failed == ()


def test_cache_is_pruned_to_its_bound_oldest_first(tmp_path):
    cache = Cache(tmp_path, most_bytes=1000)
    for number in range(20):
        path = tmp_path / f"objects/aa/{number:02}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
        import os

        os.utime(path, (number, number))
    cache.prune()
    left = sorted(path.name for path in (tmp_path / "objects/aa").iterdir())
    assert left == [f"{number:02}" for number in range(12, 20)]


def _build(config: Path, kubeaid: Path, cache: Path) -> None:
    builds = kubeaid_ci.build_clusters(config, kubeaid, cache=cache)
    assert builds.failed == ()


def test_runs_at_the_same_time_share_the_cache_and_the_output(two, tmp_path):
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_build, args=(two.config, two.kubeaid, tmp_path / "cache")) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * 4
    results = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=tmp_path / "cache").results
    assert [(result.status, result.cached) for result in results] == [(BuildStatus.UNCHANGED, True)] * 2
