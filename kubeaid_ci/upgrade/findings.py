"""Findings about what an upgrade leaves for people to do (pure)."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.semver.version import Version
from kubeaid_ci.upgrade.edits import ClusterEdits
from kubeaid_ci.upgrade.result import PlaceKind, PlaceStatus, RevisionEdit
from kubeaid_ci.upgrade.rules import (
    DOWNGRADE,
    MONITORING_KEPT,
    NOT_REHEARSED,
    REVISION_MOVES,
    SOURCE_LEFT,
    SOURCE_UNKNOWN,
    WAVE_WAITS,
)
from kubeaid_ci.upgrade.waves import WaveChoice

_MOST_NAMES = 10


def about_cluster(cluster: Cluster, made: ClusterEdits, to: str, is_chart: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield the findings about the files of one cluster. `is_chart` looks a path up in KubeAid at `to`."""
    for edit in made.edits:
        if edit.status is PlaceStatus.LEFT:
            at = f"{edit.kind.value} of {edit.app}" if edit.app else "version"
            message = f"{at} stays at {edit.before or 'a revision that is not known'}: {edit.reason}"
            key = f"{edit.kind.value} {edit.chart}"
            yield SOURCE_LEFT.at(edit.path, message, subject=_subject(cluster, edit.app), line=edit.line, key=key)
    for path, reason in made.unreadable.items():
        message = f"cannot be read, so revisions in it stay as they are: {reason.removeprefix(f'{path}:')}"
        yield SOURCE_LEFT.at(path, message, subject=cluster.label, key="unreadable")
    for path, source in made.unknown:
        if is_chart(source.path.strip("/")):
            address = without_credentials(source.url) if source.url else "its repository is an expression that"
            message = f"{address} is not known as KubeAid, which has {source.path} at {to}; not moved"
            subject = _subject(cluster, source.app)
            yield SOURCE_UNKNOWN.at(path, message, subject=subject, line=source.line, key=source.path)
    yield from _downgrades(cluster, made.edits, to)


def missed(cluster: Cluster, app: str, path: str) -> Finding:
    """Return the finding about an Application whose source is in no file of its cluster."""
    message = "its source is KubeAid, but no file of the cluster names its revision where it can be edited"
    return SOURCE_LEFT.at(path or cluster.path, message, subject=_subject(cluster, app), key="missed")


def monitoring_kept(cluster: Cluster, reason: str, *, severity: Severity | None = None) -> Finding:
    """Return the finding about a cluster whose built manifests stay as they are."""
    message = f"the built manifests stay as they are: {reason}"
    return MONITORING_KEPT.at(cluster.output, message, subject=cluster.label, severity=severity, key="kept")


def not_rehearsed(cluster: Cluster, reason: str) -> Finding:
    """Return the finding about a cluster of which the rehearsal knows nothing."""
    return NOT_REHEARSED.at(
        cluster.path, f"nothing could be rehearsed: {reason}", subject=cluster.label, key="rehearsed"
    )


def moving(to: str) -> Finding:
    """Return the finding about a revision that is a branch."""
    return REVISION_MOVES.at(None, f"{to} is a branch", subject=to, key="branch")


def waiting(wave: WaveChoice, *, named: bool) -> Finding:
    """Return the finding about a wave that is not due: an error if it was requested by name."""
    severity = None if named else Severity.INFO
    return WAVE_WAITS.at(None, wave.waiting, subject=wave.name, severity=severity, key="waits")


def errors_of(cluster: Cluster, findings: Iterable[Finding]) -> list[Finding]:
    """Return the errors about a cluster that no setting suppresses."""
    return [
        finding
        for finding in findings
        if finding.severity is Severity.ERROR and finding.suppressed_by is None and _concerns(finding.subject, cluster)
    ]


def _concerns(subject: str, cluster: Cluster) -> bool:
    return subject in (cluster.label, cluster.name) or subject.startswith(f"{cluster.label}/")


def _downgrades(cluster: Cluster, edits: Sequence[RevisionEdit], to: str) -> Iterator[Finding]:
    """Yield one finding for all sources of a cluster that are at a newer version."""
    newer = [edit for edit in edits if edit.kind is PlaceKind.SOURCE and edit.before and _is_newer(edit.before, to)]
    if newer:
        names = [f"{one.app} ({one.before})" for one in newer]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        message = f"{to} is older than what is used by {', '.join(names[:_MOST_NAMES])}{more}"
        yield DOWNGRADE.at(cluster.path, message, subject=cluster.label, key="downgrade")


def _is_newer(before: str, to: str) -> bool:
    try:
        return Version.parse(before) > Version.parse(to)
    except UserError:
        return False


def _subject(cluster: Cluster, app: str) -> str:
    return f"{cluster.label}/{app}" if app else cluster.label
