"""Renders umbrella charts as they are, without any cluster."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path

from kubeaid_ci.edges import snapshot
from kubeaid_ci.edges.snapshot import WORKTREE
from kubeaid_ci.edges.workers import Limits, Pool
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.at_hand import CHARTS, Place
from kubeaid_ci.jobs.build import cache_at
from kubeaid_ci.jobs.render_results import app_of
from kubeaid_ci.jobs.render_task import ChartTask, FilesAt, Layer, Note
from kubeaid_ci.jobs.renderer import Renderer
from kubeaid_ci.model.rendering import Renderings
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan import kubernetes_api
from kubeaid_ci.plan.chart_files import LinkError
from kubeaid_ci.settings import Settings


def render_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: str = WORKTREE,
    values: str = "",
    values_name: str = "values",
    settings: Settings | None = None,
    lint: bool = False,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
) -> Renderings:
    """What umbrella charts give with their default values, or with `values` (YAML, named in messages).

    `kubeaid` is a folder, `charts` names some (none: all), `ref` is ``worktree`` or a revision. A
    chart stands for an Application of its name in a namespace of its name, on a cluster that runs
    kube-prometheus and nothing else. One that fails is in the result, with findings, and stops no
    other; `lint` adds what Helm's linter says. Raises `UserError` where nothing can be rendered at all.
    """
    root = Path(kubeaid).resolve()
    known = settings or Settings()
    at = FilesAt(str(root), ref, (CHARTS,))
    place = Place(at, snapshot.take(root, ref, at.folders), ref)
    layers = (Layer(values_name, values),) if values else ()
    version = known.kubernetes_version or Version.parse(kubernetes_api.DEFAULT)
    api_versions = tuple(
        sorted({*kubernetes_api.api_versions(version), *kubernetes_api.MONITORING, *known.api_versions})
    )
    renderer = Renderer(Pool(jobs or os.cpu_count() or 1, Limits(seconds=timeout), lasting=True), cache_at(cache))
    try:
        planned = {
            name: _task(place, name, layers, version, api_versions, lint=lint) for name in _chosen(place, charts)
        }
        renderer.render(task for task in planned.values() if isinstance(task, ChartTask))
    finally:
        place.files.close()
        renderer.close()
    done = [app_of(name, [(task, name)], renderer, namespace=name, revision=ref) for name, task in planned.items()]
    return Renderings(tuple(app for app, _ in done), tuple(finding for _, some in done for finding in some))


def _task(
    place: Place, name: str, layers: tuple[Layer, ...], version: Version, api_versions: tuple[str, ...], *, lint: bool
) -> ChartTask | Note:
    folder = f"{CHARTS}/{name}"
    try:
        tree = place.chart_tree(folder)
    except LinkError as error:
        return Note("chart/symlink-escapes", str(error), folder)
    kube_version = f"v{version}".replace("vv", "v")
    return ChartTask(place.at, folder, tree, name, name, kube_version, api_versions, layers, lint=lint)


def _chosen(place: Place, names: Sequence[str]) -> list[str]:
    there = sorted(
        path.split("/")[1] for path in place.files.files if path.endswith("/Chart.yaml") and path.count("/") == 2
    )
    if not there:
        raise UserError(f"{place.at.root}: not a KubeAid repo: it has no {CHARTS}/; name one with --kubeaid")
    for name in names:
        if name not in there:
            close = difflib.get_close_matches(name, there, 3, 0.5) or there[:10]
            raise UserError(f"{name}: no such chart; there are: {', '.join(close)}")
    return [name for name in there if not names or name in names]
