"""Rights that lead to all others (Kubernetes' docs, privilege escalation prevention)."""

from pathlib import Path
from typing import Any

import kubeaid_ci
from kubeaid_ci import documents
from tests.check.cases_security import RBAC, binding, role
from tests.renders import CONFIG, World, application


def rule(verbs: str, resources: str, group: str = RBAC, **more: Any) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


IMPERSONATES = rule("impersonate", "users", "")
BINDS = (rule("bind", "clusterroles"), rule("create", "clusterrolebindings"))
ESCALATES = rule("escalate update", "clusterroles")
CLUSTERS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "impersonate": ([role(IMPERSONATES), binding()], "may impersonate any account, and so do everything"),
    "bind": ([role(*BINDS), binding()], "may bind any role to itself, and so do everything"),
    "escalate": ([role(ESCALATES), binding()], "may give a role any right, and so do everything"),
    "named": ([role({**IMPERSONATES, "resourceNames": ["ci"]}), binding()], ""),
    "half": ([role(BINDS[0]), binding()], ""),
    "other-half": ([role(BINDS[1], rule("update", "clusterroles")), binding()], ""),
    "one-namespace": ([role(ESCALATES), binding(cluster=False)], ""),
    "other-group": ([role(rule("impersonate", "users", "apps")), binding()], ""),
    "unbound": ([role(IMPERSONATES)], ""),
}


def test_rights_that_lead_to_all_others_are_reported_as_these(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.chart("web")
    for name, (items, _) in CLUSTERS.items():
        source = {"repoURL": CONFIG, "path": f"k8s/{name}/plain", "targetRevision": "HEAD"}
        text = "---\n".join(documents.dump(item) for item in items)
        world.cluster(name, {"app.yaml": application("app", source=source), "./plain/a.yaml": text})
    world.commit("1.0.0")
    checks = kubeaid_ci.check_clusters(
        world.config, world.kubeaid, rules=["security/all-rights"], cache=tmp_path / "cache"
    )
    found = {one.subject.partition("/")[0]: one.message for one in checks.findings}
    assert found.keys() == {name for name, (_, says) in CLUSTERS.items() if says}
    assert all(CLUSTERS[name][1] in message for name, message in found.items())
