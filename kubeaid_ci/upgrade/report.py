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
    published = any(one.request for one in upgrades.clusters)
    return Report(
        "upgrade",
        version,
        summary=_summary(upgrades),
        results=upgrades.clusters,
        findings=upgrades.findings if findings is None else tuple(findings),
        sections=sections(groups(upgrades.rehearsal.changes), is_whole=True),
        table=Table(
            _WITH_REQUEST if published else _COLUMNS,
            tuple(_row(one, published=published) for one in upgrades.clusters),
        ),
        opening=tuple(_opening(upgrades)),
        details=_left(upgrades),
    )


def outputs(upgrades: Upgrades) -> Mapping[str, str]:
    """Return the outputs for a CI system: what was upgraded, and the change requests."""
    requests = [one.request for one in upgrades.clusters if one.request]
    names = [one.dir for one in upgrades.clusters if one.status is UpgradeStatus.UPGRADED]
    own = {
        "to": upgrades.to,
        "upgraded": json.dumps(names, separators=(",", ":")),
        "refused": json.dumps([one.dir for one in upgrades.refused], separators=(",", ":")),
    }
    return {**(request_outputs(requests) if requests else {}), **own}


def _summary(upgrades: Upgrades) -> dict[str, object]:
    counts = Counter(one.status for one in upgrades.clusters)
    places = [edit.status for one in upgrades.clusters for edit in one.sources]
    return {
        "in_short": _short(upgrades),
        "to": upgrades.to,
        "clusters": len(upgrades.clusters),
        **{status.value: counts[status] for status in UpgradeStatus},
        "sources": len(places),
        **{f"sources_{status.value}": places.count(status) for status in PlaceStatus},
        "errors": sum(one.errors for one in upgrades.clusters),
        **({"dry_run": True} if _is_dry(upgrades) else {}),
    }


def _short(upgrades: Upgrades) -> str:
    """``8 of 9 clusters upgraded to 32.5.0 · 38 of 38 KubeAid sources · 3 errors accepted``."""
    would = "would be " if _is_dry(upgrades) else ""
    total = len(upgrades.clusters)
    done = sum(one.status is UpgradeStatus.UPGRADED for one in upgrades.clusters)
    places = [edit.status for one in upgrades.clusters for edit in one.sources]
    errors = sum(one.errors for one in upgrades.clusters)
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
    clean = [one.cluster for one in upgrades.refused if not one.errors]
    if clean:
        yield f"without errors: kubeaid-ci upgrade {' '.join(clean)} --to {upgrades.to}"
    yield "despite the errors: add --accept-dangers"


def _row(one: ClusterUpgrade, *, published: bool) -> tuple[str, ...]:
    at = sum(edit.status is not PlaceStatus.LEFT for edit in one.sources)
    moved = sum(edit.status is PlaceStatus.MOVED for edit in one.sources)
    files = len(one.written) + len(one.removed)
    would = "would be " if one.dry_run and one.status is UpgradeStatus.UPGRADED else ""
    row = (
        one.cluster,
        f"{would}{one.status.value}",
        _revisions(one),
        f"{moved} of {len(one.sources)}" if at == len(one.sources) else f"{moved} of {len(one.sources)} (!)",
        "" if one.monitoring is Monitoring.NONE else one.monitoring.value,
        str(files or ""),
        str(one.errors or ""),
    )
    return (*row, _request(one)) if published else row


def _request(one: ClusterUpgrade) -> str:
    if one.request is None:
        return ""
    return f"{outcome_words(one.request)} {one.request.url or ''}".strip()


def _revisions(one: ClusterUpgrade) -> str:
    found = sorted({edit.before or "none" for edit in one.sources})
    more = f" and {len(found) - _MOST_REVISIONS} more" if len(found) > _MOST_REVISIONS else ""
    return ", ".join(found[:_MOST_REVISIONS]) + more


def _left(upgrades: Upgrades) -> tuple[Section, ...]:
    """Return the places that each cluster's upgrade changes, for a terminal with ``-v``."""
    edited = [one for one in upgrades.clusters if one.edits]
    return tuple(
        Section(f"{one.cluster}: {counted(len(one.edits), 'place')}", (Listing("\n".join(_lines(one))),))
        for one in edited
    )


def _lines(one: ClusterUpgrade) -> Iterable[str]:
    for edit in one.edits:
        about = f"{edit.app} {edit.kind.value}" if edit.app else edit.kind.value
        reason = f": {edit.reason}" if edit.reason else ""
        yield f"{edit.path}:{edit.line or ''} {about}: {edit.before or 'none'} → {one.to} {edit.status.value}{reason}"


def _is_dry(upgrades: Upgrades) -> bool:
    return any(one.dry_run for one in upgrades.clusters)
