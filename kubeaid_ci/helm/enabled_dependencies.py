"""Enabled subcharts for a set of values, and the values of all charts.

The rules are those of `ProcessDependencies` in ``pkg/chart/v2/util/dependencies.go`` of Helm. Conditions and tags
decide by the values before ``import-values``; imported values have less priority than the chart's own.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from kubeaid_ci.helm.coalesce import coalesced, copied, merged
from kubeaid_ci.helm.dependencies import allows
from kubeaid_ci.helm.loaded_chart import Declared, LoadedChart, Values
from kubeaid_ci.helm.version import HelmRules


def process(chart: LoadedChart, values: Mapping[str, Any], rules: HelmRules) -> Values:
    """Keep the subcharts that `values` enable, under their aliases, and return the values of all charts.

    Changes `chart`, which must be a copy. Raises `CoalesceError`.
    """
    _enable(chart, values, "", rules)
    _import(chart, rules)
    return coalesced(chart, values, rules)


def _enable(chart: LoadedChart, values: Mapping[str, Any], path: str, rules: HelmRules) -> None:
    if chart.declared is None:
        return
    chart.hold([*_undeclared(chart), *_chosen(chart, rules)])
    for entry in chart.declared:
        entry.name = entry.called
    known = coalesced(chart, values, rules)
    off = {declared.called for declared in chart.declared if not _is_enabled(declared, known, path)}
    enabled = [subchart for subchart in chart.subcharts if subchart.name not in off]
    # Without any left, Helm does not merge the subcharts' values into the chart's defaults below.
    chart.declared = tuple(declared for declared in chart.declared if declared.called not in off) or None
    for subchart in enabled:
        _enable(subchart, known, f"{path}{subchart.name}.", rules)
    chart.hold(enabled)


def overwritten(chart: LoadedChart) -> set[str]:
    """Return the subcharts whose templates are not rendered, because a later one has the same path: ``name/name``.

    `chart` is one that was processed.
    """
    found = list(_placed(chart))
    last = {one.place: path for path, one in found}
    return {path for path, one in found if last[one.place] != path}


def _placed(chart: LoadedChart, path: str = "") -> Iterator[tuple[str, LoadedChart]]:
    for subchart in chart.subcharts:
        inner = f"{path}/{subchart.name}" if path else subchart.name
        yield from _placed(subchart, inner)
        yield inner, subchart


def _undeclared(chart: LoadedChart) -> Iterable[LoadedChart]:
    declared = chart.declared or ()
    return [one for one in chart.subcharts if not any(_fits(each, one) for each in declared)]


def _chosen(chart: LoadedChart, rules: HelmRules) -> Iterable[LoadedChart]:
    for each in chart.declared or ():
        found = next((one for one in chart.subcharts if _fits(each, one)), None)
        if found is not None:
            yield replace(found, name=each.called) if rules.shares_nested else found.copy(name=each.called)


def _fits(declared: Declared, chart: LoadedChart) -> bool:
    return declared.name == chart.name and allows(declared.version, chart.version)


def _is_enabled(declared: Declared, values: Values, path: str) -> bool:
    """Return the first condition that is a boolean, else the result of the tags."""
    for condition in declared.condition.strip().split(","):
        value = _value(values, path + condition) if condition else None
        if isinstance(value, bool):
            return value
    tags = values.get("tags")
    switches = [tags.get(tag) for tag in declared.tags] if isinstance(tags, dict) else []
    return True in [one for one in switches if isinstance(one, bool)] or not any(one is False for one in switches)


def _import(chart: LoadedChart, rules: HelmRules) -> None:
    for subchart in chart.subcharts:
        _import(subchart, rules)
    if chart.declared is None:
        return
    known = coalesced(chart, {}, rules, merge=True)
    imported: Values = {}
    for declared in chart.declared:
        for child, parent in declared.imports:
            table = _table(known, f"{declared.name}.{child}")
            if table is not None:
                merged(imported, _nested(parent, table), rules, merge=True)
    chart.defaults = merged(copied(known), imported, rules, merge=True)


def _nested(path: str, table: Values) -> Values:
    if path == ".":
        return table
    for key in reversed(path.split(".")):
        table = {key: table}
    return table


def _table(values: Values, path: str) -> Values | None:
    found: Any = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _value(values: Values, path: str) -> Any:
    folder, _, key = path.rpartition(".")
    table = _table(values, folder) if folder else values
    return (table or {}).get(key)
