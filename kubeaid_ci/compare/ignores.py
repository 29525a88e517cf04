"""Fields that the sync of an Application leaves unchanged: its ``ignoreDifferences``, if it respects them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kubeaid_ci.compare.deltas import deltas
from kubeaid_ci.compare.difference import Delta
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.render.rendering import RenderedApp

_EVERY: None = None
_Place = tuple[str | int | None, ...]
"""Keys, places in a list, and `_EVERY` for all items."""

_JQ_STEP = re.compile(r"""\.?(?:([A-Za-z_]\w*)|"([^"\\]+)"|\["([^"\\]+)"\]|\[(\d*)\])\??""")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One entry of ``ignoreDifferences``: of which objects, and which places in them."""

    group: str
    kind: str
    namespace: str
    name: str
    places: tuple[_Place, ...]

    def covers(self, key: ObjectId) -> bool:
        """Return whether the entry names an object; group and kind are globs, a name that is not given is any."""
        kinds = fnmatchcase(key.group, self.group) and fnmatchcase(key.kind, self.kind)
        return kinds and self.name in ("", key.name) and self.namespace in ("", key.namespace)


def standing(before: Mapping[str, RenderedApp], after: Mapping[str, RenderedApp]) -> Mapping[str, tuple[Ignore, ...]]:
    """Return what the sync of each Application leaves as it is, by name, if that holds on both sides.

    A change cannot bring its own cover. Without the sync option ``RespectIgnoreDifferences=true``, Argo CD uses
    ``ignoreDifferences`` only to decide whether an Application is in sync: the next sync applies the fields.
    """
    found = {}
    for name, app in after.items():
        old = _respected(before[name]) if name in before else ()
        if both := tuple(ignore for ignore in _respected(app) if ignore in old):
            found[name] = both
    return found


def ignored(
    found: Sequence[Delta], old: Mapping[str, Any], new: Mapping[str, Any], wanted: Sequence[Ignore]
) -> frozenset[int]:
    """Return which of the deltas, by their place, are gone once the ignored places are; never an image."""
    places = [place for ignore in wanted for place in ignore.places]
    if not places:
        return frozenset()
    left = {delta.steps for delta in deltas(_without(old, places), _without(new, places), group=ObjectId.of(new).group)}
    return frozenset(n for n, delta in enumerate(found) if delta.steps not in left and not _holds_image(delta))


def _respected(app: RenderedApp) -> tuple[Ignore, ...]:
    """Return the entries that can be understood here; others ignore nothing."""
    if app.sync.option("RespectIgnoreDifferences") != "true":
        return ()
    return tuple(_entry(item) for item in app.ignore_differences)


def _entry(item: Mapping[str, Any]) -> Ignore:
    group, kind, namespace, name = (str(item.get(field) or "") for field in ("group", "kind", "namespace", "name"))
    pointers = (_pointer(text) for text in _texts(item.get("jsonPointers")))
    queries = (_query(text) for text in _texts(item.get("jqPathExpressions")))
    return Ignore(group, kind, namespace, name, tuple(place for place in (*pointers, *queries) if place))


def _texts(value: Any) -> Iterator[str]:
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else iter(())


def _pointer(text: str) -> _Place:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]
    return tuple(int(part) if part.isdecimal() and len(part) < 6 else part for part in parts)


def _query(text: str) -> _Place:
    """Return a path such as ``.webhooks[]?.clientConfig.caBundle``; empty for any other jq program."""
    place: list[str | int | None] = []
    text, at = text.strip(), 0
    while at < len(text):
        step = _JQ_STEP.match(text, at)
        if step is None or not text.startswith("."):
            return ()
        name = step[1] or step[2] or step[3]
        place.append(name or (int(step[4][:6]) if step[4] else _EVERY))
        at = step.end()
    return tuple(place)


def _without(value: Any, places: Sequence[_Place]) -> Any:
    for place in places:
        value = _cut(value, place)
    return value


def _cut(value: Any, place: _Place) -> Any:
    step, *rest = place
    if isinstance(value, dict) and str(step) in value and step is not _EVERY:
        if not rest:
            return {name: item for name, item in value.items() if name != str(step)}
        return {name: _cut(item, tuple(rest)) if name == str(step) else item for name, item in value.items()}
    if isinstance(value, list) and not isinstance(step, str):
        chosen = range(len(value)) if step is _EVERY else (step,)
        if not rest:
            return [item for n, item in enumerate(value) if n not in chosen]
        return [_cut(item, tuple(rest)) if n in chosen else item for n, item in enumerate(value)]
    return value


def _holds_image(delta: Delta) -> bool:
    return "image" in delta.keys or any(_within(side) for side in (delta.before, delta.after))


def _within(value: Any) -> bool:
    if isinstance(value, dict):
        return "image" in value or any(map(_within, value.values()))
    return isinstance(value, list) and any(map(_within, value))
