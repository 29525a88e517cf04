"""Compares two renderings of a cluster, object by object and by meaning."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count, zip_longest
from typing import Any

from kubeaid_ci.compare.api_forms import in_one_form
from kubeaid_ci.compare.deltas import deltas
from kubeaid_ci.compare.difference import Delta, Difference, Step
from kubeaid_ci.compare.ignores import Ignore, ignored
from kubeaid_ci.compare.matching import same
from kubeaid_ci.compare.noise import API_SPELLING, classified
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.redaction.manifests import masked

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


@dataclass(slots=True)
class Known:
    """Cached results for objects that many clusters share, by the ids of their bodies, which must outlive it."""

    deltas: dict[tuple[int, int, ObjectId, ObjectId, tuple[Ignore, ...]], tuple[Delta, ...]] = field(
        default_factory=dict
    )
    secrets: dict[int, frozenset[str]] = field(default_factory=dict)
    contents: dict[tuple[int, int, ObjectId, frozenset[tuple[Step, ...]]], str] = field(default_factory=dict)


def differences(
    before: Iterable[Manifest],
    after: Iterable[Manifest],
    *,
    ignores: Mapping[str, tuple[Ignore, ...]] | None = None,
    known: Known | None = None,
) -> tuple[Difference, ...]:
    """Return the objects of one cluster that are added, removed, modified or moved to another Application.

    An object is the same one if its `ObjectId` is, whichever Application and file hold it. If one Application has it
    twice, the last counts, as for Argo CD. Fields that only noise rules explain carry their rule; an object that has
    no others is in the result anyway (`Difference.counts`). `ignores` is what the sync of each Application leaves
    as it is. Clusters whose manifests share bodies may share
    `known`.
    """
    known = known or Known()
    before = list(before)
    old, new = _by_id(before), _by_id(_aligned(before, after))
    found = [
        difference
        for key in {**old, **new}
        for sides in _paired(old.get(key, {}), new.get(key, {}))
        if (difference := _difference(*sides, ignores or {}, known)) is not None
    ]
    return tuple(sorted(_renamed(found), key=_order))


def twice(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Return the objects that a later one of the same Application replaces with other content."""
    last: dict[tuple[ObjectId, str], Manifest] = {}
    found = []
    for manifest in manifests:
        place = (_identity(manifest), manifest.app)
        if place in last and not same(last[place].body, manifest.body):
            found.append(last[place])
        last[place] = manifest
    return found


def shared(manifests: Iterable[Manifest]) -> dict[ObjectId, dict[str, Manifest]]:
    """Return the objects that several Applications hold, by identity and Application."""
    return {key: by_app for key, by_app in _by_id(manifests).items() if len(by_app) > 1}


def _identity(manifest: Manifest) -> ObjectId:
    key = manifest.key
    group = _MOVED_GROUPS.get((key.group, key.kind), key.group)
    return key if group == key.group else replace(key, group=group)


def _by_id(manifests: Iterable[Manifest]) -> dict[ObjectId, dict[str, Manifest]]:
    found: dict[ObjectId, dict[str, Manifest]] = defaultdict(dict)
    for manifest in manifests:
        found[_identity(manifest)][manifest.app] = manifest
    return dict(found)


def _aligned(before: Iterable[Manifest], after: Iterable[Manifest]) -> Iterator[Manifest]:
    """Yield the manifests after the change, those without a name at the places that they had before.

    An unchanged one keeps its place although others came or went in front of it.
    """
    old: dict[tuple[str, ObjectId], list[Manifest]] = defaultdict(list)
    for manifest in before:
        if manifest.key.place:
            old[manifest.app, replace(manifest.key, place=1)].append(manifest)
    new: dict[tuple[str, ObjectId], list[Manifest]] = defaultdict(list)
    for manifest in after:
        if manifest.key.place:
            new[manifest.app, replace(manifest.key, place=1)].append(manifest)
        else:
            yield manifest
    for kind, manifests in new.items():
        places = _places([one.body for one in old.get(kind, [])], [one.body for one in manifests])
        for manifest, place in zip(manifests, places, strict=True):
            yield replace(manifest, key=replace(manifest.key, place=place))


def _places(old: Sequence[Any], new: Sequence[Any]) -> list[int]:
    """Return the place of each of the new values among the old ones: that of an equal one, else the first free one."""
    free = list(range(len(old)))
    places: list[int | None] = []
    for value in new:
        place = next((place for place in free if same(old[place], value)), None)
        if place is not None:
            free.remove(place)
        places.append(place)
    rest = chain(free, count(len(old)))
    return [1 + (next(rest) if place is None else place) for place in places]


