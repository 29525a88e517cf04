"""What a change does to clusters, on one screen first and then in full."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kubeaid_ci.model.change import Action
from kubeaid_ci.model.comparison import Comparison, ImageChange
from kubeaid_ci.model.difference import FieldChange
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.report import Report, Table
from kubeaid_ci.report.change_groups import LOST, Danger, Entry, Group, by_weight, dangers, groups, named
from kubeaid_ci.report.markdown import code, escape, fence
from kubeaid_ci.report.visible import headline as first_line
from kubeaid_ci.report.visible import one_line, shortened

_SHORT = {"CustomResourceDefinition": "CRD", "PersistentVolume": "PV", "PersistentVolumeClaim": "PVC"}
WORDS = {Severity.ERROR: "danger", Severity.WARNING: "review", Severity.INFO: "note"}
_SCHEMA = re.compile(r"spec\.versions\[([^]]+)\]\.schema\.openAPIV3Schema(.*)")
_MOST_OBJECTS = 12
_MOST_FIELDS = 15
_MOST_ENTRIES = 60
_MOST_LINES = 12
_MOST_DETAILS = 20
_MOST_RISKS = 6
_LONGEST_VALUE = 120


def report(comparison: Comparison, *, version: str, command: str = "diff") -> Report:
    """The report of a comparison: a summary, a row for each Application, and every object by group."""
    found = groups(comparison.changes)
    counts = Counter(change.action for change in comparison.changes)
    summary = {
        "in_short": headline(comparison),
        **_compared(comparison),
        **{f"objects_{action.value}": counts[action] for action in Action},
        "noise_only": comparison.noise_only,
    }
    return Report(
        command,
        version,
        summary=summary,
        results=comparison.changes,
        findings=comparison.findings,
        table=Table(("application", "clusters", "added", "removed", "modified"), tuple(map(row, found))),
        sections=sections(found)
        | {f"Diff of {subject}": fence(diff, "diff") for subject, diff in comparison.diffs.items()},
        opening=(headline(comparison), *_lost(comparison.findings)),
        details=_details(comparison, found),
    )


def outputs(comparison: Comparison) -> dict[str, str]:
    """What a CI job hands on."""
    return {
        "changed": str(bool(comparison.changes)).lower(),
        "clusters": " ".join(comparison.changed) if not comparison.charts else "",
        "charts": " ".join(sorted(changed_charts(comparison))) if comparison.charts else "",
        "in-short": headline(comparison),
    }


def _compared(comparison: Comparison) -> dict[str, int]:
    """How many clusters or charts were compared, and how many of them change."""
    if comparison.charts:
        return {"charts": len(comparison.charts), "changed": len(changed_charts(comparison))}
    return {"clusters": len(comparison.clusters), "changed": len(comparison.changed)}


def changed_charts(comparison: Comparison) -> set[str]:
    """The charts that give something else."""
    return {change.app for change in comparison.changes}


def _lost(findings: Iterable[Finding]) -> Iterator[str]:
    """What stops working or cannot be looked at, each once."""
    for danger in dangers(by_weight(findings)):
        finding = danger.finding
        if finding.rule.id in LOST and finding.severity is not Severity.INFO:
            subjects = ", ".join("/".join(filter(None, (one, danger.about))) for one in danger.clusters)
            yield f"{WORDS[finding.severity]}: {subjects}: {first_line(finding.message)[0]}"


def headline(comparison: Comparison) -> str:
    """Such as ``3 of 9 clusters change: 1 PVC removed (danger), 2 image bumps, 1 CRD modified``."""
    noun, (all_of_them, touched) = "chart" if comparison.charts else "cluster", _compared(comparison).values()
    if touched:
        told = ", ".join([*_risks(comparison.findings), *_objects(comparison)])
        return f"{touched} of {counted(all_of_them, noun)} change{'s' if touched == 1 else ''}: {told}"
    risks = _risks(finding for finding in comparison.findings if not _is_of_an_object(finding))
    if ignored := ", ".join(_risks(filter(_is_of_an_object, comparison.findings))):
        risks.append(f"ArgoCD may apply what it ignores: {ignored}")
    told = ", ".join(risks)
    return f"nothing changes in {counted(all_of_them, noun)}{f', but {told}' if told else ''}"


def _is_of_an_object(finding: Finding) -> bool:
    """Whether it tells of a change in one object, and not of a whole Application, chart or cluster."""
    family, _, name = finding.rule.id.partition("/")
    return family == "change" and finding.rule.id not in LOST and not name.startswith(("cluster-", "chart-", "render-"))


def _objects(comparison: Comparison) -> Iterator[str]:
    bumps = {(image.before, image.after) for image in comparison.images if image.before and image.after}
    fresh = {image.after for image in comparison.images if image.after and not image.before}
    if bumps:
        yield counted(len(bumps), "image bump")
    if fresh:
        yield counted(len(fresh), "new image")
    distinct = {
        (change.app, change.group, change.kind, change.namespace, change.name, change.action)
        for change in comparison.changes
    }
    crds = [one for one in distinct if one[2] == "CustomResourceDefinition" and one[-1] is Action.MODIFIED]
    if crds:
        yield f"{counted(len(crds), 'CRD')} modified"
    counts = Counter(one[-1] for one in distinct)
    yield from (f"{counted(counts[action], 'object')} {action.value}" for action in Action if counts[action])


def _risks(findings: Iterable[Finding]) -> list[str]:
    """Errors and warnings, counted once however many clusters they are in; the errors first."""
    counts = Counter((danger.finding.severity, _risk(danger)) for danger in dangers(by_weight(findings)))
    told = [(severity, what, count) for (severity, what), count in counts.items() if severity is not Severity.INFO]
    more = sum(count for _, _, count in told[_MOST_RISKS:])
    shown = [f"{count} {what} ({WORDS[severity]})" for severity, what, count in told[:_MOST_RISKS]]
    return [*shown, *([f"{more} more to review"] if more else [])]


def _risk(danger: Danger) -> str:
    """What there are several of, in as few words as will do."""
    if known := LOST.get(danger.finding.rule.id):
        return f"× {known}"
    what = danger.finding.rule.id.partition("/")[2].replace("-", " ")
    if what == "state removed":
        kind = danger.about.split(" ")[1] if danger.about.count(" ") else "object"
        return f"{_SHORT.get(kind, kind)} removed"
    return f"× {what}"


def row(group: Group) -> tuple[str, ...]:
    """The Application, its clusters, and how many objects are added, removed and modified."""
    return (group.app, ", ".join(group.clusters), *(str(group.count(action) or "") for action in Action))


def sections(found: Sequence[Group]) -> dict[str, str]:
    """Every change in Markdown, by a title that says how many there are."""
    return {_title(group): _section(group) for group in found}


def _title(group: Group) -> str:
    counts = ", ".join(f"{group.count(action)} {action.value}" for action in Action if group.count(action))
    return f"{group.app or '(no Application)'}: {counts} — {', '.join(group.clusters)}"


def _section(group: Group) -> str:
    lines = [line for entry in group.entries[:_MOST_ENTRIES] for line in _entry(entry)]
    if len(group.entries) > _MOST_ENTRIES:
        lines.append(f"- and {len(group.entries) - _MOST_ENTRIES} more")
    return "\n".join(lines)


def _entry(entry: Entry) -> Iterator[str]:
    yield f"- {entry.action.value} {', '.join(code(name) for name in _names(entry))}{escape(_more(entry))}"
    for note in _notes(entry):
        yield f"  - {escape(note)}"
    for field in entry.fields[:_MOST_FIELDS]:
        yield f"  - {code(_path(field))}{_values(field)}"
    if more := _fields_left_out(entry):
        yield f"  - and {more} more fields"


def _names(entry: Entry) -> list[str]:
    """The objects by kind: ``Role a/x, a/y``."""
    by_kind: dict[str, list[str]] = {}
    for change in entry.objects[:_MOST_OBJECTS]:
        by_kind.setdefault(change.kind, []).append(named(change))
    return [f"{kind} {', '.join(names)}" for kind, names in by_kind.items()]


def _more(entry: Entry) -> str:
    more = len(entry.objects) - _MOST_OBJECTS
    return f" and {more} more" if more > 0 else ""


def _notes(entry: Entry) -> Iterator[str]:
    for change in entry.objects[:_MOST_OBJECTS]:
        if change.app_before is not None:
            yield f"{named(change)} belonged to {change.app_before or 'no Application'}"
        if change.renamed_from:
            yield f"{named(change)} takes the place of {change.renamed_from}, which is removed"


def _fields_left_out(entry: Entry) -> int:
    return max(0, len(entry.fields) - _MOST_FIELDS) + entry.objects[0].fields_left_out


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
    for group in found[:_MOST_DETAILS]:
        lines = list(plain_lines(group))
        more = len(lines) - _MOST_LINES
        note = (f"… and {more} more lines; --format markdown has all",) if more > 0 else ()
        details[_title(group)] = (*lines[:_MOST_LINES], *note)
    return details


def plain_lines(group: Group) -> Iterator[str]:
    """Every change of a group for a terminal."""
    return (line for entry in group.entries for line in _plain(entry))


def _plain(entry: Entry) -> Iterator[str]:
    yield f"{entry.action.value} {'; '.join(_names(entry))}{_more(entry)}"
    yield from (f"  {note}" for note in _notes(entry))
    for field in entry.fields[:_MOST_FIELDS]:
        sides = " → ".join(
            shortened(one_line(side), _LONGEST_VALUE) for side in (field.before, field.after) if side is not None
        )
        word = "" if field.action is Action.MODIFIED else f"{field.action.value} "
        yield f"  {_path(field)}: {word}{sides}{f' ({field.noise})' if field.noise else ''}"
    if more := _fields_left_out(entry):
        yield f"  and {more} more fields"


def _plain_images(comparison: Comparison) -> Iterator[str]:
    lines = [_image(before, after) for before, after in image_steps(comparison.images)]
    yield from lines[: 2 * _MOST_LINES]
    if len(lines) > 2 * _MOST_LINES:
        yield f"… and {len(lines) - 2 * _MOST_LINES} more"


def image_steps(images: Iterable[ImageChange]) -> list[tuple[str | None, str | None]]:
    """Images before and after, each step once, by name."""
    return sorted(
        {(image.before, image.after) for image in images}, key=lambda step: (step[1] or step[0] or "", step[0] or "")
    )


def _image(before: str | None, after: str | None) -> str:
    if before and after:
        return f"{before} → {after}"
    return f"new {after}" if after else f"removed {before}"


def counted(count: int, noun: str) -> str:
    """``1 cluster``, ``2 clusters``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
