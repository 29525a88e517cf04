"""The fields in which two states of an object differ in meaning."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kubeaid_ci.compare.difference import ABSENT, Delta, Step
from kubeaid_ci.compare.lists import SET, Keys, Lists, label
from kubeaid_ci.compare.matching import NOTHING, Pair, pair, same
from kubeaid_ci.compare.texts import opened
from kubeaid_ci.redaction.manifests import Masked, masked

TEXT_SPELLING = "text-spelling"
"""The noise rule for texts that hold the same, spelled otherwise."""

_Steps = tuple[Step, ...]


def deltas(old: Mapping[str, Any], new: Mapping[str, Any], *, group: str) -> Iterator[Delta]:
    """Yield what differs, in the order of the keys. What is only on one side counts as one, however much is below it.

    `group` is the API group, which determines the lists without order. JSON and YAML in texts is opened; a text
    that is but spelled otherwise carries the noise rule `TEXT_SPELLING`.
    """
    return _Walk(Lists(group), texts=True).mapping(old, new, ())


class _Walk:
    def __init__(self, lists: Lists | None, *, texts: bool) -> None:
        self.lists = lists
        self.texts = texts

    def mapping(self, old: Mapping[str, Any], new: Mapping[str, Any], steps: _Steps) -> Iterator[Delta]:
        for key in sorted({*old, *new}, key=str):
            before, after = old.get(key, ABSENT), new.get(key, ABSENT)
            if not same(before, after):
                yield from self._differing(before, after, (*steps, Step(str(key))))

    def _differing(self, old: Any, new: Any, steps: _Steps) -> Iterator[Delta]:
        match old, new:
            case dict(), dict():
                yield from self.mapping(old, new, steps)
            case list(), list():
                yield from self._list(old, new, steps)
            case str(), str() if self.texts and (held := opened(old, new)):
                yield from self._text(old, new, held, steps)
            case _ if _labels(steps) and all(isinstance(side, dict) or side in (None, ABSENT) for side in (old, new)):
                # No labels and no mapping of labels are the same, and each label counts by itself.
                yield from self.mapping(_or_empty(old), _or_empty(new), steps)
            case _:
                yield Delta(steps, old, new)

    def _list(self, old: list[Any], new: list[Any], steps: _Steps) -> Iterator[Delta]:
        field = steps[-1].name
        keys = self.lists.keys(field, old, new) if self.lists else None
        if keys is None:
            yield from self._ordered(old, new, steps)
        elif keys == SET:
            yield from self._items(_members(old, new), steps)
        else:
            yield from self._items(_by_keys(old, new, keys), steps)
            before, after = [label(item, keys) for item in old], [label(item, keys) for item in new]
            if self.lists and self.lists.order_counts(field, old, new) and _reordered(before, after):
                yield Delta(steps, before, after)

    def _ordered(self, old: list[Any], new: list[Any], steps: _Steps) -> Iterator[Delta]:
        differing = [item for item in pair(old, new) if not same(item.old, item.new)]
        yield from self._items(differing, steps)
        if not differing:  # each item has its like on the other side: their order is what differs
            yield Delta(steps, old, new)

    def _items(self, pairs: list[Pair], steps: _Steps) -> Iterator[Delta]:
        for item in pairs:
            before, after = (ABSENT if side is NOTHING else side for side in (item.old, item.new))
            if not same(before, after):
                yield from self._differing(before, after, (*steps, Step(item.label, item=True)))

    def _text(self, old: str, new: str, held: tuple[Any, Any], steps: _Steps) -> Iterator[Delta]:
        within = (*steps[:-1], replace(steps[-1], opened=True))
        before, after = map(masked, held)
        found = [] if same(*held) else list(_Walk(None, texts=False)._differing(before, after, within))  # noqa: SLF001 - its own class
        yield from found or [Delta(steps, old, new, TEXT_SPELLING)]


def _labels(steps: _Steps) -> bool:
    names = [step.name for step in steps[-2:]]
    return names[-1] == "metadata" or names in (["metadata", "labels"], ["metadata", "annotations"])


def _or_empty(side: Any) -> dict[str, Any]:
    return side if isinstance(side, dict) else {}


def _by_keys(old: list[Any], new: list[Any], keys: Keys) -> list[Pair]:
    were, are = {label(item, keys): item for item in old}, {label(item, keys): item for item in new}
    return [Pair(name, were.get(name, NOTHING), are.get(name, NOTHING)) for name in {**were, **are}]


def _reordered(old: list[str], new: list[str]) -> bool:
    return [name for name in old if name in new] != [name for name in new if name in old]


def _members(old: list[Any], new: list[Any]) -> list[Pair]:
    """Return the items of a set that the other side lacks: texts each by itself, mappings in parallel."""
    gone, come = _lacking(old, new), _lacking(new, old)
    if any(isinstance(item, Mapping | list) for item in (*gone, *come)):
        places = range(max(len(gone), len(come)))
        return [
            Pair(str(n), gone[n] if n < len(gone) else NOTHING, come[n] if n < len(come) else NOTHING) for n in places
        ]
    return [Pair(str(item), item, NOTHING) for item in gone] + [Pair(str(item), NOTHING, item) for item in come]


def _lacking(items: list[Any], others: list[Any]) -> list[Any]:
    there = {_spelled(item) for item in others}
    return [item for item in items if _spelled(item) not in there]


def _spelled(item: Any) -> str:
    """Return the item as text, sets within it sorted, so that equal ones are spelled alike."""
    return _spelled_plainly(_sorted(item))


def _sorted(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _sorted(value) for key, value in item.items()}
    if isinstance(item, list):
        return sorted((_sorted(value) for value in item), key=_spelled_plainly)
    return item


def _spelled_plainly(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=_raw)


def _raw(value: Any) -> str:
    """Return a secret as it is, since two of one length differ; what comes of it is compared and never shown."""
    return repr(value.value) if isinstance(value, Masked) else str(value)
