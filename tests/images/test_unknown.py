"""Images of an Application that cannot be rendered are unknown, and no command about images takes that for success."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubeaid_ci.cli.main import cli
from tests.renders import World, application, helm


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["overrides", "--to", "m.example.org/x"], ["mirror", "--to", "m.example.org/x", "--plan", "PLAN"]],
)
@pytest.mark.parametrize("is_broken", [True, False])
def test_an_application_that_is_not_rendered_is_no_success(
    arguments: list[str], is_broken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    world = World(tmp_path / "world")
    world.chart("web")
    world.cluster("one", {"a.yaml": application("a", source=helm("no" if is_broken else "web"))})
    world.commit("1.0.0")
    named = [str(tmp_path / "plan") if argument == "PLAN" else argument for argument in arguments]
    options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--format", "json", "-q"]
    done = CliRunner().invoke(cli, ["images", *named, *options])
    assert done.exit_code == (2 if is_broken else 0), done.output
    rules = {finding["rule"] for finding in json.loads(done.stdout)["findings"]}
    assert ("chart/render-failed" in rules) is is_broken
