"""Custom resources whose operator may make pods that no table of labels has."""

from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.network.model import Policy

_WITHOUT_PODS = frozenset(
    {
        "acme.cert-manager.io",
        "argoproj.io",
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "crd.projectcalico.org",
        "gateway.networking.k8s.io",
        "monitoring.coreos.com",
        "projectcalico.org",
        "traefik.io",
    }
)
"""API groups whose objects make no pods, or whose pods are known otherwise."""


def is_operated(manifest: Manifest) -> bool:
    """Return whether an object is a custom resource whose operator may make pods."""
    group = manifest.key.group
    return "." in group and not group.endswith(".k8s.io") and group not in _WITHOUT_PODS


def may_make_pods(manifest: Manifest, policy: Policy) -> bool:
    """Return whether a custom resource may make pods that a policy selects, judged by names.

    Operators label their pods with the name or the kind of the object, or with keys of their own domain:
    ``cnpg.io/cluster`` for ``postgresql.cnpg.io``.
    """
    key = manifest.key
    if not is_operated(manifest):
        return False
    if policy.manifest.key.namespace not in ("", key.namespace):
        return False
    names = {key.name, key.kind.lower()}
    for requirement in policy.pods.requirements:
        domain = requirement.key.partition("/")[0] if "/" in requirement.key else ""
        if not names.isdisjoint(requirement.values) or (domain and _related(domain, key.group)):
            return True
    return False


def _related(domain: str, group: str) -> bool:
    return f".{group}".endswith(f".{domain}") or f".{domain}".endswith(f".{group}")
