"""Pod Security levels of namespaces: pods that the enforced level refuses, and the level that could be enforced."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.check.security.workloads import Workload, workloads
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import text_map, texts
from kubeaid_ci.k8s.pod_security import Breach, Level, breaches, level_of
from kubeaid_ci.render.cluster_state import ClusterState

POD_SECURITY_REFUSED = Rule(
    "security/pod-security-refused",
    Severity.ERROR,
    "The namespace enforces a Pod Security level that the pods do not meet, so the API server refuses them and the "
    "workload has no pods. Change the fields that the message names, or lower the level of the namespace.",
)
POD_SECURITY_LEVEL_UNKNOWN = Rule(
    "security/pod-security-level-unknown",
    Severity.WARNING,
    "The API server reads a Pod Security level that does not exist as restricted, and a version that does not exist as "
    "the latest. Write privileged, baseline or restricted, and a version such as v1.34 or latest.",
)
POD_SECURITY_NOT_ENFORCED = Rule(
    "security/pod-security-not-enforced",
    Severity.INFO,
    "No Pod Security level is enforced in the namespace, or a lower one than all its pods meet, so anybody who may "
    "create pods there may take over the node. Set the label pod-security.kubernetes.io/enforce of the namespace.",
    is_posture=True,
)
RULES = (POD_SECURITY_REFUSED, POD_SECURITY_LEVEL_UNKNOWN, POD_SECURITY_NOT_ENFORCED)

ENFORCE = "pod-security.kubernetes.io/enforce"
ENFORCE_VERSION = f"{ENFORCE}-version"
_Name = tuple[str, str]
"""Destination of Argo CD and name of a namespace."""


@dataclass(frozen=True, slots=True)
class _Labels:
    """The labels that Git gives a namespace, and the object that gives them."""

    labels: Mapping[str, str]
    origin: Applied


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report pods that are refused, and for each namespace what keeps it from the next level."""
    labelled = _labelled_namespaces(state, context)
    by_namespace: dict[_Name, list[Workload]] = {}
    for workload in workloads(state, context, complete=False):
        by_namespace.setdefault(workload.namespace, []).append(workload)
    for found in labelled.values():
        yield from _unknown_levels(found)
    for name, inside in sorted(by_namespace.items(), key=lambda pair: pair[0]):
        labels = labelled[name].labels if name in labelled else {}
        yield from _refused(inside, labels, state.version.release[1])
        complete = [workload for workload in inside if workload.pods.is_complete]
        if complete:
            yield from _not_enforced(complete, name, labels, state.version.release[1])


def _labelled_namespaces(state: ClusterState, context: CheckContext) -> dict[_Name, _Labels]:
    """Return the labels of namespaces: of Namespace objects, and of those that Applications create."""
    found: dict[_Name, _Labels] = {}
    for item in applied(state, context):
        group, kind, body = item.manifest.key.group, item.manifest.key.kind, item.manifest.body
        if (group, kind) == ("", "Namespace"):
            labels = text_map(body, "metadata", "labels")
            found[item.app.destination, item.manifest.key.name] = _Labels(labels, item)
        elif (group, kind) == ("argoproj.io", "Application") and _creates_namespace(body):
            app = next((app for app in state.apps if app.app == item.manifest.key.name), None)
            labels = text_map(body, "spec", "syncPolicy", "managedNamespaceMetadata", "labels")
            if app is not None and labels:
                found.setdefault((app.destination, app.namespace), _Labels(labels, item))
    return found


def _creates_namespace(body: Mapping[str, object]) -> bool:
    return "CreateNamespace=true" in texts(body, "spec", "syncPolicy", "syncOptions")


def _unknown_levels(found: _Labels) -> Iterator[Finding]:
    level, version = found.labels.get(ENFORCE), found.labels.get(ENFORCE_VERSION)
    wrong = []
    if level is not None and level not in list(Level):
        wrong.append(f"{ENFORCE}: {level}")
    if version is not None and version != "latest" and _minor(version) is None:
        wrong.append(f"{ENFORCE_VERSION}: {version}")
    if wrong:
        item = found.origin
        message = f"{item.manifest.key}: {named(wrong)} does not exist"
        yield item.finding(POD_SECURITY_LEVEL_UNKNOWN, message, key=str(item.manifest.key))


def _refused(inside: list[Workload], labels: Mapping[str, str], newest: int) -> Iterator[Finding]:
    level = labels.get(ENFORCE)
    if level is None:
        return
    enforced = Level(level) if level in list(Level) else Level.RESTRICTED
    minor = _minor(labels.get(ENFORCE_VERSION, "latest"))
    for workload in inside:
        found = breaches(workload.pods.spec, workload.pods.annotations, newest if minor is None else minor)
        # What a part of a specification lacks, the operator may add.
        level_known = enforced if workload.pods.is_complete else Level.BASELINE
        refused = [breach.message for breach in found if breach.level.rank <= min(enforced.rank, level_known.rank)]
        if refused:
            namespace = workload.namespace[1]
            yield workload.finding(POD_SECURITY_REFUSED, f"namespace {namespace} enforces {enforced}: {named(refused)}")


def _not_enforced(inside: list[Workload], name: _Name, labels: Mapping[str, str], minor: int) -> Iterator[Finding]:
    found = [(workload, breaches(workload.pods.spec, workload.pods.annotations, minor)) for workload in inside]
    met = min((level_of(breach) for _, breach in found), key=lambda level: level.rank)
    enforced = labels.get(ENFORCE, "")
    if enforced in list(Level) and Level(enforced).rank >= max(met.rank, 1):
        return
    first = inside[0].item
    message = f"namespace {name[1]} enforces {enforced or 'no level'}; its pods meet {met}"
    if met is not Level.RESTRICTED:
        message += f"; for {list(Level)[met.rank + 1]}: {_missing(found, met)}"
    yield first.finding(POD_SECURITY_NOT_ENFORCED, message, key=name[1])


def _missing(found: list[tuple[Workload, tuple[Breach, ...]]], met: Level) -> str:
    """Return the controls of the next level that workloads do not meet, with the number of workloads."""
    counts: dict[str, int] = {}
    for _, breaches_of in found:
        for control in {breach.control for breach in breaches_of if breach.level.rank == met.rank + 1}:
            counts[control] = counts.get(control, 0) + 1
    return ", ".join(f"{control} ({count} of {len(found)} workloads)" for control, count in sorted(counts.items()))


def _minor(version: str) -> int | None:
    """Return 34 of ``v1.34``; None if it is no such version."""
    number = version.removeprefix("v1.")
    return (
        int(number) if version.startswith("v1.") and number.isascii() and number.isdigit() and len(number) < 4 else None
    )
