"""Backups that a database makes by itself: of its operator, or by a job that names it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.cron import CronSchedule
from kubeaid_ci.k8s.fields import at, mapping, mappings, text

_JOB_WORDS = ("backup", "dump", "snapshot")
_POSTGRES_BUCKETS = ("wal_s3_bucket", "wal_gs_bucket", "wal_az_storage_account")


@dataclass(frozen=True, slots=True)
class OwnBackup:
    """The backup that a database makes by itself. `crons` are its schedules, empty if they are not known.

    `problem` is what is missing in a backup that is only half set up, and `works` is False if it can make no backup at
    all. `origin` is the object that has the schedule.
    """

    crons: tuple[CronSchedule, ...] = ()
    problem: str = ""
    origin: Applied | None = None
    works: bool = True


@dataclass(frozen=True, slots=True)
class Databases:
    """The objects of a cluster that may back up a database, by kind."""

    by_kind: Mapping[tuple[str, str], list[Applied]] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[Applied]) -> "Databases":
        """Collect the objects."""
        by_kind: dict[tuple[str, str], list[Applied]] = {}
        for item in items:
            kind = (item.manifest.key.group, item.manifest.key.kind)
            if kind in _HELPERS:
                by_kind.setdefault(kind, []).append(item)
        return cls(by_kind)

    def own_backup(self, item: Applied) -> OwnBackup | None:
        """Return the backup that a database makes by itself; None if it makes none."""
        kind = (item.manifest.key.group, item.manifest.key.kind)
        reader = _READERS.get(kind)
        return (reader(self, item) if reader else None) or self._job(item)

    def near(self, item: Applied, kind: tuple[str, str]) -> list[Applied]:
        """Return the objects of a kind in the namespace of an object."""
        key = item.manifest.key
        return [
            rendered
            for rendered in self.by_kind.get(kind, ())
            if rendered.manifest.key.namespace == key.namespace and rendered.app.destination == item.app.destination
        ]

    def _job(self, item: Applied) -> OwnBackup | None:
        """Return the backup of a CronJob that is called so, and names the database or its volume."""
        for job in self.near(item, ("batch", "CronJob")):
            body = job.manifest.body
            if not any(word in job.manifest.key.name for word in _JOB_WORDS) or at(body, "spec", "suspend") is True:
                continue
            names = json.dumps(mapping(body, "spec", "jobTemplate"), default=str)
            if _names(names, item.manifest.key.name):
                return OwnBackup(_crons([text(body, "spec", "schedule")]), "", job)
        return None


def _names(text: str, name: str) -> bool:
    """Return whether a text names an object: its name by itself, or in front of a suffix such as that of ``db-rw``."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?!\w)", text) is not None


def _cnpg(databases: Databases, item: Applied) -> OwnBackup | None:
    body = item.manifest.body
    methods = {name for name in ("barmanObjectStore", "volumeSnapshot") if at(body, "spec", "backup", name) is not None}
    if any(plugin.get("enabled") is not False for plugin in mappings(body, "spec", "plugins")):
        methods.add("plugin")
    scheduled = [
        rendered
        for rendered in databases.near(item, CNPG_BACKUP)
        if text(rendered.manifest.body, "spec", "cluster", "name") == item.manifest.key.name
        and at(rendered.manifest.body, "spec", "suspend") is not True
    ]
    if not scheduled:
        return OwnBackup((), "it archives its log, but no ScheduledBackup makes base backups") if methods else None
    first = scheduled[0]
    lacking = [
        method
        for rendered in scheduled
        if (method := text(rendered.manifest.body, "spec", "method") or "barmanObjectStore") not in methods
    ]
    crons = _crons([text(rendered.manifest.body, "spec", "schedule") for rendered in scheduled], with_seconds=True)
    if len(lacking) < len(scheduled):
        return OwnBackup(crons, "", first)
    problem = f"ScheduledBackup {first.manifest.key.name} uses {lacking[0]}, which the Cluster does not set up"
    return OwnBackup(crons, problem, first, works=False)


