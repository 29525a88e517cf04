"""The reports of ``kubeaid-ci charts outdated``, ``charts update`` and ``charts add``.

The description of one update in Markdown is also part of its change request.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from kubeaid_ci.charts.update.outdated import Outlook, Outlooks, Standing
from kubeaid_ci.charts.update.result import ChartUpdate, SubchartUpdate, Updates, UpdateStatus, ValueChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Action
from kubeaid_ci.publishing.report import outcome_words, proposed
from kubeaid_ci.report.markdown import code, escape, folded, table
from kubeaid_ci.report.report import Report, Table
from kubeaid_ci.visible import one_line, shortened

_MOST_VALUES = 80
_LONGEST_VALUE = 120
_UPDATE_COLUMNS = ("chart", "status", "from", "to", "step", "files", "change request")
_WOULD = {UpdateStatus.ADDED: "would add", UpdateStatus.UPDATED: "would update"}
_SIGNS = {Action.ADDED: "new", Action.REMOVED: "**removed**", Action.MODIFIED: "changed default"}
_OUTDATED_COLUMNS = ("chart", "current", "newest", "latest", "released", "held back")


def update_report(updates: Updates, more: Iterable[Finding] = (), *, command: str, version: str) -> Report:
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


def outdated_report(found: Outlooks, *, version: str) -> Report:
    """Report what is outdated, with the reasons; links to release notes are in the sections."""
    counts = Counter(one.status for one in found.results)
    # Rows of "not known" would bury the finding that has the reason.
    hidden = {Standing.CURRENT} | ({Standing.UNKNOWN} if counts[Standing.UNKNOWN] == len(found.results) else set())
    shown = [one for one in found.results if one.status not in hidden]
    sections = {f"{_name(one)}: {_step(one)}": _section(one) for one in shown if one.newest or one.held}
    if found.ledger:
        sections["Ledger"] = "".join(f"- {code(line)}\n" for line in found.ledger)
    return Report(
        "charts outdated",
        version,
        summary={"charts": len(found.results)} | {status.value: counts[status] for status in Standing},
        results=found.results,
        findings=found.findings,
        table=Table(_OUTDATED_COLUMNS, tuple(map(_row, shown))),
        sections=sections,
        details={"ledger": found.ledger} if found.ledger else {},
    )


def _row(one: Outlook) -> tuple[str, ...]:
    reason = one.held[0].reason if one.held else "not known" if one.status is Standing.UNKNOWN else ""
    day = one.released.isoformat() if one.released else ""
    return (_name(one), one.current or "-", one.newest or "-", one.latest or "-", day or "-", reason)


def _name(one: Outlook) -> str:
    return f"{one.chart}/{one.subchart}"


def _step(one: Outlook) -> str:
    return f"{one.current or 'not vendored'} → {one.newest or 'held back'}"


def _section(one: Outlook) -> str:
    return "".join(f"- {line}\n" for line in _lines(one))


def _lines(one: Outlook) -> Iterator[str]:
    if one.app_version:
        yield f"application {code(one.app_version)}"
    if one.kube_version:
        yield f"for Kubernetes {code(one.kube_version)}"
    if one.first_seen:
        yield f"first seen {one.first_seen.isoformat()}"
    if one.deprecated:
        yield "deprecated by its publisher"
    # Plain addresses, found to be harmless where they were taken in.
    yield from (f"<{link}>" for link in one.links)
    yield from (f"{code(held.version)} held back: {escape(held.reason)}" for held in one.held)
