"""`clusters --format gitlab-child`, asked of the command line as a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from tests import repos
from tests.repos import vars_file

ROOT = str(Path(kubeaid_ci.__file__).parents[1])


@pytest.fixture
def plan(tmp_path):
    repos.config(tmp_path / "config", {"one": vars_file(), "two.example.com:two": vars_file()})

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": ROOT, "COLUMNS": "200"}
        command = [sys.executable, "-m", "kubeaid_ci", "clusters", "--format", "gitlab-child", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=env | variables, cwd=tmp_path / "config")

    return run


def variables(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    known = json.loads(done.stdout)["variables"]
    return {name: variable["value"] for name, variable in known.items() if isinstance(variable, dict)}


def test_jobs_get_the_settings_of_the_job_that_plans_and_no_token(plan) -> None:
    settings = {
        "KUBEAID_CI_LABELS": "a, b$c",
        "KUBEAID_CI_PER_CLUSTER": "true",
        "KUBEAID_CI_PACKAGE": "kubeaid-ci==1.2.3",
        "PIP_CONSTRAINT": "constraints.txt",
    }
    others = {
        "KUBEAID_CI_TOKEN": "glpat-secret",
        "KUBEAID_CI_GIT_TOKEN": "glpat-secret",
        "KUBEAID_CI_REPORT": "json=plan.json",
        "KUBEAID_CI_BASE": "",
        "CI_JOB_TOKEN": "glcbt-secret",
    }
    done = plan(**settings, **others)
    assert variables(done) == settings | {"KUBEAID_CI_KUBEAID_REF": "worktree"}
    assert "secret" not in done.stdout


def test_what_is_said_on_the_command_line_is_handed_on_too(plan, tmp_path) -> None:
    repos.write(tmp_path / "config", {".kubeaid-ci.yaml": "kubeaid-ref: pinned\n"})
    done = plan("one", "--config-repo", str(tmp_path / "config"))
    assert variables(done) == {
        "KUBEAID_CI_CONFIG_REPO": str(tmp_path / "config"),
        "KUBEAID_CI_KUBEAID_REF": "pinned",
        "KUBEAID_CI_CLUSTERS": "one",
    }


def test_a_token_in_an_address_is_not_written_into_the_file(plan) -> None:
    done = plan(KUBEAID_CI_KUBEAID="https://oauth2:glpat-secret@git.invalid/acme/kubeaid.git")
    assert done.returncode == 2
    assert "KUBEAID_CI_KUBEAID: has a token in its address" in done.stderr
    assert "glpat" not in done.stdout + done.stderr


@pytest.mark.parametrize("text", ["a, b", '["a", "b"]', ' ["a","b"] '])
def test_tags_are_names_or_the_list_that_gitlab_makes_of_an_array(plan, text) -> None:
    known = json.loads(plan(KUBEAID_CI_RUNNER_TAGS=text, KUBEAID_CI_RUNNER_IMAGE="python:3").stdout)["default"]
    assert (known["tags"], known["image"]) == (["a", "b"], "python:3")


@pytest.mark.parametrize("text", ["", " [] "])
def test_no_tags_are_none(plan, text) -> None:
    assert "tags" not in json.loads(plan(KUBEAID_CI_RUNNER_TAGS=text).stdout)["default"]


@pytest.mark.parametrize("text", ['["a"', "[1]"])
def test_tags_that_are_no_list_of_names_are_refused(plan, text) -> None:
    done = plan(KUBEAID_CI_RUNNER_TAGS=text)
    assert done.returncode == 2
    assert "KUBEAID_CI_RUNNER_TAGS" in done.stderr


def test_a_bad_cluster_has_its_job_like_the_others_and_the_exit_code_tells(plan, tmp_path) -> None:
    repos.write(tmp_path / "config", {"k8s/bad/bad-vars.jsonnet": "{"})
    done = plan()
    assert done.returncode == 2
    assert "k8s/bad/bad-vars.jsonnet:1: " in done.stderr
    assert {"build bad", "build one", "build two.example.com"} < set(json.loads(done.stdout))
