"""When Argo CD applies, prunes and deletes objects: the sync policy of an Application, and the hooks of an object."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from kubeaid_ci.k8s.fields import mapping, texts

CASCADING_FINALIZERS = tuple(
    f"resources-finalizer.argocd.argoproj.io{policy}" for policy in ("", "/foreground", "/background")
)
"""With one of these, Argo CD deletes the objects of an Application with it (`isPropagationPolicyFinalizer`)."""
_HELM_HOOK = "helm.sh/hook"
_ARGOCD_HOOK = "argocd.argoproj.io/hook"
# pkg/release/v1/util/manifest_sorter.go
_KNOWN_TO_HELM = frozenset(
    {f"{when}-{what}" for when in ("pre", "post") for what in ("install", "upgrade", "delete", "rollback")}
    | {"test", "test-success"}
)


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """The policy by which Argo CD syncs and deletes the objects of an Application.

    `options` are its ``spec.syncPolicy.syncOptions``, `own_options` those that its annotation gives for the Application
    as an object. `prunes` is true if the automated sync prunes.
    `application_set` is the ApplicationSet that made the Application, `keeps_applications` its setting that leaves
    the Application in place when its element goes; both are empty otherwise.
    """

    finalizers: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    automated: bool = False
    prunes: bool = False
    application_set: str = ""
    keeps_applications: str = ""
    own_options: tuple[str, ...] = ()

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """Read an Application; what is not of the expected type counts as absent."""
        policy = mapping(body, "spec", "syncPolicy")
        automated = policy.get("automated")
        is_automated = isinstance(automated, Mapping) and automated.get("enabled") is not False
        return cls(
            tuple(texts(body, "metadata", "finalizers")),
            tuple(texts(policy, "syncOptions")),
            is_automated,
            is_automated and mapping(automated).get("prune") is True,
            own_options=object_options(body),
        )

    def option(self, name: str) -> str | None:
        """Return the value of the first sync option of a name, as in ``Prune=false``; None if it is not set."""
        return option_value(self.options, name)

    @property
    def cascades(self) -> bool:
        """True if the objects are deleted with the Application."""
        return any(finalizer in CASCADING_FINALIZERS for finalizer in self.finalizers)


NO_POLICY = SyncPolicy()
"""The policy of an Application without settings: synced and pruned manually, never cascading."""


def application_set_policy(body: Mapping[str, Any], own: SyncPolicy, name: str) -> SyncPolicy:
    """Return the policy of an Application that an ApplicationSet makes; `own` is that of its template.

    The controller adds the cascading finalizer to a template without finalizers, unless the set preserves resources
    (`RenderTemplateParams` in Argo CD's applicationset/utils).
    """
    policy = mapping(body, "spec", "syncPolicy")
    finalizers = own.finalizers
    if not finalizers and policy.get("preserveResourcesOnDeletion") is not True:
        finalizers = CASCADING_FINALIZERS[:1]
    applications = policy.get("applicationsSync")
    keeps = f"applicationsSync: {applications}" if applications in ("create-only", "create-update") else ""
    return replace(own, finalizers=finalizers, application_set=name, keeps_applications=keeps)


def object_options(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sync options that the annotation of an object gives Argo CD for it."""
    found = mapping(body, "metadata", "annotations").get("argocd.argoproj.io/sync-options")
    return tuple(part.strip() for part in found.split(",")) if isinstance(found, str) else ()


def option_value(options: tuple[str, ...], name: str) -> str | None:
    """Return the value of the first option of a name; None if it is not set."""
    return next((option.partition("=")[2] for option in options if option.startswith(f"{name}=")), None)


def hooks(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the phases that an object's annotations name, as written: ``pre-install``, ``PostSync``, ``test``.

    Argo CD's own annotation wins over Helm's.
    """
    annotations = mapping(body, "metadata", "annotations")
    named = annotations.get(_ARGOCD_HOOK) or annotations.get(_HELM_HOOK)
    return tuple(part.strip() for part in named.split(",") if part.strip()) if isinstance(named, str) else ()


def is_test(body: Mapping[str, Any]) -> bool:
    """Return whether an object only belongs to ``helm test``: Argo CD never applies it."""
    named = hooks(body)
    return bool(named) and all(name in ("test", "test-success", "test-failure") for name in named)


def is_skipped_by_helm(body: Mapping[str, Any]) -> bool:
    """Return whether Helm leaves an object out of what it prints: one with a hook that Helm does not know."""
    named = mapping(body, "metadata", "annotations").get(_HELM_HOOK)
    return isinstance(named, str) and any(part.strip().lower() not in _KNOWN_TO_HELM for part in named.split(","))
