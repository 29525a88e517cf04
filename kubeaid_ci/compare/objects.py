"""What differs between two renderings of a cluster, object by object and by meaning."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubeaid_ci.compare.api_forms import in_one_form
from kubeaid_ci.compare.deltas import deltas
from kubeaid_ci.compare.ignores import Ignore, ignored, standing
from kubeaid_ci.compare.matching import same
from kubeaid_ci.compare.noise import API_SPELLING, classified
from kubeaid_ci.compare.secrets import masked
from kubeaid_ci.model.difference import Delta, Difference, Step
from kubeaid_ci.model.manifest import Key, Manifest

_MOVED_GROUPS: Mapping[tuple[str, str], str] = {
    ("extensions", "DaemonSet"): "apps",
    ("extensions", "Deployment"): "apps",
    ("extensions", "Ingress"): "networking.k8s.io",
    ("extensions", "NetworkPolicy"): "networking.k8s.io",
    ("extensions", "PodSecurityPolicy"): "policy",
    ("extensions", "ReplicaSet"): "apps",
}
"""Kinds that Kubernetes moved to another group: still the same objects."""

_Sides = tuple[Manifest | None, Manifest | None]


Known = dict[tuple[int, int, Key, Key, tuple[Ignore, ...]], tuple[Delta, ...]]
"""What was told of two states before, by the ids of their bodies, which the caller keeps."""


def differences(
    before: Iterable[Manifest], after: Iterable[Manifest], *, known: Known | None = None
) -> tuple[Difference, ...]:
    """The objects of one cluster that are added, removed, modified or moved to another Application.

    An object is the same one where its `Key` is, whichever Application and file hold it. Where one
    Application has it twice, the last counts, as for ArgoCD. Fields that only noise rules explain
    carry their rule; an object that has no others is in the result all the same (`Difference.counts`).
    Clusters whose manifests share bodies may share what is `known`.
    """
    known = {} if known is None else known
    old, new = _by_key(before), _by_key(after)
    ignores = standing(_all(old), _all(new))
    found = [
        difference
        for key in {**old, **new}
        for sides in _paired(old.get(key, {}), new.get(key, {}))
        if (difference := _difference(*sides, ignores, known)) is not None
    ]
    return tuple(sorted(_renamed(found), key=_order))


def twice(manifests: Iterable[Manifest]) -> list[Manifest]:
    """The objects that one Application holds again, with other content: those that do not count."""
    last: dict[tuple[Key, str], Manifest] = {}
    found = []
    for manifest in manifests:
        place = (_identity(manifest), manifest.app)
        if place in last and not same(last[place].body, manifest.body):
            found.append(last[place])
        last[place] = manifest
    return found


def _identity(manifest: Manifest) -> Key:
    key = manifest.key
    group = _MOVED_GROUPS.get((key.group, key.kind), key.group)
    return key if group == key.group else Key(group, key.kind, key.namespace, key.name)


def _by_key(manifests: Iterable[Manifest]) -> dict[Key, dict[str, Manifest]]:
    found: dict[Key, dict[str, Manifest]] = defaultdict(dict)
    for manifest in manifests:
        found[_identity(manifest)][manifest.app] = manifest
    return dict(found)


def _all(held: Mapping[Key, Mapping[str, Manifest]]) -> Iterator[Manifest]:
    return (manifest for by_app in held.values() for manifest in by_app.values())


def _paired(old: Mapping[str, Manifest], new: Mapping[str, Manifest]) -> Iterator[_Sides]:
    """One object's states by Application; it goes, or comes, only where no Application had or has it."""
    for app in {**old, **new}:
        was, now = old.get(app), new.get(app)
        if was is None and old:
            if set(old) - set(new):  # told below, as a move
                continue
            was = next(iter(old.values()))
        elif now is None and new:
            moved_to = [name for name in new if name not in old] or list(new)
            now = new[moved_to[0]]
        yield was, now


