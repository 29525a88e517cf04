"""The backups of a cluster: each volume with the schedules that back it up, or the reason why none does."""

from dataclasses import dataclass, field

from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.backup.databases import Databases, OwnBackup
from kubeaid_ci.check.backup.velero import Schedule, Velero
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.k8s.cron import CronSchedule
from kubeaid_ci.k8s.volumes import Volume, volumes
from kubeaid_ci.render.cluster_state import ClusterState


@dataclass(frozen=True, slots=True)
class BackedVolume:
    """A volume with the Velero schedules that back it up, and the backup that its database makes by itself.

    `reason` is why no backup has it; empty if one has.
    """

    item: Applied
    volume: Volume
    schedules: tuple[Schedule, ...]
    own: OwnBackup | None
    reason: str

    @property
    def namespace(self) -> tuple[str, str]:
        """Destination of Argo CD and namespace of the volume."""
        return self.item.app.destination, self.item.manifest.key.namespace

    @property
    def crons(self) -> tuple[CronSchedule, ...]:
        """The times of all its backups."""
        own = self.own.crons if self.own and self.own.works else ()
        return (*(schedule.velero.cron for schedule in self.schedules if schedule.velero.cron), *own)

    def __str__(self) -> str:
        key = self.item.manifest.key
        return f"{key.kind} {key.name}" + (f" {self.volume.field}" if self.volume.field else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """All volumes and Velero schedules of a cluster."""

    volumes: tuple[BackedVolume, ...]
    schedules: tuple[Schedule, ...]
    items: tuple[Applied, ...] = field(repr=False)

    @property
    def has_backups(self) -> bool:
        """True if anything is backed up, or was meant to be."""
        return bool(self.schedules) or any(volume.own for volume in self.volumes)


def plan(state: ClusterState, context: CheckContext) -> Plan:
    """Return the backups of a cluster."""
    items = tuple(applied(state, context))
    velero, databases = Velero(items), Databases.of(items)
    found = [
        _backed(item, volume, velero, databases.own_backup(item)) for item in items for volume in volumes(item.manifest)
    ]
    return Plan(tuple(found), velero.schedules, items)


def _backed(item: Applied, volume: Volume, velero: Velero, own: OwnBackup | None) -> BackedVolume:
    covering, reason = velero.verdict(item, volume)
    if own and own.works:
        reason = ""
    elif own:
        reason = own.problem
    return BackedVolume(item, volume, covering, own, "" if covering else reason)
