"""Changes of objects and images grouped for reviewers: equal changes in several places are listed once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kubeaid_ci.compare.difference import FieldChange, ObjectChange
from kubeaid_ci.diff.comparison import ImageChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.report import outcome

LOST = {
    "change/chart-gone": "chart gone",
    "change/values-refused": "Application with refused values",
    "change/library-gone": "monitoring library gone",
    "change/render-broken": "Application that fails",
    "change/cluster-removed": "cluster removed",
    "change/not-compared": "not compared",
}
"""The rules for what stops working or cannot be looked at, in words for several of them: the first to be read."""
_DIGEST = 12
"""Number of hex digits shown of a digest, as in container tools."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Objects of one Application that change alike."""

    action: Action
    objects: tuple[ObjectChange, ...]
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Changes of one Application that are equal in several clusters."""

    app: str
    clusters: tuple[str, ...]
    entries: tuple[Entry, ...]
    contents: Mapping[ObjectChange, Mapping[str, str]] = field(default_factory=dict, compare=False)
    """The content of each object in each cluster."""

    def count(self, action: Action) -> int:
        """Return the number of added, removed and modified objects."""
        return sum(len(entry.objects) for entry in self.entries if entry.action is action)


@dataclass(frozen=True, slots=True)
class Danger:
    """One finding, with all clusters in which it is the same."""

    finding: Finding
    about: str
    clusters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImageLine:
    """One image as it is after a change, empty if it is removed, with its versions before.

    `is_new` is true if a cluster runs it that did not run it in any version.
    """

    name: str
    before: tuple[str, ...]
    after: str
    is_new: bool

    def text(self) -> str:
        """Return such as ``redis 7.2.11, 8.2.3 → 8.6.4 (new in some clusters)``."""
        if not self.after:
            return f"removed {self.name} {', '.join(self.before)}".rstrip()
        if not self.before:
            return f"new {self.name} {self.after}".rstrip()
        return f"{self.name} {', '.join(self.before)} → {self.after}{' (new in some clusters)' if self.is_new else ''}"


def groups(changes: Iterable[ObjectChange]) -> tuple[Group, ...]:
    """Return the changes by Application and clusters, the largest first."""
    contents: dict[ObjectChange, dict[str, str]] = defaultdict(dict)
    for change in changes:
        contents[replace(change, cluster="", content="")][change.cluster] = change.content
    together: dict[tuple[str, tuple[str, ...]], list[ObjectChange]] = defaultdict(list)
    for change, by_cluster in contents.items():
        together[change.app, tuple(sorted(by_cluster))].append(change)
    found = [
        Group(app, clusters, _entries(alike), {change: contents[change] for change in alike})
        for (app, clusters), alike in together.items()
    ]
    size = {id(group): sum(len(entry.fields) + len(entry.objects) for entry in group.entries) for group in found}
    return tuple(sorted(found, key=lambda group: (-size[id(group)] * len(group.clusters), group.app, group.clusters)))


def dangers(findings: Iterable[Finding]) -> tuple[Danger, ...]:
    """Return the unsuppressed findings in their order; findings that differ only in the cluster are merged."""
    found: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.suppressed_by is None:
            found[finding.rule.id, about(finding), finding.message].append(finding)
    return tuple(
        Danger(alike[0], what, tuple(dict.fromkeys(cluster(finding) for finding in alike)))
        for (_, what, _), alike in found.items()
    )


def image_lines(images: Iterable[ImageChange]) -> Sequence[ImageLine]:
    """Return the images by name, one line for each version that they get, and one for the versions that are removed."""
    found: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for image in images:
        after, before = image.after or "", image.before
        found[Image.parse(after or before or "").name, after].add(before)
    return [
        ImageLine(name, tuple(sorted(version(image) for image in before if image)), version(after), None in before)
        for (name, after), before in sorted(found.items())
    ]


def version(image: str) -> str:
    """Return the tag and the shortened digest of an image; ``latest`` if it has neither."""
    if not image:
        return ""
    parsed = Image.parse(image)
    algorithm, _, digest = parsed.digest.partition(":")
    short = f"@{algorithm}:{digest[:_DIGEST]}" if digest else ""
    return f"{parsed.tag}{short}" or "latest"


def by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that are not suppressed, the worst first, and among those what is `LOST`."""
    rank = {rule: number for number, rule in enumerate(LOST)}
    spoken = outcome.speaking(findings)
    return sorted(spoken, key=lambda finding: (-finding.severity.weight, rank.get(finding.rule.id, len(rank))))


def cluster(finding: Finding) -> str:
    """Return the cluster that a finding's subject begins with."""
    return finding.subject.partition("/")[0]


def about(finding: Finding) -> str:
    """Return a finding's subject without the cluster: ``app Kind namespace/name``."""
    return finding.subject.partition("/")[2]


def named(change: ObjectChange) -> str:
    """Return ``namespace/name``, or the name of an object without a namespace."""
    return f"{change.namespace}/{change.name}" if change.namespace else change.name


def _entries(changes: Sequence[ObjectChange]) -> tuple[Entry, ...]:
    alike: dict[tuple[Action, str, tuple[FieldChange, ...], int, str], list[ObjectChange]] = defaultdict(list)
    for change in changes:
        # Added and removed objects are grouped by kind, modified ones by their changed fields.
        kind = "" if change.action is Action.MODIFIED and change.fields else change.kind
        alike[change.action, kind, change.fields, change.fields_left_out, change.destination].append(change)
    entries = [Entry(action, tuple(objects), fields) for (action, _, fields, *_), objects in alike.items()]
    order = (Action.REMOVED, Action.ADDED, Action.MODIFIED)
    return tuple(
        sorted(
            entries,
            key=lambda entry: (
                order.index(entry.action),
                -len(entry.objects),
                entry.objects[0].kind,
                named(entry.objects[0]),
            ),
        )
    )
