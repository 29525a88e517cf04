"""Played forges for all tests, and a home folder that is nobody's."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kubeaid_ci.forge.forge import ForgeKind
from tests.gitlab.site import missing
from tests.servers import contract, recordings
from tests.servers.forge import Forge
from tests.servers.gitea import Gitea
from tests.servers.github import GitHub
from tests.servers.gitlab import GitLab
from tests.servers.world import SECRET, World

_FORGES: dict[ForgeKind, type[Forge]] = {
    ForgeKind.GITHUB: GitHub,
    ForgeKind.GITLAB: GitLab,
    ForgeKind.GITEA: Gitea,
}
_PREFIXES = {ForgeKind.GITHUB: "/api/v3", ForgeKind.GITLAB: "/api/v4", ForgeKind.GITEA: "/api/v1"}
_DESCRIPTIONS = {
    ForgeKind.GITHUB: contract.github,
    ForgeKind.GITLAB: contract.gitlab,
    ForgeKind.GITEA: contract.forgejo,
}


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and none of the variables that a CI job sets."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GITHUB_ACTIONS", "GITHUB_SERVER_URL", "GITLAB_CI", "CI_SERVER_URL", "CI_SERVER_HOST"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(scope="session")
def contracts() -> dict[ForgeKind, contract.Contract | None]:
    found = {kind: load() for kind, load in _DESCRIPTIONS.items()}
    return {kind: contract.Contract(spec, _PREFIXES[kind]) if spec else None for kind, spec in found.items()}


def make_world(kind: ForgeKind, folder: Path, held: contract.Contract | None) -> World:
    forge = _FORGES[kind](folder / "forge", contract=held, rights={SECRET: {"read", "write", "api"}})
    return World(forge, kind, folder)


@contextmanager
def played(kind: ForgeKind, folder: Path, held: contract.Contract | None) -> Iterator[World]:
    """A forge; whatever was said to it or by it must have kept to its description."""
    made = make_world(kind, folder, held)
    with made.forge.server:
        yield made
    assert [entry for entry in made.forge.server.seen if entry[0] == "ERROR"] == []
    if held:
        violations, held.violations = held.violations, []
        assert violations == []


Contracts = dict[ForgeKind, contract.Contract | None]


@pytest.fixture(params=list(_FORGES), ids=str)
def world(request: pytest.FixtureRequest, tmp_path: Path, contracts: Contracts) -> Iterator[World]:
    """Each forge in turn."""
    with played(request.param, tmp_path, contracts[request.param]) as made:
        yield made


@pytest.fixture
def github(tmp_path: Path, contracts: Contracts) -> Iterator[World]:
    """For what only GitHub has."""
    with played(ForgeKind.GITHUB, tmp_path, contracts[ForgeKind.GITHUB]) as made:
        yield made


@pytest.fixture
def gitlab(tmp_path: Path, contracts: Contracts) -> Iterator[World]:
    """For what is the same on every forge."""
    with played(ForgeKind.GITLAB, tmp_path, contracts[ForgeKind.GITLAB]) as made:
        yield made


@pytest.fixture
def ssh_key(tmp_path: Path) -> str:
    """A new key to sign with."""
    key = tmp_path / "signing-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return str(key)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which forge could not be held against its description, and why."""
    if contract.github_description() is None:
        terminalreporter.write_line(
            "NOT CHECKED against GitHub's OpenAPI description: run `npm install --prefix tests/node`"
        )
    if contract.forgejo_description() is None:
        terminalreporter.write_line(
            "NOT CHECKED against Forgejo's OpenAPI description: no package has it; "
            "set KUBEAID_CI_TEST_FORGEJO_OPENAPI to a copy"
        )
    if lacking := missing():
        terminalreporter.write_line(
            f"NOT RUN: GitLab's templates (not here: {lacking}): run `npm ci --prefix tests/node-gitlab`"
        )

    if recordings.archive() is None:
        terminalreporter.write_line(
            f"NOT CHECKED against recorded traffic of GitHub: {recordings.VARIABLE} names no folder with it; "
            f"`pip download --no-deps --no-binary PyGithub --dest FOLDER PyGithub==2.10.0` makes one"
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what comes out")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file, or writes that file under --update-golden."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_bytes(text.encode())
        assert path.read_bytes().decode() == text

    return check
