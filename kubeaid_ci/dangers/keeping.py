"""Effects of a changed object on the data, secrets and backups that belong to it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import ABSENT, Delta, Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.podspecs import pods
from kubeaid_ci.dangers.reading import Draft, body, both, is_kind, listed, mapping, mappings, text
from kubeaid_ci.dangers.stateful import is_custom
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.k8s.quantity import quantity

_DELETES = re.compile(r"(?:deletion|delete|reclaim)policy$|^when(?:Deleted|Scaled)$|^deleteclaim$", re.IGNORECASE)
_WHEN = {"whenDeleted": "when it is deleted", "whenScaled": "when it is scaled down"}
_DEEPEST = 12
_SIZES = frozenset({"size", "storage", "storageSize", "volumeSize"})
_AMOUNT = re.compile(r"\d+(?:\.\d+)?[KMGTPE]i?")
# Fields that name the source of secrets and certificates, by kind.
_SECRET_SOURCES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("external-secrets.io", "ExternalSecret"): ("secretStoreRef", "data", "dataFrom"),
    ("external-secrets.io", "SecretStore"): ("provider",),
    ("external-secrets.io", "ClusterSecretStore"): ("provider", "conditions"),
    ("cert-manager.io", "Certificate"): ("issuerRef", "secretName"),
    ("cert-manager.io", "Issuer"): ("acme", "ca", "selfSigned", "vault", "venafi"),
    ("cert-manager.io", "ClusterIssuer"): ("acme", "ca", "selfSigned", "vault", "venafi"),
}
_BACKUPS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("velero.io", "BackupStorageLocation"): ("accessMode", "config", "credential", "objectStorage", "provider"),
    ("velero.io", "Schedule"): ("paused", "schedule", "template"),
    ("velero.io", "VolumeSnapshotLocation"): ("config", "provider"),
    ("longhorn.io", "RecurringJob"): ("cron", "groups", "retain", "task"),
    ("postgresql.cnpg.io", "Cluster"): ("backup",),
    ("postgresql.cnpg.io", "ScheduledBackup"): ("cluster", "method", "schedule", "suspend"),
    ("barmancloud.cnpg.io", "ObjectStore"): ("configuration", "retentionPolicy"),
}


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about volumes that are deleted sooner, shrink or are left behind, and moved secrets and backups."""
    if difference.before is None or difference.after is None:
        return
    for delta in difference.deltas:
        yield from _sooner(delta)
        yield from _shrinks(difference, delta)
    yield from _left_behind(difference)
    yield from _keys(difference)
    yield from _elsewhere(difference)


def _sooner(delta: Delta) -> Iterator[Draft]:
    if "metadata" in delta.keys or delta.in_text or delta.noise == "api-spelling":
        return
    for keys, now in _leaves(delta.keys, delta.after):
        deletes = isinstance(now, str) and now.lower().startswith(("delete", "recycle"))
        if _DELETES.search(keys[-1]) and (deletes or now is True):
            when = _WHEN.get(keys[-1], "with it")
            message = f"from now on its data is deleted {when}: {'.'.join(keys)} is {now}"
            yield Draft(rules.STATE_REMOVED, message, Severity.WARNING)


def _leaves(keys: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield a value, or what is in the mappings that it is made of."""
    if isinstance(value, dict) and len(keys) < _DEEPEST:
        for name, below in value.items():
            yield from _leaves((*keys, str(name)), below)
    else:
        yield keys, value


def _shrinks(difference: Difference, delta: Delta) -> Iterator[Draft]:
    """Yield a draft about a smaller volume of a custom resource; those of Kubernetes' own objects cannot change."""
    sized = is_custom(difference.manifest.key.group) and delta.keys[-1] in _SIZES and not delta.in_text
    if sized and all(isinstance(side, str) and _AMOUNT.fullmatch(side) for side in (delta.before, delta.after)):
        old, new = quantity(delta.before), quantity(delta.after)
        if old is not None and new is not None and new < old:
            where = ".".join(delta.keys)
            yield Draft(rules.IMMUTABLE_FIELD, f"{where} shrinks, which a volume cannot", Severity.WARNING)


def _left_behind(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about volume claims that the pods no longer use."""
    for pod in pods(difference):
        if gone := _claims(pod.old) - _claims(pod.new):
            message = f"its pods no longer use the volume claim {listed(list(gone))}: they lose access to its data"
            yield Draft(rules.STATE_REMOVED, message, Severity.WARNING)
    if is_kind(difference, "monitoring.coreos.com", "Alertmanager", "Prometheus", "ThanosRuler"):
        old, new = both(difference, "spec")
        if mapping(old, "storage", "volumeClaimTemplate") and not mapping(new, "storage", "volumeClaimTemplate"):
            yield Draft(rules.STATE_REMOVED, "from now on it stores nothing in a volume", Severity.WARNING)


def _claims(spec: Mapping[str, Any]) -> set[str]:
    named = (text(volume, "persistentVolumeClaim", "claimName") for volume in mappings(spec, "volumes"))
    return {name for name in named if name}


def _keys(difference: Difference) -> Iterator[Draft]:
    if is_kind(difference, "", "Secret"):
        old, new = (_names(body(side)) for side in (difference.before, difference.after))
        if gone := old - new:
            message = f"{listed(list(gone))} of this secret is gone; pods that ask for it will not start"
            yield Draft(rules.SECRET_REMOVED, message)


def _names(secret: Mapping[str, Any]) -> set[str]:
    return {str(name) for field in ("data", "stringData") for name in mapping(secret, field)}


def _elsewhere(difference: Difference) -> Iterator[Draft]:
    key = (difference.manifest.key.group, difference.manifest.key.kind)
    if changed := _changed(difference, _SECRET_SOURCES.get(key, ())):
        yield Draft(rules.SECRET_SOURCE_CHANGED, f"what comes through it comes from elsewhere: {listed(changed)}")
    if changed := _changed(difference, _BACKUPS.get(key, ())):
        yield Draft(rules.BACKUP_CHANGED, f"backups are made or kept in another way: {listed(changed)}")


def _changed(difference: Difference, fields: tuple[str, ...]) -> list[str]:
    """Return the fields of the specification, out of `fields`, that change."""
    counting = {delta.keys[1] for delta in difference.deltas if len(delta.keys) > 1 and not delta.noise}
    gone = any(delta.keys == ("spec",) and delta.after is ABSENT for delta in difference.deltas)
    return [f"spec.{field}" for field in fields if field in counting] + (["spec"] if gone and fields else [])
