"""Findings about objects of charts name the line that a person edits, as far as a file has it."""

from pathlib import Path

import kubeaid_ci
from kubeaid_ci import documents
from tests.check.cases_autoscaling import autoscaler, general
from tests.renders import World, application, helm, values_ref

VALUES = "argocd-apps/values-web.yaml"


def test_a_finding_has_the_line_of_the_value_or_of_the_application(tmp_path: Path) -> None:
    world = World(tmp_path)
    template = documents.dump(autoscaler("--cloud-provider=aws", "--nodes=1:3:workers"))
    world.chart(
        "web", {"values.yaml": "tag: v1.34.2\n", "templates/a.yaml": template.replace("v1.34.2", "{{ .Values.tag }}")}
    )
    own = helm(valueFiles=[f"$values/k8s/one/{VALUES}"])
    world.cluster(
        "one",
        {
            "own.yaml": application("own", sources=[own, values_ref()]),
            "plain.yaml": "# A comment.\n" + application("plain"),
            VALUES: "# The autoscaler.\ntag: v1.29.4\n",
            **general("v1.34.0"),
        },
    )
    world.commit("1.0.0")
    checks = kubeaid_ci.check_clusters(
        world.config,
        world.kubeaid,
        rules=["autoscaling/image-release", "security/runs-as-root"],
        cache=tmp_path / "cache",
    )
    found = {(one.rule.id, one.subject): (one.path, one.line) for one in checks.findings}
    apps = "k8s/one/argocd-apps"
    assert found == {
        ("autoscaling/image-release", "one/own"): (f"{apps}/values-web.yaml", 2),
        ("security/runs-as-root", "one/own"): (f"{apps}/values-web.yaml", None),
        ("security/runs-as-root", "one/plain"): (f"{apps}/templates/plain.yaml", 2),
    }
