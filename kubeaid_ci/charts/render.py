"""Renders umbrella charts as they are, without any cluster."""

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision, WorkTree, parse_tree_revision
from kubeaid_ci.helm.chart_files import LinkError
from kubeaid_ci.helm.version import NEWEST, of_charts, rules_name
from kubeaid_ci.k8s import api
from kubeaid_ci.render.fleet import open_renderer
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import Renderings, ValuesLayer
from kubeaid_ci.render.repositories import CHARTS, Place
from kubeaid_ci.render.results import Target, rendered_app
from kubeaid_ci.render.task import ChartTask, FilesAt, Note
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings
from kubeaid_ci.suggestion import suggestion


def render_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    values: str = "",
    values_name: str = "values",
    settings: Settings | None = None,
    helm: Version | None = None,
    lint: bool = False,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Renderings:
    """Render umbrella charts with their default values, or with `values` (YAML, named in messages).

    `kubeaid` is a folder, `charts` names some (none: all), `ref` is a revision, or the work tree. A
    chart represents an Application of its name in a namespace of its name, on a cluster that runs
    kube-prometheus and nothing else. One that fails is in the result, with findings, and does not block the
    others; `lint` adds the findings of Helm's linter. `helm` is the version of Helm to follow (default: the
    one that the settings name for clusters, if they name one only, else the newest of an Argo CD). `progress`
    is called as by `render_clusters`. Raises `UserError` if nothing can be rendered at all.
    """
    root, layers = Path(kubeaid).resolve(), (ValuesLayer(values_name, values),) if values else ()
    revision = parse_tree_revision(ref)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    version = chosen_helm(helm, run.settings)
    with open_renderer(run) as renderer:
        every = chart_sources(root, revision, run.settings, layers=layers, helm=version)
        check_charts(charts, every)
        chosen = {name: task for name, task in every.items() if not charts or name in charts}
        planned = {
            name: replace(task, lint=lint) if isinstance(task, ChartTask) else task for name, task in chosen.items()
        }
        renderer.render(task for task in planned.values() if isinstance(task, ChartTask))
    done = [
        rendered_app(name, [(task, name)], renderer, Target(namespace=name), revision=str(revision))
        for name, task in planned.items()
    ]
    findings = tuple(finding for _, some in done for finding in some)
    return Renderings(tuple(app for app, _ in done), findings, helm=version)


def chosen_helm(requested: Version | None, settings: Settings) -> str:
    """Return the version of Helm for charts by themselves. If clusters have several, none of them is preferred."""
    of_clusters = settings.helm_versions if len(settings.helm_versions) == 1 else ()
    return of_charts([requested] if requested else (), of_clusters)[0]


def chart_sources(
    root: Path, revision: TreeRevision, settings: Settings, *, layers: tuple[ValuesLayer, ...] = (), helm: str = NEWEST
) -> dict[str, ChartTask | Note]:
    """Return what to render for each umbrella chart of a revision, by name. `helm` is a full version."""
    at = FilesAt(str(root), revision, (CHARTS,))
    version = settings.kubernetes_version or Version.parse(api.DEFAULT)
    api_versions = {*api.api_versions(version), *api.MONITORING, *settings.api_versions}
    with snapshot.open_snapshot(root, revision, at.folders) as files:
        place = Place(at, files, str(revision))
        names = sorted(
            path.split("/")[1] for path in files.files if path.endswith("/Chart.yaml") and path.count("/") == 2
        )
        if not names:
            where = "" if isinstance(revision, WorkTree) else f" at {revision}"
            raise UserError(f"{root}: not a KubeAid repo: it has no {CHARTS}/{where}; name one with --kubeaid")
        made = {name: _task(place, name, layers, version, tuple(sorted(api_versions))) for name in names}
    return {
        name: replace(one, helm=rules_name(helm), helm_version=helm) if isinstance(one, ChartTask) else one
        for name, one in made.items()
    }


def check_charts(names: Sequence[str], there: Collection[str]) -> None:
    """Raise `UserError` for a name that no chart has, with the nearest ones."""
    for name in names:
        if name not in there:
            raise UserError(f"{name}: no such chart; {suggestion(name, there)}")


def _task(
    place: Place, name: str, layers: tuple[ValuesLayer, ...], version: Version, api_versions: tuple[str, ...]
) -> ChartTask | Note:
    folder = f"{CHARTS}/{name}"
    try:
        tree = place.chart_tree(folder)
    except LinkError as error:
        return Note("chart/symlink-escapes", str(error), folder)
    return ChartTask(place.at, folder, tree, name, name, f"v{version}".replace("vv", "v"), api_versions, layers)
