"""The report of a comparison: a summary of one screen first, then every change by Application."""

import re
from collections.abc import Iterable, Iterator, Sequence

from kubeaid_ci.compare.difference import FieldChange, ObjectChange
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.contents import appendix, left_out
from kubeaid_ci.diff.counts import effect, headline, outputs, summary, table
from kubeaid_ci.diff.groups import Entry, Group, groups, image_lines, named
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.blocks import Code, Inline, Item, ItemList, Listing, Section, item_list, joined
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import one_line, shortened

__all__ = ["change_list", "headline", "not_compared", "outputs", "report", "row", "sections", "title"]

WORDS = {Severity.ERROR: "error", Severity.WARNING: "review", Severity.INFO: "note"}
_SCHEMA = re.compile(r"spec\.versions\[([^]]+)\]\.schema\.openAPIV3Schema(.*)")
_MOST_CLUSTERS = 3
_MOST_OBJECTS = 12
_MOST_FIELDS = 15
_MOST_ENTRIES = 60
_LONGEST_REASON = 300
_LONGEST_VALUE = 120


def report(comparison: Comparison, *, version: str, command: str = "diff") -> Report:
    """Return the report of a comparison: the headline, a row for each cluster, and every object by group."""
    by_app = sections(groups(comparison.changes), is_whole=True)
    unknown = not_compared(comparison)
    diffs = tuple(Section(f"Diff of {subject}", (Listing(diff, "diff"),)) for subject, diff in comparison.diffs.items())
    images = item_list(line.text() for line in image_lines(comparison.images))
    details = (Section("Images", (images,)),) if images.items and by_app else ()
    return Report(
        command,
        version,
        summary=summary(comparison),
        results=comparison.changes,
        findings=comparison.findings,
        table=table(comparison),
        sections=(*([unknown] if unknown else []), *by_app, *left_out(comparison), *diffs),
        opening=tuple(filter(None, (headline(comparison), effect(comparison)))),
        is_table_first=True,
        details=(*details, *(diffs or by_app)),
    )


def not_compared(comparison: Comparison) -> Section | None:
    """Return the Applications and clusters whose objects are not all known; None if all are known."""
    texts = [
        (
            Code("/".join(filter(None, (app.cluster, app.app)))),
            f"{' (in part)' if app.partly else ''}: {shortened(one_line(app.reason), _LONGEST_REASON)}",
        )
        for app in comparison.not_compared
    ]
    return Section(f"Not compared: {len(texts)}", (item_list(texts),)) if texts else None


def row(group: Group) -> tuple[str, ...]:
    """Return the Application, its clusters, and how many objects are added, removed and modified."""
    return (group.app, ", ".join(group.clusters), *(str(group.count(action) or "") for action in Action))


def sections(found: Iterable[Group], *, is_whole: bool = False) -> tuple[Section, ...]:
    """Return a section for each group; its title has the counts. Long lists are cut unless `is_whole`."""
    return tuple(
        Section(title(group), (change_list(group, is_whole=is_whole),), appendix(group), _about(group))
        for group in found
    )


def _about(group: Group) -> str:
    """Return the Application and its clusters, of which only the first are named."""
    more = len(group.clusters) - _MOST_CLUSTERS
    clusters = ", ".join(group.clusters[:_MOST_CLUSTERS]) + (f" and {more} more" if more > 0 else "")
    return f"{group.app} in {clusters}" if group.app else clusters


def title(group: Group) -> str:
    """Return such as ``argocd: 5 added, 3 modified in each of 2 clusters — a, b``."""
    counts = ", ".join(f"{group.count(action)} {action.value}" for action in Action if group.count(action))
    each = f" in each of {len(group.clusters)} clusters" if len(group.clusters) > 1 else ""
    return f"{group.app or '(no Application)'}: {counts}{each} — {', '.join(group.clusters)}"


def change_list(group: Group, *, is_whole: bool = False) -> ItemList:
    """Return the changes of a group as a list; a long one is cut unless `is_whole`."""
    most = None if is_whole else _MOST_ENTRIES
    items = [_entry(entry, is_whole=is_whole) for entry in group.entries[:most]]
    if most is not None and len(group.entries) > most:
        items.append(Item(f"and {len(group.entries) - most} more"))
    return ItemList(tuple(items))


def _entry(entry: Entry, *, is_whole: bool) -> Item:
    most_objects, most_fields = (None, None) if is_whole else (_MOST_OBJECTS, _MOST_FIELDS)
    objects, fields = entry.objects[:most_objects], entry.fields[:most_fields]
    more_objects = len(entry.objects) - len(objects)
    more_fields = len(entry.fields) - len(fields) + entry.objects[0].fields_left_out
    below = [Item(note) for note in _notes(objects)]
    below += [Item((Code(_path(field)), *_values(field))) for field in fields]
    below += [Item(f"and {more_fields} more fields")] if more_fields else []
    more = (f" and {more_objects} more",) if more_objects else ()
    return Item((f"{entry.action.value} ", *joined(map(Code, _names(objects))), *more), tuple(below))


def _names(objects: Sequence[ObjectChange]) -> list[str]:
    """Return objects of an entry by kind: ``Role a/x, a/y``."""
    by_kind: dict[str, list[str]] = {}
    for change in objects:
        by_kind.setdefault(change.kind, []).append(named(change))
    on = f" on {objects[0].destination}" if objects[0].destination else ""
    return [f"{kind} {', '.join(names)}{on}" for kind, names in by_kind.items()]


def _notes(objects: Sequence[ObjectChange]) -> Iterator[str]:
    for change in objects:
        if change.app_before is not None:
            yield f"{named(change)} belonged to {change.app_before or 'no Application'}"
        if change.renamed_from:
            yield f"{named(change)} takes the place of {change.renamed_from}, which is removed"


def _path(field: FieldChange) -> str:
    """Return the path; in the schema of a CRD, as the objects of that kind have it."""
    match = _SCHEMA.fullmatch(field.path)
    if match is None:
        return field.path
    version, below = match.groups()
    return f"{version}: {below.replace('.properties.', '.').removeprefix('.') or 'schema'}"


def _values(field: FieldChange) -> tuple[Inline, ...]:
    sides = [side for side in (field.before, field.after) if side is not None]
    values = joined((Code(shortened(one_line(side), _LONGEST_VALUE)) for side in sides), " → ")
    word = "" if field.action is Action.MODIFIED else f" {field.action.value}"
    return (f"{word}: ", *values, *([f" ({field.noise})"] if field.noise else []))
