"""The report of a comparison: a summary of one screen first, then all details."""

import re
from collections.abc import Iterable, Iterator, Sequence

from kubeaid_ci.compare.difference import FieldChange
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.counts import effect, headline, outputs, summary, table
from kubeaid_ci.diff.groups import LOST, Entry, Group, by_weight, dangers, groups, image_lines, named
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.markdown import code, escape, fence
from kubeaid_ci.report.report import Report
from kubeaid_ci.visible import headline as first_line
from kubeaid_ci.visible import one_line, shortened

__all__ = ["headline", "not_compared", "outputs", "plain_lines", "report", "row", "sections"]

WORDS = {Severity.ERROR: "error", Severity.WARNING: "review", Severity.INFO: "note"}
_SCHEMA = re.compile(r"spec\.versions\[([^]]+)\]\.schema\.openAPIV3Schema(.*)")
_MOST_OBJECTS = 12
_MOST_FIELDS = 15
_MOST_ENTRIES = 60
_LONGEST_REASON = 300
_LONGEST_VALUE = 120


def report(comparison: Comparison, *, version: str, command: str = "diff") -> Report:
    """Return the report of a comparison: the headline, a row for each cluster, and every object by group."""
    found = groups(comparison.changes)
    return Report(
        command,
        version,
        summary=summary(comparison),
        results=comparison.changes,
        findings=comparison.findings,
        table=table(comparison),
        sections={
            **_unknown_section(comparison),
            **sections(found, whole=True),
            **{f"Diff of {subject}": fence(diff, "diff") for subject, diff in comparison.diffs.items()},
        },
        opening=tuple(filter(None, (headline(comparison), effect(comparison), *_lost(comparison.findings)))),
        details=_details(comparison, found),
    )


def not_compared(comparison: Comparison) -> list[str]:
    """A line of Markdown for each Application whose objects are not all known, and for each unreadable cluster."""
    return [
        f"- {code('/'.join(filter(None, (one.cluster, one.app))))}{' (in part)' if one.partly else ''}:"
        f" {escape(shortened(one_line(one.reason), _LONGEST_REASON))}"
        for one in comparison.not_compared
    ]


def _unknown_section(comparison: Comparison) -> dict[str, str]:
    lines = not_compared(comparison)
    return {f"Not compared: {len(lines)}": "\n".join(lines)} if lines else {}


def _lost(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield what stops working or could not be compared, each once."""
    for danger in dangers(by_weight(findings)):
        finding = danger.finding
        if finding.rule.id in LOST and finding.severity is not Severity.INFO:
            subjects = ", ".join("/".join(filter(None, (one, danger.about))) for one in danger.clusters)
            yield f"{WORDS[finding.severity]}: {subjects}: {first_line(finding.message)[0]}"


def row(group: Group) -> tuple[str, ...]:
    """The Application, its clusters, and how many objects are added, removed and modified."""
    return (group.app, ", ".join(group.clusters), *(str(group.count(action) or "") for action in Action))


def sections(found: Sequence[Group], *, whole: bool = False) -> dict[str, str]:
    """Return every change in Markdown, by a title with its counts; long lists are cut unless `whole`."""
    return {_title(group): _section(group, whole=whole) for group in found}


def _title(group: Group) -> str:
    counts = ", ".join(f"{group.count(action)} {action.value}" for action in Action if group.count(action))
    each = f" in each of {len(group.clusters)} clusters" if len(group.clusters) > 1 else ""
    return f"{group.app or '(no Application)'}: {counts}{each} — {', '.join(group.clusters)}"


def _section(group: Group, *, whole: bool) -> str:
    most = None if whole else _MOST_ENTRIES
    lines = [line for entry in group.entries[:most] for line in _entry(entry, whole=whole)]
    if most is not None and len(group.entries) > most:
        lines.append(f"- and {len(group.entries) - most} more")
    return "\n".join(lines)


def _entry(entry: Entry, *, whole: bool) -> Iterator[str]:
    objects, fields = (None, None) if whole else (_MOST_OBJECTS, _MOST_FIELDS)
    names = ", ".join(code(name) for name in _names(entry, objects))
    yield f"- {entry.action.value} {names}{escape(_more(entry, objects))}"
    for note in _notes(entry, objects):
        yield f"  - {escape(note)}"
    for field in entry.fields[:fields]:
        yield f"  - {code(_path(field))}{_values(field)}"
    if more := _fields_left_out(entry, fields):
        yield f"  - and {more} more fields"


def _names(entry: Entry, most: int | None) -> list[str]:
    """Return the objects by kind: ``Role a/x, a/y``."""
    by_kind: dict[str, list[str]] = {}
    for change in entry.objects[:most]:
        by_kind.setdefault(change.kind, []).append(named(change))
    on = f" on {entry.objects[0].destination}" if entry.objects[0].destination else ""
    return [f"{kind} {', '.join(names)}{on}" for kind, names in by_kind.items()]


def _more(entry: Entry, most: int | None) -> str:
    more = 0 if most is None else len(entry.objects) - most
    return f" and {more} more" if more > 0 else ""


def _notes(entry: Entry, most: int | None) -> Iterator[str]:
    for change in entry.objects[:most]:
        if change.app_before is not None:
            yield f"{named(change)} belonged to {change.app_before or 'no Application'}"
        if change.renamed_from:
            yield f"{named(change)} takes the place of {change.renamed_from}, which is removed"


def _fields_left_out(entry: Entry, most: int | None) -> int:
    more = 0 if most is None else max(0, len(entry.fields) - most)
    return more + entry.objects[0].fields_left_out


def _path(field: FieldChange) -> str:
    """The path; in the schema of a CRD, as the objects of that kind have it."""
    found = _SCHEMA.fullmatch(field.path)
    if found is None:
        return field.path
    version, below = found.groups()
    return f"{version}: {below.replace('.properties.', '.').removeprefix('.') or 'schema'}"


def _values(field: FieldChange) -> str:
    before, after = (
        None if side is None else code(shortened(one_line(side), _LONGEST_VALUE))
        for side in (field.before, field.after)
    )
    noise = f" ({field.noise})" if field.noise else ""
    match field.action:
        case Action.ADDED:
            return f" added: {after}{noise}"
        case Action.REMOVED:
            return f" removed: {before}{noise}"
    return f": {before} → {after}{noise}"


def _details(comparison: Comparison, found: Sequence[Group]) -> dict[str, tuple[str, ...]]:
    if not found:
        return {}
    details = {"Images": tuple(_plain_images(comparison))} if comparison.images else {}
    if comparison.diffs:
        return details | {f"Diff of {subject}": tuple(diff.splitlines()) for subject, diff in comparison.diffs.items()}
    return details | {_title(group): tuple(plain_lines(group)) for group in found}


def plain_lines(group: Group) -> Iterator[str]:
    """Every change of a group for a terminal."""
    return (line for entry in group.entries for line in _plain(entry))


def _plain(entry: Entry) -> Iterator[str]:
    yield f"{entry.action.value} {'; '.join(_names(entry, None))}"
    yield from (f"  {note}" for note in _notes(entry, None))
    for field in entry.fields:
        sides = " → ".join(
            shortened(one_line(side), _LONGEST_VALUE) for side in (field.before, field.after) if side is not None
        )
        word = "" if field.action is Action.MODIFIED else f"{field.action.value} "
        yield f"  {_path(field)}: {word}{sides}{f' ({field.noise})' if field.noise else ''}"
    if more := _fields_left_out(entry, None):
        yield f"  and {more} more fields"


def _plain_images(comparison: Comparison) -> Iterator[str]:
    return (image.text() for image in image_lines(comparison.images))
