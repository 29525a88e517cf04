"""What Git lacks may be in an Application that could not be rendered."""

from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import Settings
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.settings import CheckSettings
from tests.check.cases import CLUSTER, objects
from tests.check.cases_autoscaling import autoscaler, hpa
from tests.check.cases_backup import claim, location, schedule, scheduled
from tests.check.cases_schema import lamp
from tests.check.cases_security import binding, safe
from tests.renders import World, application, helm

RULES = (
    "schema/kind-not-served",
    "security/account-missing",
    "security/role-missing",
    "backup/policy-missing",
    "backup/database-missing",
    "autoscaling/no-groups",
    "autoscaling/target-missing",
)
LACKING = (
    lamp(),
    safe(pod={"serviceAccountName": "gone"}),
    binding("gone"),
    schedule(resourcePolicy={"name": "gone"}),
    scheduled(cluster="gone"),
    autoscaler("--cloud-provider=clusterapi"),
    hpa(target="gone"),
)


def found(folder: Path, files: dict[str, str], settings: Settings | None = None) -> list[Finding]:
    world = World(folder)
    world.chart("web")
    world.cluster("one", {path: text.replace(CLUSTER, "one") for path, text in files.items()})
    world.commit("1.0.0")
    options = {"cache": folder / "cache", "settings": settings or Settings()}
    return list(kubeaid_ci.check_clusters(world.config, world.kubeaid, **options).findings)


@pytest.mark.parametrize(
    ("namespace", "severities"),
    [
        # An Application of another namespace may have cluster-wide objects, and groups in any namespace.
        ("other", {Severity.WARNING, Severity.INFO}),
        ("apps", {Severity.INFO}),
    ],
)
def test_an_application_that_is_not_rendered_may_have_what_is_missing(tmp_path, namespace, severities):
    destination = {"server": "https://kubernetes.default.svc", "namespace": namespace}
    failed = application("failed", source=helm("gone"), destination=destination)
    findings = [one for one in found(tmp_path, objects(*LACKING) | {"failed.yaml": failed}) if one.rule.id in RULES]
    assert {one.rule.id for one in findings} == {*RULES}
    assert {one.severity for one in findings} == severities
    told = [one.message for one in findings if one.severity is Severity.INFO]
    assert all(message.endswith("it may be in an Application that could not be rendered: failed") for message in told)


def test_the_fingerprint_does_not_change_when_another_application_fails(tmp_path):
    failed = application("failed", source=helm("gone"))
    prints = [
        {one.fingerprint for one in found(tmp_path / name, objects(*LACKING) | more) if one.rule.id in RULES}
        for name, more in (("a", {}), ("b", {"failed.yaml": failed}))
    ]
    assert prints[0] == prints[1]


@pytest.mark.parametrize("glob", ["apps", "ap*", "apps/PersistentVolumeClaim/data"])
def test_settings_exempt_volumes_from_backup(tmp_path, glob):
    files = objects(location(), schedule(includedNamespaces=["shop"]), claim())
    rule = "backup/volume-uncovered"
    assert rule in {one.rule.id for one in found(tmp_path / "a", files)}
    settings = Settings(check=CheckSettings(backup_exempt=(glob,)))
    assert rule not in {one.rule.id for one in found(tmp_path / "b", files, settings)}
