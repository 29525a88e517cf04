"""Templates of an ApplicationSet: filled with parameters, merged, and patched.

Texts are filled as by `Replace` and `deeplyReplace` in Argo CD's applicationset/utils. Parameters and templates are
merged as by https://github.com/darccio/mergo (v1.0.2), and flattened as by https://github.com/jeremywohl/flatten.
``templatePatch`` is a strategic merge patch of an Application. The only lists that it merges and does not replace are
the finalizers: no other list of an Application has a merge key.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd import UnsupportedError, gotemplate
from kubeaid_ci.argocd.application_schema import APPLICATION_SPEC
from kubeaid_ci.argocd.gotemplate import StringList, StringMap, to_text
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.shapes import DATA, MapOf, Shape, check

Parameters = Mapping[str, Any]

_IS_TEMPLATE = re.compile(r"\{\{.*\}\}")
_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_METADATA = "metadata"
_DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/")


@dataclass(slots=True)
class Renderer:
    """Fills templates, in Go's language or in the plain one. `leftover` are the tags that are no parameter."""

    in_go: bool
    options: tuple[str, ...] = ()
    leftover: dict[str, None] = field(default_factory=dict)

    def text(self, template: str, parameters: Parameters) -> str:
        """Return one text, filled. Raises `UserError` if Argo CD fails, `UnsupportedError` if it is not computed."""
        if "{{" not in template:
            return template
        if self.in_go:
            return gotemplate.render(template, parameters, self.options)
        return self._plain(template, parameters)

    def _plain(self, template: str, parameters: Parameters) -> str:
        """Fill a text as https://github.com/valyala/fasttemplate does: a tag that is no parameter stays."""
        if not _IS_TEMPLATE.search(template):
            return template
        last = list(_TAG.finditer(template))[-1] if _TAG.search(template) else None
        if "{{" in template[last.end() if last else 0 :]:
            raise UserError(f"a {{{{ without its }}}} in {template!r}")
        return _TAG.sub(lambda found: self._tag(found, parameters), template)

    def _tag(self, found: re.Match[str], parameters: Parameters) -> str:
        value = parameters.get(found[1].strip())
        if found[1].strip() and isinstance(value, str):
            return value
        self.leftover[found[0]] = None
        return found[0]

    def filled(self, value: Any, parameters: Parameters) -> Any:
        """Return data with every text in it filled, keys too. Raises as `text`."""
        return replaced(value, lambda text: self.text(text, parameters))


def replaced(value: Any, replace: Callable[[str], str]) -> Any:
    """Return data with every text in it replaced, keys too."""
    match value:
        case str():
            return replace(value)
        case Mapping():
            return {replace(key): replaced(item, replace) for key, item in value.items()}
        case list():
            return [replaced(item, replace) for item in value]
    return value


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


def patched(application: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return an Application with a patch in YAML or JSON applied; its project stays as it is.

    Raises `UserError` if Argo CD refuses the patch, and `UnsupportedError` if it uses what is not computed here.
    """
    patch = next(iter(documents.load_all(text, where="templatePatch")), None)
    if patch is None:  # such as a condition that does not hold
        return dict(application)
    if not isinstance(patch, Mapping):
        raise UserError("templatePatch: expected keys with values")
    check(APPLICATION_SPEC, patch.get("spec"), "templatePatch: spec")
    made = _merged(application, patch, {"spec": APPLICATION_SPEC}, ())
    spec, before = dict(made.get("spec") or {}), application.get("spec") or {}
    spec.pop("project", None)
    return {**made, "spec": {**spec, **{key: before[key] for key in ("project",) if key in before}}}


def _merged(old: Mapping[str, Any], patch: Mapping[str, Any], shape: Shape, path: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in patch.items():
        if key.startswith(_DIRECTIVES):
            raise UnsupportedError(f"templatePatch with {key}")
        inner = shape.get(key, DATA) if isinstance(shape, Mapping) else DATA
        before = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            if "valuesObject" in path:
                raise UnsupportedError(f"templatePatch of {'.'.join((*path, key))}, which the template sets too")
            merged[key] = _merged(before, value, inner, (*path, key))
        elif isinstance(value, list) and isinstance(before, list) and (*path, key) == (_METADATA, "finalizers"):
            merged[key] = [*before, *(item for item in value if item not in before)]
        else:
            merged[key] = _without_nulls(value)
    return merged


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value
