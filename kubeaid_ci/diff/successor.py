"""The chart that takes the place of one that is gone: by the names of the charts that both wrap."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.diff.rules import CHART_GONE
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.render.repositories import CHARTS


def with_successors(
    findings: Sequence[Finding], before: Iterable[RenderedApp], kubeaid: Path, after: str
) -> tuple[Finding, ...]:
    """Return the findings; those about a chart that is gone name its successor, if there is one.

    `before` are the Applications before the change, and `after` is a revision. A successor wraps a chart that the old
    one wrapped, and did not before. The fingerprints of findings stay.
    """
    if not any(finding.rule is CHART_GONE for finding in findings):
        return tuple(findings)
    sources = {f"{app.cluster}/{app.app}": _gone(app) for app in before}
    repository = Repository(kubeaid)
    with Blobs(kubeaid) as blobs:
        wrapped = _Wrapped(repository, blobs, repository.commit(after) or "")
        return tuple(
            _named(finding, sources, wrapped) if finding.rule is CHART_GONE else finding for finding in findings
        )


def _gone(app: RenderedApp) -> tuple[tuple[str, str], ...]:
    """Return the folder and the revision of each chart of KubeAid that an Application uses."""
    return tuple((plan.path, plan.revision or "") for plan in app.sources if plan.repository == "kubeaid")


def _named(finding: Finding, sources: Mapping[str, Sequence[tuple[str, str]]], wrapped: "_Wrapped") -> Finding:
    for path, revision in sources.get(finding.subject, ()):
        if found := wrapped.successor(path, revision):
            chart, name = found
            return replace(finding, message=f"{finding.message}; successor: {CHARTS}/{chart}, which now wraps {name}")
    return finding


class _Wrapped:
    """The charts that umbrella charts wrap, at any revision."""

    def __init__(self, repository: Repository, blobs: Blobs, after: str) -> None:
        self._repository, self._blobs, self._after = repository, blobs, after
        self._known: dict[str, dict[str, frozenset[str]]] = {}

    def successor(self, path: str, revision: str) -> tuple[str, str] | None:
        """Return the new chart's folder and the name of the chart that both wrap."""
        commit = self._repository.default_branch() if revision == "HEAD" else self._repository.target(revision)
        home, _, gone = path.rpartition("/")
        if not commit or not self._after or home != CHARTS:
            return None
        old, new = self._at(commit), self._at(self._after)
        if gone in new:
            return None
        for chart, names in sorted(new.items()):
            if both := sorted((names & old.get(gone, frozenset())) - old.get(chart, frozenset())):
                return chart, both[0]
        return None

    def _at(self, commit: str) -> dict[str, frozenset[str]]:
        """Return the names of the dependencies of each umbrella chart."""
        if commit not in self._known:
            entries = self._repository.files(commit, CHARTS)
            charts = {path.split("/")[1]: entry.id for path, entry in entries.items() if _is_umbrella(path)}
            texts = self._blobs.read_all(list(charts.values()))
            self._known[commit] = dict(zip(charts, map(_dependencies, texts), strict=True))
        return self._known[commit]


def _is_umbrella(path: str) -> bool:
    return path.count("/") == 2 and path.endswith("/Chart.yaml")


def _dependencies(data: bytes) -> frozenset[str]:
    declared = chart_yaml.read_if_valid(data).get("dependencies") or ()
    return frozenset(dependency["name"] for dependency in declared if dependency and dependency.get("name"))
