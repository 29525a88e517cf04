"""A played GitLab with the projects that the templates work on."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubeaid_ci.forge.forge import ForgeKind
from tests import repos
from tests.conftest import Contracts
from tests.gitlab.site import JOB_TOKEN, TOKEN, Checkout, Site, missing
from tests.repos import application, vars_file


@pytest.fixture(scope="session")
def runner() -> None:
    """Skip what takes `gitlab-ci-local` where it is not installed; in CI it has to be."""
    if lacking := missing():
        message = f"not on this machine: {lacking}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
def site(runner: None, tmp_path: Path, contracts: Contracts) -> Iterator[Site]:
    """Two clusters that pin KubeAid 1.0.0. All that is said to the forge has to keep to its description."""
    held = contracts[ForgeKind.GITLAB]
    rights = {TOKEN: {"read", "write", "api"}, JOB_TOKEN: {"read"}}
    made = Site(tmp_path / "forge", contract=held, rights=rights)
    made.open_projects()
    files = repos.snapshot(repos.kubeaid(tmp_path / "files"))
    made.kubeaid.commit("main", {path: data.decode() for path, data in files.items()}, "A platform")
    repos.git(made.kubeaid.folder, "tag", "1.0.0", "main")
    made.repo.commit("main", cluster("one") | cluster("two"), "Two clusters")
    with made.server:
        yield made
    assert [entry for entry in made.server.seen if entry[0] == "ERROR"] == []
    assert held is not None
    violations, held.violations = held.violations, []
    assert violations == []


@pytest.fixture
def kubeaid(site: Site, tmp_path: Path) -> Checkout:
    return site.checkout(site.kubeaid, tmp_path / "kubeaid")


@pytest.fixture
def config(site: Site, tmp_path: Path) -> Checkout:
    return site.checkout(site.repo, tmp_path / "config", user="gitlab-ci-token")


@pytest.fixture
def offline(runner: None, tmp_path: Path) -> Checkout:
    """A project of which only the pipelines matter, so that nothing has to answer for it."""
    folder = repos.write(tmp_path / "project", {"README.md": "A project\n"})
    repos.commit(folder)
    repos.git(folder, "remote", "add", "origin", "https://gitlab.example.com/acme/project.git")
    repos.git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    repos.git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return Checkout(folder, tmp_path / "home")


def cluster(name: str) -> dict[str, str | None]:
    return {
        f"k8s/{name}/{name}-vars.jsonnet": vars_file(),
        f"k8s/{name}/argocd-apps/templates/kube-prometheus.yaml": application("HEAD", label="1.0.0"),
    }
