"""Publishing with the variables, and in the places, that the platform's earlier scripts were used in.

Each test is a thing that those scripts did wrong, or a variable that they made people set.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubeaid_ci import build_clusters
from kubeaid_ci import forge as forges
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.net.retries import RetryPolicy
from tests import repos
from tests.conftest import Contracts, played
from tests.repos import vars_file
from tests.servers.forge import Change
from tests.servers.git import git
from tests.servers.world import BRANCH, SECRET, World


@dataclass(frozen=True)
class Ran:
    """How a run of the command ended, and all that it said."""

    code: int
    text: str


Run = Callable[..., Ran]
VARS = "k8s/prod/prod-vars.jsonnet"
BUILT = "k8s/prod/kube-prometheus"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if "TOKEN" in name or name.startswith(("CI", "GITHUB", "GITLAB", "GITEA", "KUBE", "OBMONDO", "INPUT_")):
            monkeypatch.delenv(name)
    # GitHub asks for a second between two writes; a played one does not.
    monkeypatch.setattr(forges, "RetryPolicy", partial(RetryPolicy, attempts=1, between_writes=0))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in an empty folder, with a KubeAid repo and this environment; never shows the token."""
    kubeaid = repos.kubeaid(tmp_path / "kubeaid")
    (tmp_path / "job").mkdir()
    monkeypatch.chdir(tmp_path / "job")

    def call(*arguments: str, **environ: str) -> Ran:
        done = CliRunner().invoke(cli, ["publish", "--no-cache", "--kubeaid", str(kubeaid), *arguments], env=environ)
        error = done.exception if isinstance(done.exception, KubeaidCiError) else None
        ran = Ran(error.exit_code if error else done.exit_code, f"{done.output}{error or ''}")
        assert SECRET not in ran.text
        return ran

    return call


@pytest.fixture
def gitea(tmp_path: Path, contracts: Contracts) -> Iterator[World]:
    with played(ForgeKind.GITEA, tmp_path, contracts[ForgeKind.GITEA]) as made:
        yield made


def cluster(world: World, **files: str) -> None:
    """A cluster that was never built, on the default branch."""
    world.forge.repo.commit("main", {VARS: vars_file(), **files}, "A cluster")


def github_action(world: World) -> dict[str, str]:
    return {
        "GITHUB_SERVER_URL": world.forge.server.url,
        "API_TOKEN_GITHUB": SECRET,
        "OBMONDO_DEPLOY_REPO_TARGET": "acme/config",
    }


def gitlab_script(world: World, url: str | None = None) -> dict[str, str]:
    return {
        "CI": "true",
        "CI_SERVER_URL": world.forge.server.url,
        "CI_SERVER_HOST": "127.0.0.1",
        "CI_COMMIT_REF_NAME": "feature/some-work",
        "GITLAB_USER_NAME": "Grace Private",
        "GITLAB_USER_EMAIL": "grace@private.example.com",
        "KUBERNETES_CONFIG_REPO_URL": url or world.forge.git_url,
        "KUBERNETES_CONFIG_REPO_TOKEN": SECRET,
    }


def the_change(world: World, head: str = BRANCH) -> Change:
    (only,) = world.forge.open_changes(head)
    return only


# The variables


INTO_RELEASE = "kubeaid-ci/into/release/kube-prometheus"


def test_variables_of_the_earlier_github_action_open_its_pull_request(github: World, run: Run) -> None:
    cluster(github)
    github.forge.repo.commit("release", {VARS: vars_file(), "README.md": "config\n"}, "A release branch")
    more = {
        "OBMONDO_DEPLOY_REPO_TARGET_BRANCH": "release",
        "OBMONDO_DEPLOY_PULL_REQUEST_REVIEWERS": "alice,@acme/sre",
        "INPUT_GIT_USER_NAME": "Ada Bot",
        "INPUT_GIT_USER_EMAIL": "ada@example.com",
    }
    done = run(**github_action(github), **more)
    assert done.code == 0, done.text
    change = the_change(github, INTO_RELEASE)
    assert (change.base, change.reviewers, change.teams) == ("release", ["alice"], ["sre"])
    shown = git(github.forge.repo.folder, "log", "-1", "--format=%an <%ae> %cn <%ce>", INTO_RELEASE)
    assert shown == "Ada Bot <ada@example.com> Ada Bot <ada@example.com>"


