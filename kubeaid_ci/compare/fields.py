"""The paths of the fields in which two objects differ."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.matching import NOTHING, pair, same

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


def fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Paths such as ``spec.template.spec.containers[grafana].image``, in the order of the keys.

    What is only on one side is one path, however much is below it. Items of a list are called by
    their name where all have one, else by their place. Keys that are no plain words stand in
    brackets: ``metadata.labels[app.kubernetes.io/name]``.
    """
    return list(_in_mapping(old, new, ""))


def _differing(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_mapping(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _in_list(old, new, path)
    else:
        yield path


def _in_mapping(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in sorted({*old, *new}, key=str):
        before, after = old.get(key, NOTHING), new.get(key, NOTHING)
        if not same(before, after):
            yield from _differing(before, after, _below(path, str(key)))


def _in_list(old: list[Any], new: list[Any], path: str) -> Iterator[str]:
    differing = [item for item in pair(old, new) if not same(item.old, item.new)]
    for item in differing:
        yield from _differing(item.old, item.new, f"{path}[{item.label}]")
    if not differing:  # each item has its like on the other side: their order is what differs
        yield path


def _below(path: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
