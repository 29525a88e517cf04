"""The result of building one cluster."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.compare.manifests import Change
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.json_result import JsonResult


class BuildStatus(StrEnum):
    """The status of a cluster's manifests after a build, or compared with it (``--check``)."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """One cluster's build. `written` and `removed` are paths in the config repo; `seconds` is wall time."""

    cluster: str
    dir: str
    release: str | None
    kubeaid_revision: str | None
    status: BuildStatus
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    error: str | None = None
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Builds(JsonResult):
    """The result of building several clusters, in order of cluster name."""

    results: tuple[BuildResult, ...]
    findings: tuple[Finding, ...]
    check: bool = False
    """True if nothing was written."""

    @property
    def failed(self) -> tuple[BuildResult, ...]:
        """Return the clusters that could not be built; their old manifests are unchanged."""
        return tuple(result for result in self.results if result.status is BuildStatus.FAILED)
