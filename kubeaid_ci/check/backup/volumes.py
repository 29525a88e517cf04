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
    uncovered = [one for one in backups.volumes if one.reason and not is_exempt(one, context)]
    by_namespace: dict[tuple[str, str], list[BackedVolume]] = {}
    for one in uncovered:
        by_namespace.setdefault(one.namespace, []).append(one)
    if backups.has_backups:
        for (_, namespace), inside in sorted(by_namespace.items()):
            yield _uncovered(namespace, inside, backups)
    elif uncovered:
        yield _none(state, uncovered, by_namespace)
    yield from _gaps(backups)


def is_exempt(one: BackedVolume, context: CheckContext) -> bool:
    """Return whether the settings exempt a volume: by its namespace, or ``namespace/Kind/name``."""
    key = one.item.manifest.key
    names = (key.namespace, f"{key.namespace}/{key.kind}/{key.name}")
    return any(matches(glob, name) for glob in context.settings.backup_exempt for name in names)


def _uncovered(namespace: str, inside: list[BackedVolume], backups: Plan) -> Finding:
    first = inside[0].item
    total = sum(one.namespace == inside[0].namespace for one in backups.volumes)
    reasons: dict[str, list[str]] = {}
    for one in inside:
        reasons.setdefault(one.reason, []).append(str(one))
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
    for one in backups.volumes:
        if one.crons:
            same.setdefault(_sources(one), []).append(one)
    for sources, together in same.items():
        first = together[0]
        origin = first.schedules[0].item if first.schedules else (first.own and first.own.origin) or first.item
        yield from _gap(origin, sources, first.crons, f" of {named(map(str, together))}")
    active = [one for one in backups.schedules if one.velero.cron and not one.velero.paused]
    if active and not any(one.schedules for one in backups.volumes):
        names = tuple(f"Schedule {one.velero.name}" for one in active)
        yield from _gap(active[0].item, names, tuple(one.velero.cron for one in active if one.velero.cron), "")


def _gap(origin: Applied, sources: tuple[str, ...], crons: tuple[CronSchedule, ...], of: str) -> Iterator[Finding]:
    gap = longest_gap(crons)
    if gap is None or gap > _LONGEST:
        how_long = "they never run" if gap is None else f"{gap / timedelta(hours=1):g} hours pass between two backups"
        yield origin.finding(GAP, f"{named(sources)}: {how_long}{of}", key=" ".join(sources))


def _sources(one: BackedVolume) -> tuple[str, ...]:
    names = [f"Schedule {schedule.velero.name}" for schedule in one.schedules]
    if one.own and one.own.works and one.own.crons and one.own.origin:
        key = one.own.origin.manifest.key
        names.append(f"{key.kind} {key.name}")
    return tuple(names)


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures of the family. Exempt volumes count as covered."""
    found = plan(state, context).volumes
    uncovered = sum(bool(one.reason) and not is_exempt(one, context) for one in found)
    return {"backup": {"volumes": len(found), "uncovered": uncovered}}
