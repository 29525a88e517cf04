"""Objects that the API server refuses because of their fields.

Objects of Kubernetes' own kinds are validated against the schemas of the cluster's release, custom resources against
the CustomResourceDefinitions of the cluster. Nulls in fields that cannot be null count as absent, as in the API server.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.argocd.sync import object_options, option_value
from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.check.schema.definitions import Definitions, definitions
from kubeaid_ci.check.schema.structural import Coercion, json_schema, without_status
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, text
from kubeaid_ci.k8s.manifest import MASK, Manifest
from kubeaid_ci.k8s.schemas import Path, Validator, Violation, written
from kubeaid_ci.render.cluster_state import ClusterState

OBJECT_INVALID = Rule(
    "schema/object-invalid",
    Severity.ERROR,
    "The API server refuses the object because a field has a value that its schema does not allow, so the sync fails. "
    "Correct the value that leads to the field.",
)
FIELD_UNKNOWN = Rule(
    "schema/field-unknown",
    Severity.ERROR,
    "The kind does not have this field: Argo CD applies with validation, so the API server refuses the object. Correct "
    "the name or the indentation, or remove the field.",
)
NOT_VALIDATED = Rule(
    "schema/not-validated",
    Severity.INFO,
    "There is no schema that objects could be validated against, so mistakes in them are not found. Check the version "
    "of the cluster in the settings, or the definition of the kind.",
)
RULES = (OBJECT_INVALID, FIELD_UNKNOWN, NOT_VALIDATED)

_MOST_NAMED = 5


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each object that its schema refuses, and what could not be validated."""
    release = context.schemas.release(state.version)
    if release is None:
        message = f"no schemas of Kubernetes {state.version}, so no object was validated"
        path = state.cluster.general.path or state.cluster.path
        yield NOT_VALIDATED.at(path, message, subject=state.cluster.label, key="release")
        return
    items = list(applied(state, context))
    known = {name: _Custom(found, context) for name, found in definitions(items).items()}
    for item in items:
        validator = context.schemas.built_in(release, _api_version(item), item.manifest.key.kind)
        if validator:
            yield from _findings(item, validator.violations(without_nulls(item.manifest.body)))
        else:
            yield from _findings(item, known[item.app.destination].violations(item.manifest))
    for custom in known.values():
        yield from custom.problems


def without_nulls(value: Any) -> Any:
    """Return a value without the nulls in mappings, which the API server reads as absent."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


class _Custom:
    """Validates custom resources; each schema is compiled on first use."""

    def __init__(self, definitions: Definitions, context: CheckContext) -> None:
        self._definitions = definitions
        self._context = context
        self._validators: dict[tuple[str, str], Validator | None] = {}
        self.problems: list[Finding] = []

    def violations(self, manifest: Manifest) -> list[Violation]:
        """Return what the definition of its kind refuses in an object; empty if no definition serves it."""
        version = str(manifest.body.get("apiVersion", "")).rpartition("/")[2]
        found = self._definitions.versions(manifest.key.group, manifest.key.kind).get(version)
        if found is None:
            return []
        definition, served = found
        schema = mapping(served, "schema", "openAPIV3Schema")
        validator = self._validator(f"{manifest.key.group}/{manifest.key.kind}", version, schema, definition.origin)
        if validator is None:
            return []
        has_status = isinstance(at(served, "subresources", "status"), dict)
        body = without_status(manifest.body) if has_status else manifest.body
        coercion = Coercion(schema, prunes=not definition.keeps_unknown_fields)
        refused = validator.violations(coercion.apply(body))
        return [*refused, *coercion.unknown, *coercion.repeated]

    def _validator(self, kind: str, version: str, schema: Mapping[str, Any], origin: Applied) -> Validator | None:
        if (kind, version) not in self._validators:
            self._validators[kind, version] = self._compiled(f"{kind} {version}", schema, origin)
        return self._validators[kind, version]

    def _compiled(self, kind: str, schema: Mapping[str, Any], origin: Applied) -> Validator | None:
        if not schema:
            self._problem(kind, "its definition has no schema", origin)
            return None
        try:
            return self._context.schemas.compiled(json_schema(schema))
        except UserError as error:
            self._problem(kind, str(error), origin)
            return None

    def _problem(self, kind: str, why: str, origin: Applied) -> None:
        message = f"objects of {kind} were not validated: {why}"
        self.problems.append(origin.finding(NOT_VALIDATED, message, key=kind))


def _findings(item: Applied, violations: "list[Violation] | tuple[Violation, ...] | Any") -> Iterator[Finding]:
    known = [one for one in violations if not _is_masked(item.manifest.body, one.path)]
    refused = [f"{written(one.path)} {one.message}" for one in known if one.message]
    unknown = [written((*one.path, name)) for one in known for name in one.fields]
    if refused:
        yield _finding(OBJECT_INVALID, item, _named(refused), None)
    if unknown:
        validates = option_value((*object_options(item.manifest.body), *item.app.sync.options), "Validate") != "false"
        yield _finding(FIELD_UNKNOWN, item, f"unknown field {_named(unknown)}", None if validates else Severity.WARNING)


def _finding(rule: Rule, item: Applied, what: str, severity: Severity | None) -> Finding:
    key = item.manifest.key
    return item.finding(rule, f"{key}: {what}", severity=severity, key=f"{key} {what}")


def _is_masked(body: Mapping[str, Any], path: Path) -> bool:
    """Return whether a value is one that the chart generates: its mask may not fit the schema."""
    value: Any = body
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return False
    return isinstance(value, str) and MASK in value


def _named(parts: list[str]) -> str:
    return named(parts, most=_MOST_NAMED, separator="; ")


def _api_version(item: Applied) -> str:
    return text(item.manifest.body, "apiVersion")
