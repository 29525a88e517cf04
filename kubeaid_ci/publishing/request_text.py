"""The text of the change request that brings built manifests to a config repo."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kubeaid_ci.build.result import BuildResult
from kubeaid_ci.compare.manifests import FIELDS_SHOWN, AlertChange, Change
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.git.tree import Action
from kubeaid_ci.publishing.body import changed_files_list
from kubeaid_ci.publishing.changes import ClusterChange
from kubeaid_ci.report.markdown import code, escape, fence, fit, folded, quiet, table
from kubeaid_ci.visible import one_line, shortened

_MOST_ROWS = 60
_MOST_FIELDS = 10
# GitLab accepts titles of 255 characters, GitHub of 256.
_LONGEST_NAME = 150
_SIGNS = {Action.ADDED: "added", Action.REMOVED: "**removed**", Action.MODIFIED: "changed"}


def title(changes: Sequence[ClusterChange], *, given: str | None = None) -> str:
    """Return the given title, else one that names the cluster or their number. No cluster name closes an issue."""
    if given:
        return one_line(given)
    names = [change.result.cluster for change in changes]
    about = quiet(shortened(one_line(names[0]), _LONGEST_NAME)) if len(names) == 1 else f"{len(names)} clusters"
    return f"build(kube-prometheus): rebuild the manifests of {about}"


def body(changes: Sequence[ClusterChange], failed: Sequence[BuildResult], *, limit: int, size: Size = len) -> str:
    """Return the description, within `limit` as `size` measures it: what does not fit is skipped and counted.

    First what every reader needs, then objects, alerts and images of each cluster, the list of all files, then diffs,
    the largest first. It is valid Markdown, and mentions and closes nothing, whatever the manifests hold.
    """
    parts = [_overview(changes)]
    if failed:
        parts.append(_failures(failed))
    for change in changes:
        parts += _cluster(change)
    parts += changed_files_list([file for change in changes for file in change.files])
    diffs = [part for change in changes for part in _diffs(change)]
    return fit([*parts, *sorted(diffs, key=len, reverse=True)], limit, size=size, note=_left_out)


def _overview(changes: Sequence[ClusterChange]) -> str:
    rows = [_row(change) for change in changes]
    columns = ("Cluster", "Release", "KubeAid", "Files", "Objects", "Alerts and rules", "Images")
    lead = "The built kube-prometheus manifests differ from those committed. Argo CD applies them once this is merged."
    return f"{lead}\n\n{table(columns, rows)}"


def _row(change: ClusterChange) -> tuple[str, ...]:
    result = change.result
    images = f"+{len(change.images_added)} −{len(change.images_removed)}" if _has_images(change) else ""
    return (
        code(result.cluster),
        _step(change.release_before, result.release),
        _step(change.revision_before, result.kubeaid_revision),
        _counted_actions(action for _, action in change.files),
        _counted(result.changes) or "text only",
        _counted(change.alerts),
        images,
    )


def _step(before: str | None, after: str | None) -> str:
    if before and after and before != after:
        return f"{code(before)} → {code(after)}"
    return code(after) if after else ""


def _counted(changes: Iterable[Change | AlertChange]) -> str:
    return _counted_actions(change.action for change in changes)


def _counted_actions(actions: Iterable[Action]) -> str:
    counts = Counter(actions)
    return ", ".join(f"{counts[action]} {_SIGNS[action]}" for action in Action if counts[action])


def _failures(failed: Sequence[BuildResult]) -> str:
    lines = [f"- {code(one.cluster)}: {escape((one.error or 'failed').splitlines()[0])}" for one in failed]
    return "### Not in here: clusters that could not be built\n\n" + "\n".join(lines) + "\n"


def _cluster(change: ClusterChange) -> Iterator[str]:
    name = change.result.cluster
    if change.result.changes:
        yield folded(f"{name}: objects", _objects(change.result.changes))
    if change.alerts:
        yield folded(f"{name}: alerts and recording rules", _alerts(change.alerts))
    if _has_images(change):
        yield folded(f"{name}: images", _images(change))


def _has_images(change: ClusterChange) -> bool:
    return bool(change.images_added or change.images_removed)


def _objects(changes: Sequence[Change]) -> str:
    rows = [
        (_SIGNS[one.action], code(one.kind), code(_named(one)), _fields(one.fields)) for one in changes[:_MOST_ROWS]
    ]
    return table(("", "Kind", "Object", "Fields"), rows) + _more(len(changes))


def _fields(fields: Sequence[str]) -> str:
    """Return the first fields and how many there are more; beyond `FIELDS_SHOWN` they were not counted one by one."""
    lines = [code(field) for field in fields[:_MOST_FIELDS]]
    if len(fields) > FIELDS_SHOWN:
        lines.append(f"and more than {FIELDS_SHOWN - _MOST_FIELDS} more")
    elif len(fields) > _MOST_FIELDS:
        lines.append(f"and {len(fields) - _MOST_FIELDS} more")
    return "<br>".join(lines)


def _named(change: Change) -> str:
    return f"{change.namespace}/{change.name}" if change.namespace else change.name


def _alerts(alerts: Sequence[AlertChange]) -> str:
    rows = [(_SIGNS[one.action], code(one.name), code(one.group), _expression(one)) for one in alerts[:_MOST_ROWS]]
    return table(("", "Rule", "Group", "Expression"), rows) + _more(len(alerts))


def _expression(alert: AlertChange) -> str:
    return "<br>→ ".join(code(text) for text in (alert.expr_before, alert.expr_after) if text)


def _images(change: ClusterChange) -> str:
    lines = [f"- {code(image)} added" for image in change.images_added]
    lines += [f"- {code(image)} **removed**" for image in change.images_removed]
    return "\n".join(lines) + "\n"


def _diffs(change: ClusterChange) -> Iterator[str]:
    for path, diff in change.diffs.items():
        yield folded(path, fence(diff, "diff"))


def _more(count: int) -> str:
    return f"\nand {count - _MOST_ROWS} more\n" if count > _MOST_ROWS else ""


def _left_out(count: int) -> str:
    return (
        f"_{count} more section{'s' if count > 1 else ''} did not fit here;"
        " the changed files and the job's artifacts have all of it._\n"
    )
