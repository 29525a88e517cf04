"""``kubeaid-ci doctor`` as a person runs it: what it prints, and its exit codes."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kubeaid_ci.cli.main import cli
from tests import repos
from tests.repos import Repos, vars_file


@pytest.fixture
def one(tmp_path: Path) -> Repos:
    """Two repositories in order, but for that the config repo has no `origin`."""
    kubeaid = repos.kubeaid(tmp_path / "kubeaid")
    repos.commit(kubeaid, tag="1.0.0")
    return Repos(kubeaid, repos.config(tmp_path / "config", {"one": vars_file()}))


@pytest.fixture
def run(one: Repos, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for name in [name for name in os.environ if "TOKEN" in name or name.startswith("KUBEAID_CI_CO")]:
        monkeypatch.delenv(name)

    def call(*arguments: str) -> Result:
        options = ["--config-repo", str(one.config), "--kubeaid", str(one.kubeaid)]
        return CliRunner().invoke(cli, ["doctor", *options, *arguments])

    return call


def test_every_check_is_a_row_and_what_is_not_well_says_what_to_do(run: Callable[..., Result]) -> None:
    done = run()
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["STATE", "WHERE", "WHAT", "FOUND"]
    assert any(line.startswith("ok       machine       git ") for line in lines)
    assert "config repo: origin: warning doctor/no-origin: none, so nothing to publish to; clone it" in done.stdout
    assert lines[-1].startswith("doctor: ")


def test_json_has_a_result_for_each_check_and_a_finding_for_each_that_is_not_well(run: Callable[..., Result]) -> None:
    told = json.loads(run("--format", "json").stdout)
    assert list(told) == ["schema", "command", "version", "revisions", "summary", "results", "findings"]
    assert {tuple(result) for result in told["results"]} == {("area", "name", "state", "detail", "advice", "rule")}
    ruled = {result["rule"] for result in told["results"]} - {None}
    assert ruled == {finding["rule"] for finding in told["findings"]}
    assert "doctor/no-origin" in ruled


def test_markdown_is_for_a_jobs_summary(run: Callable[..., Result]) -> None:
    text = run("--format", "markdown").stdout
    assert text.startswith("## kubeaid-ci doctor\n")
    assert "| ok | config repo | clusters | 1: one |" in text


def test_warnings_are_1_where_that_is_asked_for(run: Callable[..., Result]) -> None:
    assert run("--fail-on", "warning").exit_code == 1


def test_broken_settings_are_2_and_everything_else_is_looked_at(run: Callable[..., Result], one: Repos) -> None:
    repos.write(one.config, {".kubeaid-ci.yaml": "publish: {bass: main}\n"})
    done = run()
    assert done.exit_code == 2
    assert "error doctor/settings-invalid: " in done.stdout
    assert "did you mean base?" in done.stdout
    assert "KubeAid repo  releases" in done.stdout


def test_remote_that_is_not_reached_is_3_and_everything_else_is_looked_at(
    run: Callable[..., Result], one: Repos
) -> None:
    repos.commit(one.config)
    repos.git(one.config, "remote", "add", "origin", "http://127.0.0.1:9/acme/config.git")
    done = run("--forge", "gitea")
    assert done.exit_code == 3
    assert "not reached  forge" in done.stdout
    assert "ok           config repo   clusters" in done.stdout


def test_settings_say_which_forge_and_which_revision(run: Callable[..., Result], one: Repos) -> None:
    repos.write(one.config, {".kubeaid-ci.yaml": "kubeaid-ref: pinned\npublish: {forge: gitea, base: release}\n"})
    repos.commit(one.config)
    repos.git(one.config, "remote", "add", "origin", "http://127.0.0.1:9/acme/config.git")
    told = json.loads(run("--format", "json").stdout)
    found = {result["name"]: result for result in told["results"]}
    assert found["kind"]["detail"] == "Gitea or Forgejo at http://127.0.0.1:9/api/v1"
    assert found["pinned revisions"]["state"] == "wrong"


def test_old_variable_names_the_config_repo(one: Repos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBERNETES_CONFIG_REPO_URL", str(one.config))
    done = CliRunner().invoke(cli, ["doctor", "--kubeaid", str(one.kubeaid), "--format", "json"])
    found = {result["name"]: result for result in json.loads(done.stdout)["results"]}
    assert found["clusters"]["detail"] == "1: one"
    assert found["old names"]["detail"] == "KUBERNETES_CONFIG_REPO_URL (now KUBEAID_CI_CONFIG_REPO)"


def test_suppressed_note_is_silent(run: Callable[..., Result], one: Repos) -> None:
    suppress = "suppress:\n  - {rule: doctor/no-origin, subject: '*', reason: a folder is enough}\n"
    repos.write(one.config, {".kubeaid-ci.yaml": suppress})
    assert "doctor/no-origin" not in run("--fail-on", "warning").stdout


def test_each_problem_is_printed_once(run: Callable[..., Result]) -> None:
    lines = run().stdout.splitlines()
    assert len([line for line in lines if "nothing to publish to" in line]) == 1
    assert [line.split()[-2:] for line in lines if " origin " in line] == [["see", "below"]]


def test_what_needs_the_clusters_is_not_checked_without_them(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    told = json.loads(run("--config-repo", str(tmp_path / "empty"), "--format", "json").stdout)
    states = {result["name"]: result["state"] for result in told["results"] if result["area"] == "KubeAid repo"}
    assert (states["releases"], states["pinned revisions"]) == ("not checked", "not checked")
    assert told["summary"]["not_checked"] == 2