@pytest.mark.parametrize("end", ["", ".git"])
def test_variables_of_the_earlier_gitlab_script_open_its_merge_request(gitlab: World, run: Run, end: str) -> None:
    cluster(gitlab)
    url = gitlab.forge.git_url.removesuffix(".git") + end
    done = run(**gitlab_script(gitlab, url), OBMONDO_DEPLOY_TARGET_BRANCH="main")
    assert done.code == 0, done.text
    assert the_change(gitlab).base == "main"


def test_token_of_a_gitea_job_opens_a_pull_request(gitea: World, run: Run) -> None:
    cluster(gitea)
    job = {"GITEA_ACTIONS": "true", "GITHUB_SERVER_URL": gitea.forge.server.url, "GITEA_TOKEN": SECRET}
    done = run(**job, KUBEAID_CI_CONFIG_REPO=gitea.forge.git_url)
    assert done.code == 0, done.text
    assert the_change(gitea).base == "main"


def test_token_of_the_workflow_is_the_last_resort(github: World, run: Run) -> None:
    cluster(github)
    environ = {**github_action(github), "GITHUB_TOKEN": SECRET, "API_TOKEN_GITHUB": ""}
    assert run(**environ).code == 0
    github.forge.rights = {SECRET: {"read", "write"}, "better": {"read", "write", "api"}}
    assert run(**environ).code == 3
    assert run(**{**environ, "API_TOKEN_GITHUB": "better"}).code == 0


def test_missing_token_is_the_callers_fault_and_names_the_variables(github: World, run: Run) -> None:
    cluster(github)
    done = run(**{**github_action(github), "API_TOKEN_GITHUB": ""})
    assert done.code == 2
    assert "set one of KUBEAID_CI_TOKEN" in done.text


def test_outputs_are_there_for_the_steps_after(github: World, run: Run, tmp_path: Path) -> None:
    cluster(github)
    places = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    run(**github_action(github), **places, GITHUB_ACTIONS="true")
    written = (tmp_path / "output").read_text()
    for name, value in (("outcome", "created"), ("number", "1"), ("branch", BRANCH)):
        assert f"{name}<<" in written
        assert f"\n{value}\n" in written
    assert "prod" in (tmp_path / "summary").read_text()


# What is published, and when


@pytest.mark.parametrize("branch", ["main", "master", "trunk"])
def test_nothing_to_do_is_no_failure_whatever_the_default_branch_is_called(
    gitlab: World, run: Run, tmp_path: Path, branch: str
) -> None:
    cluster(gitlab)
    repo = gitlab.forge.repo
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", str(repo.folder), str(checkout))
    build_clusters(checkout, tmp_path / "kubeaid", cache=False)
    files = {path: data.decode() for path, data in repos.snapshot(checkout).items() if path.startswith(BUILT)}
    repo.commit("main", files, "Built")
    if branch != "main":
        git(repo.folder, "branch", "-m", "main", branch)
    done = run(**gitlab_script(gitlab))
    assert done.code == 0, done.text
    assert "up-to-date" in done.text
    assert gitlab.forge.server.writes() == []


def test_branch_that_the_job_runs_on_does_not_matter(gitlab: World, run: Run) -> None:
    cluster(gitlab)
    for ref in ("feature/some-work", "", "main"):
        run(**{**gitlab_script(gitlab), "CI_COMMIT_REF_NAME": ref})
    assert len(gitlab.forge.changes) == 1


def test_text_says_which_cluster_and_release_and_nothing_of_who_ran_the_job(gitlab: World, run: Run) -> None:
    cluster(gitlab)
    run(**gitlab_script(gitlab))
    change = the_change(gitlab)
    assert "`prod`" in change.body
    assert "`v0.17.0`" in change.body
    assert change.body.count("\n") > 5
    shown = change.title + change.body + git(gitlab.forge.repo.folder, "log", "-1", "--format=fuller", BRANCH)
    assert "Grace" not in shown
    assert "private.example.com" not in shown


def test_title_is_text_and_nothing_else(gitlab: World, run: Run) -> None:
    cluster(gitlab)
    title = """It's "quoted", \\ escaped: $(id) `id` {"head": "main"}"""
    run("--title", title, **gitlab_script(gitlab))
    assert the_change(gitlab).title == title


