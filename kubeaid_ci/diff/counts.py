"""Counts of a comparison: the headline, a row for each cluster, and the outputs of a CI job from one source.

Findings and objects are counted in each cluster, before equal ones are folded for display.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kubeaid_ci.diff.comparison import Comparison, OneSided
from kubeaid_ci.diff.groups import about, cluster
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.blocks import Table

_ELSEWHERE = "(no cluster)"
"""The row for findings on no cluster in particular, such as those on the settings."""
_ACTIONS = tuple(Action)


@dataclass(frozen=True, slots=True)
class Row:
    """Counts for one cluster, or for one chart that is compared by itself."""

    name: str
    result: str
    errors: int
    warnings: int
    objects: tuple[int, ...]
    """Number of added, removed and modified objects, in the order of `Action`."""
    images: int
    not_compared: int


def noun(comparison: Comparison) -> str:
    """Return the kind of item compared: ``cluster`` or ``chart``."""
    return "chart" if comparison.charts else "cluster"


def on_both_sides(comparison: Comparison) -> tuple[str, ...]:
    """Return the clusters, or charts, that exist before and after the change."""
    one_sided = {item.name for item in (*comparison.added, *comparison.removed)}
    return tuple(name for name in comparison.charts or comparison.clusters if name not in one_sided)


def changed(comparison: Comparison) -> tuple[str, ...]:
    """Return the clusters, or charts, in which objects change."""
    if not comparison.charts:
        return comparison.changed
    touched = {change.app for change in comparison.changes}
    return tuple(name for name in comparison.charts if name in touched)


def differing(comparison: Comparison) -> tuple[str, ...]:
    """Return the clusters, or charts, that change, are added or removed, or are not fully compared."""
    if not comparison.charts:
        return comparison.differing
    unknown = [app.app for app in comparison.not_compared]
    one_sided = [item.name for item in (*comparison.added, *comparison.removed)]
    return tuple(sorted({*changed(comparison), *one_sided, *unknown}))


def headline(comparison: Comparison) -> str:
    """Return such as ``7 of 9 clusters change · 4 errors, 15 to review · 3 of 65 Applications not compared``."""
    parts = [_effect(comparison), weights(comparison.findings), _unknown(comparison)]
    return " · ".join(part for part in parts if part)


def effect(comparison: Comparison) -> str:
    """Return such as ``objects: 38 added, 12 modified · images: 3 changed``; empty if neither changes.

    Objects are counted in each cluster, an image once however many clusters run it.
    """
    objects = Counter(change.action for change in comparison.changes)
    images = Counter(_image_action(*step) for step in {(image.before, image.after) for image in comparison.images})
    words = {Action.MODIFIED: "changed", Action.ADDED: "new", Action.REMOVED: "removed"}
    parts = [
        ", ".join(f"{objects[action]} {action.value}" for action in _ACTIONS if objects[action]),
        ", ".join(f"{images[action]} {word}" for action, word in words.items() if images[action]),
    ]
    return " · ".join(f"{what}: {part}" for what, part in zip(("objects", "images"), parts, strict=True) if part)


def summary(comparison: Comparison) -> dict[str, str | int]:
    """Return the counts, for programs."""
    objects = Counter(change.action for change in comparison.changes)
    what = noun(comparison)
    return {
        "in_short": headline(comparison),
        f"{what}s": len(on_both_sides(comparison)),
        "changed": len(changed(comparison)),
        f"{what}s_added": len(comparison.added),
        f"{what}s_removed": len(comparison.removed),
        "applications": comparison.applications,
        "applications_not_compared": len(_applications_not_compared(comparison)),
        **{f"objects_{action.value}": objects[action] for action in Action},
        "noise_only": comparison.noise_only,
        **({"helm": comparison.helm} if comparison.helm else {}),
    }


def outputs(comparison: Comparison) -> dict[str, str]:
    """Return the outputs of a CI job: ``changed`` is true unless both sides are known to be the same."""
    names = " ".join(differing(comparison))
    return {
        "changed": str(comparison.differs).lower(),
        "clusters": "" if comparison.charts else names,
        "charts": names if comparison.charts else "",
        "not-compared": str(len(_applications_not_compared(comparison))),
        "in-short": headline(comparison),
    }


def rows(comparison: Comparison) -> list[Row]:
    """Return one row for each cluster, or chart, that differs or has findings; the headline has their sums."""
    of_chart = bool(comparison.charts)
    objects = Counter((change.app if of_chart else change.cluster, change.action) for change in comparison.changes)
    findings = Counter(
        (_row_of(finding, of_chart=of_chart), finding.severity) for finding in _spoken(comparison.findings)
    )
    images = Counter(image.cluster for image in comparison.images)
    unknown = Counter(app.app if of_chart else app.cluster for app in comparison.not_compared if app.app)
    results = _results(comparison)
    known = {*(comparison.charts or comparison.clusters), *results}
    stray = dict.fromkeys(Severity, 0)
    for (name, severity), count in findings.items():
        stray[severity] += count if name not in known else 0
    found = [
        Row(
            name,
            results.get(name, "unchanged"),
            findings[name, Severity.ERROR],
            findings[name, Severity.WARNING],
            tuple(objects[name, action] for action in _ACTIONS),
            images[name],
            unknown[name],
        )
        for name in sorted(known)
    ]
    if stray[Severity.ERROR] or stray[Severity.WARNING]:
        found.append(Row(_ELSEWHERE, "", stray[Severity.ERROR], stray[Severity.WARNING], (0, 0, 0), 0, 0))
    return [row for row in found if row.result != "unchanged" or row.errors or row.warnings]


def table(comparison: Comparison) -> Table:
    """Return the rows as a table; a count of 0 is left empty."""
    columns = [noun(comparison), "result", "errors", "to review", *(action.value for action in _ACTIONS)]
    columns += [] if comparison.charts else ["images", "not compared"]
    cells = [tuple(_cells(row))[: len(columns)] for row in rows(comparison)]
    return Table(tuple(columns), tuple(cells))


def weights(findings: Iterable[Finding]) -> str:
    """Return such as ``4 errors, 15 to review``: the findings that are not suppressed and more than information."""
    counts = Counter(finding.severity for finding in _spoken(findings))
    parts = [counted(counts[Severity.ERROR], "error")] if counts[Severity.ERROR] else []
    parts += [f"{counts[Severity.WARNING]} to review"] if counts[Severity.WARNING] else []
    return ", ".join(parts)


def counted(count: int, noun: str) -> str:
    """Return such as ``1 cluster``, ``2 clusters``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _effect(comparison: Comparison) -> str:
    """Return the known changes; "no changes" only if nothing is unknown."""
    what, both, touched = noun(comparison), on_both_sides(comparison), changed(comparison)
    parts = [*_one_sided(comparison.removed, "removed", what), *_one_sided(comparison.added, "added", what)]
    if touched:
        parts.append(f"{len(touched)} of {counted(len(both), what)} change{'s' if len(touched) == 1 else ''}")
    elif not comparison.differs:
        parts.append(f"nothing changes in {counted(len(both), what)}")
    elif comparison.not_compared:
        parts += [f"no change found in {counted(len(both), what)}"] if both else []
    elif both:
        parts.append(f"{len(both)} unchanged")
    return ", ".join(parts)


