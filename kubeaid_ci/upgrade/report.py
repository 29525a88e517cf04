"""The report of an upgrade."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubeaid_ci.diff.counts import effect
from kubeaid_ci.diff.groups import groups
from kubeaid_ci.diff.report import headline, sections
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.publishing.report import outcome_words, request_outputs
from kubeaid_ci.report.blocks import Listing, Section, Table
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.text import counted
from kubeaid_ci.upgrade.result import ClusterUpgrade, Monitoring, PlaceStatus, Upgrades, UpgradeStatus

_COLUMNS = ("cluster", "result", "from", "sources moved", "monitoring", "files", "errors")
_WITH_REQUEST = (*_COLUMNS, "change request")
_MOST_REVISIONS = 3


def report(upgrades: Upgrades, findings: Sequence[Finding] | None = None, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci upgrade``; `findings` are those to show, if the settings have judged them."""
    published = any(cluster.request for cluster in upgrades.clusters)
    return Report(
        "upgrade",
        version,
        summary=_summary(upgrades),
        results=upgrades.clusters,
        findings=upgrades.findings if findings is None else tuple(findings),
        sections=sections(groups(upgrades.rehearsal.changes), is_whole=True),
        table=Table(
            _WITH_REQUEST if published else _COLUMNS,
            tuple(_row(cluster, published=published) for cluster in upgrades.clusters),
        ),
        opening=tuple(_opening(upgrades)),
        details=_left(upgrades),
    )


def outputs(upgrades: Upgrades) -> Mapping[str, str]:
    """Return the outputs for a CI system: what was upgraded, and the change requests."""
    requests = [cluster.request for cluster in upgrades.clusters if cluster.request]
    names = [cluster.dir for cluster in upgrades.clusters if cluster.status is UpgradeStatus.UPGRADED]
    own = {
        "to": upgrades.to,
        "upgraded": json.dumps(names, separators=(",", ":")),
        "refused": json.dumps([cluster.dir for cluster in upgrades.refused], separators=(",", ":")),
    }
    return {**(request_outputs(requests) if requests else {}), **own}


def _summary(upgrades: Upgrades) -> dict[str, object]:
    counts = Counter(cluster.status for cluster in upgrades.clusters)
    places = [edit.status for cluster in upgrades.clusters for edit in cluster.sources]
    return {
        "in_short": _short(upgrades),
        "to": upgrades.to,
        "clusters": len(upgrades.clusters),
        **{status.value: counts[status] for status in UpgradeStatus},
        "sources": len(places),
        **{f"sources_{status.value}": places.count(status) for status in PlaceStatus},
        "errors": sum(cluster.errors for cluster in upgrades.clusters),
        **({"dry_run": True} if _is_dry(upgrades) else {}),
    }


def _short(upgrades: Upgrades) -> str:
    """``8 of 9 clusters upgraded to 32.5.0 · 38 of 38 KubeAid sources · 3 errors accepted``."""
    would = "would be " if _is_dry(upgrades) else ""
    total = len(upgrades.clusters)
    done = sum(cluster.status is UpgradeStatus.UPGRADED for cluster in upgrades.clusters)
    places = [edit.status for cluster in upgrades.clusters for edit in cluster.sources]
    errors = sum(cluster.errors for cluster in upgrades.clusters)
    parts = [f"{done} of {counted(total, 'cluster')} {would}upgraded to {upgrades.to}"]
    if upgrades.refused:
        parts = [f"refused: {len(upgrades.refused)} of {counted(total, 'cluster')} not upgraded to {upgrades.to}"]
        parts += [counted(errors, "error") + " in the rehearsal"]
    else:
        at = sum(status is not PlaceStatus.LEFT for status in places)
        parts += [f"{at} of {counted(len(places), 'KubeAid source')} {would or 'now '}at it"]
        parts += [f"{counted(errors, 'error')} accepted"] if errors and upgrades.accepted else []
    parts += [f"{len(upgrades.failed)} failed"] if upgrades.failed else []
    return " · ".join(parts)


def _opening(upgrades: Upgrades) -> Iterator[str]:
    yield _short(upgrades)
    yield f"rehearsal: {' · '.join(filter(None, (headline(upgrades.rehearsal), effect(upgrades.rehearsal))))}"
    if upgrades.refused:
        yield from advice(upgrades)


def advice(upgrades: Upgrades) -> Iterator[str]:
    """Yield what to do about an upgrade that was refused."""
    clean = [cluster.cluster for cluster in upgrades.refused if not cluster.errors]
    if clean:
        yield f"without errors: kubeaid-ci upgrade {' '.join(clean)} --to {upgrades.to}"
    yield "despite the errors: add --accept-dangers"


def _row(cluster: ClusterUpgrade, *, published: bool) -> tuple[str, ...]:
    at = sum(edit.status is not PlaceStatus.LEFT for edit in cluster.sources)
    moved = sum(edit.status is PlaceStatus.MOVED for edit in cluster.sources)
    files = len(cluster.written) + len(cluster.removed)
    would = "would be " if cluster.dry_run and cluster.status is UpgradeStatus.UPGRADED else ""
    row = (
        cluster.cluster,
        f"{would}{cluster.status.value}",
        _revisions(cluster),
        f"{moved} of {len(cluster.sources)}"
        if at == len(cluster.sources)
        else f"{moved} of {len(cluster.sources)} (!)",
        "" if cluster.monitoring is Monitoring.NONE else cluster.monitoring.value,
        str(files or ""),
        str(cluster.errors or ""),
    )
    return (*row, _request(cluster)) if published else row


def _request(cluster: ClusterUpgrade) -> str:
    if cluster.request is None:
        return ""
    return f"{outcome_words(cluster.request)} {cluster.request.url or ''}".strip()


def _revisions(cluster: ClusterUpgrade) -> str:
    found = sorted({edit.before or "none" for edit in cluster.sources})
    more = f" and {len(found) - _MOST_REVISIONS} more" if len(found) > _MOST_REVISIONS else ""
    return ", ".join(found[:_MOST_REVISIONS]) + more


def _left(upgrades: Upgrades) -> tuple[Section, ...]:
    """Return the places that each cluster's upgrade changes, for a terminal with ``-v``."""
    edited = [cluster for cluster in upgrades.clusters if cluster.edits]
    return tuple(
        Section(f"{cluster.cluster}: {counted(len(cluster.edits), 'place')}", (Listing("\n".join(_lines(cluster))),))
        for cluster in edited
    )


def _lines(cluster: ClusterUpgrade) -> Iterable[str]:
    for edit in cluster.edits:
        about = f"{edit.app} {edit.kind.value}" if edit.app else edit.kind.value
        reason = f": {edit.reason}" if edit.reason else ""
        step = f"{edit.before or 'none'} → {cluster.to}"
        yield f"{edit.path}:{edit.line or ''} {about}: {step} {edit.status.value}{reason}"


def _is_dry(upgrades: Upgrades) -> bool:
    return any(cluster.dry_run for cluster in upgrades.clusters)
