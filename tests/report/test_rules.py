"""The pages of the rules, and the command that prints them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubeaid_ci.cli.main import cli
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.report import rules as report

PAGES = Path(__file__).parents[2] / "docs/rules"


def run(*arguments: str):
    return CliRunner().invoke(cli, ["rules", *arguments], standalone_mode=False)


def test_every_rule_has_its_page_and_no_page_is_left_over() -> None:
    expected = {report.page_path(rule): report.page(rule) for rule in RULES.values()}
    expected["README.md"] = report.index([RULES[name] for name in sorted(RULES)])
    found = {path.relative_to(PAGES).as_posix(): path.read_text() for path in PAGES.rglob("*.md")}
    assert found == expected, "run .ci/rule-pages"


def test_all_rules_are_listed_with_their_severity() -> None:
    lines = run().stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[name, str(RULES[name].severity)] for name in sorted(RULES)]
    listed = json.loads(run("--format", "json").stdout)
    assert [one["rule"] for one in listed["results"]] == sorted(RULES)
    assert run("--format", "markdown").stdout == (PAGES / "README.md").read_text()


def test_a_family_is_listed() -> None:
    names = sorted(name for name in RULES if name.startswith("network/"))
    assert [line.split()[0] for line in run("network").stdout.splitlines()] == names
    assert [one["rule"] for one in json.loads(run("network", "--format", "json").stdout)["results"]] == names


@pytest.mark.parametrize("name", ["build/stale", "change/state-removed", "suppression-unused"])
def test_one_rule_is_explained(name: str) -> None:
    text = run(name).stdout
    assert text.startswith(f"{name} ({RULES[name].severity})")
    assert f"- rule: {name}" in text
    (result,) = json.loads(run(name, "--format", "json").stdout)["results"]
    assert result["help"] == RULES[name].help
    assert run(name, "--format", "markdown").stdout == (PAGES / f"{name}.md").read_text()


@pytest.mark.parametrize(
    ("name", "near"),
    [("build/stael", "build/stale"), ("state-removed", "change/state-removed"), ("stale", "build/stale")],
)
def test_unknown_rule_suggests_similar_ones(name: str, near: str) -> None:
    error = run(name).exception
    assert str(error).startswith(f"{name}: neither a rule nor a family; did you mean ")
    assert near in str(error)
