"""The reports of ``kubeaid-ci charts update`` and ``charts add``, and the update of one chart in Markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator

from kubeaid_ci.charts.update.result import ChartUpdate, SubchartUpdate, Updates, UpdateStatus, ValueChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Action
from kubeaid_ci.publishing.report import outcome_words, proposed
from kubeaid_ci.report.markdown import code, escape, folded, table
from kubeaid_ci.report.report import Report, Table
from kubeaid_ci.visible import one_line, shortened

_MOST_VALUES = 80
_LONGEST_VALUE = 120
_COLUMNS = ("chart", "status", "from", "to", "step", "files", "change request")
_WOULD = {UpdateStatus.ADDED: "would add", UpdateStatus.UPDATED: "would update"}
_SIGNS = {Action.ADDED: "new", Action.REMOVED: "**removed**", Action.MODIFIED: "changed default"}


def report(updates: Updates, more: Iterable[Finding] = (), *, command: str, version: str) -> Report:
    """Report what was updated and what was not. The sections describe each update."""
    # Without a network every chart fails: one finding has the reason, and rows would bury it.
    all_failed = all(one.status is UpdateStatus.FAILED for one in updates.results)
    hidden = {UpdateStatus.UP_TO_DATE} | ({UpdateStatus.FAILED} if all_failed else set())
    speaking = [one for one in updates.results if one.status not in hidden]
    sections = {f"{one.chart}: {steps(one)}": "\n".join(parts(one)) for one in speaking if one.subcharts}
    return Report(
        command,
        version,
        summary=_summary(updates),
        results=updates.results,
        findings=(*updates.findings, *more),
        table=Table(_COLUMNS, tuple(row for one in speaking for row in _rows(one))),
        sections=sections,
        details=_details(updates),
    )


def _summary(updates: Updates) -> dict[str, object]:
    counts = Counter(one.status for one in updates.results)
    would = _WOULD if updates.dry_run else {}
    named = {would.get(status, status.value).replace("-", "_").replace(" ", "_"): status for status in UpdateStatus}
    dry_run = {"dry_run": True} if updates.dry_run else {}
    return {"charts": len(updates.results), **{name: counts[status] for name, status in named.items()}, **dry_run}


def _details(updates: Updates) -> dict[str, tuple[str, ...]]:
    title = "would also be written" if updates.dry_run else "also written"
    requests = dict.fromkeys(one.request for one in updates.results if one.request)
    return {**({title: updates.written} if updates.written else {}), **proposed(requests)}


def steps(update: ChartUpdate) -> str:
    """Such as ``web 1.0.0 → 1.1.0``."""
    return ", ".join(f"{one.subchart} {one.before or '(new)'} → {one.after}" for one in update.subcharts)


def parts(update: ChartUpdate) -> list[str]:
    """Return the update of one umbrella chart in Markdown, in parts: short ones first."""
    return [*about(update), *details(update)]


def about(update: ChartUpdate) -> list[str]:
    """The versions, notes for the reviewer, and links to the release notes."""
    return [part for one in update.subcharts for part in _subchart(one)]


def details(update: ChartUpdate) -> list[str]:
    """The publisher's changes, and every default value that changed, folded."""
    return [part for one in update.subcharts for part in _folds(one)]


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


def _subchart(one: SubchartUpdate) -> Iterator[str]:
    yield table(("Chart", "Version", "Application", "Step", "Released", "Files"), [_cells(one)])
    yield from (f"> {escape(note)}\n" for note in one.notes)
    if one.deprecated:
        yield "> **Deprecated by its publisher.**\n"
    # Plain addresses, found to be harmless where they were taken in.
    if one.links:
        yield "Release notes: " + " · ".join(f"<{link}>" for link in one.links) + "\n"


def _folds(one: SubchartUpdate) -> Iterator[str]:
    if one.changes:
        yield folded(f"{one.name}: the publisher's changes", "\n".join(f"- {escape(line)}" for line in one.changes))
    if one.values:
        yield folded(f"{one.name}: default values: {_counted(one)}", _values(one))


def _cells(one: SubchartUpdate) -> tuple[str, ...]:
    before = code(one.before) if one.before else "new"
    app = " → ".join(code(side) for side in dict.fromkeys((one.app_before, one.app_after)) if side)
    day = one.released.isoformat() if one.released else ""
    return (code(one.subchart), f"{before} → {code(one.after)}", app, one.step or "", day, _files(one))


def _counted(one: SubchartUpdate) -> str:
    counts = Counter(change.action for change in one.values)
    words = {Action.REMOVED: "removed", Action.ADDED: "new", Action.MODIFIED: "changed"}
    return ", ".join(f"{counts[action]} {word}" for action, word in words.items() if counts[action])


def _values(one: SubchartUpdate) -> str:
    order = (Action.REMOVED, Action.MODIFIED, Action.ADDED)
    shown = sorted(one.values, key=lambda change: order.index(change.action))
    rows = [(_SIGNS[change.action], code(change.path), _side(change)) for change in shown[:_MOST_VALUES]]
    more = f"\nand {len(shown) - _MOST_VALUES} more\n" if len(shown) > _MOST_VALUES else ""
    return table(("", "Value", "Default"), rows) + more


def _side(change: ValueChange) -> str:
    sides = [code(shortened(one_line(side), _LONGEST_VALUE)) for side in (change.before, change.after) if side]
    return " → ".join(sides)
