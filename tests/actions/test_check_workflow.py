"""The workflow that checks clusters: new findings on pull requests, everything at night with one issue."""

from pathlib import Path

import pytest

from tests import repos
from tests.actions.conftest import JOB_TOKEN, Platform
from tests.actions.test_diff_workflow import APP, platform_world, proposed
from tests.actions.test_workflows import example
from tests.renders import application, helm
from tests.servers.git import git


@pytest.fixture
def clusters(platform: Platform, tmp_path: Path) -> Platform:
    """One cluster whose Application takes a chart that does not exist."""
    made = platform_world(platform, tmp_path)
    made.chart("web")
    made.cluster("one", {"web.yaml": application("web", source=helm("gone"))})
    for repo, folder in ((platform.config, made.config), (platform.kubeaid, made.kubeaid)):
        files = {path: data.decode() for path, data in repos.snapshot(folder).items()}
        repo.commit("main", dict.fromkeys(repo.files("main")) | files, "feat: a cluster")
    git(platform.kubeaid.folder, "tag", "--force", "1.0.0", "main")
    return platform


def test_a_pull_request_reports_only_what_it_adds(clusters: Platform) -> None:
    address = f"{clusters.runner.github['server_url']}/acme/KubeAid"
    text = application("web", source={**helm("gone"), "repoURL": address}, project="default")
    github = proposed(clusters.config, APP, text, 7, "somebody/config")
    done = clusters.run(example("check-clusters"), "acme/config", github=github)
    (job,) = [job for job in done.jobs if job.steps]
    assert job.rights == {"contents": "read"}
    assert "gitops/project-default" in done.log
    assert "chart/render-failed" not in done.log
    assert job.step("Check").outcome == "success"
    assert clusters.world.forge.server.writes() == []


def test_at_night_errors_keep_one_issue(clusters: Platform) -> None:
    clusters.world.forge.rights[JOB_TOKEN] = {"read", "api"}
    for _ in range(2):
        done = clusters.run(example("check-clusters"), "acme/config", github={"event_name": "schedule"})
        (job,) = [job for job in done.jobs if job.steps]
        assert job.step("Check").outcome == "failure", done.log
    (issue,) = clusters.world.forge.open_tickets()
    assert (issue.title, "chart/render-failed" in issue.body) == ("Clusters with errors: one", True)
