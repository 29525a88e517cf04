"""Volumes that no backup has, volumes whose backups are too far apart, and the count of both."""

from collections.abc import Iterator
from datetime import timedelta

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.check.backup.plan import BackedVolume, Plan, plan
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.names import named
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.globs.paths import matches
from kubeaid_ci.k8s.cron import CronSchedule, longest_gap
from kubeaid_ci.render.cluster_state import ClusterState

VOLUME_UNCOVERED = Rule(
    "backup/volume-uncovered",
    Severity.WARNING,
    "The cluster has backups, but none has these volumes, so their data are lost with the disk or the namespace. Add "
    "the namespace to a schedule, or set up the backup of the database itself.",
)
NO_BACKUP = Rule(
    "backup/none",
    Severity.WARNING,
    "The cluster has volumes and no backup at all, so their data are lost with the cluster. Add Velero with a "
    "schedule, or list the namespaces whose data may be lost in check.backup-exempt.",
    is_posture=True,
)
GAP = Rule(
    "backup/gap",
    Severity.WARNING,
    "More than a day passes between two backups, so a failure then loses more than a day of data. Add a schedule for "
    "the days that are missing.",
)
RULES = (VOLUME_UNCOVERED, NO_BACKUP, GAP)

_LONGEST = timedelta(hours=24)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Report uncovered volumes once for each namespace, and gaps once for each set of schedules."""
    backups = plan(state, context)
    uncovered = [backed for backed in backups.volumes if backed.reason and not is_exempt(backed, context)]
    by_namespace: dict[tuple[str, str], list[BackedVolume]] = {}
    for volume in uncovered:
        by_namespace.setdefault(volume.namespace, []).append(volume)
    if backups.has_backups:
        for (_, namespace), inside in sorted(by_namespace.items()):
            yield _uncovered(namespace, inside, backups)
    elif uncovered:
        yield _none(state, uncovered, by_namespace)
    yield from _gaps(backups)


def is_exempt(volume: BackedVolume, context: CheckContext) -> bool:
    """Return whether the settings exempt a volume: by its namespace, or ``namespace/Kind/name``."""
    key = volume.item.manifest.key
    names = (key.namespace, f"{key.namespace}/{key.kind}/{key.name}")
    return any(matches(glob, name) for glob in context.settings.backup_exempt for name in names)


def _uncovered(namespace: str, inside: list[BackedVolume], backups: Plan) -> Finding:
    first = inside[0].item
    total = sum(backed.namespace == inside[0].namespace for backed in backups.volumes)
    reasons: dict[str, list[str]] = {}
    for volume in inside:
        reasons.setdefault(volume.reason, []).append(str(volume))
    why = "; ".join(f"{named(names)}: {reason}" for reason, names in reasons.items())
    message = f"namespace {namespace}: {len(inside)} of {total} volumes are in no backup: {why}"
    return first.finding(VOLUME_UNCOVERED, message, key=namespace)


def _none(
    state: ClusterState, uncovered: list[BackedVolume], by_namespace: dict[tuple[str, str], list[BackedVolume]]
) -> Finding:
    where = "; ".join(
        f"namespace {namespace}: {named(map(str, inside))}" for (_, namespace), inside in sorted(by_namespace.items())
    )
    count = f"{len(uncovered)} volume{'s' if len(uncovered) > 1 else ''}"
    message = f"no backup of {count}: {where}"
    return NO_BACKUP.at(uncovered[0].item.path, message, subject=state.cluster.label, key="none")


def _gaps(backups: Plan) -> Iterator[Finding]:
    """Report volumes with the same backups together."""
    same: dict[tuple[str, ...], list[BackedVolume]] = {}
    for backed in backups.volumes:
        if backed.crons:
            same.setdefault(_sources(backed), []).append(backed)
    for sources, together in same.items():
        first = together[0]
        origin = first.schedules[0].item if first.schedules else (first.own and first.own.origin) or first.item
        yield from _gap(origin, sources, first.crons, f" of {named(map(str, together))}")
    active = [schedule for schedule in backups.schedules if schedule.velero.cron and not schedule.velero.paused]
    if active and not any(volume.schedules for volume in backups.volumes):
        names = tuple(f"Schedule {one.velero.name}" for one in active)
        yield from _gap(
            active[0].item, names, tuple(schedule.velero.cron for schedule in active if schedule.velero.cron), ""
        )


def _gap(origin: Applied, sources: tuple[str, ...], crons: tuple[CronSchedule, ...], of: str) -> Iterator[Finding]:
    gap = longest_gap(crons)
    if gap is None or gap > _LONGEST:
        how_long = "they never run" if gap is None else f"{gap / timedelta(hours=1):g} hours pass between two backups"
        yield origin.finding(GAP, f"{named(sources)}: {how_long}{of}", key=" ".join(sources))


def _sources(volume: BackedVolume) -> tuple[str, ...]:
    names = [f"Schedule {schedule.velero.name}" for schedule in volume.schedules]
    if volume.own and volume.own.works and volume.own.crons and volume.own.origin:
        key = volume.own.origin.manifest.key
        names.append(f"{key.kind} {key.name}")
    return tuple(names)


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures of the family. Exempt volumes count as covered."""
    found = plan(state, context).volumes
    uncovered = sum(bool(volume.reason) and not is_exempt(volume, context) for volume in found)
    return {"backup": {"volumes": len(found), "uncovered": uncovered}}