def _zalando(databases: Databases, item: Applied) -> OwnBackup | None:
    body = item.manifest.body
    if at(body, "spec", "enableLogicalBackup") is True:
        return OwnBackup(_crons([text(body, "spec", "logicalBackupSchedule") or "30 00 * * *"]), "", item)
    for operator in databases.by_kind.get(("acid.zalan.do", "OperatorConfiguration"), ()):
        cloud = mapping(operator.manifest.body, "configuration", "aws_or_gcp")
        if any(cloud.get(bucket) for bucket in _POSTGRES_BUCKETS):
            return OwnBackup((), "", operator)
    return None


def _mariadb(databases: Databases, item: Applied) -> OwnBackup | None:
    found = [
        rendered
        for kind in ("Backup", "PhysicalBackup")
        for rendered in databases.near(item, ("k8s.mariadb.com", kind))
        if text(rendered.manifest.body, "spec", "mariaDbRef", "name") == item.manifest.key.name
        and text(rendered.manifest.body, "spec", "schedule", "cron")
        and at(rendered.manifest.body, "spec", "schedule", "suspend") is not True
    ]
    if not found:
        return None
    return OwnBackup(
        _crons([text(rendered.manifest.body, "spec", "schedule", "cron") for rendered in found]), "", found[0]
    )


def _percona(_: Databases, item: Applied) -> OwnBackup | None:
    backup = mapping(item.manifest.body, "spec", "backup")
    tasks = mappings(backup, "tasks") or mappings(backup, "schedule")
    crons = _crons([text(task, "schedule") for task in tasks if task.get("enabled") is not False])
    return OwnBackup(crons, "", item) if crons and backup.get("enabled") is not False else None


def _crunchy(_: Databases, item: Applied) -> OwnBackup | None:
    texts = [
        value
        for repository in mappings(item.manifest.body, "spec", "backups", "pgbackrest", "repos")
        for value in mapping(repository, "schedules").values()
        if isinstance(value, str)
    ]
    crons = _crons(texts)
    return OwnBackup(crons, "", item) if crons else None


def _innodb(_: Databases, item: Applied) -> OwnBackup | None:
    schedules = mappings(item.manifest.body, "spec", "backupSchedules")
    crons = _crons([text(entry, "schedule") for entry in schedules if entry.get("enabled") is not False])
    return OwnBackup(crons, "", item) if crons else None


CNPG_BACKUP = ("postgresql.cnpg.io", "ScheduledBackup")
_HELPERS = frozenset(
    {
        CNPG_BACKUP,
        ("acid.zalan.do", "OperatorConfiguration"),
        ("batch", "CronJob"),
        ("k8s.mariadb.com", "Backup"),
        ("k8s.mariadb.com", "PhysicalBackup"),
    }
)
_READERS: Mapping[tuple[str, str], Callable[[Databases, Applied], OwnBackup | None]] = {
    ("postgresql.cnpg.io", "Cluster"): _cnpg,
    ("acid.zalan.do", "postgresql"): _zalando,
    ("k8s.mariadb.com", "MariaDB"): _mariadb,
    ("mysql.oracle.com", "InnoDBCluster"): _innodb,
    ("postgres-operator.crunchydata.com", "PostgresCluster"): _crunchy,
    ("psmdb.percona.com", "PerconaServerMongoDB"): _percona,
    ("pxc.percona.com", "PerconaXtraDBCluster"): _percona,
    ("pgv2.percona.com", "PerconaPGCluster"): _crunchy,
}


def _crons(schedules: list[str], *, with_seconds: bool = False) -> tuple[CronSchedule, ...]:
    """Return the schedules that can be read."""
    found = []
    for schedule in schedules:
        try:
            found.append(CronSchedule.parse(schedule, with_seconds=with_seconds))
        except UserError:
            continue
    return tuple(found)
