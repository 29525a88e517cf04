"""Objects of API versions that Kubernetes has removed, removes in the next release, or has deprecated."""

from collections.abc import Iterator

from kubeaid_ci.check.applied import applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.api_removals import API_REMOVALS, ApiRemoval
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.semver.version import Version

API_REMOVED = Rule(
    "schema/api-removed",
    Severity.ERROR,
    "The cluster's Kubernetes version does not have this API any more, so the API server refuses the objects and the "
    "sync fails. Write them in the API that replaces it.",
)
API_REMOVED_NEXT = Rule(
    "schema/api-removed-next",
    Severity.WARNING,
    "The next release of Kubernetes does not have this API any more, so the sync fails after the upgrade. Write the "
    "objects in the API that replaces it before you upgrade.",
)
API_DEPRECATED = Rule(
    "schema/api-deprecated",
    Severity.INFO,
    "The API is deprecated and a later release of Kubernetes removes it. Write the objects in the API that replaces "
    "it when you next change them.",
)
RULES = (API_REMOVED, API_REMOVED_NEXT, API_DEPRECATED)

_BY_OBJECT = {(removal.api_version, kind): removal for removal in API_REMOVALS for kind in removal.kinds}


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each object of such an API."""
    minor = state.version.release[1]
    for item in applied(state, context):
        version = str(item.manifest.body.get("apiVersion", ""))
        removal = _BY_OBJECT.get((version, item.manifest.key.kind))
        if removal is None or state.version.release[0] != 1 or removal.deprecated > minor:
            continue
        rule, fate = _verdict(removal, minor)
        # The version of the cluster is only assumed.
        severity = Severity.WARNING if rule is API_REMOVED and state.version_from == "default" else None
        message = f"{item.manifest.key}: {version} {fate}"
        key = f"{version} {item.manifest.key}"
        yield item.finding(rule, message, severity=severity, key=key)


def is_removed(api_version: str, kind: str, version: Version) -> bool:
    """Return whether a release of Kubernetes has removed an API."""
    removal = _BY_OBJECT.get((api_version, kind))
    return removal is not None and removal.removed is not None and (1, removal.removed) <= version.release[:2]


def _verdict(removal: ApiRemoval, minor: int) -> tuple[Rule, str]:
    instead = f"; use {removal.replacement}" if removal.replacement else "; nothing replaces it"
    if removal.removed is not None and removal.removed <= minor:
        return API_REMOVED, f"was removed in Kubernetes 1.{removal.removed}{instead}"
    if removal.removed == minor + 1:
        return API_REMOVED_NEXT, f"is removed in Kubernetes 1.{removal.removed}, the next release{instead}"
    when = f", removed in 1.{removal.removed}" if removal.removed else ""
    return API_DEPRECATED, f"is deprecated since Kubernetes 1.{removal.deprecated}{when}{instead}"
