"""The result of copying a cluster: what the copy and the original would both claim, and the volumes to restore."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kubeaid_ci.check.applied import Applied
from kubeaid_ci.check.backup.plan import BackedVolume
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.upgrade.result import Upgrades
from kubeaid_ci.upgrade.rules import SHADOW_COLLISION, SHADOW_RESTORE
from kubeaid_ci.upgrade.shadow_copy import Leftover
from kubeaid_ci.upgrade.shadow_uses import Use, UseKind, named, names_of, uses
from kubeaid_ci.visible import one_line, shortened

_MOST_CHARACTERS = 160
_MOST_NAMES = 6
_ADVICE: Mapping[UseKind, str] = {
    UseKind.HOSTNAME: "both clusters would claim this hostname; give the copy another one, or move it at the switch",
    UseKind.ADDRESS: "both clusters would claim this address; give the copy another one",
    UseKind.DNS_OWNER: "external-dns of each cluster would delete the records of the other; set another txtOwnerId",
    UseKind.BUCKET: "both clusters would write backups there; give the copy another bucket or prefix",
    UseKind.SECRET_PATH: "both clusters would use this path of the secret store; check that they may share it",
    UseKind.CLUSTER_NAME: "the copy would act under the name of the other cluster; set its own name",
    UseKind.SEALED_SECRET: "only the sealing key of {old} decrypts it; seal the secret again for {new}",
}


@dataclass(frozen=True, slots=True)
class Collision:
    """A value that the copy shares with the original.

    `object` and `field` are where the copy has it, `others` the number of further places of the same Application.
    `path` and `line` are what a person edits in the copy; `line` is None if no file of the copy has the value.
    """

    kind: UseKind
    app: str
    object: str
    field: str
    value: str
    path: str
    line: int | None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Restore:
    """A volume of the original, and its backups. `reason` is why no backup has it; empty if one has."""

    namespace: str
    volume: str
    sources: tuple[str, ...]
    reason: str
    path: str


class ShadowStatus(StrEnum):
    """The outcome of copying a cluster."""

    CREATED = "created"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ShadowCluster:
    """A copy of a cluster.

    `cluster` is its name, `source` that of the original, `path` its folder and `to` its KubeAid revision. `files` are
    the paths of its files, also if they are not written. `not_rendered` are Applications whose collisions are not
    known. `errors` counts those of the rehearsal of the copy. With `dry_run` nothing was written.
    """

    cluster: str
    source: str
    path: str
    to: str
    status: ShadowStatus
    files: tuple[str, ...]
    collisions: tuple[Collision, ...] = ()
    restores: tuple[Restore, ...] = ()
    not_rendered: tuple[str, ...] = ()
    errors: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Shadow(JsonResult):
    """The copy of a cluster, and the upgrade of the copy with its rehearsal."""

    cluster: ShadowCluster
    upgrade: Upgrades
    findings: tuple[Finding, ...] = ()

    @property
    def is_refused(self) -> bool:
        """True if nothing was written because of errors in the rehearsal."""
        return self.cluster.status is ShadowStatus.REFUSED


def collisions(
    copy: Sequence[Applied], original: Sequence[Applied], files: Mapping[str, bytes], *, old: str, new: str
) -> tuple[Collision, ...]:
    """Return what both clusters would claim, and what of the copy still names the original.

    `copy` and `original` are the objects of both clusters, `files` those of the copy by path; `old` and `new` are the
    names of the clusters.
    """
    names = names_of(old, new)
    theirs = {(use.kind, use.value) for item in original for use in uses(item.manifest)}
    found: dict[tuple[UseKind, str, str], list[tuple[Applied, Use]]] = {}
    for item in copy:
        by_name = list(named(item.manifest, names, old))
        shared = [use for use in uses(item.manifest) if (use.kind, use.value) in theirs and not _is_in(use, by_name)]
        for use in (*shared, *by_name):
            found.setdefault((use.kind, use.value, item.app.app), []).append((item, use))
    return tuple(sorted(_merged(_collision(places, files) for places in found.values()), key=_order))


def _is_in(use: Use, by_name: Iterable[Use]) -> bool:
    """Return whether a text that names the cluster has the value too, such as the argument of a flag."""
    return use.kind is UseKind.CLUSTER_NAME and any(use.value in one.value for one in by_name)


def _merged(found: Iterable[Collision]) -> Iterator[Collision]:
    """Yield collisions, those as one whose cluster name is on the same line of a file."""
    by_place: dict[object, Collision] = {}
    for number, one in enumerate(found):
        is_name = one.kind is UseKind.CLUSTER_NAME and one.line is not None
        place = (one.app, one.path, one.line) if is_name else number
        first = by_place.get(place)
        by_place[place] = replace(first, others=first.others + one.others + 1) if first else one
    yield from by_place.values()


def of_leftovers(found: Iterable[Leftover], known: Iterable[Collision], old: str) -> tuple[Collision, ...]:
    """Return the lines of the copy that name the original, without those that another collision names already.

    Lines with the same key in a file are one.
    """
    covered = {(collision.path, collision.line) for collision in known if collision.kind is not UseKind.SECRET_PATH}
    by_key: dict[tuple[str, str], Collision] = {}
    for leftover in found:
        if (leftover.path, leftover.line) not in covered:
            first = by_key.get((leftover.path, leftover.key))
            new = Collision(UseKind.CLUSTER_NAME, "", "", leftover.key, old, leftover.path, leftover.line)
            by_key[leftover.path, leftover.key] = replace(first, others=first.others + 1) if first else new
    return tuple(by_key.values())


def findings_of(shared: Iterable[Collision], volumes: Sequence[Restore], *, old: str, new: str) -> Iterator[Finding]:
    """Yield a finding for each collision, and one for each namespace with volumes."""
    for collision in shared:
        what = " ".join(filter(None, (collision.object, collision.field))) or "text"
        value = shortened(one_line(collision.value), _MOST_CHARACTERS)
        advice = _ADVICE[collision.kind].format(old=old, new=new)
        more = (
            f" (and in {collision.others} other place{'s' if collision.others > 1 else ''})" if collision.others else ""
        )
        yield SHADOW_COLLISION.at(
            collision.path,
            f"{one_line(what)}: {value}{more}: {advice}",
            subject=f"{new}/{collision.app}" if collision.app else new,
            line=collision.line,
            severity=Severity.INFO if collision.kind is UseKind.SECRET_PATH else None,
            key=f"{collision.kind} {collision.object} {collision.field} {collision.value}",
        )
    for namespace in sorted({restore.namespace for restore in volumes}):
        yield _restore(namespace, [restore for restore in volumes if restore.namespace == namespace], old, new)


def restores(volumes: Iterable[BackedVolume], path_in_copy: Callable[[str], str]) -> tuple[Restore, ...]:
    """Return the volumes of the original with the names of their backups."""
    return tuple(
        Restore(volume.namespace[1], str(volume), _sources(volume), volume.reason, path_in_copy(volume.item.path))
        for volume in volumes
    )


def _sources(volume: BackedVolume) -> tuple[str, ...]:
    names = [f"Velero Schedule {schedule.velero.name}" for schedule in volume.schedules]
    if volume.own and volume.own.works and not volume.reason:
        key = volume.own.origin.manifest.key if volume.own.origin else volume.item.manifest.key
        names.append(f"the database's own backup ({key.kind} {key.name})")
    return tuple(names)


def _restore(namespace: str, volumes: Sequence[Restore], old: str, new: str) -> Finding:
    by_backup: dict[str, list[str]] = {}
    for volume in volumes:
        backup = f"restore from {' or '.join(volume.sources)}" if volume.sources else f"in no backup: {volume.reason}"
        by_backup.setdefault(backup, []).append(volume.volume)
    parts = [f"{_listed(names)}: {backup}" for backup, names in by_backup.items()]
    message = f"namespace {namespace}: the copy starts without the data of {old}: {'; '.join(parts)}"
    return SHADOW_RESTORE.at(volumes[0].path, one_line(message), subject=new, key=namespace)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _collision(places: Sequence[tuple[Applied, Use]], files: Mapping[str, bytes]) -> Collision:
    """Return the collision of a value at its first place, with the line to edit."""
    item, use = places[0]
    path, line = _place(item, use, files)
    return Collision(use.kind, item.app.app, str(item.manifest.key), use.field, use.value, path, line, len(places) - 1)


def _place(item: Applied, use: Use, files: Mapping[str, bytes]) -> tuple[str, int | None]:
    """Return the file that a person edits, and the line that has the value: its own file, then the values files."""
    layers = [layer.path for source in item.app.sources for layer in source.values if layer.repository == "config"]
    for path in dict.fromkeys((item.path, *reversed(layers), item.app.path)):
        start = (item.line or 1) if path == item.path else 1
        if line := _line(files.get(path, b""), use.needle, start):
            return path, line
    return item.path, item.line


def _line(data: bytes, needle: str, start: int) -> int | None:
    """Return the line of a value from a line on, from 1."""
    pattern = re.compile(rf"(?<![A-Za-z0-9]){re.escape(needle)}(?![A-Za-z0-9])")
    lines = data.decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if number >= start and pattern.search(line)), None)


def _order(collision: Collision) -> tuple[str, str, int, str]:
    return (collision.kind, collision.path, collision.line or 0, collision.value)
