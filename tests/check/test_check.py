"""The job: which rules it reports, what it counts, and what it keeps."""

import json
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import Settings, UserError
from kubeaid_ci.check.families import FIGURES
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.settings import CheckSettings
from tests.renders import World, application, helm


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.chart("web")
    values = "replcas: 2\nname: a\nname: b\n"
    world.cluster("one", {"web.yaml": application("web", source=helm(values=values))})
    world.cluster("two", {"web.yaml": application("web", source=helm("gone"))})
    world.commit("1.0.0")
    return world


def check(world: World, **options) -> kubeaid_ci.Checks:
    return kubeaid_ci.check_clusters(world.config, world.kubeaid, **{"cache": world.folder / "cache", **options})


def ids(checks: kubeaid_ci.Checks) -> set[str]:
    return {finding.rule.id for finding in checks.findings}


def test_findings_of_rendering_and_of_checks_are_counted_by_cluster(world: World) -> None:
    checks = check(world)
    assert {"chart/values-unknown", "chart/values-repeated", "chart/render-failed"} <= ids(checks)
    one, two = json.loads(checks.to_json())["results"]
    assert (one["cluster"], two["cluster"], two["findings"]["error"]) == ("one", "two", 1)
    assert one["findings"]["warning"] >= 2
    assert {name: set(keys) <= one["coverage"][name].keys() for name, keys in FIGURES.items()} == dict.fromkeys(
        FIGURES, True
    )


def test_a_second_run_gives_the_same(world: World) -> None:
    assert check(world).to_json() == check(world).to_json() == check(world, cache=False).to_json()


def test_rules_are_chosen_by_id_or_by_family(world: World) -> None:
    assert ids(check(world, rules=["values"])) == {"chart/values-unknown", "chart/values-repeated"}
    assert ids(check(world, rules=["chart/render-failed"])) == {"chart/render-failed"}
    with pytest.raises(UserError, match="valeus: neither a rule nor a family; did you mean values"):
        check(world, rules=["valeus"])


def test_settings_decide_about_severities(world: World) -> None:
    settings = Settings(check=CheckSettings(severity={"chart/values-unknown": Severity.ERROR}))
    (finding,) = check(world, settings=settings, rules=["chart/values-unknown"]).findings
    assert finding.severity is Severity.ERROR
