"""A runner, and on a played GitHub a KubeAid repo and a config repo."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import repos
from tests.actions import runner
from tests.actions.runner import ROOT, Run, Runner
from tests.servers.git import BareRepo, git
from tests.servers.world import SECRET, World

JOB_TOKEN = "ghs_J0bT0kenThatMustNeverShow0123456789"
APP_TOKEN = "ghs_AppT0kenThatMustNeverShow987654321"
PRIVATE_KEY = "-----BEGIN KEY-----MustNeverShowEither-----END KEY-----"
TOKENS = (SECRET, JOB_TOKEN, APP_TOKEN, PRIVATE_KEY)
CLUSTERS = ("one", "two", "three")


def basic(token: str) -> str:
    """A token as it travels in Basic authentication."""
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()


@pytest.fixture(scope="session")
def node() -> None:
    """Node and GitHub's parser; a laptop may do without, CI may not."""
    if why := runner.missing():
        assert not os.environ.get("CI"), why
        pytest.skip(why)


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The programs of a runner: this Python as ``python3``, and no kubeaid-ci that somebody has installed."""
    tools = tmp_path_factory.mktemp("tools")
    (tools / "python3").symlink_to(os.path.realpath(sys.executable))
    others = [folder for folder in os.environ["PATH"].split(":") if not Path(folder, "kubeaid-ci").exists()]
    return ":".join([str(tools), *others])


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, path: str) -> Path:
    """What `actions/install.py` installs, once for all tests and with every file's hash checked."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "installed"
    folder.mkdir(exist_ok=True)
    told = {"RUNNER_TEMP": str(folder), "GITHUB_PATH": os.devnull, "GITHUB_OUTPUT": os.devnull}
    env = {**os.environ, **told, "PATH": path}
    subprocess.run(["python3", ROOT / "actions" / "install.py"], env=env, check=True)
    return folder


@pytest.fixture
def disk(installed: Path, tmp_path: Path) -> Path:
    """The installed folder as each job finds it: its own, around the one virtual environment."""
    for made in installed.glob("kubeaid-ci-*"):
        own = tmp_path / "installed" / made.name
        own.mkdir(parents=True, mode=0o700)
        (own / "venv").symlink_to(made / "venv")
        (own / "ready").touch()
    return tmp_path / "installed"


@dataclass
class Platform:
    """Both repositories of the platform on a played GitHub, and a runner for the workflows of either."""

    world: World
    kubeaid: BareRepo
    config: BareRepo
    runner: Runner

    def run(self, workflow: str, repository: str, **more: Any) -> Run:
        """Run a workflow of a repository at its newest commit; no token may show in anything that it says."""
        repo = {"acme/config": self.config, "acme/KubeAid": self.kubeaid}[repository]
        github = {"repository": repository, "sha": repo.head("main"), **more.pop("github", {})}
        done = self.runner.run(workflow, github=github, **more)
        steps = [text for job in done.jobs for step in job.steps for text in (step.raw, step.summary)]
        outputs = [value for job in done.jobs for value in job.outputs.values()]
        said = "\n".join([done.log, *steps, *outputs, str(done.annotations)])
        assert not [token for token in TOKENS if token in said or basic(token) in said]
        return done

    def change_kubeaid(self, old: str, new: str) -> None:
        path = "build/kube-prometheus/lib/default_vars.libsonnet"
        text = self.kubeaid.show("main", path)
        assert old in text
        self.kubeaid.commit("main", {path: text.replace(old, new)}, "feat: something new")


@pytest.fixture
def platform(node: None, github: World, tmp_path: Path, disk: Path, path: str) -> Iterator[Platform]:
    forge = github.forge
    forge.rights |= {JOB_TOKEN: {"read"}, APP_TOKEN: {"read", "write", "api"}}
    files = repos.snapshot(repos.kubeaid(tmp_path / "source"))
    kubeaid = BareRepo.make(forge.root / "acme/KubeAid.git", {path: data.decode() for path, data in files.items()})
    git(kubeaid.folder, "tag", "1.0.0", "main")
    texts = {f"k8s/{name}/{name}-vars.jsonnet": repos.vars_file() for name in CLUSTERS}
    pins = {
        f"k8s/{name}/argocd-apps/templates/kube-prometheus.yaml": repos.application("HEAD", label="1.0.0")
        for name in CLUSTERS
    }
    forge.repo.commit("main", {**texts, **pins}, "feat: clusters")
    url = forge.server.url
    context = {
        "repository_owner": "acme",
        "ref": "refs/heads/main",
        "ref_name": "main",
        "event_name": "push",
        "actor": "somebody",
        "server_url": url,
        "api_url": f"{url}/api/v3",
        "token": JOB_TOKEN,
    }
    made = Runner(tmp_path / "runner", disk, path, context, app_token=APP_TOKEN)
    yield Platform(github, kubeaid, forge.repo, made)
    secrets = [form.encode() for token in TOKENS for form in (token, basic(token))]
    on_disk = (path for path in made.folder.rglob("*") if path.is_file())
    assert [path for path in on_disk if any(secret in path.read_bytes() for secret in secrets)] == []
