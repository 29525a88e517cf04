"""The reports of ``kubeaid-ci charts outdated``, ``charts update`` and ``charts add``.

The blocks about one update are also part of its change request.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from kubeaid_ci.charts.update.outdated import OutdatedCharts, OutdatedResult, OutdatedStatus
from kubeaid_ci.charts.update.result import ChartUpdate, SubchartUpdate, Updates, UpdateStatus, ValueChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Action
from kubeaid_ci.publishing.report import outcome_words, proposed
from kubeaid_ci.report.blocks import (
    Block,
    Code,
    Folded,
    Link,
    Paragraph,
    Quote,
    Section,
    Strong,
    Table,
    Text,
    item_list,
    joined,
)
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import one_line, shortened

_MOST_VALUES = 80
_LONGEST_VALUE = 120
_UPDATE_COLUMNS = ("chart", "status", "from", "to", "step", "files", "change request")
_WOULD = {UpdateStatus.ADDED: "would add", UpdateStatus.UPDATED: "would update"}
_SIGNS: Mapping[Action, Text] = {
    Action.ADDED: "new",
    Action.REMOVED: Strong("removed"),
    Action.MODIFIED: "changed default",
}
_OUTDATED_COLUMNS = ("chart", "current", "newest", "latest", "released", "held back")


def update_report(updates: Updates, more: Iterable[Finding] = (), *, command: str, version: str) -> Report:
    """Report what was updated and what was not. The sections describe each update."""
    # Without a network every chart fails: one finding has the reason, and rows would bury it.
    all_failed = all(update.status is UpdateStatus.FAILED for update in updates.results)
    hidden = {UpdateStatus.UP_TO_DATE} | ({UpdateStatus.FAILED} if all_failed else set())
    speaking = [update for update in updates.results if update.status not in hidden]
    sections = tuple(
        Section(f"{update.chart}: {steps(update)}", (*about(update), *folds(update)))
        for update in speaking
        if update.subcharts
    )
    return Report(
        command,
        version,
        summary=_summary(updates),
        results=updates.results,
        findings=(*updates.findings, *more),
        table=Table(_UPDATE_COLUMNS, tuple(row for update in speaking for row in _rows(update))),
        sections=sections,
        details=_details(updates),
    )


def _summary(updates: Updates) -> dict[str, object]:
    counts = Counter(result.status for result in updates.results)
    would = _WOULD if updates.dry_run else {}
    named = {would.get(status, status.value).replace("-", "_").replace(" ", "_"): status for status in UpdateStatus}
    dry_run = {"dry_run": True} if updates.dry_run else {}
    return {"charts": len(updates.results), **{name: counts[status] for name, status in named.items()}, **dry_run}


def _details(updates: Updates) -> tuple[Section, ...]:
    title = "would also be written" if updates.dry_run else "also written"
    written = (Section(title, (item_list(updates.written),)),) if updates.written else ()
    return (*written, *proposed(dict.fromkeys(result.request for result in updates.results if result.request)))


def steps(update: ChartUpdate) -> str:
    """Return steps such as ``web 1.0.0 → 1.1.0``."""
    return ", ".join(
        f"{subchart.subchart} {subchart.before or '(new)'} → {subchart.after}" for subchart in update.subcharts
    )


def about(update: ChartUpdate) -> Iterator[Block]:
    """Yield the versions, notes for the reviewer, and links to the release notes."""
    columns = ("Chart", "Version", "Application", "Step", "Released", "Files")
    for subchart in update.subcharts:
        yield Table(columns, (_cells(subchart),))
        yield from map(Quote, subchart.notes)
        if subchart.deprecated:
            yield Quote(Strong("Deprecated by its publisher."))
        if subchart.links:
            yield Paragraph(("Release notes: ", *joined(map(Link, subchart.links), " · ")))


def folds(update: ChartUpdate) -> Iterator[Folded]:
    """Yield the publisher's changes, and every default value that changed."""
    for subchart in update.subcharts:
        if subchart.changes:
            yield Folded(f"{subchart.name}: the publisher's changes", (item_list(subchart.changes),))
        if subchart.values:
            yield Folded(f"{subchart.name}: default values: {_counted(subchart)}", tuple(_values(subchart)))


