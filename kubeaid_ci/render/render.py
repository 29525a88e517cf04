"""Renders everything that Argo CD would apply to clusters."""

import os
from collections.abc import Callable, Collection, Sequence

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import WORK_TREE, Revision, TreeRevision
from kubeaid_ci.render.fleet import Fleet, fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import RenderedApp, Renderings
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.settings import Settings
from kubeaid_ci.suggestion import suggestion


def render_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    kubeaid_ref: Revision | str = WORK_TREE,
    config_ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Renderings:
    """Render every object that Argo CD would apply to clusters, by Application, with findings.

    `config_repo` and `kubeaid` are folders; `clusters` and `apps` name some (none: all).
    `kubeaid_ref` is the work tree, what each Application pins, or a revision for all, also as the text of
    ``--kubeaid-ref``; `config_ref` is the work tree or a revision. `settings` have the clusters' version of
    Kubernetes and further API versions. `timeout` is in seconds for a chart. `progress` is called with the number
    of rendered sources, and of those known by then.

    An Application that fails is in the result, with findings, and does not block the others. The result holds all
    objects of all clusters; to keep those of a few clusters at a time in memory use `open_fleet`. Raises `UserError`
    if nothing can be rendered at all.
    """
    repositories = LocalRepositories.of(config_repo, kubeaid, config_ref=config_ref, kubeaid_ref=kubeaid_ref)
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    rendered: list[RenderedApp] = []
    with fleet_at(repositories, run, clusters=clusters) as fleet:
        findings = render_each(fleet, rendered.append, apps=apps)
        return Renderings(tuple(rendered), findings)


def render_each(fleet: Fleet, add: Callable[[RenderedApp], None], *, apps: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Call `add` with each Application of a fleet, in order of cluster and name, and return the findings.

    `apps` are names of Applications (none: all). The objects of a cluster leave memory when the next clusters are
    rendered, unless `add` keeps them. Raises `UserError` for a name that no Application has, after all others are done.
    """
    on_clusters: list[Finding] = []
    findings: list[Finding] = []
    names: set[str] = set()
    for state in fleet.clusters():
        on_clusters += state.findings
        names.update(app.app for app in state.apps)
        for app in state.apps:
            if not apps or any(is_named(app.app, name) for name in apps):
                add(app)
                findings += state.app_findings[app.app]
    check_app_names(apps, names)
    return (*fleet.findings, *on_clusters, *findings)


def is_named(app: str, name: str) -> bool:
    """Return whether a name means an Application: its own, with or without its namespace (``team-a/web``)."""
    return name in (app, app.rpartition("/")[2])


def check_app_names(names: Sequence[str], existing: Collection[str]) -> None:
    """Raise `UserError` for a name that no Application has, with the nearest ones."""
    for name in names:
        if not any(is_named(app, name) for app in existing):
            raise UserError(f"{name}: no such Application; {suggestion(name, existing)}")


def select_apps(names: Sequence[str], existing: Collection[str]) -> frozenset[str]:
    """Return the Applications that names mean; none for no names. Raises as `check_app_names` does."""
    check_app_names(names, existing)
    return frozenset(app for app in existing if any(is_named(app, name) for name in names))
