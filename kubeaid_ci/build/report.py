"""The report of a build."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.compare.manifests import Change
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.blocks import Code, Item, ItemList, Listing, Section, Table
from kubeaid_ci.report.report import Report

_COLUMNS = ("cluster", "release", "KubeAid", "status", "changes")
_MOST_CHANGES = 200
# On a terminal a person reads some lines, not hundreds.
_MOST_LINES = 12


def report(builds: Builds, *, version: str, check: bool) -> Report:
    """Return the report of a build; with `check`, nothing was written."""
    counts = Counter(result.status for result in builds.results)
    summary = {"clusters": len(builds.results)} | {status.value: counts[status] for status in BuildStatus}
    summary["cached"] = sum(result.cached for result in builds.results)
    changed = [result for result in builds.results if result.status is BuildStatus.CHANGED]
    return Report(
        "build",
        version,
        summary=summary | _files(changed, check=check),
        results=builds.results,
        findings=builds.findings,
        table=Table(_COLUMNS, tuple(_row(one, check=check) for one in builds.results)),
        sections=tuple(Section(f"{one.cluster}: {_counted(one.changes)}", (_list(one.changes),)) for one in changed),
        details=tuple(Section(one.cluster, (_first_lines(one.changes),)) for one in changed if one.changes),
    )


def _files(changed: Iterable[BuildResult], *, check: bool) -> dict[str, int]:
    count = sum(len(result.written) for result in changed)
    return {"written": 0, "would_write": count} if check else {"written": count}


def outputs(builds: Builds) -> Mapping[str, str]:
    """Return the outputs for a CI system: the names of the clusters that changed and of those that failed, as JSON."""
    return {status.value: _names(builds, status) for status in (BuildStatus.CHANGED, BuildStatus.FAILED)}


def _names(builds: Builds, status: BuildStatus) -> str:
    return json.dumps([result.cluster for result in builds.results if result.status is status])


def _row(result: BuildResult, *, check: bool) -> tuple[str, ...]:
    changes = _counted(result.changes) if result.status is BuildStatus.CHANGED else ""
    word = "would change" if check and result.status is BuildStatus.CHANGED else result.status.value
    status = f"{word}{' (cached)' if result.cached else ''}"
    return (result.cluster, result.release or "", result.kubeaid_revision or "", status, changes)


def _counted(changes: Iterable[Change]) -> str:
    """Return text such as ``2 added, 1 removed, 14 modified``, or a note if only the text differs."""
    counts = Counter(change.action for change in changes)
    parts = [f"{counts[action]} {action.value}" for action in Action if counts[action]]
    return ", ".join(parts) or "text only, no object changes"


def _list(changes: tuple[Change, ...]) -> ItemList:
    items = [
        Item((f"{change.action.value} ", Code(_object(change))), tuple(Item(Code(field)) for field in change.fields))
        for change in changes[:_MOST_CHANGES]
    ]
    if len(changes) > _MOST_CHANGES:
        items.append(Item(f"and {len(changes) - _MOST_CHANGES} more objects"))
    return ItemList(tuple(items))


def _first_lines(changes: tuple[Change, ...]) -> Listing:
    lines = [
        line
        for change in changes
        for line in (f"{change.action.value} {_object(change)}", *(f"  {field}" for field in change.fields))
    ]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"… and {len(lines) - _MOST_LINES} more lines; --format markdown has all"]
    return Listing("\n".join(lines))


def _object(change: Change) -> str:
    return f"{change.kind} {change.namespace}/{change.name}" if change.namespace else f"{change.kind} {change.name}"
