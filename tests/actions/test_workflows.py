"""The actions and the reusable workflows, run as their callers run them, against a played GitHub and real Git."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from kubeaid_ci.forge.forge import ForgeKind
from tests import repos
from tests.actions.conftest import APP_TOKEN, CLUSTERS, JOB_TOKEN, PRIVATE_KEY, Platform
from tests.actions.runner import ROOT
from tests.conftest import Contracts, played
from tests.servers.git import git
from tests.servers.world import BRANCH, SECRET

DOCS = (ROOT / "docs/actions.md").read_text()


def example(name: str) -> str:
    """A workflow of the documentation, with the played repositories in it."""
    found = re.search(rf"<!-- example: {name} -->\n+```yaml\n(.*?)```", DOCS, re.DOTALL)
    assert found, f"docs/actions.md has no example {name}"
    return found[1].replace("Obmondo/KubeAid", "acme/KubeAid").replace("kubernetes-config", "config")


def with_inputs(workflow: str, **inputs: object) -> str:
    """The example with more inputs for what its one job calls."""
    (job,) = (parsed := yaml.safe_load(workflow))["jobs"].values()
    job["with"] |= {name.replace("_", "-"): value for name, value in inputs.items()}
    parsed["on"] = parsed.pop(True)  # YAML 1.1 reads `on` as true
    return yaml.safe_dump(parsed)


PUBLISH = """
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with: {persist-credentials: false}
      - id: publish
        uses: Obmondo/kubeaid-ci/actions/publish@main
        with:
          config-repo: ${{ github.server_url }}/acme/config
          token: ${{ secrets.KUBEAID_CI_TOKEN }}
          labels: ci
          title: ${{ vars.TITLE || 'New manifests' }}
      - run: echo "$TOLD"
        env: {TOLD: '${{ toJSON(steps.publish.outputs) }}'}
