"""The text of the change request that upgrades clusters: the announcement that an operations team sends."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from kubeaid_ci.diff import comment_text
from kubeaid_ci.diff.comparison import Comparison, ScanNote
from kubeaid_ci.diff.groups import by_weight, dangers, image_lines
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.report.markdown import code, escape, fit, folded, quiet, table
from kubeaid_ci.report.text import counted
from kubeaid_ci.upgrade.result import ClusterUpgrade, Monitoring, PlaceStatus, Upgrades
from kubeaid_ci.visible import one_line, shortened

RISKS = ("risk-low", "risk-medium", "risk-high")
LABEL = "kubeaid-upgrade"
_LONGEST_NAME = 100
_MOST_ROWS = 80
_MOST_OBJECTS = 20
_LONGEST_MESSAGE = 300
_ARGO_CD = "argo-cd"
_HELM_ENGINE = "change/helm-engine"


def title(clusters: Sequence[ClusterUpgrade], to: str, *, chosen: str | None = None) -> str:
    """Return the chosen title, else one that names the cluster, or how many there are, and the revision."""
    if chosen:
        return one_line(chosen)
    names = [cluster.cluster for cluster in clusters]
    about = shortened(one_line(names[0]), _LONGEST_NAME) if len(names) == 1 else f"{len(names)} clusters"
    return quiet(f"chore(kubeaid): upgrade {about} to {shortened(one_line(to), _LONGEST_NAME)}")


def labels(upgrades: Upgrades, clusters: Sequence[ClusterUpgrade]) -> tuple[str, ...]:
    """Return the label of all upgrades, and that of the risk: errors are high, dangers to review medium."""
    weights = [finding.severity.weight for cluster in clusters for finding in spoken(upgrades, cluster)]
    return (LABEL, RISKS[max([1, *weights]) - 1])


def body(
    upgrades: Upgrades,
    clusters: Sequence[ClusterUpgrade],
    *,
    limit: int,
    size: Size = len,
    origin: str = "",
    scan_note: ScanNote | None = None,
) -> str:
    """Return the description, within `limit` as `size` measures it: what does not fit is skipped and counted.

    First what is done and its dangers, then the manual steps, the Applications in order of their sync,
    how to go back, and the rehearsal in the words of ``diff``. `origin` is the line that names revisions and run.
    `scan_note` describes what the change of images does to vulnerabilities.
    """
    parts = [_lead(upgrades, clusters), origin]
    comparison = of_clusters(upgrades, clusters)
    every = [finding for cluster in clusters for finding in spoken(upgrades, cluster)]
    scanned = scan_note(comparison.images) if scan_note else ""
    parts += [_dangers(every), f"{escape(scanned)}\n" if scanned else "", _before(every, clusters)]
    for cluster in clusters:
        headed = len(clusters) > 1
        parts += [_applications(cluster, headed=headed), _sync(cluster, headed=headed), _server_side(cluster)]
    parts += [_after(every, clusters), _back(clusters)]
    parts += [_edits(cluster) for cluster in clusters]
    rehearsal = comment_text.parts(comparison, about=f"the upgrade to KubeAid {upgrades.to}")
    return fit([part for part in (*parts, *rehearsal) if part], limit, size=size, note=_left_out)


def spoken(upgrades: Upgrades, cluster: ClusterUpgrade) -> tuple[Finding, ...]:
    """Return the findings about a cluster that no setting suppresses."""
    return tuple(
        finding
        for finding in upgrades.findings
        if finding.suppressed_by is None and _is_about(finding.subject, cluster.cluster)
    )


def of_clusters(upgrades: Upgrades, clusters: Sequence[ClusterUpgrade]) -> Comparison:
    """Return the rehearsal of some clusters."""
    whole, names = upgrades.rehearsal, {cluster.cluster for cluster in clusters}
    if len(clusters) == len(upgrades.clusters):
        return whole
    found = tuple(finding for finding in whole.findings if any(_is_about(finding.subject, name) for name in names))
    return replace(
        whole,
        clusters=tuple(name for name in whole.clusters if name in names),
        changes=tuple(change for change in whole.changes if change.cluster in names),
        findings=found,
        images=tuple(image for image in whole.images if image.cluster in names),
        diffs={},
        noise_only=0,
        added=(),
        removed=(),
        not_compared=tuple(app for app in whole.not_compared if app.cluster in names),
        applications=sum(cluster.applications for cluster in clusters),
    )


def _is_about(subject: str, cluster: str) -> bool:
    return subject == cluster or subject.startswith(f"{cluster}/")


def _lead(upgrades: Upgrades, clusters: Sequence[ClusterUpgrade]) -> str:
    rows = [
        (
            code(cluster.cluster),
            ", ".join(code(name) for name in _revisions(cluster)),
            code(cluster.to),
            f"{sum(edit.status is not PlaceStatus.LEFT for edit in cluster.sources)} of {len(cluster.sources)}",
            _monitoring(cluster),
            str(len(cluster.written) + len(cluster.removed)),
            str(cluster.errors or ""),
        )
        for cluster in clusters[:_MOST_ROWS]
    ]
    columns = ("Cluster", "From", "To", "KubeAid sources", "Monitoring", "Files", "Errors")
    lead = f"Moves {counted(len(clusters), 'cluster')} to KubeAid {code(upgrades.to)}. Once this is merged, the"
    lead += " Applications are out of sync; sync them in the order below."
    warning = ""
    if errors := sum(cluster.errors for cluster in clusters):
        warning = f"\n**Proposed despite {counted(errors, 'error')} of its rehearsal.**\n"
    return f"{lead}\n{warning}\n{table(columns, rows)}"


def _revisions(cluster: ClusterUpgrade) -> list[str]:
    return sorted({edit.before or "none" for edit in cluster.sources})


def _monitoring(cluster: ClusterUpgrade) -> str:
    words = {Monitoring.NONE: "", Monitoring.KEPT: "**kept as it is**", Monitoring.CURRENT: "unchanged"}
    return words.get(cluster.monitoring, cluster.monitoring.value)


def _dangers(found: Sequence[Finding]) -> str:
    """Return the errors, in full: they are what an approver has to know."""
    errors = [danger for danger in dangers(by_weight(found)) if danger.finding.severity is Severity.ERROR]
    if not errors:
        return ""
    lines = [
        f"- {code('/'.join(filter(None, (', '.join(one.clusters), one.about))))}:"
        f" {escape(shortened(one_line(one.finding.message), _LONGEST_MESSAGE))} ({code(one.finding.rule.id)})"
        for one in errors[:_MOST_ROWS]
    ]
    more = f"\nand {len(errors) - _MOST_ROWS} more" if len(errors) > _MOST_ROWS else ""
    return "### Dangers\n\n" + "\n".join(lines) + f"{more}\n"


def _before(found: Sequence[Finding], clusters: Sequence[ClusterUpgrade]) -> str:
    lines = list(_advice(found, Severity.ERROR))
    lines += _advice([finding for finding in found if finding.rule.family == "upgrade"], Severity.WARNING)
    lines += [
        f"- {code(cluster.cluster)}: its monitoring stays at the release that is built now"
        for cluster in clusters
        if cluster.monitoring is Monitoring.KEPT
    ]
    lines.append("- Read the rehearsal below, and take a backup of what the changed Applications store.")
    return "### Manual steps before the merge\n\n" + "\n".join(lines) + "\n"


def _after(found: Sequence[Finding], clusters: Sequence[ClusterUpgrade]) -> str:
    lines = ["- Sync the Applications in the order above, and wait for each to be healthy."]
    engines = [finding for finding in found if finding.rule.id == _HELM_ENGINE]
    for one in engines:
        lines += [f"- Argo CD brings another Helm: {escape(shortened(one_line(one.message), _LONGEST_MESSAGE))}"]
    updates_argo_cd = [cluster.cluster for cluster in clusters if any(_is_argo_cd(app.charts) for app in cluster.apps)]
    if updates_argo_cd and not engines:
        lines.append("- Argo CD itself is updated; its Helm treats charts as the one before does.")
    lines += _advice([finding for finding in found if finding.rule.family == "change"], Severity.WARNING)
    return "### Manual steps after the merge\n\n" + "\n".join(dict.fromkeys(lines)) + "\n"


def _is_argo_cd(charts: Sequence[str]) -> bool:
    return any(line.startswith(f"{_ARGO_CD} ") for line in charts)


def _advice(found: Sequence[Finding], severity: Severity) -> Iterator[str]:
    """Yield the advice of each rule, with the subjects of its findings."""
    by_rule: dict[str, list[Finding]] = {}
    for one in found:
        if one.severity is severity and one.rule.id != _HELM_ENGINE:
            by_rule.setdefault(one.rule.id, []).append(one)
    for alike in by_rule.values():
        subjects = list(dict.fromkeys(finding.subject for finding in alike))
        names = ", ".join(code(subject) for subject in subjects[:_MOST_OBJECTS])
        more = f" and {len(subjects) - _MOST_OBJECTS} more" if len(subjects) > _MOST_OBJECTS else ""
        yield f"- {escape(alike[0].rule.help.partition('. ')[2] or alike[0].rule.help)} {names}{more}"


def _sync(cluster: ClusterUpgrade, *, headed: bool) -> str:
    """Return the Applications in the order in which the platform syncs them."""
    orders: dict[int | None, list[str]] = {}
    for app in cluster.apps:
        orders.setdefault(app.sync_order, []).append(app.name)
    if not orders:
        return ""
    lines = [
        f"1. {', '.join(code(name) for name in names)} ({f'order {order}' if order is not None else 'no order set'})"
        for order, names in orders.items()
    ]
    heading = f"### Order of sync: {escape(cluster.cluster)}" if headed else "### Order of sync"
    return f"{heading}\n\n" + "\n".join(lines) + "\n"


def _server_side(cluster: ClusterUpgrade) -> str:
    lines = [
        f"- {code(app.name)}: {', '.join(code(name) for name in app.server_side[:_MOST_OBJECTS])}"
        for app in cluster.apps
        if app.server_side
    ]
    if not lines:
        return ""
    lead = "These objects are too large for client-side apply; sync them with ServerSideApply=true:"
    return f"#### Server-side apply: {escape(cluster.cluster)}\n\n{lead}\n\n" + "\n".join(lines) + "\n"


def _back(clusters: Sequence[ClusterUpgrade]) -> str:
    lead = "Revert this change request and sync in the reverse order. Migrated data and custom resource definitions"
    lines = [f"{lead} do not go back by themselves.", ""]
    for cluster in clusters:
        found = _revisions(cluster)
        if len(found) == 1 and found[0] not in ("none", "HEAD"):
            lines.append(f"- {code(f'kubeaid-ci upgrade {cluster.dir} --to {found[0]}')}")
    return "### Roll back\n\n" + "\n".join(lines).rstrip() + "\n"


def _applications(cluster: ClusterUpgrade, *, headed: bool) -> str:
    rows = [
        (
            code(app.name),
            ", ".join(code(name or "none") for name in app.before),
            code(app.after),
            "<br>".join(code(line) for line in app.charts[:_MOST_OBJECTS]),
            "<br>".join(code(line.text()) for line in image_lines(app.images[:_MOST_OBJECTS])),
        )
        for app in cluster.apps[:_MOST_ROWS]
    ]
    columns = ("Application", "From", "To", "Charts", "Images")
    heading = f"### Applications: {escape(cluster.cluster)}" if headed else "### Applications"
    return f"{heading}\n\n{table(columns, rows)}" if rows else ""


def _edits(cluster: ClusterUpgrade) -> str:
    left = [edit for edit in cluster.edits if edit.status is PlaceStatus.LEFT]
    lines = [
        f"- {code(f'{edit.path}:{edit.line}')} {escape(edit.app)}: {escape(edit.reason)}" for edit in left[:_MOST_ROWS]
    ]
    return folded(f"{cluster.cluster}: {counted(len(left), 'place')} left as it is", "\n".join(lines)) if lines else ""


def _left_out(count: int) -> str:
    return f"_{counted(count, 'more section')} did not fit here; `kubeaid-ci diff --upgrade-to` has all of it._\n"
