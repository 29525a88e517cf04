"""The workflows about vendored charts, run as their callers run them, against a played GitHub and a chart repository."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests import repos, umbrellas, updates
from tests.actions.conftest import JOB_TOKEN, Platform
from tests.actions.runner import Run
from tests.actions.test_workflows import example
from tests.renders import World, application
from tests.servers.charts import Charts
from tests.servers.git import git

# The played forge keeps the issues and pull requests of one repository, which is a KubeAid repo here.
KUBEAID = "acme/config"
VENDORED = "argocd-helm-charts/web/charts/web"
EVIL = {f"{VENDORED}/templates/evil.yaml": "kind: Pod\n"}


@pytest.fixture
def charts() -> Iterator[Charts]:
    served = Charts()
    with served.server:
        yield served


@pytest.fixture
def kubeaid(platform: Platform, charts: Charts, tmp_path: Path) -> Platform:
    """The platform with a KubeAid repo that vendors what a chart repository publishes, and has it in its ledger."""
    root = umbrellas.served(tmp_path / "vendored", charts)
    platform.config.commit("main", {path: data.decode() for path, data in repos.snapshot(root).items()}, "feat: web")
    return platform


def proposed(platform: Platform, files: dict[str, str | None], *, fork: bool = False) -> dict:
    """What the job of a pull request with these changes knows of it: it runs for the merge with the base."""
    git(platform.config.folder, "update-ref", "refs/heads/feature", "main")
    sha = platform.config.commit("feature", files, "feat: a change")
    head = {"repo": {"full_name": "somebody/config" if fork else KUBEAID}}
    event = {"pull_request": {"number": 7, "head": head}}
    return {"event_name": "pull_request", "ref": "refs/pull/7/merge", "sha": sha, "event": event}


def marks(run: Run) -> set[str]:
    return {one["properties"].partition(",")[0] for one in run.annotations if one["level"] == "error"}


@pytest.mark.parametrize("fork", [False, True], ids=["of a branch", "from a fork"])
def test_a_pull_request_is_compared_with_the_ledger_and_asks_nobody(
    kubeaid: Platform, charts: Charts, fork: bool
) -> None:
    edited = re.sub("tree: .{40}", f"tree: {'a' * 40}", kubeaid.config.show("main", "charts.ledger.yaml"))
    change = proposed(kubeaid, EVIL | {"charts.ledger.yaml": edited}, fork=fork)
    done = kubeaid.run(example("verify-charts"), KUBEAID, github=change)
    assert done.results == {
        "verify / offline": "failure",
        "verify / online": "skipped",
        "verify / code-scanning": "skipped" if fork else "success",
    }
    job = done.job("verify / offline")
    assert (job.rights, job.concurrency) == (
        {"contents": "read"},
        {"group": "kubeaid-ci-verify-charts-refs/pull/7/merge", "cancel-in-progress": True},
    )
    assert marks(done) == {f"file={VENDORED}", "file=charts.ledger.yaml"}
    assert "## kubeaid-ci charts verify" in job.step("Verify charts").summary
    assert ("kubeaid-ci-verify-charts: chart/" in done.log) is not fork
    assert (charts.seen, kubeaid.world.forge.server.writes()) == ([], [])


def test_an_alarm_at_night_fails_the_job_and_keeps_one_issue_until_the_charts_are_clean(
    kubeaid: Platform, charts: Charts
) -> None:
    kubeaid.world.forge.rights[JOB_TOKEN] = {"read", "api"}
    night = partial(kubeaid.run, example("verify-charts"), KUBEAID, github={"event_name": "schedule"})
    assert (night().result, kubeaid.world.forge.tickets) == ("success", {})
    kubeaid.config.commit("main", EVIL, "feat: something")
    charts.seen.clear()
    alarm = night()
    job = alarm.job("verify / online")
    assert (job.result, job.rights) == ("failure", {"contents": "read", "issues": "write"})
    (issue,) = kubeaid.world.forge.open_tickets()
    assert issue.title == "Vendored charts: web/web"
    assert "restored kubeaid-ci-charts-Linux-" in alarm.log
    assert all("if-none-match" in request.headers for request in charts.seen)
    kubeaid.config.commit("main", dict.fromkeys(EVIL), "fix: take it out")
    assert (night().result, kubeaid.world.forge.open_tickets()) == ("success", [])


def test_without_an_issue_the_nightly_job_says_it_in_the_run_alone(kubeaid: Platform) -> None:
    kubeaid.config.commit("main", EVIL, "feat: something")
    workflow = yaml.safe_load(example("verify-charts"))
    workflow["jobs"]["verify"]["with"] = {"online": True, "issue": False}
    done = kubeaid.run(yaml.safe_dump({"on": "push", "jobs": workflow["jobs"]}), KUBEAID)
    assert marks(done) == {f"file={VENDORED}/templates/evil.yaml"}
    assert kubeaid.world.forge.server.writes() == []


def test_newer_releases_are_offered_once_and_say_what_they_do_to_clusters(
    platform: Platform, charts: Charts, tmp_path: Path
) -> None:
    platform.world.forge.rights[JOB_TOKEN] = {"read", "write", "api"}
    updates.publish(charts, "web", "1.0.0")
    root = updates.umbrella(tmp_path / "vendored", charts, "web")
    updates.publish(charts, "web", "1.1.0", {"values.yaml": "replicas: 2\n"}, created="2026-03-01")
    platform.config.commit("main", {path: data.decode() for path, data in repos.snapshot(root).items()}, "feat: web")
    server = platform.runner.github["server_url"]
    # The charts are in the repository `acme/config` here, the clusters in the other one.
    world = World(tmp_path / "repositories", f"{server}/acme/config", f"{server}/acme/KubeAid")
    world.cluster("one", {"web.yaml": application("web")})
    clusters = {path: data.decode() for path, data in repos.snapshot(world.config).items()}
    platform.kubeaid.commit("main", clusters, "feat: a cluster")
    workflow = example("update-charts").replace("acme/config", "acme/KubeAid")
    outcomes = []
    for _ in range(2):
        done = platform.run(workflow, KUBEAID, github={"event_name": "schedule"})
        job = done.job("update / update")
        assert (done.result, job.rights) == ("success", {"contents": "write", "pull-requests": "write"})
        outcomes += [one["outcome"] for one in json.loads(job.outputs["results"])]
    assert outcomes == ["created", "unchanged"]
    (change,) = platform.world.forge.open_changes("kubeaid-ci/charts/web")
    assert change.title == "chore(minor update): Updated web from version 1.0.0 to 1.1.0"
    assert "1 of 1 cluster changes" in change.body
    assert "version: 1.1.0" in platform.config.show(change.head, f"{VENDORED}/Chart.yaml")
