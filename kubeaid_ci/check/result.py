"""The result of checking clusters."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.report.json_result import JsonResult


@dataclass(frozen=True, slots=True)
class ClusterCheck:
    """One cluster: its coverage, figures by name (see `check.coverage.FIGURES`), and its findings by severity."""

    cluster: str
    coverage: Mapping[str, Mapping[str, int]]
    findings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A file that a family suggests for a cluster. `path` is relative to the config repo."""

    cluster: str
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Checks(JsonResult):
    """Every checked cluster, in order of name, and all findings.

    `rules` are the ids of the rules that were checked. `applications` counts the rendered Applications, `unknown`
    those whose objects are not all known.
    """

    clusters: tuple[ClusterCheck, ...]
    findings: tuple[Finding, ...]
    rules: frozenset[str] = frozenset()
    applications: int = 0
    unknown: int = 0
    suggestions: tuple[Suggestion, ...] = field(default=(), repr=False)

    def with_findings(self, findings: Iterable[Finding]) -> "Checks":
        """Return the result with these findings; each cluster counts those that are not suppressed."""
        reported = tuple(findings)
        labels = sorted((check.cluster for check in self.clusters), key=len, reverse=True)
        counts: Counter[tuple[str, Severity]] = Counter()
        for finding in reported:
            label = next((label for label in labels if _is_about(finding, label)), None)
            if label is not None and finding.suppressed_by is None:
                counts[label, finding.severity] += 1
        clusters = (
            replace(check, findings={severity.value: counts[check.cluster, severity] for severity in Severity})
            for check in self.clusters
        )
        return replace(self, clusters=tuple(clusters), findings=reported)


def _is_about(finding: Finding, label: str) -> bool:
    """Return whether the subject of a finding is ``label`` or ``label/application…``."""
    return finding.subject == label or finding.subject.startswith((f"{label}/", f"{label} "))
