"""The workflow that says what a pull request does to clusters, run for pull requests of either repository."""

from pathlib import Path

import pytest

from tests import repos
from tests.actions.conftest import JOB_TOKEN, Platform
from tests.actions.test_workflows import example
from tests.renders import World, application, helm
from tests.servers.git import BareRepo, git

MARKER = "<!-- kubeaid-ci:comment:diff -->"
APP = "k8s/one/argocd-apps/templates/web.yaml"
VALUES = "argocd-helm-charts/web/values.yaml"


def platform_world(platform: Platform, folder: Path) -> World:
    server = platform.runner.github["server_url"]
    return World(folder / "repositories", f"{server}/acme/KubeAid", f"{server}/acme/config")


@pytest.fixture
def clusters(platform: Platform, tmp_path: Path) -> Platform:
    """The platform with one cluster, which takes one chart of the KubeAid repo."""
    made = platform_world(platform, tmp_path)
    made.chart("web")
    made.cluster("one", {"web.yaml": application("web")})
    for repo, folder in ((platform.config, made.config), (platform.kubeaid, made.kubeaid)):
        files = {path: data.decode() for path, data in repos.snapshot(folder).items()}
        repo.commit("main", dict.fromkeys(repo.files("main")) | files, "feat: a cluster")
    git(platform.kubeaid.folder, "tag", "--force", "1.0.0", "main")
    return platform


def proposed(repo: BareRepo, path: str, text: str, number: int, head: str) -> dict:
    git(repo.folder, "update-ref", "refs/heads/feature", "main")
    sha = repo.commit("feature", {path: text}, "feat: a change")
    event = {"pull_request": {"number": number, "head": {"repo": {"full_name": head}}}}
    return {"event_name": "pull_request", "ref": f"refs/pull/{number}/merge", "sha": sha, "event": event}


def test_a_pull_request_gets_one_comment_which_is_said_anew_in_the_same_place(clusters: Platform) -> None:
    clusters.world.forge.rights[JOB_TOKEN] = {"read", "api"}
    change = clusters.world.forge.add("feature")
    for name in ("other", "another"):
        source = {**helm(parameters=[{"name": "name", "value": name}])}
        source["repoURL"] = f"{clusters.runner.github['server_url']}/acme/KubeAid"
        text = application("web", source=source)
        github = proposed(clusters.config, APP, text, change.number, "acme/config")
        done = clusters.run(example("diff-config"), "acme/config", github=github)
        (job,) = done.jobs
        assert job.rights == {"contents": "read", "pull-requests": "write"}
        assert (job.outputs["changed"], job.outputs["clusters"]) == ("true", "one")
        assert job.outputs["in-short"] == "1 of 1 cluster changes"
        (said,) = [text for text in change.comments.values() if MARKER in text]
        assert f"web-{name}" in said
        assert "## kubeaid-ci diff" in job.step("Diff").summary


def test_a_pull_request_from_a_fork_gets_no_comment_and_no_token(clusters: Platform) -> None:
    github = proposed(clusters.kubeaid, VALUES, "replicas: 2\nname: web\n", 7, "somebody/KubeAid")
    done = clusters.run(example("diff-kubeaid"), "acme/KubeAid", github=github)
    assert done.job("diff / diff").outputs["in-short"] == "1 of 1 cluster changes"
    assert "KUBEAID_CI_TOKEN: \n" in done.log
    assert clusters.world.forge.server.writes() == []
    assert (clusters.runner.folder / "store/artifacts/1/kubeaid-ci-diff/diff.html").is_file()


def test_a_caller_that_does_not_name_the_other_repo_is_told(platform: Platform) -> None:
    done = platform.run(example("diff-config").replace("with: {kubeaid: acme/KubeAid}", ""), "acme/config")
    assert [step.outcome for step in done.job("diff / diff").steps[:3]] == ["success", "failure", "skipped"]
    assert "give kubeaid or config-repo" in done.log
