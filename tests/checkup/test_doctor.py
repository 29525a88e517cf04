"""What doctor says of real repositories and played forges, in order and out of order."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from kubeaid_ci import doctor
from kubeaid_ci.checkup import report
from kubeaid_ci.checkup.result import Check, Checkup, State
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.net import session
from kubeaid_ci.report.json import render
from kubeaid_ci.settings.publish import PublishOptions
from tests import repos
from tests.repos import Repos, application, vars_file
from tests.servers.http import Fault, Reply
from tests.servers.world import BRANCH, SECRET, World

_VARIABLES = "TOKEN GITHUB GITLAB GITEA FORGEJO KUBERNETES OBMONDO INPUT_GIT KUBEAID_CI_CONFIG KUBEAID_CI_KUBEAID"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the variables that this machine may have set."""
    for name in list(os.environ):
        if any(word in name for word in _VARIABLES.split()):
            monkeypatch.delenv(name)


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    """A KubeAid repo with a tag, and a config repo with two clusters that pin it."""
    kubeaid = repos.kubeaid(tmp_path / "kubeaid", "v0.16.0", "v0.17.0")
    repos.write(kubeaid, {"argocd-helm-charts/buzz/Chart.yaml": "name: buzz\n", "argocd-helm-charts/README.md": "x\n"})
    repos.commit(kubeaid, tag="1.0.0")
    config = repos.config(tmp_path / "config", {"one": vars_file(), "two.example.com:two": vars_file()})
    for folder in ("one", "two.example.com"):
        where = f"k8s/{folder}/argocd-apps/templates/kube-prometheus.yaml"
        general = f"k8s/{folder}/kubeaid-cli.general.yaml"
        version = "cluster: {k8sVersion: v1.35.6}\n"
        repos.write(
            config, {where: application("1.0.0", url="https://github.com/Obmondo/KubeAid.git"), general: version}
        )
    repos.commit(config)
    return Repos(kubeaid, config)


def checks(checkup: Checkup, area: str = "") -> dict[str, Check]:
    """The checks by area and name, or those of one area by name."""
    if area:
        return {check.name: check for check in checkup.results if check.area == area}
    return {f"{check.area}: {check.name}": check for check in checkup.results}


def not_well(checkup: Checkup) -> dict[str, State]:
    """What is not well, but for tools that this machine may lack."""
    return {
        name: check.state
        for name, check in checks(checkup).items()
        if check.state is not State.OK and check.rule != "doctor/tool-missing"
    }


def said(checkup: Checkup) -> str:
    return render(report.report(checkup, version="0"))


# The two repositories


def test_all_is_well_with_two_repositories_in_order(two: Repos, tmp_path: Path) -> None:
    remote = repos.write(tmp_path / "remote.git", {})
    repos.git(tmp_path, "clone", "--quiet", "--bare", str(two.config), str(remote))
    repos.git(two.config, "remote", "add", "origin", str(remote))
    checkup = doctor(two.config, two.kubeaid, kubeaid_ref="pinned")
    assert not_well(checkup) == {}
    assert checkup.failure == 0
    config, kubeaid, forge = (checks(checkup, area) for area in ("config repo", "KubeAid repo", "forge"))
    assert config["clusters"].detail == "2: one, two"
    assert config["Applications"].detail == "2"
    assert config["Kubernetes"].detail == "1.35.6 × 2"
    assert config["origin"].detail == str(remote)
    assert kubeaid["releases"].detail == "v0.16.0, v0.17.0"
    assert kubeaid["history"].detail == "1 tags"
    assert kubeaid["pinned revisions"].detail == "2 found"
    assert kubeaid["charts"].detail == "1"
    assert forge["remote"].detail.endswith("default branch main")
    assert forge["push"].detail == "Git on this machine may push"


