"""``kubeaid-ci diff`` and ``charts diff``: which repository they compare, what they print and exit with, the comment."""

import json
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kubeaid_ci import forge as forges
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.forge import ForgeKind
from kubeaid_ci.net.retries import RetryPolicy
from tests import repos
from tests.renders import CHART, KUBEAID, World, application, helm
from tests.servers.http import Reply
from tests.servers.world import BRANCH, SECRET
from tests.servers.world import World as ForgeWorld

TALLER = "replicas: 2\nname: web\n"
VALUES = "argocd-helm-charts/web/values.yaml"
MARKER = "<!-- kubeaid-ci:comment:diff -->"


@pytest.fixture
def repositories(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(forges, "RetryPolicy", partial(RetryPolicy, attempts=1, between_writes=0))
    made = World(tmp_path / "repos")
    made.chart("web")
    made.cluster("one", {"web.yaml": application("web")})
    made.commit("1.0.0")
    return made


@pytest.fixture
def run(repositories, monkeypatch):
    """Runs a command in one of the repositories; `env` is for this run alone."""

    def call(*arguments: str, within: str = "config", env: dict[str, str] | None = None):
        here = {"config": repositories.config, "kubeaid": repositories.kubeaid}.get(within, Path(within))
        monkeypatch.chdir(here)
        options = ["--config-repo", repositories.config, "--kubeaid", repositories.kubeaid, "--jobs", "1"]
        return CliRunner().invoke(cli, [str(one) for one in (*options, *arguments)], env=env, standalone_mode=False)

    return call


def changed(repositories: World) -> None:
    """Both repositories change something of their own."""
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    text = application("web", source=helm(parameters=[{"name": "name", "value": "other"}]))
    repos.write(repositories.config, {"k8s/one/argocd-apps/templates/web.yaml": text})


def kinds(done) -> set[tuple[str, str]]:
    return {(one["kind"], one["action"]) for one in json.loads(done.stdout)["results"]}


def test_the_repository_of_the_current_folder_is_compared(run, repositories):
    changed(repositories)
    config = run("diff", "--base", "HEAD", "--format", "json")
    kubeaid = run("diff", "--base", "HEAD", "--format", "json", within="kubeaid")
    assert kinds(config) == {("Application", "modified"), ("Deployment", "added"), ("Deployment", "removed")}
    assert kinds(kubeaid) == {("Deployment", "modified")}


def test_elsewhere_the_repository_has_to_be_said(run, repositories, tmp_path):
    changed(repositories)
    done = run("diff", "--base", "HEAD", within=str(tmp_path))
    assert isinstance(done.exception, UserError)
    assert "the current folder is neither repository" in str(done.exception)
    said = run("diff", "--base", "HEAD", "--of", "kubeaid", "--format", "json", within=str(tmp_path))
    assert kinds(said) == {("Deployment", "modified")}


def test_the_only_cluster_is_removed_although_its_repository_has_no_clusters_left(run, repositories):
    repos.git(repositories.config, "rm", "-rq", "k8s")
    repos.commit(repositories.config)
    done = run("diff", "--base", "HEAD~1", "--exit-code")
    assert done.return_value == 1
    assert done.stdout.startswith("1 cluster removed (3 objects) · ")
    repos.git(repositories.config, "checkout", "-q", "HEAD~1", "--", ".")
    assert run("diff", "--base", "HEAD", "--exit-code").stdout.startswith("1 cluster added (3 objects)")


def test_differences_fail_the_run_where_that_is_asked_for(run, repositories):
    assert run("diff", "--base", "HEAD", "--exit-code").return_value == 0
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    assert run("diff", "--base", "HEAD", within="kubeaid").return_value == 0
    done = run("diff", "--base", "HEAD", "--exit-code", within="kubeaid")
    assert done.return_value == 1
    assert done.stdout.startswith("1 of 1 cluster changes\nobjects: 1 modified\n")


def test_dangers_fail_the_run_and_come_after_the_table(run, repositories):
    repos.write(repositories.kubeaid, {"argocd-helm-charts/web/templates/web.yaml": '{{ fail "no" }}'})
    done = run("diff", "--upgrade-to", "worktree")
    assert done.return_value == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "no change found in 1 cluster · 1 error · 1 of 2 Applications not compared"
    assert lines[1].startswith("CLUSTER ")
    assert "error change/render-broken: no [one/web]" in lines[3]
    assert sum("error" in line and "one/web" in line for line in lines) == 1
    assert run("diff", "--upgrade-to", "worktree", "--fail-on", "never").return_value == 0


def test_unified_diffs_and_noise_are_shown_where_they_are_asked_for(run, repositories):
    label = CHART["templates/web.yaml"].replace("spec:", "  labels:\n    helm.sh/chart: web-2.0.0\nspec:", 1)
    repos.write(repositories.kubeaid, {"argocd-helm-charts/web/templates/web.yaml": label})
    assert "nothing changes" in run("diff", "--base", "HEAD", within="kubeaid").stdout
    done = run("diff", "--base", "HEAD", "--show-noise", "--unified", within="kubeaid")
    assert "+    helm.sh/chart: web-2.0.0" in done.stdout


@pytest.mark.parametrize("output", ["markdown", "report", "summary"])
def test_content_of_objects_is_in_every_output_that_shows_it(run, repositories, tmp_path, output):
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    plain = run("diff", "--base", "HEAD", within="kubeaid").stdout  # its result is cached without contents
    summary = tmp_path / "summary"
    arguments = {"report": ["--report", f"html={tmp_path}/page.html"], "summary": []}.get(output, ["--format", output])
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)} if output == "summary" else {}
    done = run("diff", "--base", "HEAD", *arguments, within="kubeaid", env=env)
    files = {"report": tmp_path / "page.html", "summary": summary}
    text = files[output].read_text() if output in files else done.stdout
    assert "+  replicas: 2" in text
    assert "replicas: 2" not in plain
    if output in files:
        assert done.stdout.splitlines()[:3] == plain.splitlines()[:3]