def _difference(
    was: Manifest | None, now: Manifest | None, ignores: Mapping[str, tuple[Ignore, ...]], known: Known
) -> Difference | None:
    if was is None or now is None:
        return Difference(was, now)
    if was.app == now.app and (was.body is now.body or same(was.body, now.body)):
        return None
    wanted = tuple(ignore for ignore in ignores.get(now.app, ()) if ignore.covers(now.key))
    pair = (id(was.body), id(now.body), was.key, now.key, wanted)
    if (told := known.get(pair)) is None:
        told = known[pair] = _compared(was, now, wanted)
    return Difference(was, now, told) if told or was.app != now.app else None


def _compared(was: Manifest, now: Manifest, wanted: Sequence[Ignore]) -> tuple[Delta, ...]:
    """The fields that differ, those that are but written otherwise as noise."""
    told = _told(was, now, was.body, now.body, wanted)
    return _without_spelling(was, now, told, wanted) if any(not delta.noise for delta in told) else told


def _told(
    was: Manifest, now: Manifest, before: Mapping[str, Any], after: Mapping[str, Any], wanted: Sequence[Ignore]
) -> tuple[Delta, ...]:
    """The fields that differ in two states, each with what is noise about it."""
    old, new = masked(before, was.key), masked(after, now.key)
    found = list(deltas(old, new, group=_identity(now).group))
    return classified(found, now.key.kind, ignored(found, old, new, wanted))


def _without_spelling(
    was: Manifest, now: Manifest, told: tuple[Delta, ...], wanted: Sequence[Ignore]
) -> tuple[Delta, ...]:
    """The fields that differ as the API server has them; those that differ only in how it is written are noise."""
    before, after = in_one_form(was.body, now.body, _identity(now))
    if before is was.body and after is now.body:
        return told
    written = {delta.steps: delta for delta in told}
    found = [written.get(delta.steps, delta) for delta in _told(was, now, before, after, wanted)]
    places = {delta.steps for delta in found}
    above = {place[:length] for place in places for length in range(len(place))}
    rest = [delta for delta in told if delta.steps not in above and not _within(delta.steps, places)]
    return (*found, *(delta if delta.noise else replace(delta, noise=API_SPELLING) for delta in rest))


def _within(steps: tuple[Step, ...], places: Collection[tuple[Step, ...]]) -> bool:
    """Whether a place is one of others, or below one."""
    return any(steps[:length] in places for length in range(len(steps) + 1))


def _renamed(found: list[Difference]) -> Iterator[Difference]:
    """The differences; what is added tells which removed object it takes the place of, where it is one alone."""
    gone = [difference.before for difference in found if difference.after is None and difference.before]
    come = [difference.after for difference in found if difference.before is None and difference.after]
    origin: dict[int, Manifest] = {}
    for alike in (_elsewhere, _content):
        were, are = _by(gone, alike), _by(come, alike)
        origin |= {id(now[0]): were[what][0] for what, now in are.items() if len(now) == len(were.get(what, ())) == 1}
    for difference in found:
        before = origin.get(id(difference.after))
        yield Difference(None, difference.after, (), before) if before else difference


def _by(manifests: Iterable[Manifest], alike: Callable[[Manifest], str]) -> dict[str, list[Manifest]]:
    found: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        if what := alike(manifest):
            found[what].append(manifest)
    return found


def _elsewhere(manifest: Manifest) -> str:
    """What is the same for one object in two namespaces."""
    key = manifest.key
    return f"{key.group}/{key.kind}/{key.name}" if key.namespace else ""


def _content(manifest: Manifest) -> str:
    """All but the metadata, with the object's own name and namespace left open; empty where there is nothing else."""
    body: dict[str, Any] = {
        name: value for name, value in manifest.body.items() if name not in ("apiVersion", "kind", "metadata")
    }
    if not body:
        return ""
    text = json.dumps(body, sort_keys=True, default=str)
    if manifest.key.namespace:
        text = text.replace(json.dumps(manifest.key.namespace), chr(1))
    return f"{manifest.key.group}/{manifest.key.kind} {text.replace(manifest.key.name, chr(0))}"


def _order(difference: Difference) -> tuple[str, str, str, str, str]:
    manifest = difference.manifest
    key = manifest.key
    return (manifest.app, key.kind, key.namespace, key.name, key.group)
