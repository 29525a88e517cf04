"""The change request that brings updates of charts to a KubeAid repo."""

from collections.abc import Iterator, Sequence

from kubeaid_ci.charts.update import report as chart_update
from kubeaid_ci.charts.update.result import ChartUpdate, LostValue, UpdateStatus
from kubeaid_ci.diff.comment_text import parts as effects
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.counts import effect, weights
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.publishing.body import ChangedFile, changed_files_list, changed_files_table
from kubeaid_ci.report import outcome
from kubeaid_ci.report.markdown import block, code, escape, fit, folded, quiet, table
from kubeaid_ci.settings.policy import Step
from kubeaid_ci.visible import one_line, shortened

# GitLab accepts titles of 255 characters, GitHub of 256.
_LONGEST_TITLE = 200
_MOST_LOST = 60


def title(updates: Sequence[ChartUpdate], *, given: str | None = None) -> str:
    """Return the given title, else a subject that the platform's release notes sort by: ``chore(minor update): …``."""
    if given:
        return one_line(given)
    if new := [subchart for update in updates if update.status is UpdateStatus.ADDED for subchart in update.subcharts]:
        return quiet(one_line(f"chore(new): Added new helm chart {new[0].name} {new[0].after}"))
    moves = [
        f"{subchart.name} {_move(subchart.before, subchart.after)}"
        for update in updates
        for subchart in update.subcharts
    ]
    start = f"chore({step(updates) or Step.PATCH} update): Updated "
    for count in range(len(moves), 0, -1):
        rest = len(moves) - count
        text = start + ", ".join(moves[:count]) + (f" and {rest} more" if rest else "")
        if len(text) <= _LONGEST_TITLE or count == 1:
            return quiet(shortened(one_line(text), _LONGEST_TITLE))
    return start.strip()


def _move(before: str, after: str) -> str:
    return f"from version {before} to {after}" if before else f"to version {after}"


def step(updates: Sequence[ChartUpdate]) -> Step | None:
    """Return the largest step among the updates."""
    return max((update.step for update in updates if update.step), key=lambda each: each.weight, default=None)


def labels(
    updates: Sequence[ChartUpdate], comparisons: Sequence[Comparison], lost: Sequence[LostValue]
) -> tuple[str, ...]:
    """Return the labels for the kind, the step and the risk: ``risk-high`` loses or breaks something."""
    severities = {finding.severity for each in comparisons for finding in outcome.speaking(each.findings)}
    high = Severity.ERROR in severities
    medium = Severity.WARNING in severities or bool(lost) or step(updates) is Step.MAJOR
    risk = "risk-high" if high else "risk-medium" if medium else "risk-low"
    is_new = any(update.status is UpdateStatus.ADDED for update in updates)
    return ("charts", "new-chart" if is_new else f"update-{step(updates) or Step.PATCH}", risk)


def body(
    updates: Sequence[ChartUpdate],
    *,
    files: Sequence[ChangedFile],
    defaults: Comparison,
    clusters: Comparison | None,
    lost: Sequence[LostValue],
    limit: int,
    scan: str = "",
    size: Size = len,
) -> str:
    """Return the description, within `limit` as `size` measures it. What does not fit is left out and counted.

    `files` are all files of the commit. `defaults` is what the update changes with default values, `clusters` what it
    changes in each cluster, if there is a config repo. The text mentions and closes nothing, whatever the charts hold.
    `scan` is a sentence about vulnerabilities, if a scan is known.
    """
    first = [
        part
        for update in updates
        for part in (f"### {escape(update.chart)}\n", *map(block, chart_update.about(update)))
    ]
    found = [*first, *_lost(lost), *([f"{escape(scan)}\n"] if scan else []), changed_files_table(files)]
    if clusters is not None:
        found += effects(clusters, about="this update")
    found += [part for update in updates for part in map(block, chart_update.folds(update))]
    found += _defaults(defaults, is_all=clusters is None)
    found += changed_files_list(files)
    return fit([part for part in found if part], limit, size=size, note=_left_out)


def _defaults(comparison: Comparison, *, is_all: bool) -> list[str]:
    """Return the changes with default values; folded if changes of clusters are paragraphs."""
    short = " · ".join(filter(None, (weights(comparison.findings), effect(comparison)))) or "nothing changes"
    paragraphs = effects(comparison, about="")[1:]
    if is_all:
        return [f"## With default values\n\n{escape(short)}{_helm(comparison)}\n", *paragraphs]
    return [folded(f"With default values: {short}{_helm(comparison)}", "\n".join(paragraphs))]


def _helm(comparison: Comparison) -> str:
    return f" (rendered as Helm {comparison.helm} does)" if comparison.helm else ""


def _lost(lost: Sequence[LostValue]) -> Iterator[str]:
    if not lost:
        return
    rows = [
        (escape(value.cluster), code(value.key), code(f"{value.path}:{value.line}" if value.line else value.path))
        for value in lost[:_MOST_LOST]
    ]
    more = f"\nand {len(lost) - _MOST_LOST} more\n" if len(lost) > _MOST_LOST else ""
    yield "### Values that clusters set, and that the chart no longer has\n"
    yield table(("Cluster", "Value", "Set in"), rows) + more


def _left_out(count: int) -> str:
    return f"_{count} more section{'s' if count > 1 else ''} did not fit here; the changed files have all of it._\n"
