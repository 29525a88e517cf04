"""Results of upgrading clusters, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kubeaid_ci.diff.comparison import Comparison, ImageChange
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.report.json_result import JsonResult


class PlaceKind(StrEnum):
    """The kind of place that names a revision."""

    SOURCE = "source"
    LABEL = "label"
    SETTINGS = "settings"


class PlaceStatus(StrEnum):
    """The result for a place. It is planned if the upgrade of the cluster is refused."""

    MOVED = "moved"
    PLANNED = "planned"
    CURRENT = "current"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class RevisionEdit:
    """One place that names a KubeAid revision.

    `path` is the file, relative to the config repo, and `line` counts from 1. `app` is empty for the general settings
    file. `chart` is the path of a source in the KubeAid repo. `before` is None if no revision was named. `reason` is
    why a place is left as it is.
    """

    kind: PlaceKind
    app: str
    path: str
    line: int | None
    before: str | None
    status: PlaceStatus
    chart: str = ""
    reason: str = ""


class Monitoring(StrEnum):
    """The result for the built monitoring manifests of a cluster."""

    REBUILT = "rebuilt"
    CURRENT = "current"
    KEPT = "kept"
    NONE = "none"


class UpgradeStatus(StrEnum):
    """The outcome for one cluster."""

    UPGRADED = "upgraded"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AppChange:
    """One Application in an upgrade.

    `before` and `after` are revisions; `charts` has the dependencies that change, as ``name 1.0.0 → 1.1.0``.
    `sync_order` is the label ``kubeaid.io/sync-order``, None if it is not set or no number. `server_side` are objects
    that client-side apply cannot hold, and that are not set to server-side apply.
    """

    name: str
    before: tuple[str, ...]
    after: str
    charts: tuple[str, ...] = ()
    images: tuple[ImageChange, ...] = ()
    sync_order: int | None = None
    server_side: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterUpgrade:
    """The result of an upgrade for one cluster.

    `to` is the revision. `written` and `removed` are paths of files in the config repo. `applications` counts all
    Applications of the cluster, and `errors` the errors of the rehearsal. With `dry_run` nothing was written.
    """

    cluster: str
    dir: str
    to: str
    status: UpgradeStatus
    edits: tuple[RevisionEdit, ...] = ()
    monitoring: Monitoring = Monitoring.NONE
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    apps: tuple[AppChange, ...] = ()
    applications: int = 0
    errors: int = 0
    error: str | None = None
    exit_code: int = 0
    request: Published | None = None
    dry_run: bool = False

    @property
    def sources(self) -> tuple[RevisionEdit, ...]:
        """The places of sources; labels and settings are left out."""
        return tuple(edit for edit in self.edits if edit.kind is PlaceKind.SOURCE)

    @property
    def left(self) -> tuple[RevisionEdit, ...]:
        """The places that stay as they are and should not."""
        return tuple(edit for edit in self.edits if edit.status is PlaceStatus.LEFT)


@dataclass(frozen=True, slots=True)
class Upgrades(JsonResult):
    """An upgrade of clusters to one revision.

    `rehearsal` is what `diff_clusters` returns for it. `findings` are those of the rehearsal and of the upgrade, with
    those that settings suppress marked. `accepted` is true if errors of the rehearsal were accepted.
    """

    to: str
    clusters: tuple[ClusterUpgrade, ...]
    rehearsal: Comparison
    findings: tuple[Finding, ...] = ()
    accepted: bool = False
    files: Mapping[str, Mapping[str, bytes | None]] = field(default_factory=dict, repr=False)
    """The new content of files by the folder of the cluster; None removes a file."""
    before: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False)
    """The content that edited files had, by the folder of the cluster."""

    @property
    def refused(self) -> tuple[ClusterUpgrade, ...]:
        """The clusters to which nothing was done because of errors in the rehearsal."""
        return tuple(cluster for cluster in self.clusters if cluster.status is UpgradeStatus.REFUSED)

    @property
    def codes(self) -> tuple[int, ...]:
        """The exit codes of the failures, if they have any."""
        return tuple(cluster.exit_code for cluster in self.clusters if cluster.exit_code)

    @property
    def failed(self) -> tuple[ClusterUpgrade, ...]:
        """The clusters that could not be written or published."""
        return tuple(cluster for cluster in self.clusters if cluster.status is UpgradeStatus.FAILED)
