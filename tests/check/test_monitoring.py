"""Built monitoring is checked with the clusters, at the KubeAid revision that each of them runs."""

from pathlib import Path

import pytest

import kubeaid_ci
from tests import repos
from tests.renders import CONFIG, World, application, helm


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    repos.kubeaid(world.kubeaid)
    world.chart("web")
    world.commit("1.0.0")
    return world


def cluster(world: World, name: str, label: str = "", revision: str = "1.0.0") -> Path:
    """A cluster whose monitoring is built from the work tree of KubeAid."""
    source = {"repoURL": CONFIG, "path": f"k8s/{name}/kube-prometheus", "targetRevision": "HEAD"}
    monitoring = application("kube-prometheus", source=source)
    if label:
        monitoring = monitoring.replace("metadata:\n", f"metadata:\n  labels:\n    kubeaid.io/version: {label}\n")
    files = {"web.yaml": application("web", source=helm(revision=revision)), "kube-prometheus.yaml": monitoring}
    world.cluster(name, {**files, f"./{name}-vars.jsonnet": repos.vars_file()})
    kubeaid_ci.build_clusters(world.config, world.kubeaid, clusters=[name], cache=False)
    return world.config / "k8s" / name / "kube-prometheus"


def errors(world: World, **options: object) -> list[tuple[str, str]]:
    checks = kubeaid_ci.check_clusters(world.config, world.kubeaid, cache=world.folder / "cache", **options)
    return [(finding.rule.id, finding.subject) for finding in checks.findings if finding.rule.family == "build"]


def test_a_manual_edit_is_found_and_a_built_cluster_is_quiet(world: World) -> None:
    cluster(world, "good", "1.0.0")
    edited = cluster(world, "edited", "1.0.0") / "general-rules.yaml"
    edited.write_text(edited.read_text().replace("Watchdog", "Edited"))
    world.commit()
    assert errors(world) == [("build/stale", "edited")]
    assert errors(world, clusters=["good"]) == []
    assert errors(world, rules=["gitops"]) == []


def test_a_commit_is_checked_and_not_the_work_tree(world: World) -> None:
    edited = cluster(world, "edited", "1.0.0") / "general-rules.yaml"
    world.commit()
    edited.write_text(edited.read_text().replace("Watchdog", "Edited"))
    assert errors(world, config_ref="HEAD") == []
    assert errors(world) == [("build/stale", "edited")]


@pytest.mark.parametrize("revision", ["1.0.0", "HEAD"])
def test_without_a_label_the_revision_of_the_other_applications_counts(world: World, revision: str) -> None:
    edited = cluster(world, "one", revision=revision) / "general-rules.yaml"
    world.commit()
    assert errors(world) == []
    edited.write_text("")
    assert errors(world) == [("build/stale", "one")]


def test_without_any_revision_it_is_unknown(world: World) -> None:
    cluster(world, "one")
    (world.config / "k8s/one/argocd-apps/templates/web.yaml").unlink()
    world.commit()
    assert errors(world) == [("build/pinned-revision-missing", "one")]
