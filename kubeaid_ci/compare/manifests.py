"""Compares two sets of manifests by object, and two objects by the paths of their fields."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.compare.matching import NOTHING, pair, same
from kubeaid_ci.documents import plainjson
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest, ObjectId, objects

__all__ = ["FIELDS_SHOWN", "compare", "objects"]

FIELDS_SHOWN = 50
"""Maximum number of fields of one object that a change names before it counts the rest."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")

_Identity = tuple[ObjectId, str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """One object that was added, removed or modified.

    `fields` are paths into the object, such as ``spec.template.spec.containers[grafana].image``,
    an alert ``spec.groups[general.rules].rules[Watchdog].expr`` or a dashboard ``data[etcd.json]``.
    """

    kind: str
    namespace: str
    name: str
    file: str
    action: Action
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert or recording rule that appeared, vanished or has another expression.

    `name` is the alert's or record's name; where a group has several of it, the labels that
    distinguish them follow: ``VolumeFull{severity=critical}``. A missing expression is None.
    """

    name: str
    group: str
    file: str
    action: Action
    expr_before: str | None
    expr_after: str | None


def compare(old: Iterable[Manifest], new: Iterable[Manifest]) -> tuple[Change, ...]:
    """Return the objects that were added, removed or modified, by file, kind, namespace and name.

    An object is the same one where its `ObjectId` is, whichever file holds it. JSON in a ConfigMap (a
    dashboard) is compared as what it means: it is one field, and none where only its spelling differs.
    """
    before, after = list(old), list(new)
    twice = _held_twice(before) | _held_twice(after)
    were, are = _identified(before, twice), _identified(after, twice)
    changes = [
        change for identity in {**were, **are} if (change := _change(were.get(identity), are.get(identity))) is not None
    ]
    return tuple(sorted(changes, key=lambda change: (change.file, change.kind, change.namespace, change.name)))


def _held_twice(manifests: list[Manifest]) -> set[ObjectId]:
    counted = Counter(manifest.key for manifest in manifests)
    return {key for key, count in counted.items() if count > 1}


def _identified(manifests: list[Manifest], twice: set[ObjectId]) -> dict[_Identity, Manifest]:
    """Return manifests by key; if one key exists twice, its file and its place there distinguish the objects."""
    found: dict[_Identity, Manifest] = {}
    counts: Counter[tuple[ObjectId, str]] = Counter()
    for manifest in manifests:
        place = (manifest.key, manifest.path if manifest.key in twice else "")
        found[(*place, counts[place])] = manifest
        counts[place] += 1
    return found


def _change(old: Manifest | None, new: Manifest | None) -> Change | None:
    if old is None and new is not None:
        return _of(new, Action.ADDED)
    if old is not None and new is None:
        return _of(old, Action.REMOVED)
    if old is None or new is None or same(old.body, new.body):
        return None
    differing = fields(old.body, _respelled(old, new))
    return _of(new, Action.MODIFIED, _shortened(differing)) if differing else None


def _of(manifest: Manifest, action: Action, differing: tuple[str, ...] = ()) -> Change:
    key = manifest.key
    return Change(key.kind, key.namespace, key.name, manifest.path, action, differing)


def _shortened(differing: list[str]) -> tuple[str, ...]:
    more = len(differing) - FIELDS_SHOWN
    return (*differing[:FIELDS_SHOWN], f"… and {more} more") if more > 0 else tuple(differing)


def _respelled(old: Manifest, new: Manifest) -> Mapping[str, Any]:
    """Return the new body of a ConfigMap, with JSON that means the same as before spelled as before."""
    were, are = old.body.get("data"), new.body.get("data")
    if new.key.kind != "ConfigMap" or not isinstance(were, Mapping) or not isinstance(are, Mapping):
        return new.body
    data = {name: were[name] if name in were and _same_json(were[name], text) else text for name, text in are.items()}
    return {**new.body, "data": data}


def _same_json(old: Any, new: Any) -> bool:
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    try:
        before, after = plainjson.parse(old), plainjson.parse(new)
    except ValueError:  # not JSON, or nested beyond reading: it is compared as text
        return False
    # A bare `1` or `"x"` is JSON as well, but it was meant as text.
    return isinstance(before, dict | list) and same(before, after)


def fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return paths such as ``spec.template.spec.containers[grafana].image``, in the order of the keys.

    What is only on one side is one path, however much is below it. Items of a list are called by
    their name where all have one, else by their place. Keys that are no plain words stand in
    brackets: ``metadata.labels[app.kubernetes.io/name]``.
    """
    return list(_in_mapping(old, new, ""))


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_mapping(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_list(old, new, path)
    else:
        yield path


def _in_mapping(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in sorted({*old, *new}, key=str):
        before, after = old.get(key, NOTHING), new.get(key, NOTHING)
        if not same(before, after):
            yield from _differing(before, after, _below(path, str(key)))


def _in_list(old: list[Any], new: list[Any], path: str) -> Iterator[str]:
    differing = [item for item in pair(old, new) if not same(item.old, item.new)]
    for item in differing:
        yield from _differing(item.old, item.new, f"{path}[{item.label}]")
    if not differing:  # each item has its like on the other side: their order is what differs
        yield path


def _below(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
