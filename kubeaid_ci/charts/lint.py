"""Lints umbrella charts: Helm's own linter, rendering, removed APIs, duplicate objects.

What is declared, locked and vendored is checked by `charts_verify`, so that each rule has one owner.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import filterfalse, product
from pathlib import Path

from kubeaid_ci.charts import source, structure
from kubeaid_ci.charts.render import render_charts
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision, parse_tree_revision
from kubeaid_ci.helm.version import of_charts
from kubeaid_ci.k8s import api, api_removals
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import Renderings, RenderStatus
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings

# Rendering reports this one as well; `charts verify` owns it.
_OWNED_BY_VERIFY = ("chart/subchart-missing",)


@dataclass(frozen=True, slots=True)
class ChartLint:
    """One umbrella chart: how its default values rendered on the newest version, and how many objects that gave."""

    chart: str
    status: RenderStatus
    objects: int
    error: str | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Lint(JsonResult):
    """Results in order of chart, and every finding.

    `kubernetes` are the versions that were rendered for, `helm` those whose rules were followed.
    """

    results: tuple[ChartLint, ...]
    findings: tuple[Finding, ...]
    kubernetes: tuple[Version, ...]
    helm: tuple[str, ...] = ()


def lint_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    kubernetes: Sequence[Version] = (),
    helm: Sequence[Version] = (),
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> Lint:
    """Lint the umbrella charts of a KubeAid repo: all of them, or those named.

    Each is rendered with its default values on the oldest and the newest of the `kubernetes` versions
    (default: those that the settings name), since charts choose their APIs by it, and by the rules of each version of
    `helm` (default: those that the settings name for clusters, else the newest of an Argo CD). `progress` is called
    as by `render_clusters`. Raises `UserError` for an unknown name.
    """
    known = settings or Settings()
    requested = kubernetes or known.kubernetes_versions or (Version.parse(api.DEFAULT),)
    versions = tuple(dict.fromkeys((min(requested), max(requested))))
    repo = source.read(Path(kubeaid).resolve(), parse_tree_revision(ref), cache=cache)
    with repo.snapshot:
        chosen = source.selected(repo.charts, charts)
    named = [chart.folder for chart in chosen.charts]
    unknown = map(_unknown_release, filterfalse(api.is_known, versions))
    findings = [*unknown, *map(structure.invalid, chosen.bad)]
    results: dict[str, ChartLint] = {}
    engines = of_charts(helm, known.helm_versions)
    render = partial(render_charts, kubeaid, charts=named, ref=ref, jobs=jobs, cache=cache, progress=progress)
    for engine, version in product(engines, versions):
        on = replace(known, kubernetes_version=version)
        is_last = (engine, version) == (engines[-1], versions[-1])
        renderings = render(settings=on, helm=Version.parse(engine), lint=is_last)
        findings += _of_rendering(renderings, version, is_last=is_last)
        for app in renderings.apps:
            # A chart that fails on one version fails.
            if app.app not in results or results[app.app].status is not RenderStatus.FAILED:
                results[app.app] = ChartLint(app.app, app.status, len(app.manifests), app.error, cached=app.cached)
    unique = {finding.fingerprint: finding for finding in findings}
    return Lint(tuple(results[name] for name in sorted(results)), tuple(unique.values()), versions, engines)


def _unknown_release(version: Version) -> Finding:
    message = (
        f"no release {version} of Kubernetes is known here, so APIs that it removes are not reported; the newest known"
        f" is {api.NEWEST}"
    )
    return RULES["chart/kubernetes-unknown"].at(None, message, subject="kubernetes", key=str(version))


def _of_rendering(renderings: Renderings, version: Version, *, is_last: bool) -> Iterator[Finding]:
    """Yield findings that depend on the version of Kubernetes, and for the last rendering all others too."""
    for finding in renderings.findings:
        if finding.rule.id == "chart/render-failed":
            # Many charts ask for values by design, which only clusters have.
            message = f"does not render with its default values: {finding.message}"
            yield replace(finding, severity=Severity.WARNING, message=message)
        elif is_last and finding.rule.id not in _OWNED_BY_VERIFY:
            yield finding
    for app in renderings.apps:
        yield from api_removals.check(app.manifests, newest=version, subject=app.app)
        if is_last:
            yield from duplicate_objects(app.manifests, subject=app.app)


def duplicate_objects(manifests: Iterable[Manifest], *, subject: str) -> Iterator[Finding]:
    """Yield a finding for each object after the first of its name; Argo CD applies only the last."""
    first_of: dict[ObjectId, Manifest] = {}
    for manifest in manifests:
        first = first_of.setdefault(manifest.key, manifest)
        if first is not manifest:
            where = "in the same file" if first.path == manifest.path else f"in {first.path} too"
            message = f"{manifest.key} is rendered twice: {where}"
            rule = RULES["chart/duplicate-object"]
            yield rule.at(manifest.path, message, subject=subject, key=str(manifest.key))
