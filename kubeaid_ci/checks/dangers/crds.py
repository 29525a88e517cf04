"""What a new definition of a kind does to objects of that kind."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from kubeaid_ci.checks import change_rules as rules
from kubeaid_ci.checks.dangers.reading import Said, body, is_kind, listed, mappings, named, text
from kubeaid_ci.model.difference import ABSENT, Delta, Difference
from kubeaid_ci.model.finding import Severity

_DEMANDS = frozenset(
    {
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "pattern",
    }
    | {"format", "multipleOf", "not", "uniqueItems", "x-kubernetes-validations"}
)


def check(difference: Difference) -> Iterator[Said]:
    """Versions that go, another storage version, and schemas that take less."""
    if not is_kind(difference, "apiextensions.k8s.io", "CustomResourceDefinition"):
        return
    if difference.before is None or difference.after is None:
        return
    old, new = (named(mappings(body(side), "spec", "versions")) for side in (difference.before, difference.after))
    for version in old:
        yield from _version(version, old[version], new.get(version))
    yield from _storage(_stored(old), _stored(new))
    yield from _schema(difference)
    yield from _conversion(difference)


def _version(name: str, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> Iterator[Said]:
    if new is None and old.get("served") is False:
        message = f"version {name}, which was not served any more, is gone: objects stored in it must be migrated first"
        yield Said(rules.CRD_VERSION_REMOVED, message, Severity.WARNING)
    elif new is None:
        yield Said(rules.CRD_VERSION_REMOVED, f"version {name} is gone: whatever uses it is refused")
    elif old.get("served") is not False and new.get("served") is False:
        yield Said(rules.CRD_VERSION_REMOVED, f"version {name} is no longer served: whatever uses it is refused")


def _stored(versions: Mapping[str, Mapping[str, Any]]) -> str:
    return next((name for name, version in versions.items() if version.get("storage") is True), "")


def _storage(old: str, new: str) -> Iterator[Said]:
    if old and new and old != new:
        yield Said(rules.CRD_STORAGE_CHANGED, f"objects are stored as {new} instead of {old}")


def _schema(difference: Difference) -> Iterator[Said]:
    narrowed = [said for delta in difference.deltas if not delta.noise and (said := _narrowed(delta))]
    if narrowed:
        yield Said(rules.CRD_SCHEMA_NARROWED, f"the schema takes less than before: {listed(narrowed)}")


def _narrowed(delta: Delta) -> str:
    keys = delta.keys
    if "openAPIV3Schema" not in keys[:-1]:
        return ""
    field = _field(delta)
    named_field = keys[-2] == "properties"
    if named_field and delta.after is ABSENT:
        return f"{field} is gone"
    if named_field:
        return ""
    return _demand(keys, delta, field)


def _demand(keys: tuple[str, ...], delta: Delta, field: str) -> str:
    gone, come = delta.after is ABSENT, delta.before is ABSENT
    match keys[-2:]:
        case (_, "required") if come:
            what = f"demands {', '.join(map(str, delta.after))}"
        case ("required", "*") if come:
            what = f"demands {delta.after}"
        case ("enum", "*") if not come:
            what = "takes fewer values"
        case (_, "type"):
            what = "has another type"
        case (_, "x-kubernetes-preserve-unknown-fields") if delta.before is True:
            what = "drops unknown fields"
        case (_, "additionalProperties") if not come:
            what = "takes fewer keys"
        case (_, demand) if demand in _DEMANDS and not gone:
            what = f"has another {demand}"
        case ("x-kubernetes-validations", "*") if not gone:
            what = "has another rule"
        case _:
            what = ""
    return f"{field} {what}" if what else ""


def _field(delta: Delta) -> str:
    """The field as people write it: ``spec.tls[].secretName`` of a version."""
    version = delta.steps[2].name if len(delta.steps) > 2 else ""
    names, steps = [], delta.steps[4:]
    for before, step in pairwise(steps):
        if before.name == "properties":
            names.append(step.name)
    return f"{version} {'.'.join(names) or 'the object'}"


def _conversion(difference: Difference) -> Iterator[Said]:
    old, new = (
        text(body(side), "spec", "conversion", "webhook", "clientConfig", "url")
        for side in (difference.before, difference.after)
    )
    if new and new != old:
        yield Said(rules.WEBHOOK_WIDENED, "objects of this kind are converted by a webhook outside the cluster")
