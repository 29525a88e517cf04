"""Matches the items of two lists."""

import marshal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any, Final


class _Nothing(Enum):
    NOTHING = "nothing"


NOTHING: Final = _Nothing.NOTHING
"""The other side of an item that is only in one list; not `None`, which a list may contain."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One item in its two states, and what a path calls it: a name or an index."""

    label: str
    old: Any
    new: Any


def same(old: Any, new: Any) -> bool:
    """Return whether two values are the same in YAML: unlike in Python, true is not 1."""
    if old is new or old != new:
        return old is new
    if isinstance(old, str):
        return True
    # What is written the same is the same; only else is it worth to look at every value.
    return (isinstance(old, dict | list) and _written(old) == _written(new)) or _same_booleans(old, new)


def _written(value: Any) -> bytes | str:
    """Return a value in a form that has its types, in the fastest that there is."""
    try:
        return marshal.dumps(value, 2)  # the last version that does not depend on which objects are shared
    except ValueError:
        return repr(value)  # masked secrets


def _same_booleans(old: Any, new: Any) -> bool:
    """Return whether two values that are equal in Python have their booleans in the same places."""
    if isinstance(old, dict):
        pairs: Iterable[tuple[Any, Any]] = ((value, new[key]) for key, value in old.items())
    elif isinstance(old, list):
        pairs = zip(old, new, strict=True)
    else:
        return isinstance(old, bool) == isinstance(new, bool)
    for value, other in pairs:
        # Texts, most of what there is, are skipped before they cost a call.
        if value is not other and not isinstance(value, str) and not _same_booleans(value, other):
            return False
    return True


def pair(old: Sequence[Any], new: Sequence[Any]) -> list[Pair]:
    """Return the items of two lists in parallel: by name where all of them have one, else by place.

    An item's name is its `name`, or the `alert` or `record` of a Prometheus rule.
    """
    names = [_name(item) for item in (*old, *new)]
    if all(names):
        return _by_name(old, new)
    return _by_place(old, new)


def _name(item: Any) -> str:
    if not isinstance(item, Mapping):
        return ""
    for field in ("name", "alert", "record"):
        value = item.get(field)
        if isinstance(value, str) and value:
            return value
    return ""


def _by_place(old: Sequence[Any], new: Sequence[Any]) -> list[Pair]:
    # What is alike at both ends is set aside, so that one insertion is one difference.
    start, shorter = 0, min(len(old), len(new))
    while start < shorter and same(old[start], new[start]):
        start += 1
    end = 0
    while end < shorter - start and same(old[-1 - end], new[-1 - end]):
        end += 1
    between = zip_longest(old[start : len(old) - end], new[start : len(new) - end], fillvalue=NOTHING)
    return [Pair(str(place), *items) for place, items in enumerate(between, start)]


def _by_name(old: Sequence[Any], new: Sequence[Any]) -> list[Pair]:
    named: dict[str, tuple[list[Any], list[Any]]] = {}
    for side, items in enumerate((old, new)):
        for item in items:
            named.setdefault(_name(item), ([], []))[side].append(item)
    return [found for name, (before, after) in named.items() for found in _namesakes(name, before, after)]


_Labels = tuple[tuple[str, str], ...]


def _namesakes(name: str, old: list[Any], new: list[Any]) -> Iterator[Pair]:
    if len(old) < 2 and len(new) < 2:
        yield _alone(name, old, new)
        return
    told_apart = _distinction(old, new)
    keyed: dict[_Labels, tuple[list[Any], list[Any]]] = {}
    for side, items in enumerate((old, new)):
        for item in items:
            keyed.setdefault(_labels(item, told_apart), ([], []))[side].append(item)
    for labels, (before, after) in keyed.items():
        written = ",".join(f"{label}={value}" for label, value in labels)
        yield from _twins(f"{name}{{{written}}}" if written else name, before, after)


def _alone(label: str, old: list[Any], new: list[Any]) -> Pair:
    return Pair(label, old[0] if old else NOTHING, new[0] if new else NOTHING)


def _distinction(old: list[Any], new: list[Any]) -> tuple[str, ...]:
    """Return the labels that distinguish rules of one name: the severity where it does, else all that differ."""
    everyones = [dict(_labels(rule, None)) for rule in (*old, *new)]
    names = sorted({label for labels in everyones for label in labels})
    differing = tuple(name for name in names if len({labels.get(name) for labels in everyones}) > 1)
    severity = ("severity",)
    if "severity" in differing and all(_unique(rules, severity) for rules in (old, new)):
        return severity
    return differing


def _unique(rules: list[Any], wanted: tuple[str, ...]) -> bool:
    return len({_labels(rule, wanted) for rule in rules}) == len(rules)


def _labels(rule: Mapping[str, Any], wanted: tuple[str, ...] | None) -> _Labels:
    labels = rule.get("labels")
    if not isinstance(labels, Mapping):
        return ()
    texts = ((str(label), str(value)) for label, value in labels.items())
    return tuple(sorted(text for text in texts if wanted is None or text[0] in wanted))


def _twins(label: str, old: list[Any], new: list[Any]) -> Iterator[Pair]:
    """Yield items that only their content distinguishes: the unchanged are each other's, the rest by order."""
    if len(old) < 2 and len(new) < 2:
        yield _alone(label, old, new)
        return
    rest = list(new)
    changed: list[tuple[int, Any]] = []
    for place, item in enumerate(old, 1):
        twin = next((index for index, other in enumerate(rest) if same(item, other)), None)
        if twin is None:
            changed.append((place, item))
        else:
            del rest[twin]
    changed += [(len(old) + 1 + more, NOTHING) for more in range(len(rest) - len(changed))]
    rest += [NOTHING] * (len(changed) - len(rest))
    for (place, before), after in zip(changed, rest, strict=True):
        yield Pair(f"{label}#{place}", before, after)