def _one_sided(names: Sequence[OneSided], what_happens: str, what: str) -> Iterator[str]:
    if names:
        objects = counted(sum(item.objects for item in names), "object")
        yield f"{counted(len(names), what)} {what_happens} ({objects})"


def _unknown(comparison: Comparison) -> str:
    unread = sum(not app.app for app in comparison.not_compared)
    parts = [f"{counted(unread, 'cluster')} cannot be read"] if unread else []
    if unknown := _applications_not_compared(comparison):
        what = "chart" if comparison.charts else "Application"
        parts.append(f"{len(unknown)} of {counted(comparison.applications, what)} not compared")
    return ", ".join(parts)


def _applications_not_compared(comparison: Comparison) -> list[str]:
    return [app.app for app in comparison.not_compared if app.app]


def _results(comparison: Comparison) -> dict[str, str]:
    """Yield the change of each cluster, or chart, that differs."""
    of_chart = bool(comparison.charts)
    found = {app.app if of_chart else app.cluster: "not compared" for app in comparison.not_compared}
    found |= dict.fromkeys(changed(comparison), "changed")
    for names, what_happens in ((comparison.added, "added"), (comparison.removed, "removed")):
        found |= {item.name: f"{what_happens} ({counted(item.objects, 'object')})" for item in names}
    return found


def _cells(row: Row) -> Iterator[str]:
    yield from (row.name, row.result)
    yield from (str(count or "") for count in (row.errors, row.warnings, *row.objects, row.images, row.not_compared))


def _row_of(finding: Finding, *, of_chart: bool) -> str:
    return about(finding).partition(" ")[0] if of_chart else cluster(finding)


def _spoken(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.suppressed_by is None)


def _image_action(before: str | None, after: str | None) -> Action:
    if before is None:
        return Action.ADDED
    return Action.REMOVED if after is None else Action.MODIFIED
