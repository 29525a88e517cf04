"""Compares the default values of two versions of a chart, and finds values of clusters that the new version ignores."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.charts.update.result import ChartUpdate, LostValue, ValueChange
from kubeaid_ci.compare.display import bare
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import Revision
from kubeaid_ci.git.tree import Action
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.redaction.manifests import masked
from kubeaid_ci.render.fleet import open_fleet
from kubeaid_ci.render.rendering import ValuesLayer
from kubeaid_ci.settings import Settings

_LONGEST = 200
_NAMING = 2
"""Number of parent names that may mark a value as a secret: `password`, or `tokens.ci`."""


def compare(before: Any, after: Any) -> tuple[ValueChange, ...]:
    """The keys that are added, removed or have another default, in the order of the files."""
    return tuple(_changes((), before, after))


def removed_keys(set_by_us: Any, changes: Sequence[ValueChange]) -> Iterator[tuple[str, ...]]:
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


@dataclass(frozen=True, slots=True)
class SetValues:
    """The values that one Application sets for one of our charts, by the chart's folder."""

    cluster: str
    app: str
    chart: str
    layers: tuple[ValuesLayer, ...]


def set_values(
    config_repo: Path, kubeaid: Path, *, kubeaid_ref: Revision, settings: Settings, jobs: int, cache: bool
) -> tuple[SetValues, ...]:
    """Return what every Application of every cluster sets, the charts taken from one revision of the KubeAid repo."""
    found = []
    with open_fleet(config_repo, kubeaid, kubeaid_ref=kubeaid_ref, settings=settings, jobs=jobs, cache=cache) as fleet:
        for state in fleet.clusters():
            for app in state.apps:
                for plan in app.sources:
                    if plan.chart and plan.path.startswith(f"{CHARTS}/"):
                        name = plan.path.removeprefix(f"{CHARTS}/")
                        found.append(SetValues(state.cluster.label, app.app, name, plan.values))
    return tuple(found)


def lost(known: Iterable[SetValues], update: ChartUpdate) -> tuple[LostValue, ...]:
    """The values that clusters set and that the updated chart no longer has, in order of cluster."""
    found = {one for each in known if each.chart == update.chart for one in _lost(each, update)}
    return tuple(sorted(found, key=lambda one: (one.cluster, one.app, one.path, one.line or 0, one.key)))


def _lost(each: SetValues, update: ChartUpdate) -> Iterator[LostValue]:
    for layer in each.layers:
        said = _loaded(layer)
        for one in update.subcharts:
            top = one.alias or one.name
            for keys in removed_keys(said.get(top), one.values):
                line = documents.locate(layer.text, (top, *keys)) if layer.has_lines else None
                yield LostValue(each.cluster, each.app, ".".join((top, *keys)), layer.path, line)


def _loaded(layer: ValuesLayer) -> dict[str, object]:
    try:
        said = next(iter(documents.load_all(layer.text, where=layer.path)), None)
    except UserError:
        return {}  # the rendering of the Application reports it
    return said if isinstance(said, dict) else {}