def _rows(update: ChartUpdate) -> Iterator[tuple[str, ...]]:
    status = _WOULD.get(update.status, update.status.value) if update.dry_run else update.status.value
    for each in update.subcharts:
        name = f"{update.chart}/{each.subchart}"
        request = f"{outcome_words(update.request)} {update.request.url or ''}".strip() if update.request else ""
        yield (name, status, each.before or "-", each.after, each.step or "-", _files(each), request)
    if not update.subcharts:
        yield (update.chart, status, "-", "-", "-", "", "")


def _files(subchart: SubchartUpdate) -> str:
    counts = {"added": subchart.files.added, "removed": subchart.files.removed, "modified": subchart.files.modified}
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)


def _cells(subchart: SubchartUpdate) -> tuple[Text, ...]:
    before = Code(subchart.before) if subchart.before else "new"
    app = joined((Code(side) for side in dict.fromkeys((subchart.app_before, subchart.app_after)) if side), " → ")
    day = subchart.released.isoformat() if subchart.released else ""
    return (
        Code(subchart.subchart),
        (before, " → ", Code(subchart.after)),
        app,
        subchart.step or "",
        day,
        _files(subchart),
    )


def _counted(subchart: SubchartUpdate) -> str:
    counts = Counter(change.action for change in subchart.values)
    words = {Action.REMOVED: "removed", Action.ADDED: "new", Action.MODIFIED: "changed"}
    return ", ".join(f"{counts[action]} {word}" for action, word in words.items() if counts[action])


def _values(subchart: SubchartUpdate) -> Iterator[Block]:
    rows = tuple(
        (_SIGNS[change.action], Code(change.path), _sides(change)) for change in subchart.values[:_MOST_VALUES]
    )
    yield Table(("", "Value", "Default"), rows)
    if len(subchart.values) > _MOST_VALUES:
        yield Paragraph(f"and {len(subchart.values) - _MOST_VALUES} more")


def _sides(change: ValueChange) -> Text:
    sides = (change.before, change.after)
    return joined((Code(shortened(one_line(side), _LONGEST_VALUE)) for side in sides if side), " → ")


def outdated_report(found: OutdatedCharts, *, version: str) -> Report:
    """Report what is outdated, with the reasons; links to release notes are in the sections."""
    counts = Counter(result.status for result in found.results)
    # Rows of "not known" would bury the finding that has the reason.
    hidden = {OutdatedStatus.CURRENT} | (
        {OutdatedStatus.UNKNOWN} if counts[OutdatedStatus.UNKNOWN] == len(found.results) else set()
    )
    listed = [result for result in found.results if result.status not in hidden]
    sections = [
        Section(f"{_name(result)}: {_step(result)}", (item_list(_lines(result)),))
        for result in listed
        if result.newest or result.held
    ]
    ledger = item_list(map(Code, found.ledger))
    if found.ledger:
        sections.append(Section("Ledger", (ledger,)))
    return Report(
        "charts outdated",
        version,
        summary={"charts": len(found.results)} | {status.value: counts[status] for status in OutdatedStatus},
        results=found.results,
        findings=found.findings,
        table=Table(_OUTDATED_COLUMNS, tuple(map(_row, listed))),
        sections=tuple(sections),
        details=(Section("ledger", (ledger,)),) if found.ledger else (),
    )


def _row(result: OutdatedResult) -> tuple[str, ...]:
    reason = result.held[0].reason if result.held else "not known" if result.status is OutdatedStatus.UNKNOWN else ""
    day = result.released.isoformat() if result.released else ""
    return (_name(result), result.current or "-", result.newest or "-", result.latest or "-", day or "-", reason)


def _name(result: OutdatedResult) -> str:
    return f"{result.chart}/{result.subchart}"


def _step(result: OutdatedResult) -> str:
    return f"{result.current or 'not vendored'} → {result.newest or 'held back'}"


def _lines(result: OutdatedResult) -> Iterator[Text]:
    if result.app_version:
        yield ("application ", Code(result.app_version))
    if result.kube_version:
        yield ("for Kubernetes ", Code(result.kube_version))
    if result.first_seen:
        yield f"first seen {result.first_seen.isoformat()}"
    if result.deprecated:
        yield "deprecated by its publisher"
    yield from map(Link, result.links)
    yield from ((Code(held.version), f" held back: {held.reason}") for held in result.held)
