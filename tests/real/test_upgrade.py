"""An upgrade of a real config repo moves every source, and changes nothing but the version."""

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import Upgrades
from tests import repos

pytestmark = pytest.mark.real

TO = "32.5.0"
OLD_NAME = "git@github.com:Obmondo/k8id.git"
WITH_DANGERS = {"capi-staging", "hcloud-vpn101", "kubeaid-demo-local"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A clone of the config repo, with its origin."""
    source = Path(os.environ["KUBEAID_CONFIG_CHECKOUT"])
    subprocess.run(["git", "clone", "--quiet", "--shared", source, tmp_path / "config"], check=True)
    repos.git(tmp_path / "config", "remote", "set-url", "origin", repos.git(source, "remote", "get-url", "origin"))
    return tmp_path / "config"


def upgrade(config: Path, cache: Path, *clusters: str, accept: bool = False) -> Upgrades:
    kubeaid = os.environ["KUBEAID_CHECKOUT"]
    return kubeaid_ci.upgrade_clusters(
        config, kubeaid, to=TO, clusters=clusters, accept_dangers=accept, kubeaid_addresses=[OLD_NAME], cache=cache
    )


def test_errors_refuse_all_and_a_cluster_without_errors_needs_no_flag(config: Path, cache: Path) -> None:
    made = upgrade(config, cache)
    assert {one.cluster for one in made.clusters if one.errors} == WITH_DANGERS
    assert {one.status.value for one in made.clusters} == {"refused"}
    assert repos.git(config, "status", "--porcelain") == ""
    assert [one.status.value for one in upgrade(config, cache, "akshay").clusters] == ["upgraded"]


def test_every_source_moves_and_nothing_but_the_version_changes(config: Path, cache: Path) -> None:
    made = upgrade(config, cache, accept=True)
    sources = [edit for one in made.clusters for edit in one.sources]
    assert Counter(edit.status.value for edit in sources) == {"moved": 39}
    argo_cd = [edit for edit in sources if edit.chart == "argocd-helm-charts/argo-cd"]
    assert len({edit.path.split("/")[1] for edit in argo_cd}) == 8
    diff = repos.git(config, "diff", "-U0", "--", ".", ":!k8s/*/kube-prometheus/*")
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    old, new = ([line[1:] for line in lines if line[0] == sign] for sign in "-+")
    assert len(old) == len(new) > 80
    for before, after in zip(old, new, strict=True):
        key, _, value = after.partition(": ")
        assert (value, before.partition(":")[0]) == (TO, key)
    first = repos.snapshot(config)
    again = upgrade(config, cache, accept=True)
    assert {one.status.value for one in again.clusters} == {"unchanged"}
    assert repos.snapshot(config) == first
    rebuilt = [one.dir for one in made.clusters if one.monitoring.value == "rebuilt"]
    assert len(rebuilt) == 5
    built = kubeaid_ci.build_clusters(
        config, os.environ["KUBEAID_CHECKOUT"], clusters=rebuilt, kubeaid_ref="pinned", check=True, cache=cache
    )
    assert {result.status.value for result in built.results} == {"unchanged"}
