"""Backups of databases that are only half set up."""

from collections.abc import Iterator

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.check.backup.databases import CNPG_BACKUP
from kubeaid_ci.check.backup.plan import plan
from kubeaid_ci.check.backup.schedules import SCHEDULE_INVALID
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.cron import CronSchedule
from kubeaid_ci.k8s.fields import text
from kubeaid_ci.render.cluster_state import ClusterState

INCOMPLETE = Rule(
    "backup/database-incomplete",
    Severity.WARNING,
    "The backup of the database is only half set up, so the database cannot be restored from it. Add the part that "
    "the message names.",
)
DATABASE_MISSING = Rule(
    "backup/database-missing",
    Severity.WARNING,
    "The scheduled backup names a database that no Application creates, so it backs up nothing. Correct the name, or "
    "remove the backup.",
)
FIELDS_MISREAD = Rule(
    "backup/schedule-misread",
    Severity.WARNING,
    "CloudNativePG reads the first field of a schedule as seconds, so five fields mean another time than in a CronJob, "
    "mostly every hour. Put a 0 in front.",
)
RULES = (INCOMPLETE, DATABASE_MISSING, FIELDS_MISREAD)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report databases, and the scheduled backups of CloudNativePG."""
    backups = plan(state, context)
    reported: set[str] = set()
    for one in backups.volumes:
        key = str(one.item.manifest.key)
        if one.own and one.own.problem and key not in reported:
            reported.add(key)
            yield one.item.finding(INCOMPLETE, f"{key}: {one.own.problem}", key=key, content=one.own.problem)
    scheduled = [item for item in backups.items if (item.manifest.key.group, item.manifest.key.kind) == CNPG_BACKUP]
    for item in scheduled:
        yield from _schedule(item)
        name = text(item.manifest.body, "spec", "cluster", "name")
        if not any(_is_cluster(other, item, name) for other in backups.items):
            key, namespace = str(item.manifest.key), item.manifest.key.namespace
            message = f"{key}: no Cluster {name} in its namespace"
            yield item.absence(state, DATABASE_MISSING, message, key=key, namespace=namespace)


def _is_cluster(other: Applied, item: Applied, name: str) -> bool:
    key, own = other.manifest.key, item.manifest.key
    same_place = (other.app.destination, key.namespace) == (item.app.destination, own.namespace)
    return (key.group, key.kind, key.name) == (CNPG_BACKUP[0], "Cluster", name) and same_place


def _schedule(item: Applied) -> Iterator[Finding]:
    key, schedule = str(item.manifest.key), text(item.manifest.body, "spec", "schedule")
    try:
        CronSchedule.parse(schedule, with_seconds=True)
    except UserError as error:
        yield item.finding(SCHEDULE_INVALID, f"{key}: spec.schedule: {error}", key=key, content=str(error))
        return
    if len(schedule.split()) == 5 and not schedule.startswith("@"):
        second, minute = schedule.split()[:2]
        reading = f"has no field of seconds: it runs at minute {minute}, second {second}"
        message = f"{key}: spec.schedule {schedule} {reading}"
        yield item.finding(FIELDS_MISREAD, message, key=key, content=schedule)
