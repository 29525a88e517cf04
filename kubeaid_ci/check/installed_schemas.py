"""The one door to kubernetes-validate, for its schemas, and to jsonschema-rs, which applies them.

kubernetes-validate has the schemas of each Kubernetes release since 1.25, generated from its OpenAPI description. Its
``strict`` ones refuse unknown fields. So does Argo CD, which applies with validation: the API server answers that the
field is unknown, unless the sync option ``Validate=false`` is set. Its own loop reads and compiles the schema again
for each object, which takes a hundred times as long.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.schemas import Violation
from kubeaid_ci.semver.version import Version

if TYPE_CHECKING:
    import jsonschema_rs

_PACKAGE = "kubernetes_validate"
_DEFINITIONS = "https://kubernetes.io/api/_definitions.json"
# apps/v1 is in the file deployment-apps-v1.json, rbac.authorization.k8s.io/v1 in role-rbac-v1.json.
_API_VERSION = re.compile(r"(?:(?P<group>[a-z0-9-]+)(?:\.[a-z0-9.-]+)?/)?(?P<version>v[a-z0-9]+)")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_MOST_VIOLATIONS = 50


class PackagedSchemas:
    """The schemas of the installed packages; each is read and compiled once."""

    def __init__(self) -> None:
        self._releases: dict[str, _Release] = {}

    @cached_property
    def source(self) -> str:
        """The packages with their versions."""
        return f"kubernetes-validate {installed_version('kubernetes-validate')}"

    def release(self, version: Version) -> str | None:
        """Return the release of a Kubernetes version, such as ``1.34``; None if the package has no schemas of it."""
        release = ".".join(map(str, version.release[:2]))
        return release if (_schemas_folder() / f"v{release}.0-local-strict").is_dir() else None

    def built_in(self, release: str, api_version: str, kind: str) -> "RustValidator | None":
        """Return the validator of one of Kubernetes' own kinds; None if the release has no such kind."""
        if release not in self._releases:
            self._releases[release] = _Release(_schemas_folder() / f"v{release}.0-local-strict")
        return self._releases[release].validator(api_version, kind)

    def compiled(self, schema: Mapping[str, Any]) -> "RustValidator":
        """Return a validator for a JSON schema. Raises `UserError` if it cannot be compiled."""
        import jsonschema_rs

        # The engine of these options has the syntax and the linear time of Go's, which the API server uses.
        options = jsonschema_rs.RegexOptions()
        try:
            return RustValidator(
                jsonschema_rs.Draft202012Validator(dict(schema), pattern_options=options, offline=True)
            )
        except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise UserError(f"the schema cannot be compiled: {str(error).splitlines()[0]}") from None


class RustValidator:
    """A compiled schema."""

    def __init__(self, validator: "jsonschema_rs.Draft202012Validator") -> None:
        self._validator = validator

    def violations(self, body: Mapping[str, Any]) -> Sequence[Violation]:
        """Return what the schema refuses, at most 50 violations."""
        try:
            if self._validator.is_valid(body):
                return ()
            errors = [
                error for error, _ in zip(self._validator.iter_errors(body), range(_MOST_VIOLATIONS), strict=False)
            ]
        except ValueError as error:  # a key that is no text, or text that is not Unicode
            return (Violation((), f"cannot be written as JSON: {error}"),)
        return tuple(map(violation, errors))


class _Release:
    """The schemas of one Kubernetes release."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = frozenset(path.name for path in folder.iterdir())
        self._validators: dict[tuple[str, str], RustValidator | None] = {}

    @cached_property
    def _registry(self) -> "jsonschema_rs.Registry":
        import jsonschema_rs

        return jsonschema_rs.Registry(
            [(_DEFINITIONS, self._read("_definitions.json"))], draft=jsonschema_rs.Draft202012
        )

    def validator(self, api_version: str, kind: str) -> RustValidator | None:
        key = (api_version, kind)
        if key not in self._validators:
            self._validators[key] = self._compiled(api_version, kind)
        return self._validators[key]

    def _compiled(self, api_version: str, kind: str) -> RustValidator | None:
        parts = _API_VERSION.fullmatch(api_version)
        if parts is None or not _KIND.fullmatch(kind):
            return None
        name = "-".join(filter(None, (kind.lower(), parts["group"], parts["version"]))) + ".json"
        if name not in self._files:
            return None
        schema = self._read(name)
        # The name of the file has only the first label of the group, and the kind in lower case.
        group = api_version.rpartition("/")[0]
        served = {(known["group"], known["kind"]) for known in schema.get("x-kubernetes-group-version-kind", ())}
        if (group, kind) not in served:
            return None
        import jsonschema_rs

        return RustValidator(jsonschema_rs.Draft202012Validator(schema, registry=self._registry, offline=True))

    def _read(self, name: str) -> dict[str, Any]:
        schema: dict[str, Any] = json.loads((self._folder / name).read_bytes())
        return schema


@cache
def _schemas_folder() -> Path:
    """Return the folder of the schemas. The package is not imported: that takes longer than all validation."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            "the package kubernetes-validate is not installed; install it with: pip install kubernetes-validate"
        )
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"


_MOST_CHARACTERS = 120


def violation(error: "jsonschema_rs.ValidationError") -> Violation:
    """Return what a schema refuses, in words and without the value, which may be a secret."""
    path = tuple(error.instance_path)
    if error.kind.name == "additionalProperties":
        return Violation(path, "", tuple(sorted(error.kind.value)))
    return Violation(path, _message(error))


def _message(error: "jsonschema_rs.ValidationError") -> str:
    name, value = error.kind.name, error.kind.value
    wanted = [*value] if name == "type" else _wanted_types(error.kind)
    match name:
        case _ if wanted:
            message = f"must be {_types(wanted)}, not {_type(error.instance)}"
        case "required":
            message = f"lacks the field {value}"
        case "enum":
            message = f"must be one of {_cut(', '.join(map(str, value)))}"
        case "pattern":
            message = f"must match {_cut(str(value))}"
        case "oneOf" | "anyOf":
            message = f"has none of the forms that are allowed ({name})"
        case "uniqueItems":
            message = "has an item twice"
        case _ if name in _LIMITS:
            message = f"{_LIMITS[name]} {value}"
        case _:
            message = f"is refused ({name})"
    return message


_LIMITS = {
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be more than",
    "exclusiveMaximum": "must be less than",
    "minLength": "must have at least this number of characters:",
    "maxLength": "must have at most this number of characters:",
    "minItems": "must have at least this number of items:",
    "maxItems": "must have at most this number of items:",
    "minProperties": "must have at least this number of fields:",
    "maxProperties": "must have at most this number of fields:",
    "multipleOf": "must be a multiple of",
}


_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
}


def _wanted_types(kind: Any) -> list[str]:
    """Return the types of alternatives that differ only by type, such as a number or text."""
    errors = [error for branch in getattr(kind, "context", ()) for error in branch]
    if not errors or any(error.kind.name != "type" for error in errors):
        return []
    return [name for error in errors for name in error.kind.types]


def _types(names: Sequence[str]) -> str:
    return " or ".join(name for name in sorted(set(names)) if name != "null") or "null"


def _type(value: Any) -> str:
    return _TYPES.get(type(value), "object")


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
