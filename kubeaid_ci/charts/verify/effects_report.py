"""The effects of a difference in a vendored chart, dangers first."""

from collections import Counter
from collections.abc import Iterator

from kubeaid_ci.charts.verify.verdict import Effects, Side
from kubeaid_ci.diff.groups import groups, image_lines
from kubeaid_ci.diff.report import plain_lines, sections
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report import outcome
from kubeaid_ci.report.markdown import code, escape
from kubeaid_ci.visible import one_line, shortened

_MOST_DANGERS = 40
_MOST_KINDS = 3
_LONGEST = 300
_WHOSE = {
    Side.OURS: "What our copy does that the published chart does not",
    Side.UPSTREAM: "What the chart that is published now does that the reviewed one does not",
}


def headline(effects: Effects) -> str:
    """Such as ``2 host access, 1 image new; 1 object added, 2 modified``."""
    if effects.error:
        return "unknown"
    kinds = Counter(finding.rule.id.partition("/")[2].replace("-", " ") for finding in _dangers(effects))
    dangers = [f"{count} {kind}" for kind, count in kinds.most_common(_MOST_KINDS)]
    more = kinds.total() - sum(count for _, count in kinds.most_common(_MOST_KINDS))
    counts = Counter(change.action for change in effects.objects)
    objects = [f"{counts[action]} {action.value}" for action in Action if counts[action]]
    said = [", ".join([*dangers, *([f"{more} more"] if more else [])])]
    said += [f"objects {', '.join(objects)}"] if objects else []
    return "; ".join(filter(None, said)) or "none with default values"


def markdown(effects: Effects) -> str:
    """Dangers, images and objects, as ready Markdown."""
    if effects.error:
        return f"The effect of the difference is unknown: {escape(effects.error)}\n"
    if not effects.objects and not effects.dangers:
        return "With default values nothing that Helm renders changes.\n"
    parts = [f"**{_WHOSE[effects.changed_by]}**{_how(effects)}\n"]
    dangers = _dangers(effects)
    parts += [f"- **{one.rule.id}** {code(one.subject)}: {_bounded(one.message)}" for one in dangers[:_MOST_DANGERS]]
    if len(dangers) > _MOST_DANGERS:
        parts.append(f"- and {len(dangers) - _MOST_DANGERS} more")
    parts += [f"- image {code(line.text())}" for line in image_lines(effects.images)]
    return "\n".join([*parts, *sections(groups(effects.objects)).values()]) + "\n"


def plain(effects: Effects) -> Iterator[str]:
    """The same for a terminal, shorter."""
    if effects.error:
        yield f"its effect is unknown: {one_line(effects.error)}"
        return
    for one in _dangers(effects)[:_MOST_DANGERS]:
        yield f"{one.rule.id} {one.subject}: {shortened(one_line(one.message), _LONGEST)}"
    for group in groups(effects.objects):
        yield from plain_lines(group)


def weight(effects: Effects | None) -> int:
    """Return the weight of a difference: its number of dangers; unknown effects count as one."""
    return 0 if effects is None else len(_dangers(effects)) + bool(effects.error)


def _dangers(effects: Effects) -> tuple[Finding, ...]:
    return outcome.speaking(effects.dangers)


def _how(effects: Effects) -> str:
    return " (rendered by itself)" if effects.rendered == "subchart" else ""


def _bounded(message: str) -> str:
    return escape(shortened(one_line(message), _LONGEST))