def test_nothing_is_written_and_nothing_left_behind(
    two: Repos, gitlab: World, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    before = repos.snapshot(two.config), repos.snapshot(two.kubeaid)
    doctor(gitlab.forge.git_url, two.kubeaid, options=PublishOptions(forge="gitlab", forge_url=gitlab.forge.api_url))
    doctor(two.config, two.kubeaid, kubeaid_ref="pinned")
    assert (repos.snapshot(two.config), repos.snapshot(two.kubeaid)) == before
    assert list(home.iterdir()) == list(scratch.iterdir()) == gitlab.forge.server.writes() == []


def test_no_repositories_are_two_errors_and_the_machine_is_looked_at(tmp_path: Path) -> None:
    checkup = doctor(tmp_path)
    assert not_well(checkup) == {
        "config repo: repository": State.WRONG,
        "config repo: origin": State.WARNING,
        "KubeAid repo: repository": State.WRONG,
    }
    assert checkup.failure == 2
    assert "--config-repo" in checks(checkup)["config repo: repository"].detail
    assert "--kubeaid" in checks(checkup)["KubeAid repo: repository"].advice
    assert checks(checkup)["machine: git"].state is State.OK


@pytest.mark.parametrize("named", ["nowhere", "ftp://git.example.com/a/b"])
def test_repositories_that_are_none_are_errors_and_no_crash(named: str) -> None:
    checkup = doctor(named, named)
    assert checkup.failure == 2
    assert checks(checkup)["config repo: repository"].state is State.WRONG
    assert checks(checkup)["KubeAid repo: repository"].state is State.WRONG


def test_broken_settings_are_one_error_and_the_rest_is_looked_at(two: Repos) -> None:
    repos.write(two.config, {".kubeaid-ci.yaml": "jobs: 2\nfail_on: never\n"})
    repos.write(two.kubeaid, {".kubeaid-ci.yaml": "jobs: 2\n"})
    checkup = doctor(two.config, two.kubeaid)
    broken = checks(checkup)["config repo: settings"]
    assert broken.state is State.WRONG
    assert ".kubeaid-ci.yaml:2" in broken.detail
    assert "did you mean fail-on?" in broken.detail
    assert checks(checkup)["KubeAid repo: settings"].state is State.OK
    assert checks(checkup)["config repo: clusters"].state is State.OK
    assert checkup.failure == 2


def test_broken_cluster_is_named_with_its_own_finding(two: Repos) -> None:
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": "{"})
    checkup = doctor(two.config, two.kubeaid)
    check = checks(checkup)["config repo: clusters"]
    assert (check.state, check.detail) == (State.WRONG, "2; not well: one")
    own = [finding for finding in checkup.findings if finding.rule.id == "build/vars-invalid"]
    assert [(finding.path, finding.line) for finding in own] == [("k8s/one/one-vars.jsonnet", 1)]


def test_config_repo_without_clusters_is_a_warning(two: Repos, tmp_path: Path) -> None:
    empty = repos.write(tmp_path / "empty", {"k8s/README.md": "x"})
    check = checks(doctor(empty, two.kubeaid))["config repo: clusters"]
    assert (check.state, check.rule) == (State.WARNING, "doctor/no-clusters")


def test_release_without_a_library_is_an_error_that_names_those_there(two: Repos) -> None:
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(kube_prometheus_version="'v0.1.0'")})
    check = checks(doctor(two.config, two.kubeaid))["KubeAid repo: releases"]
    assert (check.state, check.detail) == (State.WRONG, "no library for v0.1.0 (one)")
    assert "v0.16.0, v0.17.0" in check.advice


@pytest.mark.parametrize(("ref", "state"), [("worktree", State.WARNING), ("pinned", State.WRONG)])
def test_pinned_revision_that_is_not_there_matters_where_it_is_built(two: Repos, ref: str, state: State) -> None:
    where = "k8s/one/argocd-apps/templates/kube-prometheus.yaml"
    repos.write(two.config, {where: application("9.9.9", url="https://github.com/Obmondo/KubeAid.git")})
    checkup = doctor(two.config, two.kubeaid, kubeaid_ref=ref)
    check = checks(checkup)["KubeAid repo: pinned revisions"]
    assert check.state is state
    assert check.detail.startswith("1 found, not for one: ")
    assert "has no revision 9.9.9" in check.detail
    severity = {State.WRONG: Severity.ERROR, State.WARNING: Severity.WARNING}[state]
    assert [one.severity for one in checkup.findings if one.rule.id == check.rule] == [severity]


def test_shallow_clone_is_told_how_to_get_the_rest(two: Repos, tmp_path: Path) -> None:
    repos.commit(two.kubeaid, "later")
    shallow = tmp_path / "shallow"
    repos.git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{two.kubeaid}", str(shallow))
    check = checks(doctor(two.config, shallow))["KubeAid repo: history"]
    assert (check.state, check.detail) == (State.WARNING, "0 tags, a shallow clone")
    assert check.advice == f"git -C {shallow} fetch --unshallow --tags origin"
    subprocess.run(check.advice.split(), check=True, capture_output=True)
    assert checks(doctor(two.config, shallow))["KubeAid repo: history"].state is State.OK


