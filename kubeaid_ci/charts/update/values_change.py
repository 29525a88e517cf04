"""Compares the default values of two versions of a chart, and finds values of clusters that the new version ignores."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from kubeaid_ci import documents
from kubeaid_ci.charts.update.result import ChartUpdate, LostValue, ValueChange
from kubeaid_ci.compare.display import bare
from kubeaid_ci.compare.matching import same
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import Action
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.redaction.manifests import masked
from kubeaid_ci.render.fleet import Fleet
from kubeaid_ci.render.rendering import ValuesLayer

if TYPE_CHECKING:
    from deepdiff import DeepDiff
    from deepdiff.model import DiffLevel

_ACTIONS = {
    "dictionary_item_removed": Action.REMOVED,
    "type_changes": Action.MODIFIED,
    "values_changed": Action.MODIFIED,
    "dictionary_item_added": Action.ADDED,
}
"""By what deepdiff calls a difference."""
_ORDER = (Action.REMOVED, Action.MODIFIED, Action.ADDED)
_DEEPEST = 20
_MOST_LEAVES = 50_000
_LONGEST = 200
_NAMING = 2
"""Number of parent names that may mark a value as a secret: `password`, or `tokens.ci`."""


def compare(before: Any, after: Any) -> tuple[ValueChange, ...]:
    """Return the keys that are removed, have another default or are new: in this order, then in that of the files.

    A list counts as one value, and so does a mapping below `_DEEPEST` keys. Of documents with more than `_MOST_LEAVES`
    values, which no chart has, only the top-level keys are compared: deepdiff takes seconds for 10,000 deep values.
    """
    from deepdiff import DeepDiff  # takes 0.1 s

    depth = _DEEPEST if _leaves_of(before) + _leaves_of(after) <= _MOST_LEAVES else 1
    # The threshold makes deepdiff report mappings with few common keys as a whole.
    found = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0, custom_operators=[_WholeValues(depth)])
    changes = [_change(level, _ACTIONS[kind]) for kind, levels in found.items() for level in levels]
    # deepdiff goes through sets of keys, whose order differs from run to run.
    places = {keys: place for place, keys in enumerate(chain(_paths(after, depth), _paths(before, depth)))}
    return tuple(sorted(changes, key=lambda change: (_ORDER.index(change.action), places[change.keys])))


@dataclass(frozen=True, slots=True)
class _WholeValues:
    """Makes deepdiff compare lists, and mappings below `depth` keys, as one value each."""

    depth: int

    def match(self, level: "DiffLevel") -> bool:
        kinds = {type(level.t1), type(level.t2)}
        return kinds == {list} or (kinds == {dict} and len(level.path(output_format="list")) >= self.depth)

    def give_up_diffing(self, level: "DiffLevel", diff_instance: "DeepDiff") -> bool:
        if not same(level.t1, level.t2):
            diff_instance.custom_report_result("values_changed", level)  # type: ignore[no-untyped-call]
        return True


def _change(level: "DiffLevel", action: Action) -> ValueChange:
    keys = tuple(level.path(output_format="list"))
    old = None if action is Action.ADDED else _short(keys, level.t1)
    new = None if action is Action.REMOVED else _short(keys, level.t2)
    return ValueChange(keys, action, old, f"{new} (changed)" if old == new else new)


def _paths(value: Any, depth: int, keys: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the keys of a document and of all values in it, in order, down to `depth`."""
    yield keys
    if isinstance(value, dict) and len(keys) < depth:
        for key, item in value.items():
            yield from _paths(item, depth, (*keys, key))


def _leaves_of(value: Any) -> int:
    return sum(map(_leaves_of, value.values())) if isinstance(value, dict) else 1


def removed_keys(set_by_us: Any, changes: Sequence[ValueChange]) -> Iterator[tuple[str, ...]]:
    """Yield the keys that are set by us, and that the new version of the chart does not have."""
    gone = [change.keys for change in changes if change.action is Action.REMOVED]
    for keys in _leaves((), set_by_us):
        if any(keys[: len(one)] == one for one in gone):
            yield keys


def _leaves(keys: tuple[str, ...], value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves((*keys, str(key)), item)
    elif keys:
        yield keys


def _short(keys: tuple[str, ...], value: Any) -> str:
    """Return a value on one line, as it may be shown: secrets are detected by the names above them."""
    for key in reversed(keys[-_NAMING:]):
        value = {key: value}
    hidden = masked(value)
    for key in keys[-_NAMING:]:
        hidden = hidden[key]
    text = json.dumps(bare(hidden), ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


@dataclass(frozen=True, slots=True)
class SetValues:
    """The values that one Application sets for one of our charts, by the chart's folder."""

    cluster: str
    app: str
    chart: str
    layers: tuple[ValuesLayer, ...]


def set_values(fleet: Fleet) -> tuple[SetValues, ...]:
    """Return what every Application of every cluster sets for our charts."""
    return tuple(
        SetValues(state.cluster.label, app.app, plan.path.removeprefix(f"{CHARTS}/"), plan.values)
        for state in fleet.clusters()
        for app in state.apps
        for plan in app.sources
        if plan.chart and plan.path.startswith(f"{CHARTS}/")
    )


def lost(known: Iterable[SetValues], update: ChartUpdate) -> tuple[LostValue, ...]:
    """Return the values that clusters set and that the updated chart no longer has, in order of cluster."""
    found = {lost_value for each in known if each.chart == update.chart for lost_value in _lost(each, update)}
    return tuple(sorted(found, key=lambda value: (value.cluster, value.app, value.path, value.line or 0, value.key)))


def _lost(each: SetValues, update: ChartUpdate) -> Iterator[LostValue]:
    for layer in each.layers:
        values = _loaded(layer)
        for subchart in update.subcharts:
            top = subchart.alias or subchart.name
            for keys in removed_keys(values.get(top), subchart.values):
                line = documents.locate(layer.text, (top, *keys)) if layer.has_lines else None
                yield LostValue(each.cluster, each.app, ".".join((top, *keys)), layer.path, line)


def _loaded(layer: ValuesLayer) -> dict[str, object]:
    try:
        values = next(iter(documents.load_all(layer.text, where=layer.path)), None)
    except UserError:
        return {}  # the rendering of the Application reports it
    return values if isinstance(values, dict) else {}
