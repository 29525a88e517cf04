"""``kubeaid-ci check``: what it prints, when it fails, and what its options refuse."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from kubeaid_ci import documents
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import UserError
from tests import repos
from tests.check.cases import deployment
from tests.renders import World, application, helm
from tests.servers.world import SECRET

APP = "k8s/one/argocd-apps/templates/web.yaml"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two clusters: one with an error and a warning, one without findings."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    world = World(tmp_path)
    world.chart("web", {"values.yaml": "{}\n", "templates/web.yaml": documents.dump(deployment())})
    world.cluster("one", {"web.yaml": application("web", source=helm("gone"), project="default")})
    world.cluster("two", {"web.yaml": application("web", syncPolicy={"syncOptions": ["CreateNamespace=true"]})})
    world.commit("1.0.0")
    return world


def check(world: World, *arguments: str) -> Result:
    options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--jobs", "1", "-q"]
    return CliRunner().invoke(cli, ["check", *options, *arguments], standalone_mode=False)


def findings(result: Result) -> list[tuple[str, str | None, int | None]]:
    return [(one["rule"], one["path"], one["line"]) for one in json.loads(result.stdout)["findings"]]


def test_the_text_has_a_headline_a_row_for_each_cluster_and_the_findings(world: World) -> None:
    result = check(world)
    headline, header, one, two, *lines = result.stdout.splitlines()
    assert headline == "1 of 2 clusters with errors · 1 error, 1 warning · 1 of 4 Applications not fully known"
    assert header.split("  ")[0] == "CLUSTER"
    assert (one.split()[:3], two.split()[:2]) == (["one", "1", "1"], ["two", "1/1"])
    assert lines[0].startswith(f"{APP}:11: error chart/render-failed: ")
    assert lines[-1] == "check: 1 error, 1 warning; clusters 2, applications 4, unknown 1"
    assert result.return_value == 1
    assert check(world, "--fail-on", "never").return_value == 0


def test_json_counts_by_cluster(world: World) -> None:
    result = check(world, "--format", "json")
    one, two = json.loads(result.stdout)["results"]
    assert (one["findings"], two["findings"]) == (
        {"error": 1, "warning": 1, "info": 0},
        {"error": 0, "warning": 0, "info": 0},
    )
    assert two["coverage"]["memory_limit"] == {"containers": 1, "missing": 1}
    assert findings(result) == [("chart/render-failed", APP, 11), ("gitops/project-default", APP, 9)]


def test_the_page_begins_with_the_clusters(world: World) -> None:
    page = check(world, "--format", "markdown").stdout
    assert 0 < page.index("### Results") < page.index("### Errors") < page.index("### Warnings")


def test_rules_are_named_by_id_and_family(world: World) -> None:
    assert [rule for rule, _, _ in findings(check(world, "--format", "json", "--rules", "gitops,values"))] == [
        "gitops/project-default"
    ]
    with pytest.raises(UserError, match="gitop: neither a rule nor a family; did you mean gitops"):
        raise check(world, "--rules", "gitop").exception or AssertionError


def test_only_new_findings_are_reported_and_the_others_counted(world: World) -> None:
    result = check(world, "--new-only", "--base", "HEAD")
    assert "check: no findings (2 known at HEAD not shown)" in result.stdout
    assert result.stdout.startswith("0 of 2 clusters with errors · 0 errors, 0 warnings")
    repos.write(world.config, {APP.replace("one", "two"): application("web", project="default")})
    result = check(world, "--new-only", "--base", "HEAD", "--format", "json")
    assert ("gitops/project-default", APP.replace("one", "two"), 9) in findings(result)
    assert result.return_value == 0


def test_settings_suppress_and_judge(world: World) -> None:
    rules = "suppress:\n- {rule: chart/render-failed, subject: one/*, reason: known}\n"
    rules += "- {rule: gitops/unpinned, subject: '**', reason: never}\n"
    rules += "check:\n  severity: {gitops/project-default: error}\n"
    repos.write(world.config, {".kubeaid-ci.yaml": rules})
    result = check(world, "--format", "json")
    found = {one["rule"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["chart/render-failed"]["suppressed_by"] == "known"
    assert found["gitops/project-default"]["severity"] == "error"
    assert "matches nothing: gitops/unpinned" in found["suppression-unused"]["message"]
    assert json.loads(result.stdout)["results"][0]["findings"]["error"] == 1
    repos.write(world.config, {".kubeaid-ci.yaml": "check: {severity: {gitops/unpined: error}}\n"})
    with pytest.raises(
        UserError, match=r"yaml:1: check.severity: no such rule: gitops/unpined; did you mean gitops/unp"
    ):
        raise check(world).exception or AssertionError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x"], "--out has no effect without --suggest"),
        (["--new-only"], "--new-only needs a revision"),
        (["--base", "HEAD"], "--base HEAD has no effect without --new-only"),
        (["--suggest", "gitops"], "gitops: no suggestions; there are some for: network"),
        (["one", "--issue"], "an issue is about all clusters and rules"),
        (["--rules", "gitops", "--issue"], "an issue is about all clusters and rules"),
        (["three"], "three: no such cluster; "),
    ],
)
def test_options_without_effect_are_refused(world: World, arguments: list[str], message: str) -> None:
    with pytest.raises((UserError, click.UsageError), match=message):
        raise check(world, *arguments).exception or AssertionError


def test_suggestions_are_printed_or_written(world: World, tmp_path: Path) -> None:
    printed = check(world, "two", "--suggest", "network")
    assert printed.return_value == 0
    assert check(world, "two", "--suggest", "network", "--out", str(tmp_path / "out")).stdout == ""
    written = [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.yaml")]
    assert written == [line.removeprefix("# ") for line in printed.stdout.splitlines() if line.startswith("# k8s/")]
    assert written


def test_the_issue_is_opened_updated_and_closed(world: World, github: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    repos.git(world.config, "remote", "set-url", "origin", github.forge.git_url)
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    where = ["--issue", "--forge", "github", "--forge-url", github.forge.api_url]
    for outcome in ("created", "unchanged"):
        result = check(world, *where)
        assert result.return_value == 1
        assert f"issue {outcome}: {github.forge.server.url}/acme/config/issues/" in result.stderr
    (ticket,) = github.forge.tickets.values()
    assert ticket.title == "Clusters with errors: one"
    assert "chart/render-failed" in ticket.body
    (world.config / APP).unlink()
    assert "issue closed" in check(world, *where).stderr
    assert ticket.state == "closed"
