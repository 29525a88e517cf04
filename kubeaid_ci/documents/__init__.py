"""The one door to YAML: reading, writing, places and edits. PyYAML is imported nowhere else.

The names in `__all__` are loaded on first use: writing YAML must not pay for a YAML reader.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubeaid_ci.documents.edit import set_scalar
    from kubeaid_ci.documents.enginejson import parse_json
    from kubeaid_ci.documents.goyaml import dump
    from kubeaid_ci.documents.loader import (
        duplicate_keys,
        load,
        load_all,
        load_spelled,
        load_texts,
        locate,
        locate_all,
    )
    from kubeaid_ci.documents.pieces import split
    from kubeaid_ci.documents.places import Edited, Place, Text

__all__ = [
    "Edited",
    "Place",
    "Text",
    "dump",
    "duplicate_keys",
    "load",
    "load_all",
    "load_spelled",
    "load_texts",
    "locate",
    "locate_all",
    "parse_json",
    "set_scalar",
    "split",
]

_HOMES = {
    "Edited": "places",
    "Place": "places",
    "Text": "places",
    "dump": "goyaml",
    "duplicate_keys": "loader",
    "load": "loader",
    "load_all": "loader",
    "load_spelled": "loader",
    "load_texts": "loader",
    "locate": "loader",
    "locate_all": "loader",
    "parse_json": "enginejson",
    "set_scalar": "edit",
    "split": "pieces",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
