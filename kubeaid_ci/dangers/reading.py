"""Reads manifests that may hold anything anywhere: what is not of the expected type counts as absent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.argocd.sync import object_options
from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.findings.finding import Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, mappings, text, texts
from kubeaid_ci.k8s.manifest import Manifest

__all__ = [
    "Draft",
    "annotations",
    "at",
    "body",
    "both",
    "hook",
    "is_kind",
    "listed",
    "mapping",
    "mappings",
    "named",
    "sync_options",
    "text",
    "texts",
]

_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of a finding about an object; `severity` if it differs from the rule's."""

    rule: Rule
    message: str
    severity: Severity | None = None


def named(items: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the mappings of a list by their `name`."""
    return {text(item, "name"): item for item in items}


def body(manifest: Manifest | None) -> Mapping[str, Any]:
    """Return the body of an object; empty if there is no object."""
    return {} if manifest is None else manifest.body


def both(difference: Difference, *keys: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the mappings that a path leads to before and after."""
    return mapping(body(difference.before), *keys), mapping(body(difference.after), *keys)


def is_kind(difference: Difference, group: str, *kinds: str) -> bool:
    """Return whether the object has one of the kinds of an API group."""
    key = difference.manifest.key
    return key.group == group and key.kind in kinds


def listed(names: Iterator[str] | list[str]) -> str:
    """Names for a message: sorted, the first few of them, and how many more there are."""
    found = sorted(set(names))
    more = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def annotations(manifest: Manifest | None) -> Mapping[str, Any]:
    """Return the annotations of an object."""
    return mapping(body(manifest), "metadata", "annotations")


def sync_options(manifest: Manifest | None) -> frozenset[str]:
    """Return the options that an object's annotation gives Argo CD for it."""
    return frozenset(object_options(body(manifest)))


def hook(manifest: Manifest | None) -> str:
    """Return the phases in which Argo CD runs the object as a hook; an empty text if it does not."""
    argo, helm = (annotations(manifest).get(name) for name in ("argocd.argoproj.io/hook", "helm.sh/hook"))
    if isinstance(argo, str):
        return "" if argo.strip() == "Skip" else argo.strip()
    phases = [part.strip() for part in helm.split(",")] if isinstance(helm, str) else []
    # Argo CD knows the phases of install, upgrade and delete; a CRD hook is applied as any object.
    return ", ".join(part for part in phases if part.startswith(("pre-", "post-")) and "rollback" not in part)
