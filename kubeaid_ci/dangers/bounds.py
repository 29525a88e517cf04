"""Weakened protections: disruption budgets, autoscalers, quotas, probes and update strategies."""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, at, both, is_kind, listed, mapping, mappings, text

_NONE, _ALL = (0, "0", "0%"), ("100%",)


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about disruption budgets, autoscalers, quotas, and how pods are replaced."""
    if difference.after is None:
        return
    old, new = both(difference, "spec")
    is_new = difference.before is None
    if is_kind(difference, "policy", "PodDisruptionBudget"):
        yield from _budget(old, new, is_new=is_new)
    elif is_kind(difference, "autoscaling", "HorizontalPodAutoscaler"):
        yield from _scaler(old, new)
    elif is_kind(difference, "", "LimitRange", "ResourceQuota") and not is_new:
        yield from _quota(old, new)
    elif is_kind(difference, "apps", "Deployment", "DaemonSet", "StatefulSet") and not is_new:
        yield from _replacement(old, new)


def _budget(old: Mapping[str, Any], new: Mapping[str, Any], *, is_new: bool) -> Iterator[Draft]:
    if _blocks(new) and not _blocks(old):
        yield Draft(rules.DRAIN_BLOCKED, "none of its pods may be evicted: nodes that they run on cannot be drained")
    if not is_new and _allows_all(new) and not _allows_all(old):
        yield Draft(rules.PROTECTION_REMOVED, "it holds nothing back: nodes may be drained of all its pods at once")


def _blocks(budget: Mapping[str, Any]) -> bool:
    return _one_of(budget.get("maxUnavailable"), _NONE) or _one_of(budget.get("minAvailable"), _ALL)


def _allows_all(budget: Mapping[str, Any]) -> bool:
    least, most = budget.get("minAvailable"), budget.get("maxUnavailable")
    return (least is None and most is None) or _one_of(least, _NONE) or _one_of(most, _ALL)


def _one_of(value: Any, wanted: tuple[Any, ...]) -> bool:
    return value in wanted and not isinstance(value, bool) if isinstance(value, int | str) else False


def _scaler(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Draft]:
    if _impossible(new) and not _impossible(old):
        message = (
            f"minReplicas {new['minReplicas']} is above maxReplicas {new['maxReplicas']}: the API server refuses it"
        )
        yield Draft(rules.PROTECTION_REMOVED, message)


def _impossible(scaler: Mapping[str, Any]) -> bool:
    least, most = scaler.get("minReplicas"), scaler.get("maxReplicas")
    return isinstance(least, int) and isinstance(most, int) and least > most


def _quota(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Draft]:
    gone = [str(name) for name in mapping(old, "hard") if name not in mapping(new, "hard")]
    kinds = {text(limit, "type") for limit in mappings(new, "limits")}
    gone += [text(limit, "type") for limit in mappings(old, "limits") if text(limit, "type") not in kinds]
    if gone:
        yield Draft(rules.PROTECTION_REMOVED, f"it no longer bounds {listed(gone)}")


def _replacement(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Draft]:
    """Yield a draft if all pods stop before others start."""
    if _stops_all(new) and not _stops_all(old):
        yield Draft(rules.PROTECTION_REMOVED, "with each change all its pods stop before the new ones run")


def _stops_all(spec: Mapping[str, Any]) -> bool:
    strategies = [mapping(spec, field) for field in ("strategy", "updateStrategy")]
    return any(
        strategy.get("type") == "Recreate" or at(strategy, "rollingUpdate", "maxUnavailable") == "100%"
        for strategy in strategies
    )
