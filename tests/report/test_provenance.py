"""The line that names repositories, revisions, time and run of a report."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kubeaid_ci.cli.ending import run_address
from kubeaid_ci.report import provenance
from kubeaid_ci.report.formats import FORMATS
from tests.report.samples import build_report

MADE = datetime(2026, 3, 1, 7, 5, tzinfo=UTC)
COMMIT, OTHER = "1a2b3c4d5e6f7890" * 2 + "12345678", "f" * 40
CONFIG = {
    "repository": "https://git.example.com/acme/config",
    "before": {"ref": "origin/main", "commit": COMMIT},
    "after": {"ref": "worktree", "commit": OTHER},
}
PINNED = {"before": {"ref": "pinned"}, "after": {"ref": "pinned"}}


def test_repositories_revisions_time_and_run_are_named() -> None:
    text = provenance.line(
        {"config": CONFIG, "kubeaid": PINNED}, version="1.2.3", made=MADE, run="https://git.example.com/runs/7"
    )
    config, kubeaid, version, made, run = text.strip().split(" · ")
    assert config.endswith("at `origin/main` (`1a2b3c4d5e6f`) → work tree on `ffffffffffff`")
    assert "git.example.com/acme/config" in config
    assert (kubeaid, version) == ("KubeAid at `pinned`", "kubeaid-ci 1.2.3")
    assert (made, run) == ("2026-03-01 07:05 UTC", "[run](https://git.example.com/runs/7)")


@pytest.mark.parametrize("run", ["", "javascript:alert(1)", "https://x/) [y](https://z", "https://x/\n## y"])
def test_an_address_that_could_be_more_than_that_is_left_out(run: str) -> None:
    assert "[run]" not in provenance.line({"config": CONFIG}, version="1", run=run)


def test_nothing_is_said_without_repositories() -> None:
    assert provenance.line({}, version="1", made=MADE) == ""


@pytest.mark.parametrize("fmt", ["json", "markdown", "html"])
def test_reports_for_files_name_their_revisions(fmt: str) -> None:
    text = FORMATS[fmt](replace(build_report(), revisions={"config": CONFIG}, made=MADE))
    assert "origin/main" in text
    assert COMMIT[:12] in text


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({}, ""),
        ({"CI_JOB_URL": "https://gitlab.example.com/a/b/-/jobs/1"}, ""),
        (
            {"GITLAB_CI": "true", "CI_JOB_URL": "https://gitlab.example.com/a/b/-/jobs/1"},
            "https://gitlab.example.com/a/b/-/jobs/1",
        ),
        ({"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example.com"}, ""),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://git.example.com",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "7",
            },
            "https://git.example.com/a/b/actions/runs/7",
        ),
    ],
)
def test_the_run_is_that_of_the_job(env: dict[str, str], address: str) -> None:
    assert run_address(env) == address
