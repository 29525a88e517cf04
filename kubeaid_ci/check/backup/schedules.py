"""Scheduled backups that never run, back up nothing, or are only half set up: of Velero and of database operators."""

from collections.abc import Iterator, Mapping

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.check.backup.databases import CNPG_BACKUP
from kubeaid_ci.check.backup.plan import Plan, plan
from kubeaid_ci.check.backup.velero import GROUP, Schedule
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.cron import CronSchedule
from kubeaid_ci.k8s.fields import at, text, text_map, texts
from kubeaid_ci.k8s.operated_pods import OPERATED
from kubeaid_ci.k8s.selectors import Labels
from kubeaid_ci.render.cluster_state import ClusterState

SCHEDULE_INVALID = Rule(
    "backup/schedule-invalid",
    Severity.ERROR,
    "The schedule cannot be read, so Velero or the operator refuses it and makes no backup. Correct it, for example to "
    "0 3 * * * for three in the morning every day.",
)
SELECTS_NOTHING = Rule(
    "backup/schedule-selects-nothing",
    Severity.WARNING,
    "No object of the cluster is in the namespaces that the schedule includes and has the labels that it selects, so "
    "its backups are empty. Correct the namespaces or labels, or remove the schedule.",
)
LOCATION_MISSING = Rule(
    "backup/location-missing",
    Severity.WARNING,
    "The schedule stores its backups in a location that no Application creates, so Velero refuses it unless somebody "
    "made the location by other means. Add a BackupStorageLocation, or correct its name.",
)
POLICY_MISSING = Rule(
    "backup/policy-missing",
    Severity.WARNING,
    "The schedule names a resource policy that no Application creates, so Velero refuses each of its backups. Add the "
    "ConfigMap next to Velero, or remove resourcePolicy.",
)
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
RULES = (
    SCHEDULE_INVALID,
    SELECTS_NOTHING,
    LOCATION_MISSING,
    POLICY_MISSING,
    INCOMPLETE,
    DATABASE_MISSING,
    FIELDS_MISREAD,
)

_DEFAULT_LOCATION = "default"


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each schedule of Velero and each backup of a database once for each rule."""
    yield from _velero_schedules(state, context)
    yield from _database_backups(state, context)


def _velero_schedules(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report each schedule once for each rule."""
    backups = plan(state, context)
    objects = {
        (item.app.destination, item.manifest.key.kind, item.manifest.key.namespace, item.manifest.key.name): item
        for item in backups.items
        if item.manifest.key.group == GROUP or item.manifest.key.kind == "ConfigMap"
    }
    for schedule in backups.schedules:
        velero = schedule.velero
        if velero.cron is None:
            yield _finding(SCHEDULE_INVALID, schedule, f"spec.schedule: {velero.problem}")
        key, own = str(schedule.item.manifest.key), velero.namespace
        if not _selects_anything(schedule, backups):
            message = f"{key}: no object of the cluster is in {_selection(schedule)}"
            yield schedule.item.absence(state, SELECTS_NOTHING, message, key=key)
        if missing := _missing_location(schedule, objects):
            yield schedule.item.absence(state, LOCATION_MISSING, f"{key}: {missing}", key=key, namespace=own)
        policy = text(velero.filter.template, "resourcePolicy", "name")
        if policy and (_place(schedule), "ConfigMap", own, policy) not in objects:
            message = f"{key}: no ConfigMap {own}/{policy}"
            yield schedule.item.absence(state, POLICY_MISSING, message, key=key, namespace=own)


def _selects_anything(schedule: Schedule, backups: Plan) -> bool:
    """Return whether an object may be in the backups: what an operator makes from it may be, too."""
    chosen = schedule.velero.filter
    for item in backups.items:
        key, namespace = item.manifest.key, item.manifest.key.namespace
        if item.app.destination != _place(schedule) or not namespace or not chosen.has_namespace(namespace):
            continue
        own = text_map(item.manifest.body, "metadata", "labels")
        if chosen.selects(Labels(own, complete=(key.group, key.kind) not in OPERATED)) is not False:
            return True
    return False


def _selection(schedule: Schedule) -> str:
    template = schedule.velero.filter.template
    namespaces = ", ".join(texts(template, "includedNamespaces")) or "any namespace"
    has_labels = bool(template.get("labelSelector") or template.get("orLabelSelectors"))
    return f"{namespaces}" + (" with the labels that it selects" if has_labels else "")


def _missing_location(schedule: Schedule, objects: Mapping[tuple[str, str, str, str], Applied]) -> str:
    """Return which location a schedule lacks; empty if it has one."""
    own = {
        name: item
        for (destination, kind, namespace, name), item in objects.items()
        if (destination, kind, namespace) == (_place(schedule), "BackupStorageLocation", schedule.velero.namespace)
    }
    named = text(schedule.velero.filter.template, "storageLocation")
    if not named:
        has_default = any(at(item.manifest.body, "spec", "default") is True for item in own.values())
        named = "" if has_default else _DEFAULT_LOCATION
    if not named:
        return ""
    if named not in own:
        return f"no BackupStorageLocation {schedule.velero.namespace}/{named}"
    body = own[named].manifest.body
    lacking = [
        field
        for field, value in (
            ("provider", text(body, "spec", "provider")),
            ("objectStorage.bucket", text(body, "spec", "objectStorage", "bucket")),
        )
        if not value
    ]
    return f"BackupStorageLocation {named} has no {' and no '.join(lacking)}" if lacking else ""


def _place(schedule: Schedule) -> str:
    return schedule.item.app.destination


def _finding(rule: Rule, schedule: Schedule, what: str) -> Finding:
    key = str(schedule.item.manifest.key)
    return schedule.item.finding(rule, f"{key}: {what}", key=key, content=what)


def _database_backups(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report databases, and the scheduled backups of CloudNativePG."""
    backups = plan(state, context)
    reported: set[str] = set()
    for volume in backups.volumes:
        key = str(volume.item.manifest.key)
        if volume.own and volume.own.problem and key not in reported:
            reported.add(key)
            yield volume.item.finding(INCOMPLETE, f"{key}: {volume.own.problem}", key=key, content=volume.own.problem)
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