"""


@pytest.fixture
def token(platform: Platform) -> None:
    platform.runner.secrets["KUBEAID_CI_TOKEN"] = SECRET


@pytest.mark.usefixtures("token")
def test_the_publish_action_opens_a_pull_request_and_the_second_run_leaves_it_alone(platform: Platform) -> None:
    first = platform.run(PUBLISH, "acme/KubeAid")
    change = platform.world.the_change()
    assert (change.title, change.labels) == ("New manifests", ["ci"])
    outputs = json.loads(first.jobs[0].steps[-1].raw)
    head = platform.config.head(BRANCH)
    assert {name: outputs[name] for name in ("outcome", "number", "branch", "head")} == {
        "outcome": "created",
        "number": "1",
        "branch": BRANCH,
        "head": head,
    }
    assert outputs["url"].endswith("/acme/config/pull/1")
    assert sorted(json.loads(outputs["changed"])) == sorted(CLUSTERS)
    assert "## kubeaid-ci publish" in first.jobs[0].step("Publish").summary
    second = platform.run(PUBLISH, "acme/KubeAid")
    again = json.loads(second.jobs[0].steps[-1].raw)
    assert (again["outcome"], again["number"], again["head"]) == ("unchanged", "1", head)


@pytest.mark.usefixtures("token")
def test_what_stands_in_an_input_is_never_run(platform: Platform) -> None:
    evil = '"; touch pwned; echo $(touch pwned) `touch pwned` ${{ github.token }} #'
    done = platform.run(PUBLISH, "acme/KubeAid", vars={"TITLE": evil})
    assert done.result == "success"
    assert platform.world.the_change().title == evil
    assert not list(platform.runner.folder.rglob("pwned"))


@pytest.mark.usefixtures("token")
def test_a_push_to_kubeaid_opens_and_then_updates_the_pull_request(platform: Platform) -> None:
    workflow = example("publish-from-kubeaid")
    platform.config.commit("main", {".kubeaid-ci.yaml": "publish: {labels: [ci]}\n"}, "ci: settings")
    first = platform.run(workflow, "acme/KubeAid")
    assert platform.world.the_change().labels == ["ci"]
    assert first.results == {"publish / plan": "skipped", "publish / build": "skipped", "publish / publish": "success"}
    assert first.job("publish / publish").outputs["outcome"] == "created"
    assert first.job("publish / publish").concurrency == {
        "group": "kubeaid-ci-acme-config-",
        "cancel-in-progress": False,
    }
    platform.change_kubeaid("'30d'", "'60d'")
    second = platform.run(workflow, "acme/KubeAid")
    assert second.job("publish / publish").outputs["outcome"] == "updated"
    assert "retention: 60d" in platform.config.show(BRANCH, "k8s/two/kube-prometheus/prometheus-prometheus.yaml")


@pytest.mark.usefixtures("token")
def test_the_cache_of_an_earlier_run_makes_the_next_a_quick_one(platform: Platform) -> None:
    workflow = example("publish-from-kubeaid")
    platform.run(workflow, "acme/KubeAid")
    platform.kubeaid.commit("main", {"README.md": "more\n"}, "docs: more")
    done = platform.run(workflow, "acme/KubeAid")
    assert "restored kubeaid-ci-publish-Linux-" in done.log
    built = done.job("publish / publish").step("Publish").raw
    assert built.count(", cached)") == len(CLUSTERS)
    assert done.job("publish / publish").outputs["outcome"] == "updated"  # its text names another revision


def test_changed_settings_are_rebuilt_in_the_same_repo_with_the_jobs_own_token(platform: Platform) -> None:
    platform.world.forge.rights[JOB_TOKEN] = {"read", "write", "api"}
    # What was changed in KubeAid since the clusters' pins is none of theirs.
    platform.change_kubeaid("'30d'", "'60d'")
    done = platform.run(example("rebuild-config-repo"), "acme/config")
    assert done.job("rebuild / publish").outputs["outcome"] == "created"
    assert done.job("rebuild / publish").rights == {"contents": "write", "pull-requests": "write"}
    assert "retention: 30d" in platform.config.show(BRANCH, "k8s/one/kube-prometheus/prometheus-prometheus.yaml")


@pytest.mark.parametrize("workflow", ["publish-from-kubeaid", "rebuild-config-repo"])
@pytest.mark.usefixtures("token")
def test_shards_build_and_one_job_publishes_what_they_built(platform: Platform, workflow: str) -> None:
    platform.world.forge.rights[JOB_TOKEN] = {"read", "write", "api"}
    repository = {"publish-from-kubeaid": "acme/KubeAid", "rebuild-config-repo": "acme/config"}[workflow]
    done = platform.run(with_inputs(example(workflow), shards=2), repository)
    assert [(job.name, job.result) for job in done.jobs] == [
        ("plan", "success"),
        ("build 1", "success"),
        ("build 2", "success"),
        ("publish", "success"),
    ]
    built = [re.findall(r"^(\w+) .* changed +\d", job.step("Build").raw, re.MULTILINE) for job in done.jobs[1:3]]
    assert sorted(name for names in built for name in names) == sorted(CLUSTERS)
    assert done.jobs[3].step("Publish").raw.count(", cached)") == len(CLUSTERS)
    assert done.jobs[3].outputs["outcome"] == "created"


@pytest.mark.usefixtures("token")
def test_a_cluster_that_fails_keeps_nothing_back_of_the_others(platform: Platform) -> None:
    platform.config.commit("main", {"k8s/one/one-vars.jsonnet": "{"}, "oops")
    done = platform.run(with_inputs(example("publish-from-kubeaid"), shards=3), "acme/KubeAid")
    assert done.results["publish / publish"] == done.result == "failure"
    change = platform.world.the_change()
    assert change.draft
    changed = {path.split("/")[1] for path in platform.config.files(BRANCH) if "kube-prometheus/" in path}
    assert changed == {"two", "three"}
    marks = {(one["level"], one["properties"].split(",")[0]) for one in done.annotations}
    # The build has the config repo in its workspace; the job that publishes has KubeAid, which has no such file.
    assert marks == {("error", "file=k8s/one/one-vars.jsonnet"), ("error", "title=build/vars-invalid (one)")}


def test_an_app_gives_a_token_for_the_one_repo(platform: Platform) -> None:
    platform.runner.secrets["KEY"] = PRIVATE_KEY
    workflow = example("publish-from-kubeaid").replace(
        "token: '${{ secrets.KUBEAID_CI_TOKEN }}'", "app-private-key: '${{ secrets.KEY }}'"
    )
    done = platform.run(with_inputs(workflow, client_id="Iv1.abc", shards=1), "acme/KubeAid")
    assert done.job("publish / publish").outputs["outcome"] == "created"
    asked = re.findall(r"token for (\S+): (.*)", done.log)
    assert asked == [
        ("acme/config", "contents: read"),
        ("acme/config", "contents: read"),
        ("acme/config", "contents: write, pull-requests: write"),
    ]
    written = re.findall(r"uses: (actions/\S+)", (ROOT / ".github/workflows/publish-from-kubeaid.yml").read_text())
    assert set(written) - set(done.used) == {name for name in written if name.startswith("actions/cache@")}


def test_without_any_token_it_is_said_what_is_missing(platform: Platform) -> None:
    done = platform.run(example("publish-from-kubeaid"), "acme/KubeAid")
    assert done.result == "failure"
    assert "no API token found; set one of KUBEAID_CI_TOKEN" in done.log


def test_a_pull_request_is_told_which_manifests_are_stale_without_any_token(platform: Platform) -> None:
    done = platform.run(example("check"), "acme/config")
    (job,) = done.jobs
    assert (job.result, job.rights) == ("failure", {"contents": "read"})
    assert {one["properties"].split(",")[0] for one in done.annotations} == {
        f"file=k8s/{name}/kube-prometheus" for name in CLUSTERS
    }
    assert platform.world.forge.server.writes() == []
    assert not (Path(job.workspace) / "k8s/one/kube-prometheus").exists()


def test_the_cache_that_the_docs_show_makes_a_check_quick(platform: Platform) -> None:
    head, _, _ = example("check").rpartition("      - uses: Obmondo")
    workflow = f"{head}{example('cache')}"
    platform.run(workflow.replace("check: true", "check: false"), "acme/config")
    shutil.rmtree(platform.runner.folder / "home")
    done = platform.run(workflow, "acme/config")
    assert "restored kubeaid-ci-check-" in done.log
    built = done.jobs[0].steps[-1].raw
    assert len(re.findall(r"^\w+ .* would change \(cached\)", built, re.MULTILINE)) == len(CLUSTERS)


def test_the_live_test_passes_where_the_second_run_has_nothing_to_do(platform: Platform) -> None:
    workflow = (ROOT / ".github/workflows/live-test.yml").read_text()
    platform.runner.secrets["LIVE_TEST_TOKEN"] = SECRET
    inputs = {"config-owner": "acme", "config-repo": "config", "kubeaid": "acme/KubeAid", "kubeaid-ref": "worktree"}
    done = platform.run(workflow, "acme/config", inputs={**inputs, "client-id": ""})
    assert [step.outcome for step in done.jobs[0].steps if step.name.startswith("The second")] == ["skipped"]
    assert (done.result, platform.world.the_change().number) == ("success", 1)
    platform.world.forge.repo.hook("update", f'test "$1" != refs/heads/{BRANCH}')
    platform.change_kubeaid("'30d'", "'60d'")
    assert platform.run(workflow, "acme/config", inputs={**inputs, "client-id": ""}).result == "failure"


def test_gitea_runs_the_action_in_place_of_the_workflow(
    platform: Platform, tmp_path: Path, contracts: Contracts
) -> None:
    with played(ForgeKind.GITEA, tmp_path / "gitea", contracts[ForgeKind.GITEA]) as world:
        world.forge.rights[APP_TOKEN] = {"read", "write", "api"}
        world.forge.repo.commit("main", {"k8s/one/one-vars.jsonnet": repos.vars_file()}, "feat: a cluster")
        pin = {"k8s/one/argocd-apps/templates/kube-prometheus.yaml": repos.application("HEAD", label="1.0.0")}
        world.forge.repo.commit("main", pin, "feat: a pin")
        # GitHub's parser knows no whole addresses of actions, and asks for pins by commit.
        workflow = example("gitea").replace("uses: https://github.com/", "uses: ")
        workflow = workflow.replace("actions/checkout@v4", "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1")
        workflow = workflow.replace("https://github.com/acme/KubeAid.git", str(platform.kubeaid.folder))
        url = world.forge.server.url
        done = platform.run(
            workflow,
            "acme/config",
            github={
                "server_url": url,
                "api_url": f"{url}/api/v1",
                "sha": world.forge.repo.head("main"),
                "token": APP_TOKEN,
            },
            secrets={"KUBEAID_CI_TOKEN": SECRET},
            machine={"GITEA_ACTIONS": "true"},
        )
        assert done.result == "success", done.log
        assert world.the_change().number == 1
    assert git(platform.config.folder, "for-each-ref", "--count=2", "refs/heads").count("\n") == 0
