"""Objects that hold anything anywhere: no check of a cluster may crash on them, because that ends the run."""

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from kubeaid_ci import documents
from kubeaid_ci.check import families
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.installed_schemas import PackagedSchemas
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.helm.version import ClusterHelm
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.semver.version import Version
from tests.check import cases_autoscaling, cases_backup, cases_schema, cases_security

FAMILIES = ("schema", "security", "backup", "autoscaling")
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, float("nan"), "", "x", "0", "100%", "*", "٣", "9" * 400),
    *([], [None], ["a"], [[1]], {}, {"a": None}, {"name": "x"}, [{"name": "a"}]),
]
CONTEXT = CheckContext(schemas=PackagedSchemas())


def corpus() -> Iterator[dict[str, Any]]:
    for module in (cases_schema, cases_security, cases_backup, cases_autoscaling):
        for case in module.CASES:
            for files in (case.firing, case.quiet, case.hostile):
                text = files.get("app/objects.yaml", "")
                yield from (body for body in documents.load_all(text, where="objects") if isinstance(body, dict))


BODIES = list(corpus())


def paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def broken(chance: random.Random) -> list[dict[str, Any]]:
    """A cluster's objects, each with some values replaced."""
    bodies = copy.deepcopy(chance.sample(BODIES, 10))
    for body in bodies:
        for _ in range(chance.randrange(4)):
            *above, last = chance.choice([path for path in paths(body) if path])
            place: Any = body
            for step in above:
                place = place[step]
            place[last] = copy.deepcopy(chance.choice(VALUES))
    return bodies


def state(bodies: list[dict[str, Any]]) -> ClusterState:
    manifests = tuple(manifest for body in bodies for manifest in objects("templates/a.yaml", body))
    path = "k8s/one/argocd-apps/templates/app.yaml"
    app = RenderedApp("one", "one", "app", RenderStatus.RENDERED, "apps", manifests=manifests, path=path)
    version = Version.parse("1.34.0")
    helm = ClusterHelm("4.1.4")
    return ClusterState(Cluster("one", "one", None), version, "general", (app,), {}, (), {}, helm)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(5))
def test_no_object_is_a_crash(family, seed):
    chance = random.Random(seed)
    counters = [module for module in families.modules(family) if hasattr(module, "coverage")]
    for _ in range(60):
        cluster = state(broken(chance))
        found = [finding for module in families.checks([family]) for finding in module.check(cluster, CONTEXT)]
        assert all(finding.message and finding.subject for finding in found)
        for module in counters:
            module.coverage(cluster, CONTEXT)
