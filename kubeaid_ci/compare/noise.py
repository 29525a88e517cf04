"""Noise: differences without meaning for a reviewer, by named rules. A rule hides only exact fields."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubeaid_ci.compare.deltas import TEXT_SPELLING
from kubeaid_ci.compare.difference import ABSENT, Delta
from kubeaid_ci.k8s.quantity import same_quantity

IGNORED = "ignored-by-application"
API_SPELLING = "api-spelling"
"""The noise rule for what Kubernetes or Argo CD makes the same of."""

_DIGEST = re.compile(r"(?:sha\d+[:-])?[0-9a-fA-F]{8,128}")
_CHART = re.compile(r"[A-Za-z0-9._-]+-v?\d[A-Za-z0-9.+_-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_LABELLED = (
    ("metadata",),
    ("spec", "template", "metadata"),
    ("spec", "jobTemplate", "metadata"),
    ("spec", "jobTemplate", "spec", "template", "metadata"),
    ("spec", "podMetadata"),
)
"""The places of labels of an object and of the pods it creates. Those of volume claims cannot change, so they count."""

_SERVER_FIELDS = frozenset({"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"})
_QUANTITIES = frozenset({"limits", "requests", "hard", "capacity", "default", "defaultRequest", "min", "max"})
_AMOUNTS = frozenset({"averageValue", "divisor", "sizeLimit"})


@dataclass(frozen=True, slots=True)
class Noise:
    """One rule: what it hides, and why that has no meaning."""

    id: str
    what: str
    why: str
    holds: Callable[[Delta, str], bool]
    """True if a field of an object of a kind is noise."""


def _checksum(delta: Delta, _: str) -> bool:
    name = _at(delta, "annotations")
    if name == "rollme":
        return all(side is ABSENT or (isinstance(side, str) and len(side) <= 16) for side in _sides(delta))
    known = name.startswith(("checksum/", "checksum.")) or name.endswith(("/checksum", "-checksum"))
    return known and _all_text(delta, _DIGEST)


def _chart_label(delta: Delta, _: str) -> bool:
    return _at(delta, "labels") in ("helm.sh/chart", "chart") and _all_text(delta, _CHART)


def _version_label(delta: Delta, _: str) -> bool:
    return _at(delta, "labels") in ("app.kubernetes.io/version", "app.kubernetes.io/managed-by", "heritage")


def _generator(delta: Delta, kind: str) -> bool:
    name = _at(delta, "annotations")
    return kind == "CustomResourceDefinition" and name in (
        "controller-gen.kubebuilder.io/version",
        "operator.prometheus.io/version",
    )


def _ca_bundle(delta: Delta, kind: str) -> bool:
    places = {
        "MutatingWebhookConfiguration": ("webhooks", "*", "clientConfig", "caBundle"),
        "ValidatingWebhookConfiguration": ("webhooks", "*", "clientConfig", "caBundle"),
        "CustomResourceDefinition": ("spec", "conversion", "webhook", "clientConfig", "caBundle"),
        "APIService": ("spec", "caBundle"),
    }
    both = all(isinstance(side, str) and _BASE64.fullmatch(side) for side in _sides(delta))
    return delta.keys == places.get(kind) and both


def _server_field(delta: Delta, _: str) -> bool:
    return delta.keys[-1] in _SERVER_FIELDS and delta.keys[:-1] in _LABELLED


def _status(delta: Delta, _: str) -> bool:
    return delta.keys[0] == "status"


def _null(delta: Delta, _: str) -> bool:
    return all(side is None or side is ABSENT for side in _sides(delta))


def _quantity(delta: Delta, _: str) -> bool:
    measured = delta.keys[-1] in _AMOUNTS or (len(delta.keys) > 1 and delta.keys[-2] in _QUANTITIES)
    return measured and same_quantity(delta.before, delta.after)


def _description(delta: Delta, kind: str) -> bool:
    keys = delta.keys
    described = kind == "CustomResourceDefinition" and "openAPIV3Schema" in keys and "default" not in keys
    # Below `properties` it is the name of a field, not a text about one.
    return described and keys[-1] == "description" and keys[-2] != "properties"


NOISE: Mapping[str, Noise] = {
    rule.id: rule
    for rule in (
        Noise(
            "checksum-annotation",
            "annotations such as `checksum/config` and `rollme`, where they hold a digest",
            "what they sum up is compared itself",
            _checksum,
        ),
        Noise(
            "chart-label",
            "the labels `helm.sh/chart` and `chart`, where they hold a chart's name and version",
            "every object of a chart has it, and it changes with every release",
            _chart_label,
        ),
        Noise(
            "version-label",
            "the labels `app.kubernetes.io/version`, `app.kubernetes.io/managed-by` and `heritage`",
            "the image shows the version that runs",
            _version_label,
        ),
        Noise(
            "generator-annotation",
            "in a CRD, the version of the generator that wrote it",
            "the schema is compared itself",
            _generator,
        ),
        Noise(
            "ca-bundle",
            "the certificate authority of a webhook, API service or conversion, where both sides have one",
            "charts make a new one with each rendering",
            _ca_bundle,
        ),
        Noise(
            "server-field",
            "`metadata.creationTimestamp`, `uid`, `resourceVersion`, `generation`, `managedFields`, `selfLink`",
            "the API server sets them itself",
            _server_field,
        ),
        Noise("status", "`status` of any object", "controllers write it, Argo CD does not apply it", _status),
        Noise(
            "null-field",
            "a field that is null on one side and absent on the other",
            "Kubernetes drops a field that is null",
            _null,
        ),
        Noise(
            "quantity-spelling",
            "in requests, limits and quotas, an amount spelled otherwise: `100m` and `0.1`",
            "it is the same amount",
            _quantity,
        ),
        Noise(
            "crd-description",
            "in a CRD's schema, the descriptions of fields",
            "they are texts for people",
            _description,
        ),
        Noise(
            TEXT_SPELLING,
            "JSON and YAML in a text that holds the same, indented, quoted or commented otherwise",
            "programs read the same from it",
            lambda delta, _: delta.noise == TEXT_SPELLING,
        ),
        Noise(
            API_SPELLING,
            "defaults written out, empty fields, data as text, rights spread over other rules, one source in a list",
            "the API server, or Argo CD, makes the same of both",
            lambda delta, _: delta.noise == API_SPELLING,
        ),
        Noise(
            IGNORED,
            "what the Application's `ignoreDifferences` names by JSON pointers or plain jq paths, with the sync option "
            "`RespectIgnoreDifferences=true`, before and after",
            "Argo CD keeps what the cluster has; without the option the next sync applies it. Images are always shown",
            lambda delta, _: delta.noise == IGNORED,
        ),
    )
}
"""Every rule by its id, in the order they are tried."""


def classified(deltas: Iterable[Delta], kind: str, ignored: Collection[Delta | int] = ()) -> tuple[Delta, ...]:
    """Return the fields, each with the noise rule that leaves it out; a sync leaves those at the `ignored` places."""
    marked = (replace(delta, noise=IGNORED) if place in ignored else delta for place, delta in enumerate(deltas))
    return tuple(_classified(delta, kind) for delta in marked)


def _classified(delta: Delta, kind: str) -> Delta:
    if delta.noise or delta.in_text:
        return delta
    rule = next((rule.id for rule in NOISE.values() if rule.holds(delta, kind)), "")
    return replace(delta, noise=rule) if rule else delta


def _sides(delta: Delta) -> tuple[Any, Any]:
    return delta.before, delta.after


def _at(delta: Delta, field: str) -> str:
    """Return the name of the label or annotation that differs; an empty text if something else does."""
    keys = delta.keys
    return keys[-1] if len(keys) > 2 and keys[-2] == field and keys[:-2] in _LABELLED else ""


def _all_text(delta: Delta, pattern: re.Pattern[str]) -> bool:
    return all(side is ABSENT or (isinstance(side, str) and pattern.fullmatch(side)) for side in _sides(delta))
