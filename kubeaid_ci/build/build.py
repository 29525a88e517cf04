"""Builds kube-prometheus manifests for clusters, in parallel."""

import os
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from kubeaid_ci.build.built_files import Sources, Task
from kubeaid_ci.build.cluster import Built, build_cluster, failed, finished, unchanged
from kubeaid_ci.build.halves import evaluate_halves, to_halve
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
from kubeaid_ci.git.revision import WORK_TREE, Pinned, Revision, WorkTree, parse_revision
from kubeaid_ci.net.address import Remote
from kubeaid_ci.repositories.kubeaid import BUILD, resolve
from kubeaid_ci.runtime.workers import Crashed, Done, Limits, Pool, TimedOutError, WorkerError

T = TypeVar("T")
Progress = Callable[[Cluster, BuildResult | None], None]

# In this order. The first try uses gojsonnet for the vars, so each of these may be what ended it.
_AGAIN = ("gojsonnet", "rjsonnet")
_RELEASE = re.compile(r"kube_prometheus_version\s*:\s*['\"]([\w.-]+)")


def build_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    clusters: Sequence[str] = (),
    kubeaid_ref: Revision | str = WORK_TREE,
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
    name. `kubeaid_ref` is the work tree, what each cluster pins, or a revision for all, also as the text of
    ``--kubeaid-ref``. With `check` nothing is written. `timeout` is in seconds a cluster.
    `kubeaid_addresses` are addresses of the KubeAid repo besides its origin, for ``pinned``.
    `progress` is called with a cluster when its build starts (no result) and when it ends.

    A cluster that fails is in the result, with a finding, and does not block the others. Raises `UserError`
    where nothing can be built at all.
    """
    config, root, addresses = Path(config_repo).resolve(), Path(kubeaid).resolve(), frozenset(kubeaid_addresses)
    jsonnet.require(engine)
    selection = select(folders(config), clusters)
    buildable = tuple(cluster for cluster in selection.clusters if cluster.vars_file)
    store, report = cache_at(cache), progress or _silent
    revision = parse_revision(kubeaid_ref)
    tasks: list[Task] = []
    done: dict[str, Built] = {}
    sources = resolve(root, revision, config, buildable, addresses=addresses)
    for cluster in buildable:
        match sources[cluster.dir]:
            case Finding() as finding:
                done[cluster.dir] = _unresolved(cluster, finding)
                report(cluster, done[cluster.dir].result)
            case source:
                tasks.append(Task(str(config), cluster, source, engine, check, validate, cross_check, store))
    pool = Pool(jobs or os.cpu_count() or 1, Limits(seconds=timeout), lasting=True)
    try:
        done |= _built(tasks, pool, report)
    finally:
        pool.close(wait=False)
    built = [done[cluster.dir] for cluster in buildable]
    findings: Sequence[Finding] = [finding for one in built for finding in one.findings]
    if check and not isinstance(revision, Pinned):
        findings = with_pinned(findings, root, revision, config, buildable, addresses=addresses)
    not_built = _not_built(config, selection, named=bool(clusters), is_empty=not built)
    results = tuple(one.result for one in built)
    if isinstance(revision, WorkTree):
        results = _marked(results, root)
    return Builds(results, (*selection.findings, *not_built, *findings), check)


def _built(tasks: Sequence[Task], pool: Pool, report: Progress) -> dict[str, Built]:
    """Return the result of each cluster by its folder: from the cache if nothing changed, else from a worker."""
    done: dict[str, Built] = {}
    pending: list[Task] = []
    shared = Sources()
    for task in tasks:
        if built := unchanged(task, shared):
            done[task.cluster.dir] = built
            report(task.cluster, built.result)
        else:
            pending.append(task)
    for task, built in _evaluated(pending, pool, report):
        done[task.cluster.dir] = built
        report(task.cluster, built.result)
    if pending and pending[0].cache:
        pending[0].cache.prune()
    return done


def _evaluated(tasks: Sequence[Task], pool: Pool, report: Progress) -> Iterator[tuple[Task, Built]]:
    """Yield each task with its result."""
    for outcome in with_other_engines(pool, build_cluster, _first_tries(tasks, pool, report)):
        match outcome:
            case Done(_, task, built):
                yield task, built
            case Crashed(_, task, error):
                yield task, _crashed(task, error)


def _first_tries(tasks: Sequence[Task], pool: Pool, report: Progress) -> Iterator[Done[Task, Built] | Crashed[Task]]:
    """Build each cluster; the last ones by halves if workers would have nothing to do."""
    halved = to_halve(tasks, pool.jobs, together=_library)
    left = [half.task for half, _ in halved]
    whole = [task for task in tasks if task not in left]
    yield from pool.map(build_cluster, whole, started=lambda n: report(whole[n].cluster, None), together=_library)
    began = time.perf_counter()
    for task in left:
        report(task.cluster, None)
    for outcome in evaluate_halves(pool, halved):
        match outcome:
            case Done(number, task, files) if built := finished(task, files, began):
                left.remove(task)
                yield Done(number, task, built)
            case Crashed(_, task, _):
                left.remove(task)
                yield outcome
    yield from pool.map(build_cluster, left, together=_library)


def with_any_engine(
    pool: Pool, function: Callable[[Task], T], tasks: Sequence[Task]
) -> Iterator[Done[Task, T] | Crashed[Task]]:
    """Run the function on every task as `Pool.map` does, and again with another engine if its worker ends."""
    return with_other_engines(pool, function, pool.map(function, tasks, together=_library))


def with_other_engines(
    pool: Pool, function: Callable[[Task], T], first_tries: Iterable[Done[Task, T] | Crashed[Task]]
) -> Iterator[Done[Task, T] | Crashed[Task]]:
    """Yield the first tries that ended, then run the function with other engines on tasks whose worker ended.

    These are last, so that no cluster has to wait for another's. What every engine fails on is returned with the first
    error. A task that reaches the time limit twice is not tried again.
    """
    waiting: list[Crashed[Task]] = []
    for outcome in first_tries:
        if isinstance(outcome, Crashed):
            waiting.append(outcome)
        else:
            yield outcome
    for engine in filter(jsonnet.installed, _AGAIN):
        tried = [first for first in waiting if first.task.engine != engine or engine == "rjsonnet"]
        again = [replace(first.task, instead=engine) for first in tried]
        for outcome in pool.map(function, again) if again else ():
            first = tried[outcome.number]
            match outcome:
                case Done(_, _, value):
                    waiting.remove(first)
                    yield Done(first.number, first.task, value)
                case Crashed(_, _, TimedOutError()) if isinstance(first.error, TimedOutError):
                    waiting.remove(first)
                    yield first
    yield from waiting


def _library(task: Task) -> str:
    """Return the release that the text of the vars names: a worker prepares the code of a library once."""
    try:
        text = Path(task.config, task.cluster.vars_file or "").read_text("utf-8", "replace")
    except OSError:
        return ""
    release = _RELEASE.search(text)
    return release[1] if release else ""


def _crashed(task: Task, error: WorkerError) -> Built:
    message = f"the evaluation did not end well: {error}"
    return failed(task, VARS_INVALID.at(task.cluster.vars_file, message, subject=task.cluster.label, key="crash"))


def _unresolved(cluster: Cluster, finding: Finding) -> Built:
    result = BuildResult(cluster.label, cluster.dir, None, None, BuildStatus.FAILED, error=finding.message)
    return Built(result, (finding,))


def _not_built(config: Path, selection: Selection, *, named: bool, is_empty: bool) -> list[Finding]:
    """Return the findings about what has no vars file, or that there is nothing to build at all."""
    missing = [*_vars_missing(config, selection, named=named)]
    if is_empty and not selection.findings and not missing:
        return [nothing_built(len(selection.clusters))]
    return missing


def _marked(results: tuple[BuildResult, ...], kubeaid: Path) -> tuple[BuildResult, ...]:
    """Return results whose revision ends in ``-dirty`` if the checkout has changes that are not committed.

    Git runs only if a cluster changed, because it takes longer than a cached build.
    """
    is_changed = any(result.status is BuildStatus.CHANGED and result.kubeaid_revision for result in results)
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


def _silent(_: Cluster, __: BuildResult | None) -> None:
    """Report no progress."""
