"""docs/diff.md lists what the code knows: noise rules and dangers, by id and severity."""

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import kubeaid_ci
from kubeaid_ci.cli.main import cli
from kubeaid_ci.compare.noise import NOISE
from kubeaid_ci.dangers import rules
from kubeaid_ci.diff import rules as not_compared_rules
from tests import repos
from tests.renders import World, application, helm

TEXT = (Path(kubeaid_ci.__file__).parents[1] / "docs/diff.md").read_text(encoding="utf-8")


def rows(title: str) -> list[list[str]]:
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_noise_rule_is_documented_as_it_is():
    assert rows("Noise") == [[f"`{rule.id}`", rule.what, rule.why] for rule in NOISE.values()]


def test_every_danger_is_documented_with_its_severity():
    assert [row[:2] for row in rows("Dangers")] == [[f"`{rule.id}`", rule.severity.value] for rule in rules.RULES]
    assert all(re.fullmatch(r"[a-zA-Z].*[^.]", row[2]) for row in rows("Dangers"))


def test_what_cannot_be_compared_is_documented_with_its_severity():
    assert [row[:2] for row in rows("What cannot be compared")] == [
        [f"`{rule.id}`", rule.severity.value] for rule in not_compared_rules.RULES
    ]


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    world = World(tmp_path)
    world.chart("web", {})
    world.cluster("one", {"web.yaml": application("web")})
    world.commit("1.0.0")
    world.chart("web", {"values.schema.json": '{"required": ["who"]}'})
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    names["rehearse"](world.config, world.kubeaid, "worktree")
    assert capsys.readouterr().out.startswith("error one/web the values: ")


LINES = re.findall(r"^kubeaid-ci (.*?)(?: +#.*)?$", TEXT, re.MULTILINE)
SHARDS = [line for line in LINES if "--shard" in line or "--merge" in line]


@pytest.mark.parametrize("lines", [*([line] for line in LINES if line not in SHARDS), SHARDS])
def test_every_command_runs(lines, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    world = World(tmp_path)
    repos.kubeaid(world.kubeaid)
    world.chart("web")
    world.cluster("staging", {"web.yaml": application("web", source=helm(revision="31.1.1"))})
    world.commit("31.1.1")
    for folder in (world.config, world.kubeaid):
        for branch in ("main", "master"):
            repos.git(folder, "update-ref", f"refs/remotes/origin/{branch}", "HEAD")
    for line in lines:
        monkeypatch.chdir(world.config if "--kubeaid" in line else world.kubeaid)
        done = CliRunner().invoke(cli, line.split(), standalone_mode=False, catch_exceptions=False)
    assert done.stdout.startswith("nothing changes in 1 c")
