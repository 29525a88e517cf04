"""Settings that have no effect are reported by every command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubeaid_ci.cli.main import cli
from tests import repos
from tests.renders import World, application


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.chart("web")
    made.cluster("one", {"web.yaml": application("web")})
    made.commit("1.0.0")
    return made


def findings(world: World, *arguments: str) -> list[tuple[str, str]]:
    options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--format", "json", "--no-cache"]
    done = CliRunner().invoke(cli, [*arguments, *options], standalone_mode=False)
    assert done.stdout, done.exception
    return [(one["rule"], one["message"]) for one in json.loads(done.stdout)["findings"]]


@pytest.mark.parametrize("command", [["clusters"], ["diff", "--of", "config", "--base", "HEAD"]])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("onee", "clusters.onee: no such cluster; did you mean one?"),
        ("production", "clusters.production: no such cluster; there are: one"),
        ("one", ""),
    ],
)
def test_settings_of_an_unknown_cluster_are_reported(world: World, command: list[str], name: str, message: str) -> None:
    repos.write(world.config, {".kubeaid-ci.yaml": f"clusters:\n  {name}: {{helm: '4.1'}}\n"})
    told = dict(findings(world, *command))
    assert told.get("settings/cluster-unknown", "") == message


@pytest.mark.parametrize("version", ["9", "2.17", "0.1"])
def test_an_unknown_helm_is_refused(world: World, version: str) -> None:
    repos.write(world.config, {".kubeaid-ci.yaml": f"clusters:\n  one: {{helm: '{version}'}}\n"})
    done = CliRunner().invoke(cli, ["clusters", "--config-repo", str(world.config)], standalone_mode=False)
    assert f"expected a version of Helm such as 3.19 or 4.1, found '{version}'" in str(done.exception)


@pytest.mark.parametrize("command", [["render"], ["diff", "--of", "config", "--base", "HEAD"]])
def test_a_config_repo_without_clusters_is_reported(world: World, command: list[str]) -> None:
    repos.git(world.config, "rm", "-rq", "k8s")
    repos.write(world.config, {"k8s/.keep": ""})
    repos.commit(world.config)
    assert [rule for rule, _ in findings(world, *command)] == ["gitops/nothing-rendered"]