def test_outputs_are_told_to_the_ci_system(run, repositories, tmp_path):
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    run("diff", "--base", "HEAD", "--dotenv", str(tmp_path / "out"), within="kubeaid")
    assert "CHANGED=true" in (tmp_path / "out").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --base REF"),
        (["--base", "HEAD", "--upgrade-to", "1.0.0"], "give --base REF"),
        (["--upgrade-to", "1.0.0", "--head", "HEAD"], "give --base REF"),
        (["--base", "nope"], "has no revision nope"),
        (["--base", "HEAD", "--head", "nope"], "has no revision nope"),
        (["--upgrade-to", "9.9.9"], "has no revision 9.9.9"),
        (["--base", "--output=x"], "has no revision --output=x"),
        (["--base", "HEAD", "tow"], "tow: no such cluster; there are: one"),
        (["--base", "HEAD", "--app", "wep"], "wep: no such Application; did you mean web?"),
        (["--base", "HEAD", "--comment-on", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_compared_is_refused(run, arguments, message):
    done = run("diff", *arguments)
    assert message in str(getattr(done.exception, "message", done.exception))


def test_a_comment_needs_a_remote(run, repositories):
    repos.git(repositories.config, "remote", "remove", "origin")
    done = run("diff", "--base", "HEAD", "--comment")
    assert "not a checkout with a remote origin" in str(done.exception)


def test_a_base_from_the_environment_gives_way_to_an_upgrade(run):
    done = run("diff", "--upgrade-to", "1.0.0", env={"KUBEAID_CI_BASE": "main"})
    assert (done.return_value, done.stdout.splitlines()[0]) == (0, "nothing changes in 1 cluster")


def test_charts_are_compared_by_themselves(run, repositories):
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    done = run("charts", "diff", "--base", "1.0.0", "--exit-code")
    assert done.return_value == 1
    assert done.stdout.startswith("1 of 1 chart changes\nobjects: 1 modified\n")


@pytest.fixture
def commented(run, repositories, world: ForgeWorld, monkeypatch):
    """Compares the KubeAid repo, whose origin is on a played forge, for a change request that is open there."""
    change = world.forge.add(BRANCH)
    repos.git(repositories.kubeaid, "remote", "set-url", "origin", world.forge.git_url)
    for path, data in repos.snapshot(repositories.config).items():
        repos.write(repositories.config, {path: data.decode().replace(KUBEAID, world.forge.git_url)})
    repos.commit(repositories.config)
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    forge = ["--forge", str(world.kind), "--forge-url", world.forge.api_url]

    def call(*arguments: str, **env: str):
        given = arguments or ("--comment-on", str(change.number))
        return run("diff", "--base", "1.0.0", *given, *forge, within="kubeaid", env=env)

    return call, change


def texts(change) -> list[str]:
    return [text for text in change.comments.values() if text.startswith(MARKER)]


def test_a_comment_is_made_once_updated_in_place_and_told_when_nothing_is_left(commented, repositories):
    call, change = commented
    assert call().return_value == 0
    assert texts(change) == []
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    for _ in range(2):
        assert call().return_value == 0
    (first,) = texts(change)
    assert "1 of 1 cluster changes\n\nObjects: 1 modified" in first
    assert "+  replicas: 2" in first
    repos.write(repositories.kubeaid, {VALUES: CHART["values.yaml"]})
    call()
    (last,) = texts(change)
    assert "nothing changes in 1 cluster" in last


def test_the_comment_counts_what_the_settings_silence_and_what_of_it_is_new(commented, repositories):
    call, change = commented
    binding = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: all}\n"
        "roleRef: {kind: ClusterRole, name: cluster-admin, apiGroup: rbac.authorization.k8s.io}\n"
        "subjects: [{kind: User, name: eve, apiGroup: rbac.authorization.k8s.io}]\n"
    )
    silent = "suppress: [{rule: change/rbac-bound, subject: '**', reason: because}]\n"
    repos.write(repositories.kubeaid, {VALUES.replace("values.yaml", "templates/all.yaml"): binding})
    repos.write(repositories.kubeaid, {".kubeaid-ci.yaml": silent})
    assert call().return_value == 1
    (text,) = texts(change)
    assert "1 finding silenced, 1 of them new in this change, which count until the merge." in text
    assert "cluster-admin" in text


