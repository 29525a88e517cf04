"""The result of copying a cluster, as plain values."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.upgrade.result import Upgrades
from kubeaid_ci.upgrade.shadow import Collision, Restore


class ShadowStatus(StrEnum):
    """The outcome of copying a cluster."""

    CREATED = "created"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ShadowCluster:
    """A copy of a cluster.

    `cluster` is its name, `source` that of the original, `path` its folder and `to` its KubeAid revision. `files` are
    the paths of its files, also if they are not written. `not_rendered` are Applications whose collisions are not
    known. `errors` counts those of the rehearsal of the copy. With `dry_run` nothing was written.
    """

    cluster: str
    source: str
    path: str
    to: str
    status: ShadowStatus
    files: tuple[str, ...]
    collisions: tuple[Collision, ...] = ()
    restores: tuple[Restore, ...] = ()
    not_rendered: tuple[str, ...] = ()
    errors: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Shadow(JsonResult):
    """The copy of a cluster, and the upgrade of the copy with its rehearsal."""

    cluster: ShadowCluster
    upgrade: Upgrades
    findings: tuple[Finding, ...] = ()

    @property
    def is_refused(self) -> bool:
        """True if nothing was written because of errors in the rehearsal."""
        return self.cluster.status is ShadowStatus.REFUSED
