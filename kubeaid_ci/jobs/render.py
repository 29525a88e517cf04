"""Renders everything that ArgoCD would apply to clusters."""

import difflib
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.edges import config_repo as config_repo_edge
from kubeaid_ci.edges.snapshot import WORKTREE
from kubeaid_ci.edges.workers import Limits, Pool
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.at_hand import AtHand, NotAtHandError
from kubeaid_ci.jobs.build import cache_at
from kubeaid_ci.jobs.cluster_applications import ClusterApplications, Planned
from kubeaid_ci.jobs.clusters import Selection, select
from kubeaid_ci.jobs.render_source import Note, Outcome
from kubeaid_ci.jobs.render_tasks import Renderer
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.manifest import Key, Manifest
from kubeaid_ci.model.rendering import Masked, RenderedApp, Renderings, RenderStatus
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan import kubernetes_api
from kubeaid_ci.settings import ClusterSettings, Settings

# Each round may add Applications, or kinds that charts ask for; real clusters need four.
_ROUNDS = 10


def render_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    kubeaid_ref: str = WORKTREE,
    config_ref: str = WORKTREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
) -> Renderings:
    """Every object that ArgoCD would apply to clusters, by Application, and what is wrong with them.

    `config_repo` and `kubeaid` are folders; `clusters` and `apps` name some (none: all).
    `kubeaid_ref` is ``worktree``, ``pinned`` (what each Application pins) or a revision that stands
    for all. `config_ref` is ``worktree`` or a revision. `settings` tell the clusters' version of
    Kubernetes and further API versions. `timeout` is in seconds for a chart.

    An Application that fails is in the result, with findings, and stops no other. Raises `UserError`
    where nothing can be rendered at all.
    """
    hand = AtHand(Path(config_repo).resolve(), config_ref, Path(kubeaid).resolve(), kubeaid_ref)
    renderer = Renderer(Pool(jobs or os.cpu_count() or 1, Limits(seconds=timeout)), cache_at(cache))
    try:
        selection = _selected(hand, clusters)
        known = [_cluster(cluster, hand, settings or Settings()) for cluster in selection.clusters]
        _render(known, renderer)
        found = [told for one in known for told in _told(one, one.planned(renderer.outcomes), renderer)]
    except NotAtHandError as reason:
        raise UserError(str(reason)) from None
    finally:
        hand.close()
        renderer.close()
    chosen = _chosen(found, apps)
    findings = [finding for _, some in chosen for finding in some]
    return Renderings(tuple(app for app, _ in chosen), (*selection.findings, *findings))


def _selected(hand: AtHand, names: Sequence[str]) -> Selection:
    if hand.config_ref == WORKTREE:
        return select(hand.config, names)
    paths = hand.config_place("k8s").below("k8s")
    return select(hand.config, names, folders=config_repo_edge.folders_among(paths))


def _cluster(cluster: Cluster, hand: AtHand, settings: Settings) -> ClusterApplications:
    own = settings.clusters.get(cluster.name) or settings.clusters.get(cluster.dir) or ClusterSettings()
    default = Version.parse(kubernetes_api.DEFAULT)
    version = own.kubernetes_version or settings.kubernetes_version or default
    return ClusterApplications(cluster, hand, version, (*settings.api_versions, *own.api_versions))


def _render(clusters: Sequence[ClusterApplications], renderer: Renderer) -> None:
    """Render until nothing new turns up: no Application, and no kind that a chart asks for."""
    outcomes = renderer.outcomes
    for _ in range(_ROUNDS):
        known = [(cluster, cluster.planned(outcomes)) for cluster in clusters]
        for cluster, planned in known:
            cluster.learn(planned, outcomes)
        tasks = [task for cluster, some in known for planned in some for task in planned.tasks]
        wanted = [cluster.wanted(task, outcomes) for cluster, some in known for one in some for task in one.tasks]
        outstanding = [task for task in (*tasks, *wanted) if task not in outcomes]
        if not outstanding:
            return
        renderer.render(outstanding)


