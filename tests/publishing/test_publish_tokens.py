"""Which token reaches the forge where several are at hand."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import kubeaid_ci
from kubeaid_ci.cli.main import cli
from kubeaid_ci.cli.publish_options import chosen_publish_options
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.forge.forge import ForgeAddress
from kubeaid_ci.net.address import Remote
from kubeaid_ci.publishing import target as publish_target
from kubeaid_ci.repositories.folders import cloned, mirrored
from kubeaid_ci.settings.publish import PublishOptions
from tests import repos
from tests.servers.git import git
from tests.servers.world import SECRET, World

JOB_TOKEN = "glcbt-64_job"


@pytest.fixture
def checkout(gitlab: World, tmp_path: Path) -> Path:
    """A job's checkout of the config repo, with the job's token in its origin."""
    gitlab.forge.rights[JOB_TOKEN] = {"read"}
    gitlab.forge.repo.commit("main", {"k8s/one/one-vars.jsonnet": repos.vars_file()}, "A cluster")
    git(tmp_path, "clone", "-q", str(gitlab.forge.repo.folder), "checkout")
    origin = gitlab.forge.git_url.replace("://", f"://gitlab-ci-token:{JOB_TOKEN}@")
    git(tmp_path / "checkout", "remote", "set-url", "origin", origin)
    return tmp_path / "checkout"


@pytest.fixture
def publish(gitlab: World, tmp_path: Path):
    kubeaid = repos.kubeaid(tmp_path / "kubeaid")

    def run(config_repo: Path | str) -> str:
        options = PublishOptions(forge="gitlab", forge_url=gitlab.forge.api_url)
        (result,) = kubeaid_ci.publish(config_repo, kubeaid, options=options, cache=False).results
        return result.outcome

    return run


def test_a_token_that_was_set_wins_over_the_one_in_a_checkouts_origin(checkout, publish, monkeypatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    assert publish(checkout) == "created"


def test_a_job_that_has_only_its_own_token_is_told_which_one_to_set(checkout, publish) -> None:
    with pytest.raises(UserError, match="KUBEAID_CI_TOKEN"):
        publish(checkout)


def test_a_token_in_an_address_that_was_named_wins_over_all(gitlab: World, publish, monkeypatch) -> None:
    gitlab.forge.repo.commit("main", {"k8s/one/one-vars.jsonnet": repos.vars_file()}, "A cluster")
    monkeypatch.setenv("KUBEAID_CI_TOKEN", "glpat-expired")
    assert publish(gitlab.forge.git_url.replace("://", f"://oauth2:{SECRET}@")) == "created"


def test_our_own_token_clones_the_config_repo_and_is_not_shown_to_another(gitlab: World, monkeypatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    assert (cloned(gitlab.forge.git_url) / "k8s/prod/old.yaml").is_file()
    with pytest.raises(OutsideError, match="without a token we may not read it"):
        mirrored(gitlab.forge.git_url)


def target(remote: str, **said) -> ForgeAddress:
    return publish_target.forge_of(Remote.parse(remote), PublishOptions(forge="gitlab", **said))


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://git.example.com/acme/config.git", "https://evil.example.com/api/v4"),
        ("https://git.example.com/acme/config.git", "https://git.example.com.evil.example.com/api/v4"),
        ("https://git.example.com/acme/config.git", "http://git.example.com/api/v4"),
        ("git@git.example.com:acme/config.git", "https://api.git.example.com/api/v4"),
        ("git@git.example.com:acme/config.git", "https://git.example.com:8443/api/v4"),
        ("https://git.example.com/acme/config.git", "https://git.example.com:8443/api/v4"),
    ],
)
def test_settings_file_does_not_send_a_token_to_another_host(remote, url) -> None:
    with pytest.raises(UserError, match="the token would go there; if that is intended, pass --forge-url") as error:
        target(remote, settings_forge_url=url)
    assert error.value.exit_code == 2
    assert target(remote, settings_forge_url=url, forge_url="https://git.example.com/api/v4").api.endswith("/api/v4")


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("https://git.example.com/acme/config.git", "https://git.example.com/gitlab"),
        ("git@GIT.example.com:acme/config.git", "https://git.example.com/api/v4"),
        ("http://git.example.com/acme/config.git", "http://git.example.com/api/v4"),
    ],
)
def test_settings_file_tells_the_forge_on_the_repositorys_own_host(remote, url) -> None:
    assert target(remote, settings_forge_url=url).api == f"{url.removesuffix('/api/v4')}/api/v4"


def test_githubs_api_is_beside_github() -> None:
    options = PublishOptions(forge="github", settings_forge_url="https://api.github.com")
    assert publish_target.forge_of(Remote.parse("git@github.com:acme/config"), options).api == "https://api.github.com"


def test_command_line_and_settings_are_told_apart() -> None:
    settings = PublishOptions(forge_url="https://settings.example.com")
    assert (
        chosen_publish_options({"forge_url": "https://said.example.com"}, settings).forge_url
        == "https://said.example.com"
    )
    asked = chosen_publish_options({}, settings)
    assert (asked.forge_url, asked.settings_forge_url) == (None, "https://settings.example.com")


@pytest.fixture
def kubeaid_at(tmp_path: Path):
    """A KubeAid checkout from an address."""

    def make(address: str) -> str:
        folder = repos.kubeaid(tmp_path / "kubeaid")
        repos.commit(folder)
        git(folder, "remote", "add", "origin", address)
        return str(folder)

    return make


def test_token_of_another_host_does_not_clone_the_config_repo(gitlab: World, kubeaid_at, monkeypatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    gitlab.forge.server.seen.clear()
    with pytest.raises(OutsideError, match="without a token we may not read it"):
        cloned(gitlab.forge.git_url, beside=kubeaid_at("https://git.example.com/acme/KubeAid"))
    with pytest.raises(OutsideError, match="without a token we may not read it"):
        cloned(gitlab.forge.git_url, beside="https://git.example.com/acme/KubeAid")
    assert {status for _, _, status in gitlab.forge.server.seen} == {401}


def test_token_of_the_same_host_clones_the_config_repo(gitlab: World, kubeaid_at, monkeypatch) -> None:
    monkeypatch.setenv("KUBEAID_CI_TOKEN", SECRET)
    home = gitlab.forge.git_url.replace("config", "kubeaid")
    assert (cloned(gitlab.forge.git_url, beside=kubeaid_at(home)) / "k8s/prod/old.yaml").is_file()


def test_address_that_only_settings_name_gets_no_token(tmp_path: Path, monkeypatch) -> None:
    repos.write(tmp_path, {".kubeaid-ci.yaml": "kubeaid: https://me:x@evil.example.com/acme/KubeAid\n", "k8s/x": ""})
    monkeypatch.chdir(tmp_path)
    for command in (["charts", "diff", "--base", "HEAD", "--comment-on", "1"], ["charts", "update", "--publish"]):
        done = CliRunner().invoke(cli, command, standalone_mode=False)
        assert isinstance(done.exception, UserError)
        assert "kubeaid of a settings file is https://evil.example.com/acme/KubeAid, and the token" in str(
            done.exception
        )
