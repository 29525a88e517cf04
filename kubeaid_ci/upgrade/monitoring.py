"""The monitoring manifests of clusters at another KubeAid revision, as files to write."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kubeaid_ci.build.build import build_clusters
from kubeaid_ci.build.built_files import Sources, Task, cached_files
from kubeaid_ci.build.cluster import delta_of
from kubeaid_ci.build.output import OutputError
from kubeaid_ci.build.result import BuildStatus
from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import Revision
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.repositories.kubeaid import KubeAid, resolve
from kubeaid_ci.upgrade.result import Monitoring

_ENGINE = "rjsonnet"


@dataclass(frozen=True, slots=True)
class BuiltFiles:
    """The files of a cluster's monitoring that change; None removes a file. `reason` is why the old ones are kept."""

    state: Monitoring
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    reason: str = ""


def monitoring_files(
    config: Path,
    kubeaid: Path,
    ref: Revision,
    clusters: Sequence[Cluster],
    *,
    run: RunOptions,
    cache: Cache,
) -> tuple[dict[str, BuiltFiles], tuple[Finding, ...]]:
    """Return what changes in the built manifests of clusters at a KubeAid revision, by folder of the cluster.

    Only the cache is written; `run` uses the same. The findings are those of the clusters that could not be built.
    """
    if not clusters:
        return {}, ()
    try:
        sources = resolve(kubeaid, ref, config, tuple(clusters))
    except UserError as error:
        unbuilt = BuiltFiles(Monitoring.KEPT, reason=str(error).replace(f"{kubeaid}: ", ""))
        return {cluster.dir: unbuilt for cluster in clusters}, ()
    tasks = {
        cluster.dir: Task(str(config), cluster, source, _ENGINE, cache=cache)
        for cluster in clusters
        if isinstance(source := sources[cluster.dir], KubeAid)
    }
    known = Sources()
    waiting = [cluster for cluster in clusters if cached_files(tasks[cluster.dir], known) is None]
    refused = _built(config, kubeaid, ref, waiting, run) if waiting else {}
    done = {
        folder: BuiltFiles(Monitoring.KEPT, reason=refused[folder].message)
        if folder in refused
        else _changed(task, known)
        for folder, task in tasks.items()
    }
    return done, tuple(refused.values())


def _built(
    config: Path, kubeaid: Path, ref: Revision, clusters: Collection[Cluster], run: RunOptions
) -> dict[str, Finding]:
    """Build clusters into the cache, and return a finding for each that failed."""
    names = [cluster.dir for cluster in clusters]
    made = build_clusters(
        config,
        kubeaid,
        clusters=names,
        kubeaid_ref=ref,
        check=True,
        jobs=run.jobs,
        cache=run.cache,
        timeout=run.timeout,
    )
    failed = {result.cluster: result.dir for result in made.results if result.status is BuildStatus.FAILED}
    return {
        failed[finding.subject]: finding
        for finding in made.findings
        if finding.subject in failed and finding.key != "folder"
    }


def _changed(task: Task, sources: Sources) -> BuiltFiles:
    files = cached_files(task, sources)
    if files is None:
        reason = "the built files are not in the cache; check that its folder can be written to, or pass --no-cache"
        return BuiltFiles(Monitoring.KEPT, reason=reason)
    try:
        delta = delta_of(task, files)
        start = f"{task.cluster.output}/"
        changed: dict[str, bytes | None] = {start + path: files.data(path) for path in delta.written}
    except OutputError as error:
        return BuiltFiles(Monitoring.KEPT, reason=str(error).replace(f"{task.config}/", ""))
    except KeyError:
        return BuiltFiles(Monitoring.KEPT, reason="a built file was removed from the cache meanwhile; run again")
    changed |= {start + path: None for path in delta.removed}
    return BuiltFiles(Monitoring.REBUILT if changed else Monitoring.CURRENT, changed)
