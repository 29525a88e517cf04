"""The reports of the commands about charts."""

from collections import Counter
from collections.abc import Iterable, Iterator

from kubeaid_ci.charts.ledger.ledger import LEDGER
from kubeaid_ci.charts.lint import Lint
from kubeaid_ci.charts.verify import effects_report
from kubeaid_ci.charts.verify.verdict import ChartResult, ChartStatus, Side, Verification
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.render.rendering import RenderStatus
from kubeaid_ci.report.blocks import (
    Block,
    Code,
    Folded,
    Item,
    ItemList,
    Listing,
    Paragraph,
    Section,
    Table,
    Text,
    item_list,
)
from kubeaid_ci.report.blocks import plain as plain_text
from kubeaid_ci.report.json import plain
from kubeaid_ci.report.report import Report

_MOST_FILES = 100
# A person reads the first differences, and opens the rest on demand.
_MOST_LINES = 30
_COLUMNS = ("chart", "version", "status", "files", "effect", "repository")
_ADVICE = ItemList(
    (
        Item("Do not sync: Argo CD applies what is in Git."),
        Item("Look at the commits that the findings name: is it somebody you know, with a reason?"),
        Item("If not, restore the folder from the last good commit, and look at everything else that its author did."),
        Item(
            (
                "If it is wanted, declare a patch below ",
                Code("patches/"),
                ", or accept it with ",
                Code("charts verify --accept CHART --reason TEXT"),
                ". Either goes through review.",
            )
        ),
    ),
    is_numbered=True,
)
_NO_LEDGER = f"no {LEDGER}: create it with kubeaid-ci charts verify --offline --update-ledger"
_LIST = ("chart", "subchart", "alias", "declared", "vendored", "kind", "repository", "state", "lock", "ledger")


def verification(found: Verification, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci charts verify``: what is not identical first, and every difference."""
    counts = Counter(result.status for result in found.results)
    listed = sorted(found.results, key=lambda one: (one.chart, one.subchart))
    # Without a ledger every chart is unverifiable: one finding is clearer than a hundred rows.
    reported = {finding.subject for finding in found.findings}
    unsure = [one for one in listed if one.status is ChartStatus.UNVERIFIABLE and _name(one) in reported]
    differing = [one for one in listed if one.status is ChartStatus.DIFFERENT]
    speaking = [*sorted(differing, key=lambda result: -effects_report.weight(result.effects)), *unsure]
    sections = [Section("What to do now", (_ADVICE,))] if differing else []
    sections += [
        Section(f"{_name(result)}: {_counted(result)}", tuple(_blocks(result))) for result in speaking if result.files
    ]
    if found.ledger:
        sections.append(Section("Ledger", (item_list(map(Code, found.ledger)),)))
    return Report(
        "charts verify",
        version,
        summary={"charts": len(found.results)} | {status.value: counts[status] for status in ChartStatus},
        results=found.results,
        findings=found.findings,
        table=Table(_COLUMNS, tuple(map(_row, speaking))),
        sections=tuple(sections),
        details=tuple(_details(found, speaking)),
        opening=_opening(found),
    )


def _opening(found: Verification) -> tuple[str, ...]:
    """Return the cause of everything that cannot be compared, to be read first."""
    about_ledger = [
        finding
        for finding in found.findings
        if finding.rule.id == "chart/not-in-ledger" and finding.subject == "ledger"
    ]
    return (
        (_NO_LEDGER,)
        if any(finding.key == "missing" for finding in about_ledger)
        else tuple(finding.message for finding in about_ledger)
    )


def listing(lines: Iterable[object], findings: tuple[Finding, ...], *, version: str, has_ledger: bool = True) -> Report:
    """Return the report of ``kubeaid-ci charts list``."""
    records = tuple(lines)
    rows = [plain(line) for line in records]
    vendored = sum(bool(row["subchart"]) for row in rows)
    columns = [
        name
        for name in _LIST
        if (name != "ledger" or has_ledger) and (name != "alias" or any(row[name] for row in rows))
    ]
    return Report(
        "charts list",
        version,
        summary={
            "charts": len({row["chart"] for row in rows}),
            "subcharts": vendored,
        },
        results=records,
        findings=findings,
        table=Table(tuple(columns), tuple(tuple(row[name] or "-" for name in columns) for row in rows)),
        opening=() if has_ledger else (_NO_LEDGER,),
    )


def lint(found: Lint, *, version: str) -> Report:
    """Return the report of ``kubeaid-ci charts lint``: the charts that did not render, and every finding."""
    counts = Counter(result.status for result in found.results)
    rendered = counts[RenderStatus.RENDERED]
    failed = [chart for chart in found.results if chart.status is not RenderStatus.RENDERED]
    return Report(
        "charts lint",
        version,
        summary={
            "charts": len(found.results),
            "rendered": rendered,
            "not_rendered": len(failed),
            "kubernetes": " to ".join(map(str, found.kubernetes)),
            "helm": ", ".join(found.helm),
        },
        results=found.results,
        findings=found.findings,
        table=Table(
            ("chart", "status", "why"), tuple((chart.chart, chart.status.value, chart.error or "") for chart in failed)
        ),
    )


def _name(result: ChartResult) -> str:
    return f"{result.chart}/{result.subchart}"


def _row(result: ChartResult) -> tuple[str, ...]:
    return (_name(result), result.version, result.status.value, _counted(result), _effect(result), result.repository)


def _effect(result: ChartResult) -> str:
    return effects_report.headline(result.effects) if result.effects else ""


def _counted(result: ChartResult) -> str:
    """Return counts such as ``1 added, 3 modified``."""
    counts = Counter(change.change.value for change in result.files)
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def _blocks(result: ChartResult) -> Iterator[Block]:
    if result.effects:
        yield from effects_report.blocks(result.effects)
    if result.files:
        yield Paragraph(_legend(result))
    for change in result.files[:_MOST_FILES]:
        yield Folded(f"{change.path} {change.change.value}", (Listing(change.diff, "diff"),))
    if len(result.files) > _MOST_FILES:
        yield Paragraph(f"and {len(result.files) - _MOST_FILES} more files")


def _legend(result: ChartResult) -> Text:
    """Return the legend of a difference, which always leads to our copy."""
    if result.effects and result.effects.changed_by is Side.UPSTREAM:
        return "The publisher changed these files. Lines with - are published now, lines with + are ours, as reviewed."
    return (Code("-"), " reviewed/published, ", Code("+"), " our copy.")


def _details(found: Verification, speaking: Iterable[ChartResult]) -> Iterator[Section]:
    """Yield the first lines of each difference."""
    if found.ledger:
        yield Section("ledger", (Listing("\n".join(found.ledger)),))
    for result in speaking:
        lines = list(effects_report.plain_lines(result.effects)) if result.effects else []
        lines += [plain_text(_legend(result))] if result.files else []
        for change in result.files:
            lines += [f"{change.change.value} {change.path}", *(f"  {line}" for line in change.diff.splitlines())]
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = [f"… and {len(lines) - _MOST_LINES} more lines; --format markdown has all"]
        if lines:
            yield Section(_name(result), (Listing("\n".join(lines)),))
