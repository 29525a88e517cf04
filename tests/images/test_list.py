import json

import pytest
from click.testing import CliRunner

from kubeaid_ci.cli.main import cli
from tests import repos
from tests.renders import World, application

CHART = {
    "values.yaml": "tag: '1.0'\n",
    "templates/web.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n"
        "      containers: [{name: web, image: 'quay.io/acme/web:{{ .Values.tag }}'}]\n"
    ),
}


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    made = World(tmp_path)
    made.chart("web", CHART)
    made.chart("broken", {"templates/a.yaml": "{{ fail `no` }}"})
    made.cluster("one", {"web.yaml": application("web")})
    repos.commit(made.kubeaid)
    repos.git(made.kubeaid, "tag", "1.0.0")
    return made


@pytest.fixture
def run(world):
    def call(*arguments: str):
        options = ["--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--jobs", "1"]
        return CliRunner().invoke(cli, ["images", "list", *arguments, *options], standalone_mode=False)

    return call


def test_the_images_of_clusters_are_listed(run):
    done = run("--format", "json")
    (result,) = json.loads(done.stdout)["results"]
    assert result["image"] == "quay.io/acme/web:1.0"
    assert [(place["cluster"], place["app"]) for place in result["found_in"]] == [("one", "web")]
    assert done.return_value == 0


def test_an_application_is_rendered_at_the_revision_that_it_pins(run, world):
    repos.write(world.kubeaid, {"argocd-helm-charts/web/values.yaml": "tag: '2.0'\n"})
    assert "quay.io/acme/web:1.0" in run("one").stdout
    assert "quay.io/acme/web:2.0" in run("one", "--kubeaid-ref", "worktree").stdout


def test_the_images_of_charts_need_no_config_repo_and_a_broken_chart_is_named(world):
    options = ["--charts", "--kubeaid", str(world.kubeaid), "--format", "json"]
    done = CliRunner().invoke(cli, ["images", "list", *options], standalone_mode=False)
    report = json.loads(done.stdout)
    assert (
        report["results"][0]["found_in"][0].items()
        >= {
            "cluster": None,
            "app": "web",
        }.items()
    )
    assert report["summary"]["unknown"] == 1
    assert "broken" in {finding["subject"] for finding in report["findings"]}


def test_the_headline_counts_images_and_what_is_unknown(run, world):
    lines = run().stdout.splitlines()
    assert lines[0] == "1 image from 1 registry in 1 cluster"
    world.cluster(
        "one",
        {
            "web.yaml": application("web"),
            "gone.yaml": application(
                "gone", source={"repoURL": "https://git.example.com/x/y", "path": "a", "targetRevision": "HEAD"}
            ),
        },
    )
    assert (
        run().stdout.splitlines()[0]
        == "1 image from 1 registry in 1 cluster · 1 not rendered, so their images are unknown"
    )


def test_clusters_and_charts_exclude_each_other(world):
    done = CliRunner().invoke(cli, ["images", "list", "one", "--charts", "--kubeaid", str(world.kubeaid)])
    assert done.exit_code != 0


def test_the_list_of_charts_of_other_commands_is_no_flag_here(run, monkeypatch):
    monkeypatch.setenv("KUBEAID_CI_CHARTS", "traefik")
    assert run().stdout.splitlines()[0] == "1 image from 1 registry in 1 cluster"