def _told(
    cluster: ClusterApplications, planned: Sequence[Planned], renderer: Renderer
) -> Iterator[tuple[RenderedApp, tuple[Finding, ...]]]:
    scopes = kubernetes_api.custom_scopes(cluster.definitions.values())
    for one in sorted(planned, key=lambda one: one.application.name):
        yield _app(cluster, one, renderer, scopes)


def _app(
    cluster: ClusterApplications, planned: Planned, renderer: Renderer, scopes: Mapping[tuple[str, str], bool]
) -> tuple[RenderedApp, tuple[Finding, ...]]:
    application, outcomes = planned.application, renderer.outcomes
    tasks = [cluster.wanted(task, outcomes) for task in planned.tasks]
    done = [outcomes[task] for task in tasks if task in outcomes]
    notes = [part.what for part in planned.parts if isinstance(part.what, Note)]
    notes += [note for outcome in done for note in (*outcome.notes, *_unstable(outcome))]
    manifests: list[Manifest] = []
    charts = [part.chart for part in planned.parts if not isinstance(part.what, Note)]
    for outcome, chart in zip(done, charts, strict=True):
        for rendered in outcome.objects:
            body = _placed(rendered.body, application.namespace, scopes)
            manifests.append(Manifest(Key.of(body), body, rendered.path, cluster.cluster.name, application.name, chart))
    subject = f"{cluster.cluster.name}/{application.name}"
    findings = tuple(RULES[note.rule].at(note.path, note.message, subject=subject, line=note.line) for note in notes)
    errors = [note.message for note in notes if note.rule == "chart/render-failed"]
    digests = [renderer.digests.get(task, "") for task in tasks]
    app = RenderedApp(
        cluster.cluster.name,
        cluster.cluster.dir,
        application.name,
        _status(planned, notes, done),
        namespace=application.namespace,
        revision=next((part.revision for part in planned.parts if part.revision), None),
        manifests=tuple(manifests),
        masked=tuple(
            Masked(one.key, one.path, one.field) for outcome in done for one in outcome.varying if not one.shaped
        ),
        ignore_differences=application.ignore_differences,
        error=errors[0] if errors else None,
        cached=bool(tasks) and all(task in renderer.cached for task in tasks),
        digest=hashlib.sha256(repr((digests, application.namespace, sorted(scopes.items()))).encode()).hexdigest(),
    )
    return app, findings


def _status(planned: Planned, notes: Sequence[Note], done: Sequence[Outcome]) -> RenderStatus:
    if any(note.rule == "chart/render-failed" for note in notes):
        return RenderStatus.FAILED
    if len(done) == len(planned.parts):
        return RenderStatus.RENDERED
    return RenderStatus.PARTIAL if done else RenderStatus.UNVERIFIABLE


def _unstable(outcome: Outcome) -> Iterator[Note]:
    for one in outcome.varying:
        if one.shaped:
            field = f" at {one.field}" if one.field else ""
            yield Note("chart/render-unstable", f"{one.key}{field} has another shape each time", one.path)


def _placed(body: Mapping[str, Any], namespace: str, scopes: Mapping[tuple[str, str], bool]) -> Mapping[str, Any]:
    """The object with the namespace that ArgoCD gives it, where it names none and its kind lies in one."""
    metadata = body.get("metadata")
    if not namespace or not isinstance(metadata, dict) or metadata.get("namespace"):
        return body
    key = Key.of(body)
    if not kubernetes_api.is_namespaced(key.group, key.kind, scopes):
        return body
    return {**body, "metadata": {**metadata, "namespace": namespace}}


def _chosen(
    found: Sequence[tuple[RenderedApp, tuple[Finding, ...]]], names: Sequence[str]
) -> list[tuple[RenderedApp, tuple[Finding, ...]]]:
    there = {app.app for app, _ in found}
    for name in names:
        if name not in there:
            close = difflib.get_close_matches(name, there, 3, 0.5) or sorted(there)[:10]
            raise UserError(f"{name}: no such Application; there are: {', '.join(close) or 'none'}")
    return [one for one in found if not names or one[0].app in names]
