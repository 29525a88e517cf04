"""The comment on a change request: what the change does to clusters, within a forge's limit."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.contents import left_out
from kubeaid_ci.diff.counts import counted, effect, headline, noun
from kubeaid_ci.diff.counts import table as cluster_table
from kubeaid_ci.diff.groups import Danger, Group, by_weight, dangers, groups, image_lines
from kubeaid_ci.diff.report import WORDS, not_compared, row, sections
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.report import markdown_page
from kubeaid_ci.report.blocks import Block, Code, Folded, Paragraph, Strong, Table, Text, item_list, joined
from kubeaid_ci.report.markdown import blocks, escape, fit
from kubeaid_ci.visible import one_line, shortened

_MOST_ROWS = 60
_MOST_OBJECTS = 12
_MOST_DANGERS = 60
_LONGEST_MESSAGE = 300
_MOST_CONTENTS = 150_000
"""Number of characters of all contents in a comment."""


@dataclass(frozen=True, slots=True)
class Silenced:
    """The number of suppressed findings: by the base, and by the change (after the merge)."""

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
    """Return the parts of the comment, in the order of what a reader needs first."""
    found = groups(comparison.changes)
    listed = (*sections(found), *left_out(comparison))
    texts = [*markdown_page.sections(listed)]
    every = [
        f"## What {escape(about)} does\n\n{escape(headline(comparison))}\n",
        f"{silenced}.\n" if str(silenced) else "",
        *map(blocks, tables(comparison, found)),
        *texts[: len(listed)],
        *_first_contents(texts[len(listed) :]),
    ]
    # Behind the tables that fit, so that it is there however long the comment is.
    every.insert(3, origin)
    return [part for part in every if part]


def _first_contents(contents: Sequence[str]) -> Iterator[str]:
    """Yield the first contents of objects. A forge may allow more than it can show quickly."""
    size = 0
    for number, text in enumerate(contents):
        size += len(text)
        if size > _MOST_CONTENTS:
            yield f"_The contents of {counted(len(contents) - number, 'more object')} are in the job's artifacts._\n"
            return
        yield text


def tables(comparison: Comparison, found: Sequence[Group]) -> Iterator[Sequence[Block]]:
    """Yield what is read first: counts, clusters, findings, what is not known, Applications, images."""
    if (short := effect(comparison)) and not comparison.charts:
        yield [Paragraph(f"{short[0].upper()}{short[1:]}.")]
    yield _clusters(comparison)
    yield _risks(dangers(by_weight(comparison.findings)))
    unknown = not_compared(comparison)
    yield [Folded(unknown.title, unknown.blocks)] if unknown else []
    # The objects of a row are the same in each of its clusters, and counted once.
    columns = ("Application", "Clusters", "Added in each", "Removed in each", "Modified in each")
    yield [Table(columns, tuple(map(row, found[:_MOST_ROWS])))] if found else []
    images = [Code(line.text()) for line in image_lines(comparison.images)]
    yield [Folded(f"Images: {len(images)}", (item_list(images),))] if images else []


def _clusters(comparison: Comparison) -> list[Block]:
    counts = cluster_table(comparison)
    if not counts.rows:
        return []
    table = Table(tuple(title.capitalize() for title in counts.columns), counts.rows[:_MOST_ROWS])
    more = len(counts.rows) - _MOST_ROWS
    return [table, *([Paragraph(f"and {more} more {noun(comparison)}s")] if more > 0 else [])]


def _risks(found: Sequence[Danger]) -> list[Block]:
    """Return a table with one row for equal findings on objects of one Application."""
    alike: dict[tuple[Severity, str, str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for danger in found:
        finding = danger.finding
        if finding.severity is not Severity.INFO:
            app, _, what = danger.about.partition(" ")
            alike[finding.severity, finding.rule.id, finding.message, app, danger.clusters].append(what)
    rows: list[tuple[Text, ...]] = [
        (
            Strong(WORDS[severity]) if severity is Severity.ERROR else WORDS[severity],
            Code(app) if app else "",
            _first(objects),
            shortened(one_line(message), _LONGEST_MESSAGE),
            ", ".join(clusters),
            Code(rule),
        )
        for (severity, rule, message, app, clusters), objects in list(alike.items())[:_MOST_DANGERS]
    ]
    if not rows:
        return []
    more = len(alike) - _MOST_DANGERS
    table = Table(("", "Application", "Object", "What happens", "Clusters", "Rule"), tuple(rows))
    return [table, *([Paragraph(f"and {more} more")] if more > 0 else [])]


def _first(objects: Sequence[str]) -> Text:
    more = len(objects) - _MOST_OBJECTS
    names = joined(Code(name) for name in objects[:_MOST_OBJECTS] if name)
    return (*names, f" and {more} more") if more > 0 else names


def _left_out(count: int) -> str:
    return f"_{counted(count, 'more section')} did not fit here; the job's artifacts have all of it._\n"