def test_the_change_request_is_that_of_the_job(commented, repositories, world):
    call, change = commented
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    number = str(change.number)
    gitlab = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": number, "CI_MERGE_REQUEST_PROJECT_PATH": "acme/config"}
    github = {"GITHUB_ACTIONS": "true", "GITHUB_REF": f"refs/pull/{number}/merge", "GITHUB_REPOSITORY": "acme/config"}
    env = gitlab if world.kind is ForgeKind.GITLAB else github
    assert call("--comment", **env).return_value == 0
    assert len(texts(change)) == 1
    other = {name: value.replace("acme/config", "acme/other") for name, value in env.items()}
    assert "acme/other" in str(call("--comment", **other).exception)
    assert "not running for a change request" in str(call("--comment", GITHUB_REF="refs/heads/main").exception)


def test_a_forge_that_refuses_the_comment_costs_the_exit_code_and_not_the_report(commented, repositories, world):
    call, _ = commented
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    world.forge.server.inject("POST", "/(comments|notes)$", Reply(403, {"message": f"not you, {SECRET}"}), times=9)
    done = call()
    assert done.return_value == 3
    assert "1 of 1 cluster changes" in done.stdout
    assert "cannot post the comment" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def raised(done) -> str:
    assert isinstance(done.exception, UserError | click.UsageError)
    return str(done.exception)


@pytest.mark.parametrize("kind", ["nothing there", "no repository", "no charts"])
@pytest.mark.parametrize("ref", ["pinned", "HEAD", "worktree"])
def test_folder_that_is_no_kubeaid_repo_is_refused(run, repositories, tmp_path, kind, ref):
    other = tmp_path / "other"
    if kind != "nothing there":
        repos.write(other, {"README.md": ""})
    if kind == "no charts":
        repos.commit(other)
    done = run("diff", "--base", "HEAD", "--kubeaid-ref", ref, "--kubeaid", other, "--of", "config")
    assert str(other) in raised(done)
    assert "--kubeaid" in raised(done)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["diff", "--base", "gone"], "kubernetes-config has no revision gone; fetch it"),
        (["diff", "--base", "HEAD", "--head", "gone"], "kubernetes-config has no revision gone; fetch it"),
        (["diff", "--base", "gone...", "--of", "kubeaid"], "KubeAid has no revision gone; fetch it"),
        (["diff", "--upgrade-to", "gone"], "KubeAid has no revision gone; fetch it"),
        (["diff", "--base", "HEAD", "two"], "two: no such cluster; there are: one"),
        (["diff", "--base", "HEAD", "--app", "webb"], "webb: no such Application; did you mean web?"),
        (["charts", "diff", "--base", "gone"], "KubeAid has no revision gone; fetch it"),
        (["charts", "diff", "--base", "HEAD", "webb"], "webb: no such chart; did you mean web?"),
        (["diff", "--upgrade-to", "1.0.0", "--kubeaid-ref", "1.0.0"], "--of kubeaid --base OLD --head NEW"),
        (["--kubeaid-ref", "1.0.0", "diff", "--base", "HEAD", "--of", "kubeaid"], "--kubeaid-ref 1.0.0 has no effect"),
        (["charts", "diff", "--base", "HEAD", "--kubeaid-ref", "1.0.0"], "--kubeaid-ref 1.0.0 has no effect"),
        (["charts", "render", "--kubeaid-ref", "pinned"], "no revision is pinned"),
    ],
)
def test_wrong_argument_is_refused_with_what_to_do(run, arguments, message):
    assert message in raised(run(*arguments))


