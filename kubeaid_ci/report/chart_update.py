"""What came of ``kubeaid-ci charts update`` and ``charts add``, and how an update of one chart reads."""

from collections import Counter
from collections.abc import Iterable, Iterator

from kubeaid_ci.model.change import Action
from kubeaid_ci.model.chart_update import ChartUpdate, SubchartUpdate, Updates, UpdateStatus, ValueChange
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.report import Report, Table
from kubeaid_ci.report.markdown import code, escape, folded, table
from kubeaid_ci.report.visible import one_line, shortened

_MOST_VALUES = 80
_LONGEST_VALUE = 120
_COLUMNS = ("chart", "status", "from", "to", "step", "files", "change request")
_SIGNS = {Action.ADDED: "new", Action.REMOVED: "**removed**", Action.MODIFIED: "other default"}


def report(updates: Updates, more: Iterable[Finding] = (), *, command: str, version: str) -> Report:
    """What was updated or not, and why; the sections have what a person wants to know of each chart."""
    counts = Counter(one.status for one in updates.results)
    speaking = [one for one in updates.results if one.status is not UpdateStatus.UP_TO_DATE]
    sections = {f"{one.chart}: {steps(one)}": "\n".join(parts(one)) for one in speaking if one.subcharts}
    return Report(
        command,
        version,
        summary={"charts": len(updates.results)}
        | {status.value.replace("-", "_"): counts[status] for status in UpdateStatus},
        results=updates.results,
        findings=(*updates.findings, *more),
        table=Table(_COLUMNS, tuple(row for one in speaking for row in _rows(one))),
        sections=sections,
        details=_details(updates),
    )


def _details(updates: Updates) -> dict[str, tuple[str, ...]]:
    why = tuple(f"{one.chart}: {one.error}" for one in updates.results if one.error)
    said = {"not updated": why, "also written": updates.written}
    return {title: lines for title, lines in said.items() if lines}


def steps(update: ChartUpdate) -> str:
    """Such as ``web 1.0.0 → 1.1.0``."""
    return ", ".join(f"{one.subchart} {one.before or '(new)'} → {one.after}" for one in update.subcharts)


def parts(update: ChartUpdate) -> list[str]:
    """The update of one umbrella chart in Markdown, each part on its own: what is short comes first."""
    return [*about(update), *details(update)]


def about(update: ChartUpdate) -> list[str]:
    """Which versions, what to know of them, and where their changes are told."""
    return [part for one in update.subcharts for part in _subchart(one)]


def details(update: ChartUpdate) -> list[str]:
    """What the publisher says of the changes, and every default value that differs; folded."""
    return [part for one in update.subcharts for part in _folds(one)]


def _rows(one: ChartUpdate) -> Iterator[tuple[str, ...]]:
    for each in one.subcharts:
        name = f"{one.chart}/{each.subchart}"
        request = f"{one.request.outcome} {one.request.url or ''}".strip() if one.request else ""
        yield (name, one.status.value, each.before or "-", each.after, each.step or "-", _files(each), request)
    if not one.subcharts:
        yield (one.chart, one.status.value, "-", "-", "-", "", "")


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
        yield "Changes are told at " + " · ".join(f"<{link}>" for link in one.links) + "\n"


def _folds(one: SubchartUpdate) -> Iterator[str]:
    if one.changes:
        yield folded(f"{one.name}: what the publisher says", "\n".join(f"- {escape(line)}" for line in one.changes))
    if one.values:
        yield folded(f"{one.name}: default values: {_counted(one)}", _values(one))


def _cells(one: SubchartUpdate) -> tuple[str, ...]:
    before = code(one.before) if one.before else "new"
    app = " → ".join(code(side) for side in dict.fromkeys((one.app_before, one.app_after)) if side)
    day = one.released.isoformat() if one.released else ""
    return (code(one.subchart), f"{before} → {code(one.after)}", app, one.step or "", day, _files(one))


def _counted(one: SubchartUpdate) -> str:
    counts = Counter(change.action for change in one.values)
    words = {Action.REMOVED: "removed", Action.ADDED: "new", Action.MODIFIED: "with another default"}
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