def test_plain_folder_will_do_for_builds_from_the_work_tree(two: Repos) -> None:
    shutil.rmtree(two.kubeaid / ".git")
    checkup = doctor(two.config, two.kubeaid)
    assert "no Git repository" in checks(checkup)["KubeAid repo: repository"].detail
    assert doctor(two.config, two.kubeaid, kubeaid_ref="pinned").failure == 2


def test_token_in_the_address_of_origin_is_told_and_never_shown(two: Repos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TIMEOUT", (0.5, 0.5))
    repos.git(two.config, "remote", "add", "origin", f"https://oauth2:{SECRET}@127.0.0.1:9/acme/config.git")
    checkup = doctor(two.config, two.kubeaid, options=PublishOptions(forge="gitlab"))
    check = checks(checkup)["config repo: origin"]
    assert (check.state, check.rule) == (State.WARNING, "doctor/secret-in-address")
    assert check.advice == f"git -C {two.config} remote set-url origin https://127.0.0.1:9/acme/config.git"
    assert SECRET not in said(checkup)
    subprocess.run(check.advice.split(), check=True)
    assert SECRET not in (two.config / ".git/config").read_text()


def test_token_that_a_gitlab_runner_puts_there_is_nobodys_fault(
    two: Repos, gitlab: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = gitlab.forge.git_url.replace("://", "://gitlab-ci-token:job-token@")
    repos.git(two.config, "remote", "add", "origin", url)
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    gitlab.forge.rights["job-token"] = {"read"}
    checkup = doctor(two.config, two.kubeaid, options=PublishOptions(forge="gitlab", forge_url=gitlab.forge.api_url))
    assert checks(checkup)["config repo: origin"].state is State.OK
    assert checks(checkup)["forge: push"].detail == "the token from KUBEAID_CI_TOKEN may push"
    assert "job-token" not in said(checkup)


def test_mirror_of_a_kubeaid_address_is_looked_at_once_there_is_one(two: Repos, gitlab: World, tmp_path: Path) -> None:
    from kubeaid_ci.repositories.folders import mirror_folder

    url = gitlab.forge.git_url
    gitlab.forge.rights[""] = {"read"}
    repos.git(tmp_path, "clone", "--quiet", "--bare", str(two.kubeaid), str(tmp_path / "bare"))
    checkup = doctor(two.config, url)
    assert checks(checkup, "KubeAid repo").keys() == {"remote"}
    mirror = mirror_folder(url)
    mirror.parent.mkdir(parents=True)
    (tmp_path / "bare").rename(mirror)
    found = checks(doctor(two.config, url, kubeaid_ref="pinned"), "KubeAid repo")
    assert found["pinned revisions"].detail == "2 found"


# The forge


@pytest.fixture
def kubeaid(tmp_path: Path) -> Path:
    return repos.kubeaid(tmp_path / "kubeaid")


@pytest.fixture
def examine(kubeaid: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Checkup]:
    """Looks at the config repo on a played forge, by its address; there is a token that may do all."""
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)

    def look(world: World, **options: Any) -> Checkup:
        known = PublishOptions(forge=world.kind, forge_url=world.forge.api_url)
        checkup = doctor(world.forge.git_url, kubeaid, options=replace(known, **options))
        assert SECRET not in said(checkup)
        return checkup

    return look


def test_config_repo_by_its_address_is_reached_read_and_writable(world: World, examine: Callable[..., Checkup]) -> None:
    world.forge.repo.commit("main", {"k8s/prod/prod-vars.jsonnet": vars_file()}, "A cluster")
    checkup = examine(world)
    assert checkup.failure == 0
    found = checks(checkup, "forge")
    assert found["remote"].detail == f"{world.forge.git_url}, default branch main"
    assert found["KUBEAID_CI_TOKEN"].detail == "set; used for the API and Git"
    assert found["push"].detail == "the token from KUBEAID_CI_TOKEN may push"
    assert found["API"].detail.startswith("the token from KUBEAID_CI_TOKEN: read yes, push yes, change requests yes")
    assert found["change request"].detail == f"none open from {BRANCH}"
    assert checks(checkup)["config repo: clusters"].detail == "1: prod"
    assert world.forge.server.writes() == []


def test_open_change_request_is_shown(world: World, examine: Callable[..., Checkup]) -> None:
    url = world.publish().url
    assert checks(examine(world), "forge")["change request"].detail == url


def test_token_that_may_not_push_is_told_the_scope_and_the_settings_page(
    world: World, examine: Callable[..., Checkup]
) -> None:
    world.forge.rights[SECRET] = {"read", "api"}
    checkup = examine(world)
    assert checkup.failure == 2
    push = checks(checkup, "forge")["push"]
    assert (push.state, push.rule) == (State.WRONG, "doctor/access-missing")
    assert push.detail == "HTTP 403: the token from KUBEAID_CI_TOKEN may not push"
    place, scope = {
        "github": ("/settings/personal-access-tokens", "Contents: read and write"),
        "gitlab": ("/-/settings/access_tokens", "write_repository"),
        "gitea": ("/user/settings/applications", "write:repository"),
    }[world.kind]
    assert place in push.advice
    assert scope in push.advice


def test_token_without_the_right_to_open_change_requests_is_told(world: World, examine: Callable[..., Checkup]) -> None:
    world.forge.may_push = False
    world.forge.scopes = ("read_api", "read:org")
    api = checks(examine(world), "forge")["API"]
    assert (api.state, api.rule) == (State.WRONG, "doctor/access-missing")
    assert "change requests no" in api.detail
    assert "/settings/" in api.advice


def test_token_whose_scopes_nobody_tells_is_not_judged(world: World, examine: Callable[..., Checkup]) -> None:
    world.forge.scopes = None
    checkup = examine(world)
    assert checkup.failure == 0
    unknown = world.kind != "gitea"  # it tells of no token, and so goes by the rights of the user
    assert ("change requests unknown until tried" in checks(checkup, "forge")["API"].detail) is unknown


def test_refused_token_is_wrong_and_not_unreached(world: World, examine: Callable[..., Checkup]) -> None:
    world.forge.rights = {}
    checkup = examine(world)
    assert checkup.failure == 2
    assert checks(checkup, "forge")["remote"].detail == f"{world.forge.git_url}: HTTP 401: may not be read"
    assert "HTTP 401" in checks(checkup, "forge")["API"].detail


def test_forge_that_is_away_is_not_reached_and_the_rest_is_looked_at(
    gitlab: World, examine: Callable[..., Checkup]
) -> None:
    for pattern in ("/api/", "info/refs"):
        gitlab.forge.server.inject("GET", pattern, Fault.BEFORE, times=100)
    checkup = examine(gitlab)
    assert checkup.failure == 3
    found = checks(checkup, "forge")
    assert [found[name].state for name in ("remote", "API")] == [State.NOT_REACHED] * 2
    for name in ("releases", "pinned revisions"):
        assert checks(checkup)[f"KubeAid repo: {name}"].state is State.NOT_CHECKED
    assert {one.rule.id for one in checkup.findings if one.severity is Severity.ERROR} == {"doctor/not-reached"}


def test_forge_that_is_broken_is_not_reached(gitlab: World, examine: Callable[..., Checkup]) -> None:
    gitlab.forge.server.inject("GET", "info/refs", Reply(502, b"<html>"), times=100)
    assert checks(examine(gitlab), "forge")["remote"].state is State.NOT_REACHED


def test_missing_token_is_told_with_the_variables_that_would_do(
    world: World, examine: Callable[..., Checkup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBEAID_CI_TOKEN")
    monkeypatch.setenv("GH_TOKEN", "for github.com alone")
    world.forge.rights[""] = {"read"}
    checkup = examine(world)
    token = checks(checkup, "forge")["token"]
    assert (token.state, token.rule) == (State.MISSING, "doctor/token-missing")
    assert token.advice.startswith("set one of KUBEAID_CI_TOKEN, ")
    assert "counts for github.com" in checks(checkup, "forge")["GH_TOKEN"].detail


def test_malformed_token_is_told_and_the_rest_is_looked_at(
    gitlab: World, examine: Callable[..., Checkup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", "half a\ntoken")
    checkup = examine(gitlab)
    assert checks(checkup, "forge")["KUBEAID_CI_TOKEN"].rule == "doctor/token-malformed"
    assert "half a" not in said(checkup)


def test_each_token_is_told_what_it_may_do(
    gitlab: World, examine: Callable[..., Checkup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEAID_CI_GIT_TOKEN", "push-only-token")
    gitlab.forge.rights = {SECRET: {"api"}, "push-only-token": {"read", "write"}}
    checkup = examine(gitlab)
    assert checkup.failure == 0
    assert checks(checkup, "forge")["push"].detail == "the token from KUBEAID_CI_GIT_TOKEN may push"
    assert checks(checkup, "forge")["API"].detail.startswith("the token from KUBEAID_CI_TOKEN: ")


def test_base_branch_that_is_not_there_is_wrong(gitlab: World, examine: Callable[..., Checkup]) -> None:
    check = checks(examine(gitlab, base="release"), "forge")["base"]
    assert (check.state, check.rule) == (State.WRONG, "doctor/branch-missing")


def test_forge_that_cannot_be_told_is_wrong_and_the_remote_is_asked(
    gitlab: World, examine: Callable[..., Checkup]
) -> None:
    checkup = examine(gitlab, forge="auto", forge_url=None)
    assert checks(checkup, "forge")["kind"].rule == "doctor/forge-unknown"
    assert checks(checkup, "forge")["remote"].state is State.OK
    assert checkup.failure == 2


def test_old_names_are_told_with_the_new_ones(
    gitlab: World, examine: Callable[..., Checkup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN_GITHUB", "old")
    checkup = examine(gitlab)
    check = checks(checkup, "forge")["old names"]
    assert (check.state, check.detail) == (State.NOTE, "API_TOKEN_GITHUB (now KUBEAID_CI_TOKEN)")
    assert checkup.failure == 0


def test_variables_of_the_platforms_container_image_say_nothing_to_us(
    gitlab: World, examine: Callable[..., Checkup], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = examine(gitlab)
    monkeypatch.setenv("KUBEAID_CI_IMAGE", "registry.example.com/kubeaid-ci")
    monkeypatch.setenv("KUBEAID_CI_TAG", "latest")
    assert examine(gitlab) == before


def test_certificates_to_trust_are_used_and_a_missing_file_is_told(
    gitlab: World, examine: Callable[..., Checkup], tmp_path: Path
) -> None:
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    assert checks(examine(gitlab, ca_bundle=str(bundle)), "machine")["ca-bundle"].state is State.OK
    gone = checks(examine(gitlab, ca_bundle=str(tmp_path / "gone.pem")), "machine")["ca-bundle"]
    assert (gone.state, gone.rule) == (State.WRONG, "doctor/file-missing")


# The machine


def test_without_git_the_machine_alone_is_looked_at(
    two: Repos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    checkup = doctor(two.config, two.kubeaid)
    assert {check.area for check in checkup.results} == {"machine"}
    assert checks(checkup)["machine: git"].rule == "doctor/tool-unfit"
    assert checkup.failure == 2


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("2.30.9", {"git": State.WRONG}),
        ("2.31.0", {"git": State.OK, "git merge-tree": State.MISSING}),
        ("2.39.5 (Apple Git-154)", {"git": State.OK}),
        ("2.47.1.windows.1", {"git": State.OK}),
    ],
)
def test_git_must_be_new_enough(
    two: Repos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, found: dict[str, State]
) -> None:
    real = shutil.which("git")
    text = f'#!/bin/sh\n[ "$1" = --version ] && echo \'git version {version}\' || exec {real} "$@"\n'
    program = repos.write(tmp_path / "bin", {"git": text}) / "git"
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    told = checks(doctor(two.config, two.kubeaid), "machine")
    assert {name: check.state for name, check in told.items() if name.startswith("git")} == found


def test_tools_that_not_everything_needs_are_missing_and_not_wrong(
    two: Repos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    checkup = doctor(two.config, two.kubeaid)
    assert checks(checkup)["machine: promtool"].state is State.MISSING
    assert checkup.failure == 0


def test_cache_folder_that_cannot_be_written_is_a_warning(
    two: Repos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(repos.write(tmp_path, {"file": "x"}) / "file" / "cache"))
    check = checks(doctor(two.config, two.kubeaid))["machine: cache"]
    assert (check.state, check.rule) == (State.WARNING, "doctor/cache-unusable")


def test_proxies_are_shown_without_their_passwords(two: Repos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", f"http://me:{SECRET}@proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "localhost")
    checkup = doctor(two.config, two.kubeaid)
    assert checks(checkup)["machine: proxy"].detail == "HTTPS_PROXY proxy.example.com:3128, NO_PROXY localhost"
    assert SECRET not in said(checkup)


def test_what_builds_kustomizations_is_named(two: Repos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    lacking = checks(doctor(two.config, two.kubeaid), "machine")["kustomize"]
    assert (lacking.state, lacking.rule) == (State.MISSING, "doctor/tool-missing")
    assert "install kustomize or kubectl" in str(lacking)
    (tmp_path / "bin/kubectl").symlink_to(Path(sys.executable).parent / "kubectl")
    found = checks(doctor(two.config, two.kubeaid), "machine")["kubectl kustomize"]
    assert (found.state, found.detail[:3]) == (State.OK, "v5.")
