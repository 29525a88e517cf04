"""The content of objects in a comparison: equal texts are kept once, and altogether only up to a limit.

The fleet is folded cluster by cluster, so the memory for contents must not grow with the number of clusters.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from kubeaid_ci.compare.difference import ObjectChange
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.groups import Group, named
from kubeaid_ci.git.tree import Action
from kubeaid_ci.report.blocks import Folded, Listing, Paragraph, Section

MOST_CHARACTERS = 2_000_000
"""Maximum number of characters of all contents of a report together."""
_LANGUAGES = {Action.ADDED: "yaml", Action.MODIFIED: "diff"}
_MOST_VARIANTS = 3


@dataclass(slots=True)
class Contents:
    """The distinct contents of the clusters so far."""

    most: int = MOST_CHARACTERS
    _texts: dict[str, str] = field(default_factory=dict)
    _size: int = 0

    def deduplicate(self, comparison: Comparison) -> Comparison:
        """Return a comparison whose equal contents are one text; beyond the limit they are left out and counted."""
        left_out = 0
        changes = []
        for change in comparison.changes:
            text = self._texts.get(change.content)
            if text is None and self._size + len(change.content) <= self.most:
                text = self._texts[change.content] = change.content
                self._size += len(text)
            left_out += text is None
            changes.append(change if text is change.content else replace(change, content=text or ""))
        return replace(comparison, changes=tuple(changes), contents_left_out=comparison.contents_left_out + left_out)


def appendix(group: Group) -> tuple[Folded, ...]:
    """Return the content of each added object of a group, then the changed lines of each modified one."""
    parts: dict[Action, list[Folded]] = {action: [] for action in _LANGUAGES}
    for entry in group.entries:
        if entry.action in parts:
            parts[entry.action] += [part for change in entry.objects for part in _variants(change, group)]
    return tuple(part for folded in parts.values() for part in folded)


def left_out(comparison: Comparison) -> tuple[Section, ...]:
    """Return the section about contents that the report does not have; empty if it has all."""
    count = comparison.contents_left_out
    if not count:
        return ()
    advice = f"It has the first {MOST_CHARACTERS:,} characters of contents. kubeaid-ci render prints all objects."
    objects = "1 object" if count == 1 else f"{count} objects"
    return (Section(f"Not in this report: the content of {objects}", (Paragraph(advice),)),)


def _variants(change: ObjectChange, group: Group) -> Iterable[Folded]:
    """Yield an object once for each content that it has in the clusters of the group."""
    clusters: dict[str, list[str]] = defaultdict(list)
    for cluster, text in group.contents.get(change, {}).items():
        if text:
            clusters[text].append(cluster)
    on = f" on {change.destination}" if change.destination else ""
    for text, names in list(clusters.items())[:_MOST_VARIANTS]:
        where = _where(names, clusters, group.clusters)
        title = f"{change.action.value} {change.kind} {named(change)}{on}{where}"
        yield Folded(title, (Listing(text, _LANGUAGES[change.action]),))


def _where(names: Sequence[str], clusters: dict[str, list[str]], every: Sequence[str]) -> str:
    if len(names) == len(every):
        return ""
    more = len(clusters) - _MOST_VARIANTS
    others = f"; {more} more variants are not listed" if more > 0 else ""
    return f" ({', '.join(names)}{others})"
