"""Coalesce the values of a chart and its subcharts, as each version of Helm does it.

Helm calls it coalescing when nulls delete keys, and merging when they stay. Both work in place on the values that
count more. See https://helm.sh/docs/chart_template_guide/subcharts_and_globals/ and, for what no page describes,
``pkg/chart/common/util/coalesce.go`` of Helm.
"""

from collections.abc import Mapping
from typing import Any

from kubeaid_ci.helm.loaded_chart import LoadedChart, Values
from kubeaid_ci.helm.version import HelmRules

_GLOBAL = "global"
_NESTED = (dict, list)


def laid_over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a later file or set of values over those before it: mappings merge, all else replaces.

    A null stays: over the chart's own values it takes a key away.
    """
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = laid_over(below, value) if both else value  # type: ignore[arg-type] # both are mappings
    return merged


class CoalesceError(ValueError):
    """Values that Helm refuses, because a subchart's name is set to something that is not a table."""


def coalesced(chart: LoadedChart, values: Mapping[str, Any], rules: HelmRules, *, merge: bool = False) -> Values:
    """Return the values of a chart and all its subcharts: `values` over the defaults. Raises `CoalesceError`."""
    return _chart(chart, copied(values), rules, merge=merge)


def copied(values: Any) -> Any:
    """Copy mappings and lists, all the way down. Scalars take no call: charts have hundreds of thousands of them."""
    kind = type(values)
    if kind is dict:
        return {key: copied(value) if type(value) in _NESTED else value for key, value in values.items()}
    if kind is list:
        return [copied(value) if type(value) in _NESTED else value for value in values]
    return values


def _chart(chart: LoadedChart, values: Values, rules: HelmRules, *, merge: bool) -> Values:
    _over_defaults(chart, values, rules, merge=merge)
    for subchart in chart.subcharts:
        own = values.setdefault(subchart.name, {})
        if not isinstance(own, dict):
            raise CoalesceError(f"{subchart.name} is the name of a subchart, so its value must be a table")
        _hand_down_globals(values, own, rules)
        _chart(subchart, own, rules, merge=merge)
    return values


def _over_defaults(chart: LoadedChart, values: Values, rules: HelmRules, *, merge: bool) -> None:
    subcharts = {subchart.name for subchart in chart.subcharts}
    for key, default in copied(chart.defaults).items():
        if key not in values:
            # A null here would hide the value of a global.
            if merge or not rules.drops_default_nulls:
                values[key] = default
            elif default is not None:
                values[key] = _without_nulls(default)
            continue
        value = values[key]
        if value is None and not merge:
            del values[key]
        elif isinstance(value, dict) and isinstance(default, dict):
            keep = merge or key in subcharts  # a subchart deletes keys of its own defaults itself
            below = _without_nulls(default) if rules.drops_default_nulls and not keep else default
            merged(value, below, rules, merge=keep)


def merged(values: Values, defaults: Values, rules: HelmRules, *, merge: bool) -> Values:
    """Merge defaults into a table of values, which is changed and returned; `defaults` may change too."""
    defaulted = {key for key, default in defaults.items() if default is not None}
    if rules.copies_nulls:
        defaults.update(dict.fromkeys(key for key, value in values.items() if value is None))
    for key, default in defaults.items():
        if key not in values:
            values[key] = default
        elif values[key] is None and not merge and (key in defaulted or not rules.keeps_new_nulls):
            del values[key]
        elif isinstance(values[key], dict) and isinstance(default, dict):
            merged(values[key], default, rules, merge=merge)
    return values


def _hand_down_globals(values: Values, own: Values, rules: HelmRules) -> None:
    """Put a chart's globals over those of its subchart. Lists and tables are shared, not copied."""
    globals_, below = values.get(_GLOBAL, {}), own.get(_GLOBAL, {})
    if not isinstance(globals_, dict) or not isinstance(below, dict):
        return
    for key, value in globals_.items():
        known = below.get(key)
        if isinstance(value, dict):
            if key not in below:
                below[key] = dict(value)
            elif isinstance(known, dict):
                below[key] = merged(dict(value), known, rules, merge=True)
        elif not isinstance(known, dict):
            below[key] = value
    own[_GLOBAL] = below


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_nulls(item) for key, item in value.items() if item is not None}
