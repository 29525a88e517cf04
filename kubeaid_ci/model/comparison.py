"""What a change does to clusters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeaid_ci.model.difference import ObjectChange
from kubeaid_ci.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Revisions:
    """What clusters are looked at with: a revision of each repository, or ``worktree``.

    `kubeaid` may be ``pinned``: what each Application pins.
    """

    config: str = "worktree"
    kubeaid: str = "pinned"


@dataclass(frozen=True, slots=True)
class ImageChange:
    """An image of one cluster that comes, goes or gets another version; nothing on a side where it is not."""

    cluster: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every cluster that was compared, and what changes in them.

    `charts` are those that were compared on their own, each as an Application of the one cluster ``charts``.
    `diffs` are unified diffs by subject, where they were asked for. `noise_only` counts the objects that
    differ in nothing but noise and are left out of `changes` for it.
    """

    clusters: tuple[str, ...]
    changes: tuple[ObjectChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    images: tuple[ImageChange, ...] = ()
    diffs: Mapping[str, str] = field(default_factory=dict)
    noise_only: int = 0
    charts: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        """The clusters that change."""
        touched = {change.cluster for change in self.changes}
        return tuple(cluster for cluster in self.clusters if cluster in touched)
