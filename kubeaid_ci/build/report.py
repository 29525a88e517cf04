"""The report of a build."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.compare.manifests import Change
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.markdown import code
from kubeaid_ci.report.report import Report, Table

_COLUMNS = ("cluster", "release", "KubeAid", "status", "changes")
_MOST_CHANGES = 200
# On a terminal a person reads some lines, not hundreds.
_MOST_LINES = 12


def report(builds: Builds, *, version: str, check: bool) -> Report:
    """The report of a build; with `check`, nothing was written."""
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
        sections={f"{one.cluster}: {_counted(one.changes)}": _section(one.changes) for one in changed},
        details={one.cluster: _details(one.changes) for one in changed if one.changes},
    )


def _files(changed: Iterable[BuildResult], *, check: bool) -> dict[str, int]:
    count = sum(len(result.written) for result in changed)
    return {"written": 0, "would_write": count} if check else {"written": count}


def outputs(builds: Builds) -> Mapping[str, str]:
    """The outputs for a CI system: the names of the clusters that changed and of those that failed, as JSON."""
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
    told = [f"{counts[action]} {action.value}" for action in Action if counts[action]]
    return ", ".join(told) or "text only, no object changes"


def _section(changes: tuple[Change, ...]) -> str:
    lines = [_line(change) for change in changes[:_MOST_CHANGES]]
    if len(changes) > _MOST_CHANGES:
        lines.append(f"- and {len(changes) - _MOST_CHANGES} more objects")
    return "\n".join(lines)


def _details(changes: tuple[Change, ...]) -> tuple[str, ...]:
    lines = [line for change in changes for line in _plain(change)]
    if len(lines) <= _MOST_LINES:
        return tuple(lines)
    return (*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more lines; --format markdown has all")


def _plain(change: Change) -> Iterator[str]:
    yield f"{change.action.value} {_object(change)}"
    for field in change.fields:
        yield f"  {field}"


def _object(change: Change) -> str:
    return f"{change.kind} {change.namespace}/{change.name}" if change.namespace else f"{change.kind} {change.name}"


def _line(change: Change) -> str:
    fields = "".join(f"\n  - {code(field)}" for field in change.fields)
    return f"- {change.action.value} {code(_object(change))}{fields}"
