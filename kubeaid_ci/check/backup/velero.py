"""Velero in a cluster: its schedules, and which of them back up a volume."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.check.applied import Applied
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping, mappings, text, texts
from kubeaid_ci.k8s.pods import pod_templates
from kubeaid_ci.k8s.velero import EXCLUDED_LABEL, Mount, SkipRule, VeleroSchedule, skip_rules
from kubeaid_ci.k8s.volumes import Volume, VolumeKind

GROUP = "velero.io"
_Claim = tuple[str, str, str]
"""Destination, namespace and name of a volume claim."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A Velero schedule, its object, and the rules of its resource policy that skip volumes."""

    item: Applied
    velero: VeleroSchedule
    skips: tuple[SkipRule, ...]


class Velero:
    """The schedules and servers of Velero in a cluster, and the pods that mount its volumes."""

    def __init__(self, items: Iterable[Applied]) -> None:
        known = list(items)
        self.schedules = tuple(_schedules(known))
        self._mounts = _mounts(known)
        self._servers, self._snapshots = _servers(known)

    def verdict(self, item: Applied, volume: Volume) -> tuple[tuple[Schedule, ...], str]:
        """Return the schedules that back up a volume, and why none does; the reason is empty if one does."""
        covering, reasons = [], []
        for schedule in self.schedules:
            if schedule.item.app.destination == item.app.destination:
                reason = next(self._obstacles(item, volume, schedule), "")
                reasons.append(reason)
                covering += [] if reason else [schedule]
        # A schedule for other namespaces is the least useful reason.
        best = min(reasons, key=lambda reason: reason.startswith(_OUTSIDE), default="no schedule")
        return tuple(covering), "" if covering else best

    def _obstacles(self, item: Applied, volume: Volume, schedule: Schedule) -> Iterator[str]:
        """Yield what keeps a schedule from backing up a volume."""
        velero, name = schedule.velero, schedule.velero.name
        if not velero.filter.has_namespace(item.manifest.key.namespace):
            yield f"{_OUTSIDE} schedule {name}"
        if velero.cron is None or velero.paused:
            yield f"schedule {name} {'is paused' if velero.paused else 'is invalid'}"
        if not velero.filter.has_claims():
            yield f"schedule {name} leaves out volume claims"
        if volume.labels.known.get(EXCLUDED_LABEL) == "true":
            yield f"excluded by the label {EXCLUDED_LABEL}"
        selected = velero.filter.selects(volume.labels)
        if selected is False:
            yield f"schedule {name} does not select its labels"
        if selected is None:
            yield f"schedule {name} selects by labels that only the operator knows"
        if any(rule.matches(volume.labels, volume.storage_class) for rule in schedule.skips):
            yield f"skipped by the resource policy of schedule {name}"
        if velero.filter.saves_files(self._mounts_of(item, volume)):
            return
        if not velero.filter.takes_snapshots:
            yield f"schedule {name} saves neither its files nor a snapshot"
        if not self._can_snapshot(item.app.destination):
            yield f"schedule {name} takes no snapshot: Velero has no VolumeSnapshotLocation and no feature EnableCSI"

    def _can_snapshot(self, destination: str) -> bool:
        """Return whether snapshots are possible; True if the server is not in Git."""
        return destination in self._snapshots or destination not in self._servers

    def _mounts_of(self, item: Applied, volume: Volume) -> list[Mount]:
        if volume.kind is VolumeKind.CLAIM:
            return self._mounts.get((item.app.destination, item.manifest.key.namespace, volume.name), [])
        made = pod_templates(item.manifest)
        return [Mount(pods.annotations, volume.name) for pods in made] or [Mount({}, volume.name)]


_OUTSIDE = "its namespace is not in"


def _schedules(items: Iterable[Applied]) -> Iterator[Schedule]:
    policies = {
        (item.app.destination, item.manifest.key.namespace, item.manifest.key.name): item.manifest.body
        for item in items
        if (item.manifest.key.group, item.manifest.key.kind) == ("", "ConfigMap")
    }
    for item in items:
        key = item.manifest.key
        if (key.group, key.kind) == (GROUP, "Schedule"):
            velero = VeleroSchedule.parse(item.manifest.body, name=key.name, namespace=key.namespace)
            named = text(velero.filter.template, "resourcePolicy", "name")
            config = policies.get((item.app.destination, key.namespace, named), {})
            yield Schedule(item, velero, _skips(config))


def _skips(config: Mapping[str, Any]) -> tuple[SkipRule, ...]:
    found: list[SkipRule] = []
    for name, value in mapping(config, "data").items():
        if isinstance(value, str):
            try:
                found += skip_rules(documents.load(value, where=str(name)))
            except UserError:
                continue
    return tuple(found)


def _servers(items: Iterable[Applied]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the destinations with a server of Velero, and those in which it can take snapshots."""
    servers, snapshots = set(), set()
    for item in items:
        key, destination = item.manifest.key, item.app.destination
        if (key.group, key.kind) == (GROUP, "VolumeSnapshotLocation"):
            snapshots.add(destination)
        for pods in pod_templates(item.manifest) if key.kind == "Deployment" else ():
            containers = [entry for entry in pods.containers() if "velero/velero" in text(entry, "image")]
            servers |= {destination} if containers else set()
            if any("EnableCSI" in word for entry in containers for word in texts(entry, "args")):
                snapshots.add(destination)
    return frozenset(servers), frozenset(snapshots)


def _mounts(items: Iterable[Applied]) -> Mapping[_Claim, list[Mount]]:
    """Return the mounts of each claim in pods."""
    found: dict[_Claim, list[Mount]] = {}
    for item in items:
        for pods in pod_templates(item.manifest):
            for volume in mappings(pods.spec, "volumes"):
                claim = text(volume, "persistentVolumeClaim", "claimName")
                if claim:
                    place = (item.app.destination, item.manifest.key.namespace, claim)
                    found.setdefault(place, []).append(Mount(pods.annotations, text(volume, "name")))
    return found
