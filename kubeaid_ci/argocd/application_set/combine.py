"""Sets of parameters and templates, put together as the libraries do that Argo CD uses.

https://github.com/darccio/mergo (v1.0.2) merges, https://github.com/jeremywohl/flatten flattens.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.argocd.gotemplate import StringList, StringMap, to_text
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.schema import DATA, MapOf, Shape


def merge_over(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Merge a mapping into another, which it overrides: inner mappings are merged, in place.

    Raises `UserError` if Argo CD's controller breaks off, because the types do not fit.
    """
    for key, value in source.items():
        old = target.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and old:
            merge_over(old, value)
        elif isinstance(target, StringMap) and not isinstance(source, StringMap):
            raise UserError(f"{key}: Argo CD cannot merge it into the values of a git generator")
        else:
            target[key] = value


def filled_template(shape: Shape, template: Any, base: Any) -> Any:
    """Return a template with everything that is empty in it taken from another (mergo without override)."""
    if isinstance(template, Mapping) and isinstance(base, Mapping):
        match shape:
            case Mapping():
                fields = {key: filled_template(shape.get(key, DATA), template.get(key), base[key]) for key in base}
                return {**template, **fields}
            case MapOf():
                return {**base, **{key: value or base.get(key, value) for key, value in template.items()}}
    return template or base


def combined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, str]:
    """Return two sets of parameters as one, all as text. Raises `UserError` if they differ in a parameter."""
    found = {key: to_text(value) for key, value in first.items()}
    for key, value in second.items():
        text = to_text(value)
        if found.setdefault(key, text) != text:
            raise UserError(f"both generators of the matrix set {key}, to {found[key]!r} and {text!r}")
    return found


def flattened(data: Mapping[str, Any]) -> dict[str, str]:
    """Return data with one key for each value, ``a.b.0``, the values as text."""
    return {key: to_text(value) for key, value in _flat(data, "")}


def _flat(data: Any, start: str) -> Iterator[tuple[str, Any]]:
    items = data.items() if isinstance(data, Mapping) else enumerate(data)
    for key, value in items:
        # A list of texts of Go is one value, unlike a list of data.
        if isinstance(value, Mapping | list) and not isinstance(value, StringList):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", value
