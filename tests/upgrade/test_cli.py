"""The command line of `upgrade`: options that contradict each other, exit codes, what is printed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kubeaid_ci
from tests import repos
from tests.upgrade import platform
from tests.upgrade.platform import app, cluster

ROOT = Path(kubeaid_ci.__file__).parents[1]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform.kubeaid(tmp_path_factory.mktemp("KubeAid"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(kubeaid: Path, cache: Path, tmp_path: Path) -> Run:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KUBEAID_CI", "GITHUB", "CI"))}
    env |= {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(cache), "COLUMNS": "200"}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "kubeaid_ci", "upgrade", "--kubeaid", str(kubeaid), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path / "config", check=False)

    return call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the revision with --to"),
        (("--to", "2.0.0", "--together"), "--together has no effect without --publish"),
        (("--to", "2.0.0", "--title", "x"), "--title has no effect without --publish"),
        (("prod", "--to", "2.0.0", "--wave", "next"), "name clusters or a wave, not both"),
        (("--to", "2.0.0", "--wave", "next"), "no waves are set"),
        (("--to", "2.0.0", "--kubeaid-ref", "pinned"), "--kubeaid-ref pinned has no effect here"),
        (("--to", "2.0.0", "--kubeaid-address", "an old name"), "not the address of a repository"),
        (("prod", "--to", "2.0.0", "--shadow", "b", "--app", "web"), "--app has no effect with --shadow"),
        (("prod", "--to", "2.0.0", "--shadow", "b", "--publish"), "--publish has no effect with --shadow"),
        (("prod", "--to", "2.0.0", "--shadow", "b", "--together"), "--together has no effect with --shadow"),
        (("--to", "2.0.0", "--shadow", "b", "--wave", "next"), "--wave has no effect with --shadow"),
        (("--to", "2.0.0", "--shadow", "b"), "name the one cluster that --shadow copies"),
        (("prod", "test", "--to", "2.0.0", "--shadow", "b"), "name the one cluster that --shadow copies"),
        (("prod", "--shadow", "b"), "name the revision with --to"),
        (("prod", "--to", "2.0.0", "--shadow", "prod"), "k8s/prod has this name already"),
        (("prod", "--to", "2.0.0", "--shadow", "b/c"), "not a name for a cluster"),
        (("prd", "--to", "2.0.0", "--shadow", "b"), "did you mean prod"),
        (("prod", "--to", "2.0.O", "--shadow", "b"), "did you mean 2.0.0"),
        (("--to", "9.9.9"), "has no such revision; the newest are 2.0.0, 1.0.0"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    arguments: tuple[str, ...], message: str, run: Run, tmp_path: Path
) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}, built=False))
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert repos.git(tmp_path / "config", "status", "--porcelain") == ""


def test_a_refused_upgrade_prints_what_to_do(run: Run, tmp_path: Path) -> None:
    wrong = cluster("prod", {"gone": app("gone", chart="gone")}, built=False)
    platform.config(tmp_path / "config", wrong, cluster("test", {"web": app("web")}, built=False))
    done = run("--to", "2.0.0")
    assert done.returncode == 1
    assert done.stdout.startswith("refused: 2 of 2 clusters not upgraded to 2.0.0 · 1 error in the rehearsal\n")
    assert "without errors: kubeaid-ci upgrade test --to 2.0.0\n" in done.stdout
    assert "despite the errors: add --accept-dangers\n" in done.stdout
    assert run("--to", "2.0.0", "--fail-on", "never").returncode == 1
    accepted = run("--to", "2.0.0", "--accept-dangers", "--format", "json")
    assert accepted.returncode == 1
    report = json.loads(accepted.stdout)
    assert report["summary"]["in_short"] == (
        "2 of 2 clusters upgraded to 2.0.0 · 2 of 2 KubeAid sources now at it · 1 error accepted"
    )
    assert report["revisions"]["kubeaid"]


def test_the_wave_that_is_due_is_upgraded(run: Run, tmp_path: Path) -> None:
    settings = {".kubeaid-ci.yaml": "waves:\n- {name: test, clusters: [test]}\n- {name: prod, clusters: [prod]}\n"}
    both = [cluster(name, {"web": app("web")}, built=False) for name in ("prod", "test")]
    config = platform.config(tmp_path / "config", *both, settings)
    refused = run("--to", "latest", "--wave", "prod")
    assert refused.returncode == 1
    assert "wave prod waits for wave test: test not at 2.0.0" in refused.stdout
    assert run("--to", "latest", "--wave", "next").returncode == 0
    repos.commit(config, "test")
    done = run("--to", "latest", "--wave", "next")
    assert (done.returncode, "prod" in done.stdout) == (0, True)


def test_a_shadow_cluster_is_written_and_its_collisions_are_listed(run: Run, tmp_path: Path) -> None:
    config = platform.config(
        tmp_path / "config",
        cluster("prod", {"web": app("web")}, built=False),
        {"k8s/prod/argocd-apps/values-web.yaml": "clusterName: prod\n"},
    )
    done = run("prod", "--to", "2.0.0", "--shadow", "blue")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("k8s/blue created as a copy of prod at 2.0.0 · 1 collision · 0 volumes to restore\n")
    assert (
        "k8s/blue/argocd-apps/values-web.yaml:1: warning upgrade/shadow-collision: clusterName: prod: " in done.stdout
    )
    assert (config / "k8s/blue/kubeaid-cli.general.yaml").read_text().startswith("cluster: {name: blue}\n")
    assert run("prod", "--to", "2.0.0", "--shadow", "blue").returncode == 2


def test_a_refused_shadow_cluster_exits_with_1(run: Run, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", cluster("prod", {"gone": app("gone", chart="gone")}, built=False))
    done = run("prod", "--to", "2.0.0", "--shadow", "blue", "--fail-on", "never")
    assert done.returncode == 1
    assert done.stdout.startswith("refused: no copy of prod at 2.0.0 · 1 error in the rehearsal · ")
    assert not (config / "k8s/blue").exists()
