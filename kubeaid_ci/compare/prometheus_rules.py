"""Compares the alerts and recording rules of two sets of manifests."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.manifests import AlertChange
from kubeaid_ci.compare.matching import NOTHING, Pair, pair
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest, ObjectId


def alerts(old: Iterable[Manifest], new: Iterable[Manifest]) -> tuple[AlertChange, ...]:
    """Return alerts and recording rules that appeared, vanished or have another expression.

    Rules are sought in PrometheusRules, within their group; sorted by file, group and name.
    """
    were, are = _rule_objects(old), _rule_objects(new)
    changes = [
        _change(rule, group, (are.get(key) or were[key]).path)
        for key in {**were, **are}
        for group, rule in _rule_pairs(were.get(key), are.get(key))
        if _expr(rule.old) != _expr(rule.new)
    ]
    return tuple(sorted(changes, key=lambda change: (change.file, change.group, change.name)))


def _rule_objects(manifests: Iterable[Manifest]) -> dict[ObjectId, Manifest]:
    return {manifest.key: manifest for manifest in manifests if manifest.key.kind == "PrometheusRule"}


def _rule_pairs(old: Manifest | None, new: Manifest | None) -> Iterator[tuple[str, Pair]]:
    if old is not None and new is not None and old.body == new.body:
        return
    for group in pair(_groups(old), _groups(new)):
        for rule in pair(_rules(group.old), _rules(group.new)):
            yield group.label, rule


def _groups(manifest: Manifest | None) -> list[Any]:
    spec = manifest.body.get("spec") if manifest else None
    return _list_in(spec, "groups")


def _rules(group: Any) -> list[Any]:
    return _list_in(group, "rules")


def _list_in(value: Any, field: str) -> list[Any]:
    found = value.get(field) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def _expr(rule: Any) -> str | None:
    """Return the expression as text: it may be written as a number (`expr: 0`). None if there is no rule."""
    return str(rule.get("expr", "")) if isinstance(rule, Mapping) else None


def _change(rule: Pair, group: str, path: str) -> AlertChange:
    action = Action.ADDED if rule.old is NOTHING else Action.REMOVED if rule.new is NOTHING else Action.MODIFIED
    return AlertChange(rule.label, group, path, action, _expr(rule.old), _expr(rule.new))
