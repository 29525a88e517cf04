"""The rights that role bindings give: each binding with the rules of its role.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mappings, text, text_map, texts
from kubeaid_ci.k8s.selectors import Labels, parse_selector

GROUP = "rbac.authorization.k8s.io"
_CLUSTER_ROLE = "ClusterRole"
_ALL_RIGHTS = ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},)
_READS_SECRETS = ({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch"]},)
BUILT_IN: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "cluster-admin": _ALL_RIGHTS,
    "admin": _READS_SECRETS,
    "edit": _READS_SECRETS,
    "view": (),
}
"""Kubernetes' own roles for people, with the rules that matter here. Its other ClusterRoles begin with ``system:``."""
_AGGREGATED: Mapping[str, tuple[str, ...]] = {
    name: tuple(f"{GROUP}/aggregate-to-{other}" for other in others)
    for name, others in (("admin", ("admin", "edit", "view")), ("edit", ("edit", "view")), ("view", ("view",)))
}
"""The labels of ClusterRoles whose rules each of these roles has too."""
_BUILT_IN_ROLES = frozenset({("kube-system", "extension-apiserver-authentication-reader")})
_OWN_PREFIXES = ("system:", "kubeadm:")

_RoleName = tuple[str, str, str, str]
"""Destination, kind, namespace (empty for a ClusterRole) and name."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A binding. `namespace` is empty for all namespaces.

    `rules` is None if neither Git nor Kubernetes has the role.
    """

    binding: Applied
    namespace: str
    role_kind: str
    role: str
    rules: tuple[Mapping[str, Any], ...] | None

    @property
    def subjects(self) -> list[str]:
        """The subjects as people write them: ``ServiceAccount argocd/argocd-server``."""
        own = self.binding.manifest.key.namespace
        return [_subject(subject, own) for subject in mappings(self.binding.manifest.body, "subjects")]

    @property
    def scope(self) -> str:
        """The namespaces that the rights are in, for messages."""
        return f"in namespace {self.namespace}" if self.namespace else "in every namespace"


def grants(items: Iterable[Applied]) -> Iterator[Grant]:
    """Yield every binding of a cluster."""
    known = [item for item in items if item.manifest.key.group == GROUP]
    roles = _roles(known)
    for item in known:
        key, body = item.manifest.key, item.manifest.body
        if key.kind not in ("ClusterRoleBinding", "RoleBinding"):
            continue
        namespace = key.namespace if key.kind == "RoleBinding" else ""
        kind, name = text(body, "roleRef", "kind"), text(body, "roleRef", "name")
        role = roles.get((item.app.destination, kind, namespace if kind == "Role" else "", name))
        if role is None:
            role = _built_in(kind, namespace, name)
            if role is not None and kind == _CLUSTER_ROLE:
                role = (*role, *_aggregated(name, item, known))
        yield Grant(item, namespace, kind, name, role)


def _roles(items: list[Applied]) -> dict[_RoleName, tuple[Mapping[str, Any], ...]]:
    roles = [item for item in items if item.manifest.key.kind in ("Role", _CLUSTER_ROLE)]
    return {
        (item.app.destination, key.kind, key.namespace if key.kind == "Role" else "", key.name): _rules(item, roles)
        for item in roles
        for key in (item.manifest.key,)
    }


def _rules(role: Applied, roles: list[Applied]) -> tuple[Mapping[str, Any], ...]:
    """Return the rules of a role; those of a ClusterRole that aggregates others are theirs."""
    selectors = mappings(role.manifest.body, "aggregationRule", "clusterRoleSelectors")
    if not selectors:
        return tuple(mappings(role.manifest.body, "rules"))
    found: list[Mapping[str, Any]] = []
    for selector in selectors:
        try:
            parsed = parse_selector(selector, "clusterRoleSelectors")
        except UserError:
            continue
        for other in roles:
            labels = Labels(text_map(other.manifest.body, "metadata", "labels"))
            same = other.app.destination == role.app.destination and other.manifest.key.kind == _CLUSTER_ROLE
            if same and other is not role and parsed.matches(labels):
                found += mappings(other.manifest.body, "rules")
    return tuple(found)


def _aggregated(name: str, binding: Applied, items: list[Applied]) -> Iterator[Mapping[str, Any]]:
    """Yield the rules that ClusterRoles in Git add to a role of Kubernetes by a label."""
    for item in items if name in _AGGREGATED else ():
        labels = text_map(item.manifest.body, "metadata", "labels")
        is_role = item.manifest.key.kind == _CLUSTER_ROLE and item.app.destination == binding.app.destination
        if is_role and any(labels.get(label) == "true" for label in _AGGREGATED[name]):
            yield from mappings(item.manifest.body, "rules")


def _built_in(kind: str, namespace: str, name: str) -> tuple[Mapping[str, Any], ...] | None:
    """Return the rules of a role that Kubernetes or kubeadm makes; None if they make no such role."""
    if name.startswith(_OWN_PREFIXES) or (kind == "Role" and (namespace, name) in _BUILT_IN_ROLES):
        return ()
    return BUILT_IN.get(name) if kind == _CLUSTER_ROLE else None


def allowed(rule: Mapping[str, Any], field: str) -> set[str]:
    """Return the values of a field of a rule: its verbs, resources or API groups."""
    return set(texts(rule, field))


def _subject(subject: Mapping[str, Any], own_namespace: str) -> str:
    kind, name = text(subject, "kind"), text(subject, "name")
    if kind != "ServiceAccount":
        return f"{kind} {name}"
    return f"{kind} {text(subject, 'namespace') or own_namespace}/{name}"
