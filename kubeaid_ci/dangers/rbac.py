"""Rights that are given."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, at, body, both, is_kind, listed, mappings, text, texts
from kubeaid_ci.findings.finding import Severity

_GROUP = "rbac.authorization.k8s.io"
_MOST_GRANTS = 50_000
_MOST_VERBS = 5
_READS = frozenset({"get", "list", "watch"})
_TAKE_OVER = frozenset({"bind", "escalate", "impersonate", "approve", "sign"})
# Groups in which some verb or other is as good as holding the cluster.
_STRONG_GROUPS = frozenset({"", "*", _GROUP, "admissionregistration.k8s.io", "certificates.k8s.io"})
# Reading or creating these is as good as acting for somebody else.
_TELLING = frozenset(
    {"*", "secrets", "pods/exec", "pods/attach", "nodes/proxy", "serviceaccounts/token", "certificatesigningrequests"}
)
_ANYBODY = frozenset({"system:anonymous", "system:authenticated", "system:serviceaccounts", "system:unauthenticated"})
_STRONG_ROLES = frozenset({"admin", "cluster-admin", "edit"})
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"

_Grant = tuple[str, str, str, str]
"""A verb, an API group, a resource and a name; or a verb, ``url``, the address and nothing."""


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about roles that allow more, and who gets a role."""
    if difference.after is None:
        return
    if is_kind(difference, _GROUP, "Role", "ClusterRole"):
        yield from _role(difference)
        yield from _aggregated(difference)
    elif is_kind(difference, _GROUP, "RoleBinding", "ClusterRoleBinding"):
        yield from _bound(difference)


def _role(difference: Difference) -> Iterator[Draft]:
    old = set(_grants(mappings(body(difference.before), "rules")))
    listed_new = mappings(body(difference.after), "rules")
    if sum(map(_size, listed_new)) > _MOST_GRANTS:
        yield Draft(rules.RBAC_WIDENED, "its rules are too many to be compared; read them")
        return
    new = {grant for grant in _grants(listed_new) if not _covered(grant, old)}
    grave = {grant for grant in new if _is_grave(grant)}
    writes = {grant for grant in new - grave if grant[0] not in _READS}
    if grave:
        yield Draft(rules.RBAC_WIDENED, f"grants access that can take over the cluster: {_listed_grants(grave)}")
    if writes:
        yield Draft(rules.RBAC_WIDENED, f"grants additional write access: {_listed_grants(writes)}")
    if reads := new - grave - writes:
        yield Draft(rules.RBAC_WIDENED, f"grants additional read access: {_listed_grants(reads)}", Severity.INFO)


def _size(rule: Mapping[str, Any]) -> int:
    return (
        len(texts(rule, "verbs"))
        * len(texts(rule, "apiGroups"))
        * len(texts(rule, "resources"))
        * max(1, len(texts(rule, "resourceNames")))
    )


def _grants(listed_rules: Iterable[Mapping[str, Any]]) -> Iterator[_Grant]:
    for rule in listed_rules:
        if _size(rule) > _MOST_GRANTS:
            continue
        verbs, names = texts(rule, "verbs"), texts(rule, "resourceNames") or ["*"]
        yield from product(verbs, texts(rule, "apiGroups"), texts(rule, "resources"), names)
        yield from ((verb, "url", url, "") for verb in verbs for url in texts(rule, "nonResourceURLs"))


def _covered(grant: _Grant, held: set[_Grant]) -> bool:
    verb, group, resource, name = grant
    resources = {resource, "*", f"*/{resource.partition('/')[2]}" if "/" in resource else "*"}
    return any(
        wider in held
        for wider in product(
            {verb, "*"}, {group, "*"} if group != "url" else {group}, resources, {name, "*"} if name else {""}
        )
    )


def _is_grave(grant: _Grant) -> bool:
    verb, group, resource, _ = grant
    if group == "url":
        return verb == "*" and resource == "*"
    return (
        verb in _TAKE_OVER
        or group == "*"
        or (verb == "*" and group in _STRONG_GROUPS)
        or (resource in _TELLING and group in ("", "certificates.k8s.io", "*"))
    )


def _listed_grants(grants: set[_Grant]) -> str:
    """Return such as ``get, list secrets; create apps/deployments``."""
    verbs: dict[str, set[str]] = {}
    for verb, group, resource, name in grants:
        what = resource if group in ("", "url") else f"{group}/{resource}"
        verbs.setdefault(what if name in ("*", "") else f"{what} {name}", set()).add(verb)
    by_verbs: dict[str, list[str]] = {}
    for what, held in verbs.items():
        by_verbs.setdefault(", ".join(sorted(held)), []).append(what)
    parts = [f"{held} {listed(what)}" for held, what in sorted(by_verbs.items())]
    more = len(parts) - _MOST_VERBS
    return "; ".join(parts[:_MOST_VERBS]) + (f"; and {more} more" if more > 0 else "")


def _aggregated(difference: Difference) -> Iterator[Draft]:
    old, new = both(difference, "metadata", "labels")
    for label in sorted(map(str, new)):
        if label.startswith(_AGGREGATE) and str(new[label]).lower() == "true" and old.get(label) != new[label]:
            role = label.removeprefix(_AGGREGATE)
            severity = Severity.INFO if role == "view" else None
            yield Draft(rules.RBAC_WIDENED, f"its rights become part of the role {role}", severity)
    rule_old, rule_new = (at(body(side), "aggregationRule") for side in (difference.before, difference.after))
    if rule_new and rule_new != rule_old:
        yield Draft(rules.RBAC_WIDENED, "it gathers the rights of other roles by their labels")


def _bound(difference: Difference) -> Iterator[Draft]:
    old, new = (set(map(_subject, mappings(body(side), "subjects"))) for side in (difference.before, difference.after))
    role = text(body(difference.after), "roleRef", "name")
    come = new if text(body(difference.before), "roleRef", "name") != role else new - old
    if not come:
        return
    strong = role in _STRONG_ROLES or any(kind != "ServiceAccount" or name == "default" for kind, _, name in come)
    who = listed([_called(subject) for subject in come])
    message = f"{who} may do what {text(body(difference.after), 'roleRef', 'kind')} {role} allows"
    if any(name in _ANYBODY or name.startswith("system:serviceaccounts:") for _, _, name in come):
        message += ": that is anybody"
    yield Draft(rules.RBAC_BOUND, message, None if strong else Severity.INFO)


def _subject(subject: Mapping[str, Any]) -> tuple[str, str, str]:
    return text(subject, "kind"), text(subject, "namespace"), text(subject, "name")


def _called(subject: tuple[str, str, str]) -> str:
    kind, namespace, name = subject
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
