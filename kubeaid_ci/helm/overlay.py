"""Merges values as Helm does."""

from collections.abc import Mapping
from typing import Any


def laid_over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a later file or set of values over those before it: mappings merge, all else replaces.

    A null stays: over the chart's own values it takes a key away.
    """
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = laid_over(below, value) if both else value  # type: ignore[arg-type] # both are mappings
    return merged
