"""Checks of files across clusters and outside of them."""

from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import Settings
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.settings import CheckSettings
from tests import repos
from tests.check.cases_gitops import GITHUB, KEY, SEALED
from tests.renders import World, application

SECRET = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: login}\nspec:\n  encryptedData:\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.chart("web")
    for name in ("one", "two"):
        world.cluster(name, {"web.yaml": application("web")})
    return world


def found(world: World, rule: str, **options: object) -> list[tuple[str, str | None, int | None]]:
    world.commit("1.0.0")
    options.setdefault("cache", world.folder / "cache")
    checks = kubeaid_ci.check_clusters(world.config, world.kubeaid, rules=[rule], **options)
    return [(finding.subject, finding.path, finding.line) for finding in checks.findings]


def test_one_encrypted_text_in_two_clusters_is_reported_in_both(world: World) -> None:
    files = {f"k8s/{name}/sealed-secrets/login.yaml": f"{SECRET}    token: {SEALED}\n" for name in ("one", "two")}
    files["k8s/two/sealed-secrets/own.yaml"] = f"{SECRET}    token: {SEALED[:-2]}zz\n"
    repos.write(world.config, files)
    assert found(world, "gitops/sealed-for-other-cluster") == [
        ("one", "k8s/one/sealed-secrets/login.yaml", 6),
        ("two", "k8s/two/sealed-secrets/login.yaml", 6),
    ]


def test_files_outside_of_clusters_are_searched_for_secrets(world: World) -> None:
    repos.write(world.config, {"tls.key": f"\n{KEY}", "scripts/run.sh": f"token={GITHUB}\n", "k8s/old/key": KEY})
    assert found(world, "gitops/private-key") == [("k8s", "k8s/old/key", 1), ("tls.key", "tls.key", 2)]


def test_files_outside_of_clusters_are_left_to_a_check_of_all_clusters(world: World) -> None:
    repos.write(world.config, {"scripts/run.sh": f"token={GITHUB}\n"})
    assert found(world, "gitops/credential-plain", clusters=["one"]) == []


def test_a_file_that_cannot_be_read_as_text_stops_nothing(world: World) -> None:
    repos.write(world.config, {"image.bin": b"\0" * 100 + KEY.encode(), "odd.yaml": b"\xff\xfe" + KEY.encode()})
    repos.write(world.config, {"tls.key": KEY})
    assert found(world, "gitops/private-key") == [("odd.yaml", "odd.yaml", 1), ("tls.key", "tls.key", 1)]


def test_a_severity_of_the_settings_holds_for_every_finding(world: World) -> None:
    repos.write(world.config, {"tls.key": KEY, "k8s/one/tls.key": KEY})
    world.commit("1.0.0")
    settings = Settings(check=CheckSettings(severity={"gitops/private-key": Severity.INFO}))
    checks = kubeaid_ci.check_clusters(
        world.config, world.kubeaid, rules=["gitops/private-key"], settings=settings, cache=False
    )
    assert [finding.severity for finding in checks.findings] == [Severity.INFO, Severity.INFO]
