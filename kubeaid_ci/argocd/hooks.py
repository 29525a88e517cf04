"""When Argo CD applies an object: with the others, in a phase of its own, or never."""

from collections.abc import Mapping
from typing import Any

_HELM = "helm.sh/hook"
_ARGOCD = "argocd.argoproj.io/hook"
# pkg/release/v1/util/manifest_sorter.go
_KNOWN_TO_HELM = frozenset(
    {f"{when}-{what}" for when in ("pre", "post") for what in ("install", "upgrade", "delete", "rollback")}
    | {"test", "test-success"}
)


def hooks(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The phases that an object's annotations name, as written: ``pre-install``, ``PostSync``, ``test``.

    Argo CD's own annotation wins over Helm's.
    """
    annotations = _annotations(body)
    named = annotations.get(_ARGOCD) or annotations.get(_HELM)
    return tuple(part.strip() for part in named.split(",") if part.strip()) if isinstance(named, str) else ()


def is_test(body: Mapping[str, Any]) -> bool:
    """Return whether an object only belongs to ``helm test``: Argo CD never applies it."""
    named = hooks(body)
    return bool(named) and all(name in ("test", "test-success", "test-failure") for name in named)


def is_skipped_by_helm(body: Mapping[str, Any]) -> bool:
    """Return whether Helm leaves an object out of what it prints: one with a hook that Helm does not know."""
    named = _annotations(body).get(_HELM)
    return isinstance(named, str) and any(part.strip().lower() not in _KNOWN_TO_HELM for part in named.split(","))


def _annotations(body: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations if isinstance(annotations, Mapping) else {}
