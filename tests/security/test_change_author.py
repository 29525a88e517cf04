"""The author of a pull request: whatever the change writes into the tree, it is judged by the rules of its base."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from tests import repos
from tests.repos import Repos, vars_file
from tests.servers.git import git

SOURCE = Path(kubeaid_ci.__file__).parents[1]
SETTINGS = ".kubeaid-ci.yaml"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    """A config repo whose committed manifests are stale, on the branch main, with a change on another branch."""
    texts = {"one": vars_file()}
    made = Repos(repos.kubeaid(tmp_path / "kubeaid"), repos.config(tmp_path / "config", texts))
    for folder in (made.kubeaid, made.config):
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "base")
    git(made.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(made.config, "checkout", "-qb", "change")
    return made


@pytest.fixture
def run(tmp_path: Path, two: Repos) -> Run:
    def call(*arguments: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(tmp_path / "home")}
        return subprocess.run(
            [sys.executable, "-P", "-m", "kubeaid_ci", *arguments],
            capture_output=True,
            text=True,
            env=clean | {"KUBEAID_CI_KUBEAID": str(two.kubeaid)} | env,
            cwd=cwd or two.config,
        )

    return call


def change(folder: Path, files: Mapping[str, str | None], subject: str = "change") -> None:
    for path, text in files.items():
        if text is None:
            git(folder, "rm", "-rqf", path)
        else:
            repos.write(folder, {path: text})
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", subject)


def settings(**values: Any) -> dict[str, str]:
    return {SETTINGS: json.dumps({name.replace("_", "-"): value for name, value in values.items()})}


PULL_REQUEST = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"}
MERGE_REQUEST = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
JOBS = {"github": PULL_REQUEST, "gitlab": MERGE_REQUEST}
SILENCE = {"subject": "**", "reason": "because"}
WEAKER: Mapping[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "never fail": ({}, {"fail_on": "never"}, "fail-on"),
    "fail later": ({"fail_on": "info"}, {"fail_on": "error"}, "fail-on"),
    "settings removed": ({"fail_on": "info"}, {}, "fail-on"),
    "suppression": ({}, {"suppress": [{"rule": "build/stale", **SILENCE}]}, "suppress"),
    "wider suppression": (
        {"suppress": [{"rule": "build/stale", "subject": "two", "reason": "x"}]},
        {"suppress": [{"rule": "build/stale", "subject": "**", "reason": "x"}]},
        "suppress",
    ),
    "longer suppression": (
        {"suppress": [{"rule": "build/stale", "subject": "x", "reason": "x", "until": "2026-01-01"}]},
        {"suppress": [{"rule": "build/stale", "subject": "x", "reason": "x", "until": "2046-01-01"}]},
        "suppress",
    ),
    "other KubeAid": ({}, {"kubeaid": "../evil"}, "kubeaid"),
    "other revision": ({"kubeaid_ref": "main"}, {"kubeaid_ref": "worktree"}, "kubeaid-ref"),
    "other engine": ({}, {"engine": "gojsonnet"}, "engine"),
    "younger releases": ({"charts": {"x": {"minimum-age": "14d"}}}, {"charts": {"x": {"minimum-age": "1d"}}}, "charts.x"),
    "policy removed": ({"charts": {"x": {"minimum-age": "14d"}}}, {"charts": {}}, "charts.x"),
    "larger updates": ({"charts": {"x": {"allow": "patch"}}}, {"charts": {"x": {"allow": "major"}}}, "charts.x"),
    "pre-releases": ({}, {"charts": {"x": {"prereleases": True}}}, "charts.x"),
    "pin removed": ({"charts": {"x": {"pin": "1.0.0"}}}, {"charts": {"x": {}}}, "charts.x"),
    "ignored release": ({"charts": {"x": {"ignore": ["1.2.3"]}}}, {"charts": {"x": {"ignore": []}}}, "charts.x"),
    "mirror": ({}, {"upstreams": {"mirrors": {"https://a.example": "https://b.example"}}}, "upstreams.mirrors"),
    "private host": ({}, {"upstreams": {"allow": ["10.0.0.1"]}}, "upstreams.allow"),
    "plain HTTP": ({}, {"upstreams": {"plain-http": ["a.example"]}}, "upstreams.plain-http"),
    "certificates": ({}, {"upstreams": {"ca-bundle": "ca.pem"}}, "upstreams.ca-bundle"),
    "forge": ({}, {"publish": {"forge-url": "https://evil.example/api/v1"}}, "publish.forge-url"),
    "auto-merge": ({}, {"publish": {"auto-merge": True}}, "publish.auto-merge"),
    "overwrite": ({}, {"publish": {"on-foreign-commits": "overwrite"}}, "publish.on-foreign-commits"),
    "no signature": ({"publish": {"sign": "ssh"}}, {"publish": {}}, "publish.sign"),
    "no backup wanted": ({}, {"check": {"backup-exempt": ["*"]}}, "check.backup-exempt"),
    "reviewer removed": ({"publish": {"reviewers": ["ada"]}}, {"publish": {}}, "publish.reviewers"),
    "profile": ({"check": {"profile": "strict"}}, {"check": {"profile": "baseline"}}, "check.profile"),
    "severity": ({}, {"check": {"severity": {"gitops/private-key": "info"}}}, "check.severity"),
    "registry": ({"check": {"registries": ["quay.io"]}}, {"check": {"registries": ["quay.io", "a.example"]}}, "check.registries"),
    "policy of a glob": ({"charts": {"*": {"minimum-age": "14d"}}}, {"charts": {"*": {"minimum-age": "14d"}, "x": {"minimum-age": "1h"}}}, "charts.x"),
    "policy of an umbrella": ({"charts": {"x": {"allow": "patch"}}}, {"charts": {"x": {"allow": "patch"}, "x/y": {"allow": "major"}}}, "charts.x/y"),
    "shorter glob": ({"charts": {"**": {"minimum-age": "14d"}}}, {"charts": {"**": {"minimum-age": "14d"}, "web*": {"minimum-age": "1h"}}}, "charts.web*"),
    "APIs": ({"api-versions": ["example.org/v1"]}, {}, "api-versions"),
    "Kubernetes of a cluster": ({}, {"clusters": {"one": {"kubernetes-version": "1.20"}}}, "clusters.one.kubernetes-version"),
    "Helm of a cluster": ({}, {"clusters": {"one": {"helm": "3.19"}}}, "clusters.one.helm"),
    "APIs of a cluster": ({"clusters": {"one": {"api-versions": ["example.org/v1"]}}}, {"clusters": {"one": {}}}, "clusters.one.api-versions"),
    "soak": ({"waves": [{"name": "a", "clusters": ["x"], "soak": "3d"}]}, {"waves": [{"name": "a", "clusters": ["x"], "soak": "1h"}]}, "waves"),
    "earlier wave": ({"waves": [{"name": "a", "clusters": ["x"]}, {"name": "b", "clusters": ["one"]}]}, {"waves": [{"name": "a", "clusters": ["x", "one"]}]}, "waves"),
    "no wave before": ({"waves": [{"name": "a", "clusters": ["x"]}, {"name": "b", "clusters": ["one"]}]}, {"waves": [{"name": "b", "clusters": ["one"]}]}, "waves"),
    "undeclared image": ({"images": {"declared": [{"app": "x", "images": ["quay.io/a/b:1"], "reason": "x"}]}}, {}, "images.declared"),
    "field of an image": ({"images": {"fields": [{"kind": "a.example/B", "paths": ["spec.image"]}]}}, {}, "images.fields"),
    "any repository": ({"check": {"repositories": ["https://a.example/b"]}}, {"check": {}}, "check.repositories"),
}  # fmt: skip


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        if finding["suppressed_by"] is None:
            found.setdefault(finding["rule"], []).append(finding["subject"])
    return found


@pytest.mark.parametrize(("before", "after", "subject"), WEAKER.values(), ids=WEAKER)
@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_change_does_not_loosen_its_own_rules(
    job: dict[str, str], before: dict[str, Any], after: dict[str, Any], subject: str, run: Run, two: Repos
) -> None:
    git(two.config, "checkout", "-q", "main")
    change(two.config, settings(**before), "settings")
    git(two.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(two.config, "checkout", "-qB", "change")
    change(two.config, settings(**after))
    done = run("build", "--check", "--format", "json", **job)
    assert done.returncode == 1, done.stderr
    found = findings(done)
    assert found["settings/weakened"] == [subject]
    # The committed manifests are stale, and still say so.
    assert found["build/stale"] == ["one"]


def test_stricter_settings_are_no_finding(run: Run, two: Repos) -> None:
    git(two.config, "checkout", "-q", "main")
    silent = {"rule": "build/stale", "subject": "x", "reason": "x", "until": "2046-01-01"}
    waves = [{"name": "a", "clusters": ["x"]}, {"name": "b", "clusters": ["one", "y"], "soak": "1d"}]
    old = {"suppress": [silent], "charts": {"*": {"minimum-age": "7d"}, "y": {"minimum-age": "7d"}}, "waves": waves}
    change(two.config, settings(**old), "settings")
    git(two.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(two.config, "checkout", "-qB", "change")
    strict = {
        "fail_on": "info",
        "charts": {"*": {"minimum-age": "7d"}, "x": {"minimum-age": "14d", "allow": "patch", "pin": "1.0.0"}},
        "suppress": [{**silent, "until": "2045-01-01"}, {**silent, "path": "k8s/one/**"}],
        "waves": [waves[0], {"name": "between", "clusters": ["y"]}, {**waves[1], "soak": "3d"}],
        "images": {"declared": [{"app": "x", "images": ["quay.io/a/b:1"], "reason": "x"}]},
    }
    change(two.config, settings(**strict, publish={"reviewers": ["ada"], "sign": "ssh"}))
    assert "settings/weakened" not in findings(run("build", "--check", "--format", "json", **PULL_REQUEST))


def test_the_base_of_a_command_judges_too(run: Run, two: Repos) -> None:
    silent = [{"rule": rule, **SILENCE} for rule in ("settings/weakened", "change/state-removed")]
    change(two.config, settings(fail_on="never", suppress=silent))
    done = run("diff", "--base", "main", "--format", "json")
    assert done.returncode == 1, done.stderr
    assert sorted(findings(done)["settings/weakened"]) == ["fail-on", "suppress", "suppress"]


def test_old_settings_of_the_commit_that_was_branched_from_do_not_count(run: Run, two: Repos) -> None:
    git(two.config, "checkout", "-q", "main")
    change(two.config, settings(fail_on="never"), "loose")
    git(two.config, "checkout", "-qB", "change")
    git(two.config, "checkout", "-q", "main")
    change(two.config, {SETTINGS: None}, "strict")
    git(two.config, "update-ref", "refs/remotes/origin/main", "main")
    git(two.config, "checkout", "-q", "change")
    assert run("build", "--check", **PULL_REQUEST).returncode == 1
    done = run("diff", "--base", "origin/main...", "--format", "json")
    assert findings(done)["settings/weakened"] == ["fail-on"]


def test_tag_or_branch_called_like_the_base_does_not_count(run: Run, two: Repos) -> None:
    change(two.config, settings(fail_on="never"))
    for name in ("main", "origin/main"):
        git(two.config, "tag", name, "HEAD")
    git(two.config, "branch", "-f", "main", "HEAD")
    assert run("build", "--check", **PULL_REQUEST).returncode == 1


def test_base_that_was_not_fetched_stops_the_run(run: Run, two: Repos) -> None:
    git(two.config, "update-ref", "-d", "refs/remotes/origin/main")
    change(two.config, settings(fail_on="never"))
    done = run("build", "--check", **PULL_REQUEST)
    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stderr


def test_first_parent_counts_only_of_the_merge_that_github_made(run: Run, two: Repos) -> None:
    git(two.config, "update-ref", "-d", "refs/remotes/origin/main")
    change(two.config, settings(fail_on="never"), "loose")
    change(two.config, {"README.md": "x"}, "second commit of the change")
    git(two.config, "checkout", "-qB", "merge", "main")
    git(two.config, "merge", "-q", "--no-ff", "-m", "merge", "change")
    merge = {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": git(two.config, "rev-parse", "HEAD")}
    assert run("build", "--check", **PULL_REQUEST, **merge).returncode == 1
    git(two.config, "checkout", "-q", "change")
    merge |= {"GITHUB_REF": "refs/heads/change"}
    assert run("build", "--check", **PULL_REQUEST, **merge).returncode == 2


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
@pytest.mark.parametrize("known", ["address", "commit"])
def test_checkout_below_the_workspace_is_judged_too(
    job: dict[str, str], known: str, tmp_path: Path, run: Run, two: Repos
) -> None:
    change(two.config, settings(fail_on="never"))
    names = {"address": ("GITHUB_REPOSITORY", "CI_PROJECT_PATH"), "commit": ("GITHUB_SHA", "CI_COMMIT_SHA")}[known]
    value = git(two.config, "rev-parse", "HEAD") if known == "commit" else "Acme/Config"
    if known == "address":
        git(two.config, "remote", "add", "origin", "https://git.example.com/acme/config.git")
    place = {"GITHUB_WORKSPACE": str(tmp_path), "CI_PROJECT_DIR": str(tmp_path), **dict.fromkeys(names, value)}
    done = run("build", "--check", "--config-repo", "config", "--format", "json", cwd=tmp_path, **job, **place)
    assert (done.returncode, findings(done)["settings/weakened"]) == (1, ["fail-on"])
    other = place | dict.fromkeys(names, "other/repository")
    done = run("build", "--check", "--config-repo", "config", "--format", "json", cwd=tmp_path, **job, **other)
    assert (done.returncode, "settings/weakened" in findings(done)) == (0, False)


def test_config_repo_below_the_top_of_a_repository_is_judged_too(tmp_path: Path, run: Run) -> None:
    repos.config(tmp_path / "all/infra/[config]", {"one": vars_file(), "two": vars_file()})
    git(tmp_path / "all", "init", "-q", "-b", "main")
    git(tmp_path / "all", "add", "-A")
    git(tmp_path / "all", "commit", "-qm", "base")
    git(tmp_path / "all", "update-ref", "refs/remotes/origin/main", "HEAD")
    config = tmp_path / "all/infra/[config]"
    change(config, settings(fail_on="never") | {"k8s/two": None})
    place = {"GITHUB_WORKSPACE": str(tmp_path / "all")}
    done = run("build", "--check", "--format", "json", cwd=config, **PULL_REQUEST, **place)
    assert (done.returncode, findings(done)["settings/weakened"]) == (1, ["fail-on", "k8s/two/two-vars.jsonnet"])


def test_branches_of_a_fork_do_not_judge(tmp_path: Path, run: Run, two: Repos) -> None:
    base = git(two.config, "rev-parse", "HEAD")
    change(two.config, settings(fail_on="never"))
    git(two.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(two.config, "remote", "add", "origin", "https://git.example.com/stranger/config.git")
    fork = PULL_REQUEST | {"GITHUB_REPOSITORY": "acme/config"}
    done = run("build", "--check", **fork)
    assert (done.returncode, "fetch-depth: 0" in done.stderr) == (2, True)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"base": {"sha": base}, "head": {"sha": "0"}}}))
    done = run("build", "--check", "--format", "json", **fork, GITHUB_EVENT_PATH=str(event))
    assert (done.returncode, findings(done)["settings/weakened"]) == (1, ["fail-on"])


@pytest.mark.parametrize("place", ["evil", "link", "k8s/../evil"])
def test_settings_take_no_folder_of_the_config_repo_for_kubeaid(place: str, run: Run, two: Repos) -> None:
    shutil.copytree(two.kubeaid, two.config / "evil", ignore=shutil.ignore_patterns(".git"))
    (two.config / "link").symlink_to("evil")
    change(two.config, settings(kubeaid=place))
    done = run("build", "--check", KUBEAID_CI_KUBEAID="")
    assert (done.returncode, "a folder of the config repo itself" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "address", ["https://git.example.com/acme/KubeAid.git", "git@git.example.com:acme/KubeAid.git"]
)
def test_settings_may_name_an_address(address: str, run: Run, two: Repos) -> None:
    repos.write(two.config, settings(kubeaid=address))
    done = run("build", "--check", KUBEAID_CI_KUBEAID="")
    assert "a folder of the config repo itself" not in done.stderr
    assert "git.example.com" in done.stderr


def test_settings_may_name_a_checkout_below_the_config_repo(run: Run, two: Repos) -> None:
    shutil.copytree(two.kubeaid, two.config / "kubeaid")
    repos.write(two.config, settings(kubeaid="kubeaid"))
    assert run("build", "--check", KUBEAID_CI_KUBEAID="").returncode == 1


@pytest.mark.parametrize("target", ["netrc", "/dev/zero", "/dev/stdin", "folder", "nothing"])
def test_settings_behind_a_link_are_refused_without_a_word_of_them(target: str, run: Run, two: Repos) -> None:
    (two.config.parent / "netrc").write_text("machine git.example.com password canary\n")
    (two.config.parent / "folder").mkdir()
    (two.config / SETTINGS).symlink_to(target if target.startswith("/") else two.config.parent / target)
    done = run("clusters")
    assert done.returncode == 2
    assert "is a link; replace it by a regular file" in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_settings_in_a_folder_are_refused(run: Run, two: Repos) -> None:
    (two.config / SETTINGS).mkdir()
    done = run("clusters")
    assert (done.returncode, "is not a regular file; replace it by one" in done.stderr) == (2, True)


def test_settings_in_a_pipe_or_without_end_are_refused(run: Run, two: Repos) -> None:
    os.mkfifo(two.config / SETTINGS)
    assert "is not a regular file" in run("clusters").stderr
    (two.config / SETTINGS).unlink()
    (two.config / SETTINGS).write_bytes(b"#" * (1024 * 1024 + 1))
    assert "is larger than 1,048,576 bytes" in run("clusters").stderr


def test_value_of_the_wrong_type_is_named_by_its_type(run: Run, two: Repos) -> None:
    (two.config / SETTINGS).write_text("machine git.example.com login ada password " + "canary" * 20 + "\n")
    done = run("clusters")
    assert done.returncode == 2
    assert "canary" * 7 not in done.stderr


@pytest.mark.parametrize(
    "name", [".git/config", ".GIT/x", ".git /x", ".git./x", "git~1/x", "a/.git::$DATA/x", ".g\u200dit/x", "\u3164"]
)
def test_no_field_of_the_template_is_a_file_for_git_or_one_that_is_not_seen(name: str, run: Run, two: Repos) -> None:
    template = two.kubeaid / "build/kube-prometheus/common-template.jsonnet"
    template.write_text(json.dumps({name: {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "x"}}}))
    done = run("build", "--format", "json")
    assert "which is no safe file name" in done.stdout
    assert not list(two.config.rglob("*x.yaml"))


def test_running_the_module_in_a_checkout_imports_no_library_of_it(tmp_path: Path, two: Repos) -> None:
    for name in ("click", "yaml", "requests", "rich"):
        (two.config / f"{name}.py").write_text("print('ran')\nraise SystemExit(9)\n")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(tmp_path)}
    argv = [sys.executable, "-m", "kubeaid_ci", "clusters"]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=two.config)
    assert (done.returncode, "ran" in done.stdout) == (0, False), done.stderr


GENERAL = "k8s/one/kubeaid-cli.general.yaml"
FORKS: Mapping[str, tuple[str, str, list[str]]] = {
    "other KubeAid": ("https://git.example.com/acme/KubeAid", "https://evil.example/acme/KubeAid", ["error"]),
    "other owner": ("https://git.example.com/acme/KubeAid", "https://git.example.com/mallory/KubeAid", ["error"]),
    "first KubeAid": ("", "https://evil.example/acme/KubeAid", ["error"]),
    "other spelling": ("https://git.example.com/acme/KubeAid", "git@git.example.com:acme/kubeaid.git", []),
    "origin": ("", "https://git.example.com/platform/KubeAid", []),
    "of another cluster": ("", "https://git.example.com/acme/common", []),
    "older Kubernetes": ("1.35", "1.20", ["warning"]),
    "newer Kubernetes": ("1.34", "1.35", []),
}


@pytest.mark.parametrize(("before", "after", "severities"), FORKS.values(), ids=FORKS)
def test_general_settings_of_the_change_name_no_repository_to_trust(
    before: str, after: str, severities: list[str], run: Run, two: Repos
) -> None:
    def general(value: str) -> str:
        found = (
            {"cluster": {"k8sVersion": f"v{value}.0"}}
            if value[:2] == "1."
            else {"forkURLs": {"kubeaid": {"url": value}}}
        )
        return json.dumps(found if value else {})

    git(two.kubeaid, "remote", "add", "origin", "https://git.example.com/platform/KubeAid.git")
    git(two.config, "checkout", "-q", "main")
    other = general("https://git.example.com/acme/common")
    change(two.config, {GENERAL: general(before), GENERAL.replace("one", "two"): other}, "general")
    git(two.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(two.config, "checkout", "-qB", "change")
    change(two.config, {GENERAL: general(after)})
    done = run("build", "--check", "--format", "json", **PULL_REQUEST)
    found = [one for one in json.loads(done.stdout)["findings"] if one["rule"] == "settings/weakened"]
    assert [(one["severity"], one["path"]) for one in found] == [(severity, GENERAL) for severity in severities]


CHART = "apiVersion: v2\nname: x\nversion: 1.0.0\n"
DEPENDENCIES = "dependencies:\n  - {name: y, version: 1.0.0, repository: https://charts.example.com}\n"
REMOVED: Mapping[str, tuple[dict[str, str | None], str | None]] = {
    "vars file": ({"k8s/one/one-vars.jsonnet": None}, "error"),
    "vars file by another name": ({"k8s/one/one-vars.jsonnet": None, "k8s/one/one.jsonnet": "{}"}, "error"),
    "renamed vars file": ({"k8s/one/one-vars.jsonnet": None, "k8s/one/other-vars.jsonnet": vars_file()}, None),
    "cluster": ({"k8s/one": None}, "error"),
    "Applications": ({"k8s/three/argocd-apps": None}, "error"),
    "Applications by another name": ({"k8s/three/argocd-apps": None, "k8s/three/apps/Chart.yaml": CHART}, "error"),
    "some Applications": ({"k8s/three/argocd-apps/templates/x.yaml": None}, None),
    "lock of images": ({"images.lock.yaml": None}, "error"),
    "lock": ({"argocd-helm-charts/x/Chart.lock": None}, "error"),
    "lock of the other kind": ({"argocd-helm-charts/x/Chart.lock": None, "argocd-helm-charts/x/requirements.lock": "x"}, None),
    "lock with quoted dependencies": ({"argocd-helm-charts/x/Chart.lock": None, "argocd-helm-charts/x/Chart.yaml": CHART + '"depend\\x65ncies": [{name: y, version: 1.0.0}]\n'}, "error"),
    "lock and a chart that cannot be read": ({"argocd-helm-charts/x/Chart.lock": None, "argocd-helm-charts/x/Chart.yaml": "a: ["}, "error"),
    "chart": ({"argocd-helm-charts/x": None}, None),
    "lock and dependencies": ({"argocd-helm-charts/x/Chart.lock": None, "argocd-helm-charts/x/Chart.yaml": CHART}, None),
}  # fmt: skip


@pytest.mark.parametrize(("files", "severity"), REMOVED.values(), ids=REMOVED)
def test_what_checks_start_from_is_not_removed_without_a_word(
    files: dict[str, str | None], severity: str | None, run: Run, two: Repos
) -> None:
    git(two.config, "checkout", "-q", "main")
    chart = {"argocd-helm-charts/x/Chart.yaml": CHART + DEPENDENCIES, "argocd-helm-charts/x/Chart.lock": "x"}
    apps = {"k8s/three/argocd-apps/Chart.yaml": CHART, "k8s/three/argocd-apps/templates/x.yaml": "x: 1"}
    more = {"k8s/one/kube-prometheus/x.yaml": "{}", "k8s/two/two-vars.jsonnet": vars_file(), "images.lock.yaml": ""}
    change(two.config, {**chart, **apps, **more}, "more")
    git(two.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(two.config, "checkout", "-qB", "change")
    change(two.config, files)
    done = run("build", "--check", "--format", "json", **PULL_REQUEST)
    found = [one["severity"] for one in json.loads(done.stdout)["findings"] if one["rule"] == "settings/weakened"]
    assert found == ([severity] if severity else [])
