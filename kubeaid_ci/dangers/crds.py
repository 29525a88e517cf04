"""Effects of a changed CRD on objects of its kind."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from kubeaid_ci.compare.difference import ABSENT, Delta, Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.reading import Draft, body, is_kind, listed, mapping, mappings, named, text
from kubeaid_ci.findings.finding import Severity

_LEAST = frozenset({"minItems", "minLength", "minProperties", "minimum"})
_MOST = frozenset({"maxItems", "maxLength", "maxProperties", "maximum"})
_DEMANDS = frozenset(
    {"allOf", "anyOf", "oneOf", "not", "format", "multipleOf", "pattern", "uniqueItems", "x-kubernetes-validations"}
)
# Lists with unique items, or items identified by keys: a duplicate item is rejected.
_LIST_TYPES = frozenset({"map", "set"})


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about versions that go, another storage version, and schemas that take less."""
    if not is_kind(difference, "apiextensions.k8s.io", "CustomResourceDefinition"):
        return
    if difference.before is None or difference.after is None:
        return
    old, new = (_versions(body(side)) for side in (difference.before, difference.after))
    for version in old:
        yield from _version(version, old[version], new.get(version))
    yield from _storage(_stored(old), _stored(new))
    yield from _schema(difference)
    yield from _conversion(difference)


def _versions(definition: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the versions by name; the one of a definition that has no list of them."""
    spec = mapping(definition, "spec")
    found = named(mappings(spec, "versions") or [{"name": text(spec, "version"), "storage": True}])
    return {name: version for name, version in found.items() if name}


def _version(name: str, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> Iterator[Draft]:
    if new is None and old.get("served") is False:
        message = f"version {name}, which was not served any more, is gone: objects stored in it must be migrated first"
        yield Draft(rules.CRD_VERSION_REMOVED, message, Severity.WARNING)
    elif new is None:
        yield Draft(rules.CRD_VERSION_REMOVED, f"version {name} is gone: whatever uses it is refused")
    elif old.get("served") is not False and new.get("served") is False:
        yield Draft(rules.CRD_VERSION_REMOVED, f"version {name} is no longer served: whatever uses it is refused")


def _stored(versions: Mapping[str, Mapping[str, Any]]) -> str:
    return next((name for name, version in versions.items() if version.get("storage") is True), "")


def _storage(old: str, new: str) -> Iterator[Draft]:
    if old and new and old != new:
        yield Draft(rules.CRD_STORAGE_CHANGED, f"objects are stored as {new} instead of {old}")


def _schema(difference: Difference) -> Iterator[Draft]:
    narrowed = [change for delta in difference.deltas if not delta.noise and (change := _narrowed(delta))]
    if narrowed:
        yield Draft(rules.CRD_SCHEMA_NARROWED, f"stricter validation: {listed(narrowed)}")


def _narrowed(delta: Delta) -> str:
    keys = delta.keys
    if keys == ("spec", "preserveUnknownFields") and delta.before is True:
        return "the object drops unknown fields"
    if "openAPIV3Schema" not in keys[:-1]:
        return ""
    field = _field(delta)
    if keys[-2] == "properties":
        return f"{field} was removed" if delta.after is ABSENT else ""
    what = _demand(keys, delta)
    return f"{field} {what}" if what else ""


def _demand(keys: tuple[str, ...], delta: Delta) -> str:
    """Return the new constraint of a schema. A removed constraint is no danger."""
    gone, come = delta.after is ABSENT, delta.before is ABSENT
    match keys[-2:]:
        case (_, "properties") if gone:
            what = "has no known fields any more"
        case (_, "required") if come:
            what = f"now requires {', '.join(map(str, delta.after))}"
        case ("required", "*") if come:
            what = f"now requires {delta.after}"
        case (_, "enum") if come:
            what = "is now restricted to some values"
        case ("enum", "*") if not come:
            what = "allows fewer values"
        case (_, "type") if not _wider(delta):
            what = "changed its type"
        case (_, "nullable") if delta.before is True:
            what = "must not be null any more"
        case (_, "x-kubernetes-preserve-unknown-fields") if delta.before is True:
            what = "drops unknown fields"
        case (_, "additionalProperties") if not come:
            what = "allows fewer keys"
        case _:
            what = _limit(keys, delta)
    return what


def _limit(keys: tuple[str, ...], delta: Delta) -> str:
    gone, name = delta.after is ABSENT, keys[-1]
    if name in _LEAST | _MOST and not gone:
        return "" if _looser(delta, most=name in _MOST) else f"changed its {name}"
    if name == "x-kubernetes-list-type" and delta.after in _LIST_TYPES:
        return "must now be unique"
    if demand := next((one for one in keys[-3:] if one in _DEMANDS), ""):
        rule = demand != "x-kubernetes-validations" or name in (demand, "*", "rule")
        return "" if gone or not rule else f"changed its {'rule' if demand.startswith('x-') else demand}"
    return ""


def _looser(delta: Delta, *, most: bool) -> bool:
    old, new = delta.before, delta.after
    numbers = all(isinstance(side, int | float) for side in (old, new))
    return numbers and bool(new >= old if most else new <= old)


def _wider(delta: Delta) -> bool:
    """Return whether a type accepts all that it did: ``number`` after ``integer``; a missing type accepts anything."""
    return delta.after is ABSENT or (delta.before, delta.after) == ("integer", "number")


def _field(delta: Delta) -> str:
    """Return the field as people write it: ``spec.tls[].secretName`` of a version."""
    version = delta.steps[2].name if len(delta.steps) > 2 else ""
    names, steps = [], delta.steps[4:]
    for before, step in pairwise(steps):
        if before.name == "properties":
            names.append(step.name)
    return f"{version} {'.'.join(names) or 'the object'}"


def _conversion(difference: Difference) -> Iterator[Draft]:
    old, new = (mapping(body(side), "spec", "conversion") for side in (difference.before, difference.after))
    (was, url_before), (now, url) = _converter(old), _converter(new)
    if url and url != url_before:
        yield Draft(rules.WEBHOOK_WIDENED, "objects of this kind are converted by a webhook outside the cluster")
    elif now and now != was:
        instead = f" instead of {was}" if was else ""
        yield Draft(
            rules.WEBHOOK_WIDENED, f"objects of this kind are converted by {now}{instead}: where it is down, all fail"
        )
    elif was and not now:
        yield Draft(
            rules.CRD_STORAGE_CHANGED, "nothing converts objects of this kind from one version to another any more"
        )


def _converter(conversion: Mapping[str, Any]) -> tuple[str, str]:
    """Return the converting service, and its URL if it is outside the cluster; empty if there is no conversion."""
    if conversion.get("strategy") != "Webhook":
        return "", ""
    config = mapping(conversion, "webhook", "clientConfig") or mapping(conversion, "webhookClientConfig")
    service = f"service {text(config, 'service', 'namespace')}/{text(config, 'service', 'name')}"
    return (service, "") if mapping(config, "service") else ("a webhook", text(config, "url"))
