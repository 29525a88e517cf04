"""The report of a shadow cluster."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kubeaid_ci.diff.groups import groups
from kubeaid_ci.diff.report import sections
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.blocks import Table
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.text import counted
from kubeaid_ci.upgrade.shadow import Shadow, ShadowCluster

_MOST_NAMES = 10


def report(made: Shadow, findings: Sequence[Finding] | None = None, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci upgrade --shadow``; `findings` are those to show, if they are judged."""
    return Report(
        "upgrade",
        version,
        summary=_summary(made),
        results=(made.cluster,),
        findings=made.findings if findings is None else tuple(findings),
        sections=sections(groups(made.upgrade.rehearsal.changes), is_whole=True),
        table=Table(("collision", "places"), _rows(made.cluster)),
        opening=tuple(_opening(made)),
    )


def outputs(made: Shadow) -> Mapping[str, str]:
    """Return the outputs for a CI system."""
    created = [] if made.is_refused else [made.cluster.cluster]
    return {"to": made.cluster.to, "shadow": json.dumps(created, separators=(",", ":"))}


def _rows(cluster: ShadowCluster) -> tuple[tuple[str, str], ...]:
    counts = Counter(each.kind.value for each in cluster.collisions)
    return tuple((kind, str(count)) for kind, count in sorted(counts.items()))


def _summary(made: Shadow) -> dict[str, object]:
    one = made.cluster
    return {
        "in_short": _short(one),
        "to": one.to,
        "source": one.source,
        "status": one.status.value,
        "files": len(one.files),
        "collisions": len(one.collisions),
        "volumes": len(one.restores),
        "volumes_without_backup": sum(not each.sources for each in one.restores),
        "not_rendered": len(one.not_rendered),
        "errors": one.errors,
        **({"dry_run": True} if one.dry_run else {}),
    }


def _short(cluster: ShadowCluster) -> str:
    """``k8s/blue created as a copy of prod at 32.5.0 · 7 collisions · 3 volumes to restore``."""
    parts = [
        f"{cluster.path} {'would be ' if cluster.dry_run else ''}created as a copy of {cluster.source} at {cluster.to}"
    ]
    if cluster.status == "refused":
        parts = [
            f"refused: no copy of {cluster.source} at {cluster.to}",
            f"{counted(cluster.errors, 'error')} in the rehearsal",
        ]
    parts += [counted(len(cluster.collisions), "collision"), f"{counted(len(cluster.restores), 'volume')} to restore"]
    if cluster.not_rendered:
        parts.append(f"{counted(len(cluster.not_rendered), 'Application')} not rendered")
    return " · ".join(parts)


def _opening(made: Shadow) -> Iterator[str]:
    one = made.cluster
    yield _short(one)
    if one.not_rendered:
        more = len(one.not_rendered) - _MOST_NAMES
        names = ", ".join(one.not_rendered[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        yield f"collisions are not known of Applications that could not be rendered completely: {names}"
    if made.is_refused:
        yield "despite the errors: add --accept-dangers"
