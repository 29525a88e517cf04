"""On real repositories: figures of coverage, and verdicts on objects as kubernetes-validate gives them."""

import os
from collections import Counter
from pathlib import Path

import kubernetes_validate
import pytest

import kubeaid_ci
from kubeaid_ci.check.installed_schemas import PackagedSchemas
from kubeaid_ci.check.schema.objects import without_nulls
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.render.rendering import Renderings

pytestmark = pytest.mark.real

NO_MEMORY_LIMIT = {
    "akshay": (28, 10),
    "hcloud-vpn101": (38, 19),
    "KDS-kubeaid-test": (22, 4),
    "mytestcluster5": (21, 3),
}
"""Containers, and those without a memory limit."""
VOLUMES = {"akshay": 2, "hcloud-vpn101": 2, "KDS-kubeaid-test": 1, "mytestcluster5": 2}
"""Storage of Prometheus and Alertmanager; no cluster has a backup."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Renderings:
    checkouts = (os.environ["KUBEAID_CONFIG_CHECKOUT"], os.environ["KUBEAID_CHECKOUT"])
    return kubeaid_ci.render_clusters(*checkouts, kubeaid_ref="pinned", cache=tmp_path_factory.mktemp("cache"))


def test_figures_of_coverage(tmp_path: Path) -> None:
    checkouts = (os.environ["KUBEAID_CONFIG_CHECKOUT"], os.environ["KUBEAID_CHECKOUT"])
    families = ("schema", "security", "backup", "autoscaling")
    checks = kubeaid_ci.check_clusters(*checkouts, rules=families, cache=tmp_path)
    figures = {one.cluster: one.coverage for one in checks.clusters}
    for name, (containers, missing) in NO_MEMORY_LIMIT.items():
        assert figures[name]["memory_limit"] == {"containers": containers, "missing": missing}
        assert figures[name]["backup"] == {"volumes": VOLUMES[name], "uncovered": VOLUMES[name]}
    assert [one for one in checks.findings if one.severity is Severity.ERROR] == []


def test_verdicts_equal_those_of_kubernetes_validate(fleet: Renderings) -> None:
    schemas, ours, theirs = PackagedSchemas(), Counter[str](), Counter[str]()
    for manifest in fleet.manifests:
        api_version, body = str(manifest.body["apiVersion"]), dict(manifest.body)
        validator = schemas.built_in("1.34", api_version, manifest.key.kind)
        ours["none" if validator is None else "invalid" if validator.violations(without_nulls(body)) else "valid"] += 1
        theirs[_their_verdict(body)] += 1
    assert ours == theirs
    assert (ours["valid"], ours["invalid"]) == (2065, 0)


def _their_verdict(body: dict[str, object]) -> str:
    try:
        kubernetes_validate.validate(body, "1.34", strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return "none"
    except kubernetes_validate.ValidationError:
        return "invalid"
    return "valid"
