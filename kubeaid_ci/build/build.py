"""Builds kube-prometheus manifests for clusters, in parallel."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.build.cluster import Built, Sources, Task, build_cluster, failed, unchanged
from kubeaid_ci.build.engines import with_any_engine
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.build.stale import with_pinned
from kubeaid_ci.cache.cache import cache_at
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import applies_output, folders
from kubeaid_ci.config_repo.rules import VARS_INVALID, nothing_built, nothing_to_build, vars_missing
from kubeaid_ci.config_repo.selection import Selection, select
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.net.address import Remote
from kubeaid_ci.repositories.kubeaid import BUILD, resolve
from kubeaid_ci.runtime.workers import Crashed, Done, Limits, Pool, WorkerError

Progress = Callable[[Cluster, BuildResult | None], None]


def build_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: str = "worktree",
    engine: str = "rjsonnet",
    check: bool = False,
    validate: bool = False,
    cross_check: bool = False,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
    kubeaid_addresses: Collection[Remote] = (),
) -> Builds:
    """Build the kube-prometheus manifests of clusters into ``k8s/<dir>/kube-prometheus/``.

    `config_repo` and `kubeaid` are folders. `clusters` names some (default: all that have a vars file) by folder or
    name. `kubeaid_ref` is ``worktree`` (the checkout as it is), ``pinned`` (what each cluster
    pins) or a revision. With `check` nothing is written. `timeout` is in seconds a cluster.
    `kubeaid_addresses` are addresses of the KubeAid repo besides its origin, for ``pinned``.
    `progress` is called with a cluster when its build starts (no result) and when it ends.

    A cluster that fails is in the result, with a finding, and does not block the others. Raises `UserError`
    where nothing can be built at all.
    """
    config = Path(config_repo).resolve()
    jsonnet.require(engine)
    selection = select(folders(config), clusters)
    buildable = tuple(cluster for cluster in selection.clusters if cluster.vars_file)
    root, addresses = Path(kubeaid).resolve(), frozenset(kubeaid_addresses)
    sources = resolve(root, kubeaid_ref, config, buildable, addresses=addresses)
    store = cache_at(cache)
    told = progress or _silent
    tasks: list[Task] = []
    done: dict[str, Built] = {}
    for cluster in buildable:
        match sources[cluster.dir]:
            case Finding() as finding:
                done[cluster.dir] = _unresolved(cluster, finding)
                told(cluster, done[cluster.dir].result)
            case source:
                tasks.append(Task(str(config), cluster, source, engine, check, validate, cross_check, store))
    limits = Limits(seconds=timeout)
    done |= _built(tasks, jobs or os.cpu_count() or 1, limits, told)
    ordered = [done[cluster.dir] for cluster in buildable]
    found: Sequence[Finding] = [finding for built in ordered for finding in built.findings]
    if check and kubeaid_ref != "pinned":
        found = with_pinned(found, root, kubeaid_ref, config, buildable, addresses=addresses)
    missing = [*_vars_missing(config, selection, named=bool(clusters))]
    if not (ordered or selection.findings or missing):
        missing = [nothing_built(len(selection.clusters))]
    results = tuple(built.result for built in ordered)
    if kubeaid_ref == "worktree":
        results = _marked(results, root)
    return Builds(results, (*selection.findings, *missing, *found), check)


def _marked(results: tuple[BuildResult, ...], kubeaid: Path) -> tuple[BuildResult, ...]:
    """Return results whose revision ends in ``-dirty`` if the checkout has changes that are not committed.

    Git runs only if a cluster changed, because it takes longer than a cached build.
    """
    is_changed = any(one.status is BuildStatus.CHANGED and one.kubeaid_revision for one in results)
    repository = Repository.at(kubeaid) if is_changed else None
    if repository is None or not repository.is_dirty(BUILD):
        return results
    return tuple(
        replace(one, kubeaid_revision=f"{one.kubeaid_revision}-dirty") if one.kubeaid_revision else one
        for one in results
    )


def _vars_missing(config: Path, selection: Selection, *, named: bool) -> Iterator[Finding]:
    """Yield the folders that have monitoring manifests, or an Application for them, and no vars file.

    A cluster that was requested by name is a warning if it never had any monitoring.
    """
    tree = DiskTree(str(config))
    for cluster in selection.clusters:
        if cluster.vars_file:
            continue
        if cluster.has_output or applies_output(tree, cluster):
            yield vars_missing(cluster.path, cluster.label, has_output=cluster.has_output)
        elif named:
            yield nothing_to_build(cluster)
    for one in selection.passed_over:
        if one.has_output:
            yield vars_missing(f"k8s/{one.dir}", one.dir, has_output=True)


def _built(tasks: Sequence[Task], jobs: int, limits: Limits, told: Progress) -> dict[str, Built]:
    done: dict[str, Built] = {}
    waiting: list[Task] = []
    shared = Sources()
    for task in tasks:
        if built := unchanged(task, shared):
            done[task.cluster.dir] = built
            told(task.cluster, built.result)
        else:
            waiting.append(task)
    pool = Pool(jobs, limits)
    for outcome in with_any_engine(pool, build_cluster, waiting, started=lambda n: told(waiting[n].cluster, None)):
        task = outcome.task
        match outcome:
            case Done(_, _, built):
                done[task.cluster.dir] = built
            case Crashed(_, _, error):
                done[task.cluster.dir] = _crashed(task, error)
        told(task.cluster, done[task.cluster.dir].result)
    if waiting and waiting[0].cache:
        waiting[0].cache.prune()
    return done


def _crashed(task: Task, error: WorkerError) -> Built:
    rule = VARS_INVALID
    message = f"the evaluation did not end well: {error}"
    return failed(task, rule.at(task.cluster.vars_file, message, subject=task.cluster.label, key="crash"))


def _unresolved(cluster: Cluster, finding: Finding) -> Built:
    result = BuildResult(cluster.label, cluster.dir, None, None, BuildStatus.FAILED, error=finding.message)
    return Built(result, (finding,))


def _silent(_: Cluster, __: BuildResult | None) -> None:
    """Report no progress."""
