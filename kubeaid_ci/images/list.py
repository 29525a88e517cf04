"""List the images of clusters, or of charts with their default values."""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.charts.render import render_charts
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import PINNED, WORK_TREE, Revision, TreeRevision
from kubeaid_ci.images.checks import judge_images
from kubeaid_ci.images.inventory import Collector
from kubeaid_ci.images.lock import read_lock_file
from kubeaid_ci.images.lock_file import LOCK, read_lock
from kubeaid_ci.images.model import ImageInventory
from kubeaid_ci.render.fleet import Fleet, fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.settings import Settings


def list_images(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: Revision | str = PINNED,
    config_ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> ImageInventory:
    """List every image of clusters (default: all) with every place that names it, and judge tags and registries.

    The parameters and errors are those of `render_clusters`, except that each Application is rendered at the revision
    that it pins. Findings of rendering are included for Applications that could not be rendered in full.
    """
    repositories = LocalRepositories.of(config_repo, kubeaid, config_ref=config_ref, kubeaid_ref=kubeaid_ref)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    with fleet_at(repositories, run, clusters=clusters) as fleet:
        return images_of(fleet)


def images_of(fleet: Fleet) -> ImageInventory:
    """List every image of a fleet as `list_images` does."""
    collector = Collector(fleet.settings.images)
    findings: list[Finding] = [*fleet.findings]
    names: list[str] = []
    locked: dict[str, str] = {}
    if LOCK in fleet.config_files.files:
        locked = read_lock(fleet.config_files.read(LOCK).decode("utf-8", "replace"), where=LOCK)
    for state in fleet.clusters():
        names.append(state.cluster.label)
        for app in state.apps:
            collector.add(app)
            findings += of_unknown(app, state.app_findings.get(app.app, ()))
    return _judged(collector, fleet.settings, findings, clusters=tuple(names), locked=locked)


def list_chart_images(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> ImageInventory:
    """List the images of umbrella charts (default: all) with their default values, as `list_images` does.

    The parameters and errors are those of `render_charts`. The cluster of each place is None, its Application is the
    chart.
    """
    own = settings or Settings()
    renderings = render_charts(
        kubeaid,
        charts=charts,
        ref=ref,
        settings=own,
        jobs=jobs,
        cache=cache,
        timeout=timeout,
        progress=progress,
    )
    collector = Collector(own.images)
    findings: list[Finding] = []
    for app in renderings.apps:
        collector.add(app)
        findings += of_unknown(app, [finding for finding in renderings.findings if finding.subject == app.app])
    return _judged(collector, own, findings, locked=read_lock_file(Path(kubeaid) / LOCK))


def of_unknown(app: RenderedApp, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings that explain why an Application is not rendered in full."""
    if app.status is not RenderStatus.RENDERED:
        yield from findings


def _judged(
    collector: Collector,
    settings: Settings,
    findings: Sequence[Finding],
    *,
    clusters: tuple[str, ...] = (),
    locked: Collection[str] = (),
) -> ImageInventory:
    inventory = collector.inventory()
    judged = judge_images(inventory, registries=settings.check.registries, locked=locked)
    return replace(inventory, findings=(*findings, *judged), clusters=clusters)