def test_config_repo_without_clusters_at_the_base_is_refused(run, repositories, tmp_path):
    other = repos.write(tmp_path / "other", {"README.md": ""})
    repos.commit(other)
    done = run("diff", "--base", "HEAD", "--of", "config", "--config-repo", other)
    assert f"{other} at HEAD: not a config repo: it has no folder k8s/" in raised(done)


@pytest.mark.parametrize("env", [{"KUBEAID_CI_KUBEAID_REF": "1.0.0"}])
def test_revision_of_the_environment_is_for_other_commands_and_does_no_harm(run, repositories, env):
    changed(repositories)
    done = run("diff", "--base", "HEAD", "--of", "kubeaid", "--format", "json", env=env)
    assert kinds(done) == {("Deployment", "modified")}


@pytest.mark.parametrize("head", [[], ["--head", "branch"]])
def test_base_with_dots_leaves_out_what_others_changed_there(run, repositories, head):
    repos.git(repositories.config, "checkout", "--quiet", "-b", "branch")
    changed(repositories)
    repos.commit(repositories.config)
    repos.git(repositories.config, "checkout", "--quiet", "main")
    repositories.cluster("one", {"web.yaml": application("web"), "theirs.yaml": application("theirs")})
    repos.commit(repositories.config)
    repos.git(repositories.config, "checkout", "--quiet", "branch")
    tips = run("diff", "--base", "main", "--format", "json", *head)
    since = run("diff", "--base", "main...", "--format", "json", *head)
    own = {("Application", "modified"), ("Deployment", "added"), ("Deployment", "removed")}
    assert kinds(since) == own
    assert kinds(tips) == {*own, ("Application", "removed")}


def test_base_with_nothing_in_common_is_refused(run, repositories):
    repos.git(repositories.config, "checkout", "--quiet", "--orphan", "other")
    repos.commit(repositories.config, "nothing in common")
    done = run("diff", "--base", "main...")
    assert "main and HEAD have no commit in common; fetch the whole history" in raised(done)


def test_charts_since_they_left_a_branch(run, repositories):
    repos.git(repositories.kubeaid, "checkout", "--quiet", "-b", "branch")
    repos.git(repositories.kubeaid, "checkout", "--quiet", "main")
    changed(repositories)
    repos.commit(repositories.kubeaid)
    done = run("charts", "diff", "--base", "main...", "--head", "branch", "--format", "json", within="kubeaid")
    assert kinds(done) == set()


def test_the_comment_of_merged_shards_is_that_of_one_run(commented, run, repositories, world, tmp_path):
    call, change = commented
    repos.write(repositories.kubeaid, {VALUES: TALLER})
    call()
    (whole,) = texts(change)
    change.comments.clear()
    for number in (1, 2):
        report = f"json={tmp_path}/parts/{number}.json"
        run("diff", "--base", "1.0.0", "--shard", f"{number}/2", "--report", report, within="kubeaid")
    forge = ["--comment-on", str(change.number), "--forge", str(world.kind), "--forge-url", world.forge.api_url]
    assert run("diff", "--merge", str(tmp_path / "parts"), *forge, within="kubeaid").return_value == 0
    (merged,) = texts(change)
    assert [line for line in merged.splitlines() if "UTC" not in line] == [
        line for line in whole.splitlines() if "UTC" not in line
    ]
