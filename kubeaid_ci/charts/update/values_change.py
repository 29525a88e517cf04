"""Two versions of a chart's default values, key by key."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubeaid_ci.charts.update.result import ValueChange
from kubeaid_ci.compare.display import bare
from kubeaid_ci.git.tree import Action
from kubeaid_ci.redaction.manifests import masked

_LONGEST = 200
_NAMING = 2
"""Number of parent names that may mark a value as a secret: `password`, or `tokens.ci`."""


def compare(before: Any, after: Any) -> tuple[ValueChange, ...]:
    """The keys that are added, removed or have another default, in the order of the files."""
    return tuple(_changes((), before, after))


def lost(set_by_us: Any, changes: Sequence[ValueChange]) -> Iterator[tuple[str, ...]]:
    """The keys that somebody sets, and that went with a new version of the chart."""
    gone = [change.keys for change in changes if change.action is Action.REMOVED]
    for keys in _leaves((), set_by_us):
        if any(keys[: len(one)] == one for one in gone):
            yield keys


def _changes(keys: tuple[str, ...], before: Any, after: Any) -> Iterator[ValueChange]:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        if before != after or type(before) is not type(after):
            old, new = _short(keys, before), _short(keys, after)
            yield ValueChange(keys, Action.MODIFIED, old, f"{new} (changed)" if old == new else new)
        return
    for key, value in before.items():
        here = (*keys, str(key))
        if key in after:
            yield from _changes(here, value, after[key])
        else:
            yield ValueChange(here, Action.REMOVED, _short(here, value), None)
    for key, value in after.items():
        if key not in before:
            here = (*keys, str(key))
            yield ValueChange(here, Action.ADDED, None, _short(here, value))


def _leaves(keys: tuple[str, ...], value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves((*keys, str(key)), item)
    elif keys:
        yield keys


def _short(keys: tuple[str, ...], value: Any) -> str:
    """A value on one line, as it may be shown: secrets are detected by the names above them."""
    for key in reversed(keys[-_NAMING:]):
        value = {key: value}
    hidden = masked(value)
    for key in keys[-_NAMING:]:
        hidden = hidden[key]
    text = json.dumps(bare(hidden), ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
