"""Reading JSON from outside."""

import json
from typing import Any

from kubeaid_ci.documents.garbage import without_garbage_collection


def parse(text: str | bytes, *, unique: bool = False) -> Any:
    """Parse JSON as Python does.

    Raises `ValueError`, also for what is nested deeper than can be read, and, where keys have to be `unique`, for one
    that a mapping has twice.
    """
    try:
        with without_garbage_collection():
            return json.loads(text, object_pairs_hook=_unique if unique else None)
    except RecursionError:
        raise ValueError("nested too deeply to be read as JSON") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
