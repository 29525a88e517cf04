"""The comment on a change request: what the change does to clusters, within a forge's limit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.counts import counted, effect, headline, noun
from kubeaid_ci.diff.counts import table as cluster_table
from kubeaid_ci.diff.groups import Danger, Group, by_weight, dangers, groups, image_lines
from kubeaid_ci.diff.report import WORDS, not_compared, row, sections
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.report.markdown import code, escape, fit, folded, table
from kubeaid_ci.visible import one_line, shortened

_MOST_ROWS = 60
_MOST_OBJECTS = 12
_MOST_DANGERS = 60
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Silenced:
    """Return the number of suppressed findings: by the base, and by the change (after the merge)."""

    known: int = 0
    new: int = 0

    def __str__(self) -> str:
        count = self.known + self.new
        findings = "finding" if count == 1 else "findings"
        more = ", which count until the merge" if self.new else ""
        return f"{count} {findings} silenced, {self.new} of them new in this change{more}" if count else ""


def comment(
    comparison: Comparison,
    *,
    about: str,
    limit: int,
    size: Size = len,
    silenced: Silenced = Silenced(),
    origin: str = "",
) -> str:
    """Return the comment on a change request, within `limit` as `size` measures it; `about` is what was compared.

    `origin` is the line that names revisions and run.

    First what every reader needs, then dangers, images, and the changes by Application, the largest
    first: what does not fit is skipped and counted.
    """
    return fit(parts(comparison, about=about, silenced=silenced, origin=origin), limit, size=size, note=_left_out)


def parts(comparison: Comparison, *, about: str, silenced: Silenced = Silenced(), origin: str = "") -> list[str]:
    """The parts of the comment, in the order of what a reader needs first."""
    found = groups(comparison.changes)
    every = [
        f"## What {escape(about)} does\n\n{escape(headline(comparison))}\n",
        f"{silenced}.\n" if str(silenced) else "",
        *body(comparison, found),
        *(folded(title, text) for title, text in sections(found).items()),
    ]
    # Behind the tables that fit, so that it is there however long the comment is.
    every.insert(3, origin)
    return [part for part in every if part]


def body(comparison: Comparison, found: Sequence[Group]) -> Iterator[str]:
    """The tables: clusters, findings, what is not known, Applications, images."""
    if (short := effect(comparison)) and not comparison.charts:
        yield f"{escape(short[0].upper() + short[1:])}.\n"
    yield _clusters(comparison)
    yield _risk_table(dangers(by_weight(comparison.findings)))
    yield _not_compared(comparison)
    yield _overview(found)
    yield _images(comparison)


def _clusters(comparison: Comparison) -> str:
    made = cluster_table(comparison)
    columns = [title.capitalize() for title in made.columns]
    rows = [tuple(escape(one_line(cell)) for cell in row) for row in made.rows]
    more = f"\nand {len(rows) - _MOST_ROWS} more {noun(comparison)}s\n" if len(rows) > _MOST_ROWS else ""
    return table(tuple(columns), rows[:_MOST_ROWS]) + more if rows else ""


def _not_compared(comparison: Comparison) -> str:
    lines = not_compared(comparison)
    return folded(f"Not compared: {len(lines)}", "\n".join(lines)) if lines else ""


def _overview(found: Sequence[Group]) -> str:
    """The objects by Application; those of a row are the same in each of its clusters, and counted once."""
    columns = ("Application", "Clusters", "Added in each", "Removed in each", "Modified in each")
    return table(columns, map(_cells, found[:_MOST_ROWS])) if found else ""


def _images(comparison: Comparison) -> str:
    lines = [f"- {code(line.text())}" for line in image_lines(comparison.images)]
    return folded(f"Images: {len(lines)}", "\n".join(lines)) if lines else ""


def _risk_table(found: Sequence[Danger]) -> str:
    """One row for what happens to objects of one Application alike."""
    alike: dict[tuple[Severity, str, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for danger in found:
        finding = danger.finding
        if finding.severity is not Severity.INFO:
            app, _, what = danger.about.partition(" ")
            alike[finding.severity, finding.rule.id, finding.message, app, danger.clusters].append(what)
    rows = [
        (
            _word(severity),
            code(app) if app else "",
            _some(objects),
            _bounded(message),
            escape(", ".join(clusters)),
            code(rule),
        )
        for (severity, rule, message, app, clusters), objects in list(alike.items())[:_MOST_DANGERS]
    ]
    more = f"\nand {len(alike) - _MOST_DANGERS} more\n" if len(alike) > _MOST_DANGERS else ""
    return table(("", "Application", "Object", "What happens", "Clusters", "Rule"), rows) + more if rows else ""


def _word(severity: Severity) -> str:
    return f"**{WORDS[severity]}**" if severity is Severity.ERROR else WORDS[severity]


def _some(objects: Sequence[str]) -> str:
    more = len(objects) - _MOST_OBJECTS
    return ", ".join(code(one) for one in objects[:_MOST_OBJECTS] if one) + (f" and {more} more" if more > 0 else "")


def _bounded(message: str) -> str:
    return escape(shortened(one_line(message), _LONGEST_MESSAGE))


def _cells(group: Group) -> tuple[str, ...]:
    return tuple(escape(one_line(cell)) for cell in row(group))


def _left_out(count: int) -> str:
    return f"_{counted(count, 'more section')} did not fit here; the job's artifacts have all of it._\n"
