"""Objects whose kind or API version the API server does not serve: never, not any more, or not after an upgrade."""

from collections.abc import Iterator

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.check.schema.definitions import Definitions, definitions
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.api_removals import ApiRemoval, removal_of
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
KIND_NOT_SERVED = Rule(
    "schema/kind-not-served",
    Severity.WARNING,
    "The API server refuses objects of a kind that neither Kubernetes nor a CustomResourceDefinition of the cluster "
    "serves, so the sync fails. Add the Application that installs the definition, or remove the objects; suppress the "
    "finding if something outside Git installs it.",
)
VERSION_NOT_SERVED = Rule(
    "schema/version-not-served",
    Severity.ERROR,
    "The CustomResourceDefinition in the cluster does not serve this version of the kind, so the API server refuses "
    "the objects. Write them in a version that is served.",
)
RULES = (API_REMOVED, API_REMOVED_NEXT, API_DEPRECATED, KIND_NOT_SERVED, VERSION_NOT_SERVED)

_MOST_NAMED = 4


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report objects of removed and deprecated APIs, and of kinds that nothing serves."""
    yield from _removals(state, context)
    yield from _unserved(state, context)


def _removals(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each object of such an API."""
    minor = state.version.release[1]
    for item in applied(state, context):
        version = str(item.manifest.body.get("apiVersion", ""))
        removal = removal_of(version, item.manifest.key.kind)
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
    removal = removal_of(api_version, kind)
    return removal is not None and removal.removed is not None and (1, removal.removed) <= version.release[:2]


def _verdict(removal: ApiRemoval, minor: int) -> tuple[Rule, str]:
    instead = f"; use {removal.replacement}" if removal.replacement else "; nothing replaces it"
    if removal.removed is not None and removal.removed <= minor:
        return API_REMOVED, f"was removed in Kubernetes 1.{removal.removed}{instead}"
    if removal.removed == minor + 1:
        return API_REMOVED_NEXT, f"is removed in Kubernetes 1.{removal.removed}, the next release{instead}"
    when = f", removed in 1.{removal.removed}" if removal.removed else ""
    return API_DEPRECATED, f"is deprecated since Kubernetes 1.{removal.deprecated}{when}{instead}"


def _unserved(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each unserved kind and version once for each Application."""
    items = list(applied(state, context))
    known = definitions(items)
    release = context.schemas.release(state.version)
    unserved: dict[tuple[str, str, str], list[Applied]] = {}
    for item in items:
        key, version = item.manifest.key, str(item.manifest.body.get("apiVersion", ""))
        if not key.kind or not release or is_removed(version, key.kind, state.version):
            continue
        if not _is_served(item, known[item.app.destination], context, release):
            unserved.setdefault((item.subject, version, key.kind), []).append(item)
    for (_, version, kind), same in unserved.items():
        yield _finding(state, same, known[same[0].app.destination], version, kind)


def _is_served(item: Applied, known: Definitions, context: CheckContext, release: str) -> bool:
    key, (_, _, version) = item.manifest.key, str(item.manifest.body.get("apiVersion", "")).rpartition("/")
    if context.schemas.built_in(release, str(item.manifest.body.get("apiVersion", "")), key.kind):
        return True
    if (key.group, key.kind) in known.by_kind:
        return version in known.versions(key.group, key.kind)
    return known.may_be_served(key.group, key.kind)


def _finding(state: ClusterState, same: list[Applied], known: Definitions, version: str, kind: str) -> Finding:
    first, group = same[0], same[0].manifest.key.group
    names = sorted(str(item.manifest.key).partition(" ")[2] for item in same)
    what = f"{version} {kind} ({named(names, most=_MOST_NAMED)})"
    if (group, kind) in known.by_kind:
        served = ", ".join(sorted(known.versions(group, kind))) or "no version"
        where = known.by_kind[group, kind][0].origin.app.app
        message = f"{what}: the definition in Application {where} serves {served}"
        return first.finding(VERSION_NOT_SERVED, message, key=f"{version} {kind}")
    if _is_built_in(group):
        message = f"{what}: Kubernetes {state.version} does not have this kind"
        severity = Severity.WARNING if state.version_from == "default" else Severity.ERROR
        return first.finding(KIND_NOT_SERVED, message, severity=severity, key=f"{version} {kind}")
    message = f"{what}: no CustomResourceDefinition of the cluster serves this kind"
    return first.absence(state, KIND_NOT_SERVED, message, key=f"{version} {kind}")


def _is_built_in(group: str) -> bool:
    return "." not in group
