"""Checks clusters as Argo CD would run them: every cluster, its built monitoring, and the files around them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from kubeaid_ci.build.rules import LIBRARY_MISSING
from kubeaid_ci.cache.cache import Cache, cache_at
from kubeaid_ci.check import cluster, families, monitoring, places
from kubeaid_ci.check.cluster import Checked
from kubeaid_ci.check.context import CheckContext, ConfigFiles
from kubeaid_ci.check.families import coverage
from kubeaid_ci.check.installed_schemas import PackagedSchemas
from kubeaid_ci.check.result import Checks, ClusterCheck, Suggestion
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.revision import PINNED, WORK_TREE, Revision, TreeRevision
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.images import rules as image_rules
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.fleet import Fleet, fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import RenderStatus
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.repositories.kubeaid import origin
from kubeaid_ci.settings import Settings


def check_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    rules: Sequence[str] = (),
    suggest: str | None = None,
    kubeaid_ref: Revision | str = PINNED,
    config_ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Checks:
    """Check clusters (none: all) as Argo CD would run them, and return findings and coverage.

    `rules` are ids of rules or families (none: those of the profile in `settings`). `suggest` is a family whose
    suggestions are in the result. The other parameters and errors are those of `render_clusters`. Raises `UserError`
    for an unknown rule.
    """
    repositories = LocalRepositories.of(config_repo, kubeaid, config_ref=config_ref, kubeaid_ref=kubeaid_ref)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    job = _Job(families.selected(rules, run.settings.check, RULES), _suggesting(suggest), run, cache_at(cache))
    with fleet_at(repositories, run, clusters=clusters) as fleet:
        return job.check(fleet, is_whole=not clusters)


def _suggesting(family: str | None) -> str | None:
    able = [name for name in families.FAMILIES if families.suggesting(name)]
    if family is not None and family not in able:
        raise UserError(f"{family}: no suggestions; there are some for: {', '.join(able) or 'no family'}")
    return family


@dataclass(frozen=True, slots=True)
class _Job:
    """The rules to report, the family that suggests, the options of the run, and where results are stored."""

    rules: frozenset[str]
    family: str | None
    run: RunOptions
    cache: Cache | None

    def check(self, fleet: Fleet, *, is_whole: bool) -> Checks:
        """Check the clusters one by one, then their built monitoring.

        The files that belong to no cluster follow, if all clusters are checked.
        """
        settings = self.run.settings
        files = _files(fleet.config_files)
        address = origin(fleet.repositories.config)
        every = CheckContext(settings.check, files, PackagedSchemas(), address, _folders(files))
        results: list[ClusterCheck] = []
        found: list[Finding] = [finding for finding in fleet.findings if finding.rule.id in self.rules]
        suggestions: list[Suggestion] = []
        with_output: list[monitoring.Monitored] = []
        applications = unknown = 0
        for state in fleet.clusters():
            context = replace(every, files=files.below(state.cluster.path))
            checked = self._checked(state, context)
            results.append(ClusterCheck(state.cluster.label, checked.coverage, {}))
            found += checked.findings
            found += self._not_mirrored(state)
            suggestions += self._suggestions(state, context)
            with_output += filter(None, [monitoring.monitored(state, context)])
            applications += len(state.apps)
            unknown += sum(app.status is not RenderStatus.RENDERED for app in state.apps)
        if any(rule.startswith(monitoring.FAMILY) for rule in self.rules):
            built = monitoring.check_monitoring(fleet.repositories, with_output, self.run)
            placed = (_with_line(finding, files) for finding in built if finding.rule.id in self.rules)
            found += [finding for finding in placed if finding not in found]
        if is_whole:
            found += self._checked_repository(every)
        checks = Checks(tuple(results), tuple(found), self.rules, applications, unknown, tuple(suggestions))
        severity = settings.check.severity
        return checks.with_findings(
            replace(finding, severity=severity.get(finding.rule.id, finding.severity)) for finding in found
        )

    def _checked(self, state: ClusterState, context: CheckContext) -> Checked:
        return self._cached(
            cluster.key(state, context, self.rules),
            lambda: Checked(coverage(state, context), cluster.check_cluster(state, context, self.rules)),
        )

    def _checked_repository(self, context: CheckContext) -> tuple[Finding, ...]:
        name = cluster.key(None, context, self.rules)
        return self._cached(name, lambda: Checked({}, cluster.check_repository(context, self.rules))).findings

    def _cached(self, name: str, check: Callable[[], Checked]) -> Checked:
        """Return the result that the cache has under a name, else that of the check, which is stored."""
        if self.cache and (data := self.cache.noted(name)):
            return cluster.unpacked(data)
        checked = check()
        if self.cache:
            self.cache.note(name, cluster.packed(checked))
        return checked

    def _not_mirrored(self, state: ClusterState) -> list[Finding]:
        """Return the images that do not come from the mirror of the settings; empty if none is set."""
        mirror = self.run.settings.images.mirror
        if mirror is None or image_rules.NOT_MIRRORED.id not in self.rules:
            return []
        from kubeaid_ci.images.checks import not_mirrored
        from kubeaid_ci.images.mirror_names import Mirror

        return list(not_mirrored(state.apps, Mirror.parse(mirror)))

    def _suggestions(self, state: ClusterState, context: CheckContext) -> list[Suggestion]:
        module = families.suggesting(self.family) if self.family else None
        return list(module.suggest(state, context)) if module else []


def _files(snapshot: Snapshot) -> ConfigFiles:
    ids = {path: entry.id for path, entry in sorted(snapshot.files.items()) if entry.is_file}
    return ConfigFiles(ids, partial(_read, snapshot))


def _read(snapshot: Snapshot, path: str) -> bytes:
    """Return the content of a file; empty if it is larger than any that a cluster is made of (64 MiB)."""
    try:
        return snapshot.read(path)
    except UserError:
        return b""


def _with_line(finding: Finding, files: ConfigFiles) -> Finding:
    """Return a finding about the release in a vars file with the line that sets the release."""
    if finding.rule.id != LIBRARY_MISSING.id or finding.path is None or finding.line is not None:
        return finding
    return replace(finding, line=places.text_line(files.text(finding.path) or "", "kube_prometheus_version"))


def _folders(files: ConfigFiles) -> tuple[str, ...]:
    """Return the folders below ``k8s/`` that have Applications or a vars file."""
    found = dict.fromkeys(
        "/".join(path.split("/", 2)[:2])
        for path in files.paths
        if path.startswith("k8s/") and ("/argocd-apps/" in path or path.endswith("-vars.jsonnet"))
    )
    return tuple(found)
