"""AppProjects that restrict nothing, or look for no orphans."""

from collections.abc import Iterator
from typing import Any

from kubeaid_ci.argocd.application import GROUP
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, mappings, texts
from kubeaid_ci.render.cluster_state import ClusterState

PROJECT_ALLOWS_ALL = Rule(
    "gitops/project-allows-all",
    Severity.WARNING,
    "Anybody who may create an Application of this project may deploy anything from anywhere. Name the repositories, "
    "destinations and cluster-scoped kinds that it needs.",
    is_posture=True,
)
ORPHANS_UNMONITORED = Rule(
    "gitops/orphans-unmonitored",
    Severity.WARNING,
    "Argo CD looks for objects that are not in Git only in projects with orphanedResources, so they go unnoticed. "
    "Set orphanedResources with an ignore list for kube-root-ca.crt, Helm releases, certificate requests and policy "
    "reports.",
    is_posture=True,
)
RULES = (PROJECT_ALLOWS_ALL, ORPHANS_UNMONITORED)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield what is open in the AppProjects that the cluster applies."""
    for app in state.apps:
        for manifest in app.manifests:
            if (manifest.key.group, manifest.key.kind) != (GROUP, "AppProject"):
                continue
            line = places.object_line(context.files, manifest, "spec")
            path = manifest.path if line else app.path
            line = line or places.application_line(context.files, app, "spec")
            subject, name = f"{state.cluster.label}/{app.app}", manifest.key.name
            spec = mapping(manifest.body, "spec")
            if open_to := _open(spec):
                message = f"AppProject {name} allows every {', every '.join(open_to)}"
                yield PROJECT_ALLOWS_ALL.at(path, message, subject=subject, line=line, key=name)
            if not isinstance(at(spec, "orphanedResources"), dict):
                message = f"AppProject {name} has no orphanedResources"
                yield ORPHANS_UNMONITORED.at(path, message, subject=subject, line=line, key=name)


def _open(spec: Any) -> list[str]:
    """Return what a project leaves open; empty if it restricts repositories, destinations or cluster-scoped kinds."""
    anywhere = any(
        one.get("namespace") == "*" and "*" in (one.get("server"), one.get("name"))
        for one in mappings(spec, "destinations")
    )
    any_kind = any(
        one.get("group") == "*" and one.get("kind") == "*" for one in mappings(spec, "clusterResourceWhitelist")
    )
    found = {"repository": "*" in texts(spec, "sourceRepos"), "destination": anywhere, "cluster-scoped kind": any_kind}
    return list(found) if all(found.values()) else []
