"""The ``templatePatch`` of an ApplicationSet: a strategic merge patch of an Application.

The only lists that are merged and not replaced are the finalizers: no other list of an Application has a merge key.
"""

from collections.abc import Mapping
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd.application_schema import APPLICATION_SPEC
from kubeaid_ci.argocd.unsupported import UnsupportedError
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.schema import DATA, Shape, check

_METADATA = "metadata"
_DIRECTIVES = ("$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/")


def patched(application: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return an Application with a patch in YAML or JSON applied; its project stays as it is.

    Raises `UserError` if Argo CD refuses the patch, and `UnsupportedError` if it uses what is not computed here.
    """
    patch = next(iter(documents.load_all(text, where="templatePatch")), None)
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
