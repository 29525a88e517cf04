"""Which token reaches the forge where several are at hand."""

from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.jobs.repositories import cloned, mirrored
from kubeaid_ci.model.publication import Wishes
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
        wishes = Wishes(forge="gitlab", forge_url=gitlab.forge.api_url)
        (result,) = kubeaid_ci.publish(config_repo, kubeaid, wishes=wishes, cache=False).results
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