def _paired(old: Mapping[str, Manifest], new: Mapping[str, Manifest]) -> Iterator[_Sides]:
    """Yield the states of one object by Application; it is added or removed only if no Application had or has it."""
    yield from ((was, new[app]) for app, was in old.items() if app in new)
    left = [was for app, was in old.items() if app not in new]
    arrived = [now for app, now in new.items() if app not in old]
    for was, now in zip_longest(left, arrived):
        yield was or next(iter(old.values()), None), now or next(iter(new.values()), None)


def _difference(
    was: Manifest | None, now: Manifest | None, ignores: Mapping[str, tuple[Ignore, ...]], known: Known
) -> Difference | None:
    if was is None or now is None:
        return Difference(was, now)
    if was.app == now.app and (was.body is now.body or same(was.body, now.body)):
        return None
    wanted = tuple(ignore for ignore in ignores.get(now.app, ()) if ignore.covers(now.key))
    pair = (id(was.body), id(now.body), was.key, now.key, wanted)
    if (found := known.deltas.get(pair)) is None:
        found = known.deltas[pair] = _compared(was, now, wanted)
    return Difference(was, now, found) if found or was.app != now.app else None


def _compared(was: Manifest, now: Manifest, wanted: Sequence[Ignore]) -> tuple[Delta, ...]:
    """Return the fields that differ; if only the spelling of one differs, it is noise."""
    found = _classified(was, now, was.body, now.body, wanted)
    return _without_spelling(was, now, found, wanted) if any(not delta.noise for delta in found) else found


def _classified(
    was: Manifest, now: Manifest, before: Mapping[str, Any], after: Mapping[str, Any], wanted: Sequence[Ignore]
) -> tuple[Delta, ...]:
    """Return the fields that differ in two states, each with its noise rule."""
    old, new = masked(before, was.key), masked(after, now.key)
    found = list(deltas(old, new, group=_identity(now).group))
    return classified(found, now.key.kind, ignored(found, old, new, wanted))


def _without_spelling(
    was: Manifest, now: Manifest, every: tuple[Delta, ...], wanted: Sequence[Ignore]
) -> tuple[Delta, ...]:
    """Return the fields that differ as the API server has them; those that differ only in spelling are noise."""
    before, after = in_one_form(was.body, now.body, _identity(now))
    if before is was.body and after is now.body:
        return every
    written = {delta.steps: delta for delta in every}
    found = [written.get(delta.steps, delta) for delta in _classified(was, now, before, after, wanted)]
    places = {delta.steps for delta in found}
    above = {place[:length] for place in places for length in range(len(place))}
    rest = [delta for delta in every if delta.steps not in above and not _within(delta.steps, places)]
    return (*found, *(delta if delta.noise else replace(delta, noise=API_SPELLING) for delta in rest))


def _within(steps: tuple[Step, ...], places: Collection[tuple[Step, ...]]) -> bool:
    """Return whether a place is one of others, or below one."""
    return any(steps[:length] in places for length in range(len(steps) + 1))


def _renamed(found: list[Difference]) -> Iterator[Difference]:
    """Yield the differences; an added object names the removed one that it replaces, if there is only one candidate.

    It is looked for in its own Application first, then among those of the whole cluster.
    """
    origins: dict[int, Manifest] = {}
    taken: set[int] = set()
    for alike in (_elsewhere, _content):
        for of_app in (True, False):
            gone = [one.before for one in found if one.after is None and one.before and id(one.before) not in taken]
            come = [one.after for one in found if one.before is None and one.after and id(one.after) not in origins]
            were, are = _by(gone, alike, of_app=of_app), _by(come, alike, of_app=of_app)
            for what, now in are.items():
                if len(now) == len(were.get(what, ())) == 1:
                    origins[id(now[0])] = were[what][0]
                    taken.add(id(were[what][0]))
    for difference in found:
        before = origins.get(id(difference.after))
        yield Difference(None, difference.after, (), before) if before else difference


def _by(
    manifests: Iterable[Manifest], alike: Callable[[Manifest], str], *, of_app: bool
) -> dict[tuple[str, str, str], list[Manifest]]:
    """Return the manifests by destination cluster, what they are alike in and, if `of_app`, Application."""
    found: dict[tuple[str, str, str], list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        if what := alike(manifest):
            found[manifest.key.destination, manifest.app if of_app else "", what].append(manifest)
    return found


def _elsewhere(manifest: Manifest) -> str:
    """Return what is the same for an object in two namespaces; empty for one without a namespace."""
    key = manifest.key
    return f"{key.group}/{key.kind}/{key.full_name}" if key.namespace else ""


def _content(manifest: Manifest) -> str:
    """Return all but the metadata, with a placeholder for the object's name and namespace; empty if nothing is left."""
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
