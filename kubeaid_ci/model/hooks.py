"""When ArgoCD applies an object: with the others, in a phase of its own, or never."""

from collections.abc import Mapping
from typing import Any

_HELM = "helm.sh/hook"
_ARGOCD = "argocd.argoproj.io/hook"


def hooks(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The phases that an object's annotations name, as written: ``pre-install``, ``PostSync``, ``test``.

    ArgoCD's own annotation wins over Helm's.
    """
    metadata = body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(annotations, Mapping):
        return ()
    named = annotations.get(_ARGOCD) or annotations.get(_HELM)
    return tuple(part.strip() for part in named.split(",") if part.strip()) if isinstance(named, str) else ()


def is_test(body: Mapping[str, Any]) -> bool:
    """Whether an object only belongs to ``helm test``: ArgoCD never applies it."""
    named = hooks(body)
    return bool(named) and all(name in ("test", "test-success", "test-failure") for name in named)
