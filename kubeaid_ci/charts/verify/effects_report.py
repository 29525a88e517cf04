"""The effects of a difference in a vendored chart, dangers first."""

from collections import Counter
from collections.abc import Iterator

from kubeaid_ci.charts.verify.verdict import Effects, Side
from kubeaid_ci.diff.groups import groups, image_lines
from kubeaid_ci.diff.report import change_list
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report import outcome
from kubeaid_ci.report.blocks import Block, Code, Item, ItemList, Paragraph, Strong, item_list
from kubeaid_ci.report.text import block_lines
from kubeaid_ci.visible import one_line, shortened

_MOST_DANGERS = 40
_MOST_KINDS = 3
_LONGEST = 300
_WHOSE = {
    Side.OURS: "What our copy does that the published chart does not",
    Side.UPSTREAM: "What the chart that is published now does that the reviewed one does not",
}


def headline(effects: Effects) -> str:
    """Return a text such as ``2 host access, 1 image new; 1 object added, 2 modified``."""
    if effects.error:
        return "unknown"
    kinds = Counter(finding.rule.id.partition("/")[2].replace("-", " ") for finding in _dangers(effects))
    dangers = [f"{count} {kind}" for kind, count in kinds.most_common(_MOST_KINDS)]
    more = kinds.total() - sum(count for _, count in kinds.most_common(_MOST_KINDS))
    counts = Counter(change.action for change in effects.objects)
    objects = [f"{counts[action]} {action.value}" for action in Action if counts[action]]
    parts = [", ".join([*dangers, *([f"{more} more"] if more else [])])]
    parts += [f"objects {', '.join(objects)}"] if objects else []
    return "; ".join(filter(None, parts)) or "none with default values"


def blocks(effects: Effects) -> Iterator[Block]:
    """Yield dangers, images and objects."""
    if effects.error:
        yield Paragraph(f"The effect of the difference is unknown: {effects.error}")
        return
    if not effects.objects and not effects.dangers:
        yield Paragraph("With default values nothing that Helm renders changes.")
        return
    how = " (rendered by itself)" if effects.rendered == "subchart" else ""
    yield Paragraph((Strong(_WHOSE[effects.changed_by]), how))
    texts = (
        (Strong(finding.rule.id), " ", Code(finding.subject), f": {_bounded(finding.message)}")
        for finding in _dangers(effects)
    )
    items = [*item_list(texts, most=_MOST_DANGERS).items]
    items += [Item(("image ", Code(line.text()))) for line in image_lines(effects.images)]
    yield ItemList((*items, *(item for group in groups(effects.objects) for item in change_list(group).items)))


def plain_lines(effects: Effects) -> Iterator[str]:
    """Yield the same for a terminal, shorter."""
    if effects.error:
        yield f"its effect is unknown: {one_line(effects.error)}"
        return
    for one in _dangers(effects)[:_MOST_DANGERS]:
        yield f"{one.rule.id} {one.subject}: {_bounded(one.message)}"
    for group in groups(effects.objects):
        yield from block_lines(change_list(group, is_whole=True))


def weight(effects: Effects | None) -> int:
    """Return the weight of a difference: its number of dangers; unknown effects count as one."""
    return 0 if effects is None else len(_dangers(effects)) + bool(effects.error)


def _dangers(effects: Effects) -> tuple[Finding, ...]:
    return outcome.speaking(effects.dangers)


def _bounded(message: str) -> str:
    return shortened(one_line(message), _LONGEST)
