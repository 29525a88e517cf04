"""The effects of a change on clusters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kubeaid_ci.compare.difference import ObjectChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import PINNED, WORK_TREE, Revision, TreeRevision, parse_revision, parse_tree_revision
from kubeaid_ci.report.json_result import JsonResult


@dataclass(frozen=True, slots=True, init=False)
class Revisions:
    """The revisions of both repositories on one side of a comparison, also by their texts on the command line."""

    config: TreeRevision
    kubeaid: Revision

    def __init__(self, config: TreeRevision | str = WORK_TREE, kubeaid: Revision | str = PINNED) -> None:
        object.__setattr__(self, "config", parse_tree_revision(config))
        object.__setattr__(self, "kubeaid", parse_revision(kubeaid))


@dataclass(frozen=True, slots=True)
class ImageChange:
    """An image of one cluster that comes, goes or gets another version; nothing on a side where it is not."""

    cluster: str
    before: str | None
    after: str | None


ScanNote = Callable[[Sequence[ImageChange]], str]
"""Returns a sentence about the vulnerabilities that image changes fix and add."""


@dataclass(frozen=True, slots=True)
class OneSided:
    """A cluster, or a chart, that exists only before or only after a change, and how many known objects it has."""

    name: str
    objects: int


@dataclass(frozen=True, slots=True)
class NotCompared:
    """An Application whose objects are not all known before and after a change.

    An empty `app` represents a whole cluster that cannot be read. If `partly` is true, the objects that are known
    on both sides were compared.
    """

    cluster: str
    app: str
    reason: str
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Comparison(JsonResult):
    """The effects of a change on clusters, and what of it is unknown.

    `clusters` exist on both sides, `added` and `removed` on one. `applications` counts the Applications of all of
    them, `not_compared` has those whose objects are not known. If charts were compared by themselves, `charts` has
    their names, each is an Application of the one cluster ``charts``, and `added` and `removed` are charts.
    `diffs` are unified diffs by subject, if they were requested. `noise_only` counts the objects that differ in
    nothing but noise and are therefore not in `changes`.
    """

    clusters: tuple[str, ...]
    changes: tuple[ObjectChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    images: tuple[ImageChange, ...] = ()
    diffs: Mapping[str, str] = field(default_factory=dict)
    noise_only: int = 0
    charts: tuple[str, ...] = ()
    added: tuple[OneSided, ...] = ()
    removed: tuple[OneSided, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    applications: int = 0
    contents_left_out: int = 0
    """Number of changed objects whose content is not kept, because there is too much of it."""
    helm: str = ""
    """The version of Helm whose rules rendered charts by themselves; empty for clusters, each of which has its own."""

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the clusters in which objects change."""
        touched = {change.cluster for change in self.changes}
        return tuple(cluster for cluster in self.clusters if cluster in touched)

    @property
    def differing(self) -> tuple[str, ...]:
        """Return the clusters that change, are added or removed, or are not fully compared."""
        unknown = [app.cluster for app in self.not_compared]
        one_sided = [item.name for item in (*self.added, *self.removed)]
        return tuple(dict.fromkeys((*self.changed, *one_sided, *unknown)))

    @property
    def differs(self) -> bool:
        """True unless both sides are known to be the same."""
        return bool(self.changes or self.added or self.removed or self.not_compared)
