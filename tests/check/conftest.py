from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import Checks, Settings
from kubeaid_ci.net.address import Remote
from kubeaid_ci.settings import CheckSettings, Profile
from tests.check.cases import CLUSTER, Case
from tests.check.test_rules import CASES
from tests.renders import World


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checks:
    """All cases, each with three clusters of one config repo."""
    return check(World(tmp_path_factory.mktemp("check")), CASES)


def check(world: World, cases: tuple[Case, ...]) -> Checks:
    world.chart("web")
    for case in cases:
        for name, files in case.clusters().items():
            world.cluster(
                name, {path.replace(CLUSTER, name): text.replace(CLUSTER, name) for path, text in files.items()}
            )
    world.commit("1.0.0")
    cache: Path = world.folder / "cache"
    allowed = (Remote.parse("https://git.example.com/acme/allowed"),)
    settings = Settings(check=CheckSettings(Profile.STRICT, {}, ("quay.io/acme", "registry.k8s.io"), allowed))
    return kubeaid_ci.check_clusters(world.config, world.kubeaid, settings=settings, cache=cache)
