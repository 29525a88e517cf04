"""The kinds that a cluster serves besides Kubernetes' own: its CustomResourceDefinitions, and what makes others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.k8s.fields import mapping, mappings, text

_PROVIDERS = "operator.cluster.x-k8s.io"
_GROUPS_OF_ARGOCD = "argoproj.io"
_KINDS_OF_ARGOCD = frozenset({"Application", "ApplicationSet", "AppProject"})
_MADE_AT_RUN_TIME: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (_PROVIDERS, "", ("cluster.x-k8s.io",)),
    ("operator.tigera.io", "Installation", ("projectcalico.org",)),
    ("pkg.crossplane.io", "", ("crossplane.io", "upbound.io")),
    ("operator.knative.dev", "", ("knative.dev",)),
    ("kubevirt.io", "KubeVirt", ("kubevirt.io",)),
)
"""Group and kind (empty: any) of objects whose controller installs the CRDs of these domains, but not its own."""

_OPERATORS: Mapping[str, tuple[str, ...]] = {
    "cilium/operator": ("cilium.io", "isovalent.com"),
    "crossplane/crossplane": ("pkg.crossplane.io", "apiextensions.crossplane.io", "protection.crossplane.io"),
    "tigera/operator": ("operator.tigera.io", "crd.projectcalico.org", "projectcalico.org"),
}
"""Groups of the CRDs that an operator installs when it starts, by a part of its image; its chart may have none."""

_MAKERS = frozenset(group for group, _, _ in _MADE_AT_RUN_TIME)


@dataclass(frozen=True, slots=True)
class Definition:
    """A CustomResourceDefinition of the cluster. `versions` has the entries of `spec.versions` by name."""

    origin: Applied
    versions: Mapping[str, Mapping[str, Any]]
    keeps_unknown_fields: bool

    def served(self) -> list[str]:
        """Return the names of the versions that are served."""
        return [name for name, version in self.versions.items() if version.get("served") is not False]


@dataclass(frozen=True, slots=True)
class Definitions:
    """The definitions of one destination of Argo CD, by group and kind.

    `other_kinds` are kinds that a controller defines at run time, `groups` and `domains` those whose kinds are not
    known one by one: of an aggregated API, or of CRDs that a controller installs.
    """

    by_kind: dict[tuple[str, str], list[Definition]] = field(default_factory=dict)
    other_kinds: set[tuple[str, str]] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)

    def add(self, item: Applied) -> None:
        """Add what an object defines."""
        group, kind, body = item.manifest.key.group, item.manifest.key.kind, item.manifest.body
        if kind == "CustomResourceDefinition":
            self._add_definition(item)
        elif (group, kind) == ("apiregistration.k8s.io", "APIService") and mapping(body, "spec", "service"):
            self.groups.add(text(body, "spec", "group"))
        elif (group, kind) == ("templates.gatekeeper.sh", "ConstraintTemplate"):
            self.other_kinds.add(("constraints.gatekeeper.sh", text(body, "spec", "crd", "spec", "names", "kind")))
        elif kind == "CompositeResourceDefinition":
            names = (text(body, "spec", field, "kind") for field in ("names", "claimNames"))
            self.other_kinds.update((text(body, "spec", "group"), name) for name in names if name)
        elif kind == "Deployment":
            self._add_operator(body)
        self.domains.update(
            domain
            for maker, made_by, domains in _MADE_AT_RUN_TIME
            for domain in domains
            if group == maker and made_by in ("", kind)
        )

    def versions(self, group: str, kind: str) -> dict[str, tuple[Definition, Mapping[str, Any]]]:
        """Return the served versions of a kind by name."""
        found = self.by_kind.get((group, kind), ())
        return {name: (definition, definition.versions[name]) for definition in found for name in definition.served()}

    def may_be_served(self, group: str, kind: str) -> bool:
        """Return whether something else than a CRD of Git serves a kind."""
        return (
            (group, kind) in self.other_kinds
            or group in self.groups
            or (group == _GROUPS_OF_ARGOCD and kind in _KINDS_OF_ARGOCD)
            or (group not in _MAKERS and any(f".{group}".endswith(f".{domain}") for domain in self.domains))
        )

    def _add_operator(self, body: Mapping[str, Any]) -> None:
        """Add the groups of an operator that installs its CRDs when it starts."""
        for container in mappings(body, "spec", "template", "spec", "containers"):
            for image, groups in _OPERATORS.items():
                if image in text(container, "image"):
                    self.groups.update(groups)

    def _add_definition(self, item: Applied) -> None:
        spec = mapping(item.manifest.body, "spec")
        versions = {text(version, "name"): version for version in mappings(spec, "versions")}
        definition = Definition(item, versions, spec.get("preserveUnknownFields") is True)
        self.by_kind.setdefault((text(spec, "group"), text(spec, "names", "kind")), []).append(definition)


def definitions(items: Iterable[Applied]) -> dict[str, Definitions]:
    """Return what the objects define, by destination (empty: the cluster that Argo CD runs in)."""
    found: dict[str, Definitions] = {"": Definitions()}
    for item in items:
        found.setdefault(item.app.destination, Definitions()).add(item)
    return found