def test_failing_cluster_stops_no_other_and_is_named_in_a_draft(gitlab: World, run: Run) -> None:
    cluster(gitlab, **{"k8s/bad/bad-vars.jsonnet": "{"})
    done = run(**gitlab_script(gitlab))
    assert done.code == 2
    change = the_change(gitlab)
    assert change.title.startswith("Draft: ")
    assert "`bad`" in change.body
    assert f"{BUILT}/prometheus-prometheus.yaml" in gitlab.forge.repo.files(BRANCH)


def test_cluster_whose_folder_has_another_name_is_published(gitlab: World, run: Run) -> None:
    gitlab.forge.repo.commit("main", {"k8s/folder.example.com/named-vars.jsonnet": vars_file()}, "As with CAPI")
    assert run(**gitlab_script(gitlab)).code == 0
    assert "k8s/folder.example.com/kube-prometheus/prometheus-prometheus.yaml" in gitlab.forge.repo.files(BRANCH)


def test_cluster_with_other_jsonnet_files_is_built_once(gitlab: World, run: Run) -> None:
    cluster(gitlab, **{"k8s/prod/helper.jsonnet": "{}", "k8s/prod/mixins/more.jsonnet": "{}"})
    done = run(**gitlab_script(gitlab))
    assert done.code == 0, done.text
    assert the_change(gitlab).body.count("| `prod` |") == 1


def test_only_what_was_built_is_in_the_commit_and_the_checkout_stays_as_it_is(
    gitlab: World, run: Run, tmp_path: Path
) -> None:
    cluster(gitlab, **{".gitignore": "*.secret\n"})
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "-q", str(gitlab.forge.repo.folder), str(checkout))
    git(checkout, "remote", "set-url", "origin", gitlab.forge.git_url)
    lying_about = {"notes.txt": "mine", "k8s/prod/plain.secret": "password", "k8s/prod/new.yaml": "mine"}
    repos.write(checkout, lying_about)
    before = repos.snapshot(checkout), git(checkout, "status", "--porcelain")
    done = run("--config-repo", str(checkout), **gitlab_script(gitlab))
    assert done.code == 0, done.text
    added = set(gitlab.forge.repo.files(BRANCH)) - set(gitlab.forge.repo.files("main"))
    assert added
    assert {path for path in added if not path.startswith(f"{BUILT}/")} == set()
    assert (repos.snapshot(checkout), git(checkout, "status", "--porcelain")) == before


def test_nothing_is_left_on_the_machine(
    gitlab: World, run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    cluster(gitlab)
    assert run(**gitlab_script(gitlab)).code == 0
    assert list(home.iterdir()) == list(scratch.iterdir()) == list(Path.cwd().iterdir()) == []


def test_remote_that_knows_no_push_options_takes_the_branch(gitlab: World, run: Run) -> None:
    cluster(gitlab)
    git(gitlab.forge.repo.folder, "config", "receive.advertisePushOptions", "false")
    assert run(**gitlab_script(gitlab)).code == 0
    assert the_change(gitlab).auto_merge is None


def test_work_that_was_merged_leaves_the_next_change_its_own_request(gitlab: World, run: Run) -> None:
    """The branch of the first may still be there, as where the forge does not delete it."""
    cluster(gitlab)
    run(**gitlab_script(gitlab))
    repo = gitlab.forge.repo
    git(repo.folder, "update-ref", "refs/heads/main", BRANCH)
    repo.commit("main", {VARS: vars_file(**{"prometheus+": "{ retention: '7d' }"})}, "Keep less")
    done = run(**gitlab_script(gitlab))
    assert done.code == 0, done.text
    assert the_change(gitlab).number == 2


@pytest.mark.parametrize("kind", [ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA], ids=str)
def test_everything_goes_through_the_proxy_where_there_is_one(
    kind: ForgeKind, tmp_path: Path, contracts: Contracts, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The played forge is the proxy for a host that no name server knows.
    with played(kind, tmp_path, contracts[kind]) as world:
        cluster(world)
        monkeypatch.setenv("NO_PROXY", "")
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.setenv(name, world.forge.server.url)
        host = "http://git.example.test"
        options = ["--config-repo", f"{host}/acme/config.git", "--forge", kind.value]
        done = run(*options, KUBEAID_CI_TOKEN=SECRET)
        assert done.code == 0, done.text
        assert the_change(world)
