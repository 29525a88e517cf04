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
    all_failed = all(one.status is UpdateStatus.FAILED for one in updates.results)
    hidden = {UpdateStatus.UP_TO_DATE} | ({UpdateStatus.FAILED} if all_failed else set())
    speaking = [one for one in updates.results if one.status not in hidden]
    sections = tuple(
        Section(f"{one.chart}: {steps(one)}", (*about(one), *folds(one))) for one in speaking if one.subcharts
    )
    return Report(
        command,
        version,
        summary=_summary(updates),
        results=updates.results,
        findings=(*updates.findings, *more),
        table=Table(_UPDATE_COLUMNS, tuple(row for one in speaking for row in _rows(one))),
        sections=sections,
        details=_details(updates),
    )


def _summary(updates: Updates) -> dict[str, object]:
    counts = Counter(one.status for one in updates.results)
    would = _WOULD if updates.dry_run else {}
    named = {would.get(status, status.value).replace("-", "_").replace(" ", "_"): status for status in UpdateStatus}
    dry_run = {"dry_run": True} if updates.dry_run else {}
    return {"charts": len(updates.results), **{name: counts[status] for name, status in named.items()}, **dry_run}


def _details(updates: Updates) -> tuple[Section, ...]:
    title = "would also be written" if updates.dry_run else "also written"
    written = (Section(title, (item_list(updates.written),)),) if updates.written else ()
    return (*written, *proposed(dict.fromkeys(one.request for one in updates.results if one.request)))


def steps(update: ChartUpdate) -> str:
    """Return steps such as ``web 1.0.0 → 1.1.0``."""
    return ", ".join(f"{one.subchart} {one.before or '(new)'} → {one.after}" for one in update.subcharts)


def about(update: ChartUpdate) -> Iterator[Block]:
    """Yield the versions, notes for the reviewer, and links to the release notes."""
    columns = ("Chart", "Version", "Application", "Step", "Released", "Files")
    for one in update.subcharts:
        yield Table(columns, (_cells(one),))
        yield from map(Quote, one.notes)
        if one.deprecated:
            yield Quote(Strong("Deprecated by its publisher."))
        if one.links:
            yield Paragraph(("Release notes: ", *joined(map(Link, one.links), " · ")))


def folds(update: ChartUpdate) -> Iterator[Folded]:
    """Yield the publisher's changes, and every default value that changed."""
    for one in update.subcharts:
        if one.changes:
            yield Folded(f"{one.name}: the publisher's changes", (item_list(one.changes),))
        if one.values:
            yield Folded(f"{one.name}: default values: {_counted(one)}", tuple(_values(one)))


def _rows(one: ChartUpdate) -> Iterator[tuple[str, ...]]:
    status = _WOULD.get(one.status, one.status.value) if one.dry_run else one.status.value
    for each in one.subcharts:
        name = f"{one.chart}/{each.subchart}"
        request = f"{outcome_words(one.request)} {one.request.url or ''}".strip() if one.request else ""
        yield (name, status, each.before or "-", each.after, each.step or "-", _files(each), request)
    if not one.subcharts:
        yield (one.chart, status, "-", "-", "-", "", "")


def _files(one: SubchartUpdate) -> str:
    counts = {"added": one.files.added, "removed": one.files.removed, "modified": one.files.modified}
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)


def _cells(one: SubchartUpdate) -> tuple[Text, ...]:
    before = Code(one.before) if one.before else "new"
    app = joined((Code(side) for side in dict.fromkeys((one.app_before, one.app_after)) if side), " → ")
    day = one.released.isoformat() if one.released else ""
    return (Code(one.subchart), (before, " → ", Code(one.after)), app, one.step or "", day, _files(one))


def _counted(one: SubchartUpdate) -> str:
    counts = Counter(change.action for change in one.values)
    words = {Action.REMOVED: "removed", Action.ADDED: "new", Action.MODIFIED: "changed"}
    return ", ".join(f"{counts[action]} {word}" for action, word in words.items() if counts[action])


def _values(one: SubchartUpdate) -> Iterator[Block]:
    rows = tuple((_SIGNS[change.action], Code(change.path), _sides(change)) for change in one.values[:_MOST_VALUES])
    yield Table(("", "Value", "Default"), rows)
    if len(one.values) > _MOST_VALUES:
        yield Paragraph(f"and {len(one.values) - _MOST_VALUES} more")


def _sides(change: ValueChange) -> Text:
    sides = (change.before, change.after)
    return joined((Code(shortened(one_line(side), _LONGEST_VALUE)) for side in sides if side), " → ")


def outdated_report(found: OutdatedCharts, *, version: str) -> Report:
    """Report what is outdated, with the reasons; links to release notes are in the sections."""
    counts = Counter(one.status for one in found.results)
    # Rows of "not known" would bury the finding that has the reason.
    hidden = {OutdatedStatus.CURRENT} | (
        {OutdatedStatus.UNKNOWN} if counts[OutdatedStatus.UNKNOWN] == len(found.results) else set()
    )
    listed = [one for one in found.results if one.status not in hidden]
    sections = [
        Section(f"{_name(one)}: {_step(one)}", (item_list(_lines(one)),)) for one in listed if one.newest or one.held
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


def _row(one: OutdatedResult) -> tuple[str, ...]:
    reason = one.held[0].reason if one.held else "not known" if one.status is OutdatedStatus.UNKNOWN else ""
    day = one.released.isoformat() if one.released else ""
    return (_name(one), one.current or "-", one.newest or "-", one.latest or "-", day or "-", reason)


def _name(one: OutdatedResult) -> str:
    return f"{one.chart}/{one.subchart}"


def _step(one: OutdatedResult) -> str:
    return f"{one.current or 'not vendored'} → {one.newest or 'held back'}"


def _lines(one: OutdatedResult) -> Iterator[Text]:
    if one.app_version:
        yield ("application ", Code(one.app_version))
    if one.kube_version:
        yield ("for Kubernetes ", Code(one.kube_version))
    if one.first_seen:
        yield f"first seen {one.first_seen.isoformat()}"
    if one.deprecated:
        yield "deprecated by its publisher"
    yield from map(Link, one.links)
    yield from ((Code(held.version), f" held back: {held.reason}") for held in one.held)
