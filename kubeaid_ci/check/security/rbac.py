"""Rights of service accounts and users: all rights, wildcards, secrets, and roles that do not exist."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci.check.applied import applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.check.security.grants import Grant, allowed, grants
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import texts
from kubeaid_ci.render.cluster_state import ClusterState

ROLE_MISSING = Rule(
    "security/role-missing",
    Severity.WARNING,
    "The binding names a role that neither an Application nor Kubernetes has, so its subjects have no rights and the "
    "programs fail. Let the chart create the role, or correct its name.",
)
ALL_RIGHTS = Rule(
    "security/all-rights",
    Severity.WARNING,
    "The account may do anything in the cluster, so an attacker in one of its pods controls the cluster. Bind a role "
    "with the rights that the program needs.",
    is_posture=True,
)
WILDCARD = Rule(
    "security/rbac-wildcard",
    Severity.INFO,
    "A wildcard also allows resources and verbs that are added later, without review. List the resources "
    "and verbs that the program needs.",
    is_posture=True,
)
SECRETS_READABLE = Rule(
    "security/secrets-readable",
    Severity.INFO,
    "The account can read all secrets of a namespace or of the cluster, with the passwords and tokens of other "
    "programs. Name the secrets in resourceNames, or bind the role in single namespaces.",
    is_posture=True,
)
OPEN_TO_ANYBODY = Rule(
    "security/rbac-anybody",
    Severity.WARNING,
    "The rights belong to everybody who reaches the API server, or to every account of the cluster. Bind the role to "
    "the accounts that need it.",
    is_posture=True,
)
RULES = (ROLE_MISSING, ALL_RIGHTS, WILDCARD, SECRETS_READABLE, OPEN_TO_ANYBODY)

_READING = ("get", "list", "watch")
_WRITING = ("create", "patch", "update")
_RBAC = "rbac.authorization.k8s.io"
_ANYBODY = (
    "User system:anonymous",
    "Group system:unauthenticated",
    "Group system:authenticated",
    "Group system:serviceaccounts",
)
_FOR_ANYBODY = frozenset(
    f"system:{role}" for role in ("basic-user", "discovery", "public-info-viewer", "service-account-issuer-discovery")
)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each binding once for each rule, and the access to secrets once for each account and scope."""
    bound = [grant for grant in grants(applied(state, context)) if grant.subjects]
    for grant in bound:
        if grant.rules is not None:
            yield from _wide(grant)
        else:
            key, who = str(grant.binding.manifest.key), named(grant.subjects)
            message = f"{key}: no {grant.role_kind} {grant.role}, so {who} has no rights"
            namespace = grant.namespace if grant.role_kind == "Role" else None
            yield grant.binding.absence(state, ROLE_MISSING, message, key=key, namespace=namespace)
    yield from _secrets(bound)


def _wide(grant: Grant) -> Iterator[Finding]:
    who = named(grant.subjects)
    if _is_everything(grant):
        yield _finding(ALL_RIGHTS, grant, f"{who} may do everything ({grant.role_kind} {grant.role})")
    elif way := _way_to_everything(grant):
        yield _finding(ALL_RIGHTS, grant, f"{who} may {way}, and so do everything ({grant.role_kind} {grant.role})")
    elif wildcards := named(_wildcards(grant)):
        yield _finding(WILDCARD, grant, f"{who} may {wildcards} {grant.scope} ({grant.role_kind} {grant.role})")
    anybody = [subject for subject in grant.subjects if subject in _ANYBODY]
    if anybody and grant.role not in _FOR_ANYBODY:
        yield _finding(OPEN_TO_ANYBODY, grant, f"{named(anybody)} has the rights of {grant.role_kind} {grant.role}")


def _secrets(bound: list[Grant]) -> Iterator[Finding]:
    """Report who reads secrets; who may do everything is reported as that."""
    readers: dict[tuple[str, str, str], list[Grant]] = {}
    for grant in bound:
        if not _is_everything(grant) and any(_reads(grant, verb) for verb in _READING):
            for subject in grant.subjects:
                readers.setdefault((grant.binding.subject, subject, grant.scope), []).append(grant)
    for (_, who, scope), same in readers.items():
        verbs = [verb for verb in _READING if any(_reads(grant, verb) for grant in same)]
        roles = named(f"{grant.role_kind} {grant.role}" for grant in same)
        message = f"{who} may {', '.join(verbs)} all secrets {scope} ({roles})"
        severity = None if same[0].namespace else Severity.WARNING
        yield same[0].binding.finding(SECRETS_READABLE, message, severity=severity, key=f"{who} {scope}")


def _is_everything(grant: Grant) -> bool:
    return not grant.namespace and any(_allows_everything(rule) for rule in grant.rules or ())


def _way_to_everything(grant: Grant) -> str:
    """Return how an account gets every right in the cluster: these verbs are what keeps it from that otherwise.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
    """
    if grant.namespace:
        return ""
    if _may(grant, ("impersonate",), "", ("groups", "serviceaccounts", "users")):
        return "impersonate any account"
    if _may(grant, ("bind",), _RBAC, ("clusterroles",)) and _may(grant, _WRITING, _RBAC, ("clusterrolebindings",)):
        return "bind any role to itself"
    if _may(grant, ("escalate",), _RBAC, ("clusterroles",)) and _may(grant, _WRITING, _RBAC, ("clusterroles",)):
        return "give a role any right"
    return ""


def _may(grant: Grant, verbs: Iterable[str], group: str, resources: Iterable[str]) -> bool:
    return any(
        _allows(rule, verb, resource, group) for rule in grant.rules or () for verb in verbs for resource in resources
    )


def _reads(grant: Grant, verb: str) -> bool:
    return any(_allows(rule, verb, "secrets") for rule in grant.rules or ())


def _allows_everything(rule: Mapping[str, Any]) -> bool:
    return all("*" in allowed(rule, field) for field in ("apiGroups", "resources", "verbs"))


def _allows(rule: Mapping[str, Any], verb: str, resource: str, group: str = "") -> bool:
    """Return whether a rule allows a verb on all objects of a resource, of the core group if no other is named."""
    return (
        bool(allowed(rule, "apiGroups") & {group, "*"})
        and bool(allowed(rule, "resources") & {resource, "*"})
        and bool(allowed(rule, "verbs") & {verb, "*"})
        and not texts(rule, "resourceNames")
    )


def _wildcards(grant: Grant) -> Iterator[str]:
    for rule in grant.rules or ():
        verbs, resources, groups = (allowed(rule, field) for field in ("verbs", "resources", "apiGroups"))
        if not resources or not ("*" in verbs or "*" in resources):
            continue
        what = "any resource" if "*" in resources else ", ".join(sorted(resources))
        of = "" if groups <= {""} else f" of {', '.join(sorted(group or 'core' for group in groups))}"
        yield f"{'do anything with' if '*' in verbs else ', '.join(sorted(verbs))} {what}{of}"


def _finding(rule: Rule, grant: Grant, what: str) -> Finding:
    item = grant.binding
    key = str(item.manifest.key)
    return item.finding(rule, f"{key}: {what}", key=key, content=what)
