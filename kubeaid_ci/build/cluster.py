"""Builds one cluster. Runs in a worker: nothing here may rely on the process it runs in."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.build import output
from kubeaid_ci.build.built_files import Files, Sources, Task, cached_files, evaluate, objects_in
from kubeaid_ci.build.evaluation import Refused
from kubeaid_ci.build.output import OutputError
from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.build.rules import RULES_INVALID
from kubeaid_ci.build.stale import stale
from kubeaid_ci.compare import manifests as compare
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.rules import OUTPUT_UNUSABLE, VARS_INVALID
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git import attributes
from kubeaid_ci.k8s.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Built:
    """The result of one cluster."""

    result: BuildResult
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Delta:
    """The difference of built files to those on disk, by path: to write, to remove, unchanged."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """True if the disk has what was built."""
        return not self.written and not self.removed


def build_cluster(task: Task) -> Built:
    """Build one cluster into its folder (with `check`: compare only) and describe what changed."""
    began = time.perf_counter()
    try:
        built = None if task.cross_check else _try_cached(task)
        built = built or _finish(task, evaluate(task))
    except Refused as refused:
        built = failed(task, refused.finding, notes=refused.notes, release=refused.release)
    except OutputError as error:
        message = str(error).replace(task.config + "/", "")
        rule = OUTPUT_UNUSABLE
        built = failed(task, rule.at(task.cluster.output, message, subject=task.cluster.label, key="output"))
    except UserError as error:
        rule = VARS_INVALID
        message = str(error).replace(task.config + "/", "")
        built = failed(task, rule.at(task.cluster.vars_file, message, subject=task.cluster.label))
    return _timed(built, began)


def finished(task: Task, files: Files, began: float) -> Built | None:
    """Bring evaluated files into a cluster's folder, as `build_cluster` does; None if only that can explain a failure.

    `began` is when the evaluation began, by `time.perf_counter`.
    """
    try:
        return _timed(_finish(task, files), began)
    except (KeyError, OutputError):
        return None


def _timed(built: Built, began: float) -> Built:
    return Built(replace(built.result, seconds=round(time.perf_counter() - began, 3)), built.findings)


def failed(task: Task, finding: Finding, *, notes: tuple[Finding, ...] = (), release: str | None = None) -> Built:
    """Return the outcome of a cluster that cannot be built; its old manifests stay.

    `notes` are further findings. `release` is what the vars name, if that is known.
    """
    cluster, revision = task.cluster, task.kubeaid.revision
    result = BuildResult(cluster.label, cluster.dir, release, revision, BuildStatus.FAILED, error=finding.message)
    return Built(result, (*notes, finding))


def unchanged(task: Task, sources: "Sources") -> Built | None:
    """Return the outcome without evaluating anything if the cache proves that nothing changed, else None."""
    if task.cache is None or task.validate or task.cross_check:
        return None
    files = cached_files(task, sources)
    if files is None:
        return None
    try:
        delta = delta_of(task, files)
    except (KeyError, OutputError):
        return None  # the build reports it
    return _result(task, files, delta) if delta.is_empty else None


def _try_cached(task: Task) -> Built | None:
    files = cached_files(task, Sources())
    if files is None:
        return None
    try:
        return _finish(task, files)
    except KeyError:
        return None  # the record outlived the contents


def _finish(task: Task, files: Files) -> Built:
    folder = Path(task.config, task.cluster.output)
    with output.locked(folder.parent):
        delta = delta_of(task, files)
        built = _result(task, files, delta)
        if not delta.is_empty and not task.check:
            wanted: dict[str, bytes | None] = dict.fromkeys(delta.unchanged)
            wanted |= {path: files.data(path) for path in delta.written}
            output.replace(folder, wanted)
    return built


def delta_of(task: Task, files: Files) -> Delta:
    """Return how built files differ from those on disk. Raises `OutputError` if these cannot be read."""
    folder = Path(task.config, task.cluster.output)
    on_disk = output.names(folder)
    written: list[str] = []
    same: list[str] = []
    differing: dict[str, tuple[bytes, bytes]] = {}
    for path, digest in files.digests.items():
        old = output.read(folder, path) if path in on_disk else None
        is_same = old is not None and output.digest(old) == digest
        (same if is_same else written).append(path)
        if old is not None and not is_same:
            differing[path] = (old, files.data(path))
    stored = _stored_alike(task, differing) if differing else frozenset()
    written, same = [path for path in written if path not in stored], [*same, *stored]
    removed = [name for name in on_disk if name not in files.digests]
    return Delta(tuple(sorted(written)), tuple(removed), tuple(same))


def _stored_alike(task: Task, differing: Mapping[str, tuple[bytes, bytes]]) -> frozenset[str]:
    """Return the files that differ on disk only, because Git converted them by ``.gitattributes`` or settings."""
    start = f"{task.cluster.output}/"
    found = attributes.same_when_stored(Path(task.config), {start + path: both for path, both in differing.items()})
    return frozenset(path.removeprefix(start) for path in found)


def _result(task: Task, files: Files, delta: Delta) -> Built:
    cluster = task.cluster
    changes = () if delta.is_empty else compare.compare(_old(task, delta), files.manifests(delta.written))
    findings = files.notes
    if task.validate:
        findings += tuple(_validated(cluster, files))
    if task.check and not delta.is_empty:
        findings += (stale(cluster, Path(task.config), delta.written, delta.removed, files.digests),)
    result = BuildResult(
        cluster.label,
        cluster.dir,
        files.release,
        task.kubeaid.revision,
        BuildStatus.UNCHANGED if delta.is_empty else BuildStatus.CHANGED,
        written=tuple(f"{cluster.output}/{path}" for path in delta.written),
        removed=tuple(f"{cluster.output}/{path}" for path in delta.removed),
        changes=changes,
        cached=files.cached,
    )
    return Built(result, findings)


def _old(task: Task, delta: Delta) -> list[Manifest]:
    folder = Path(task.config, task.cluster.output)
    found: list[Manifest] = []
    for path in (*delta.written, *delta.removed):
        if path.endswith((".yaml", ".yml")) and (data := output.read(folder, path)) is not None:
            found += objects_in(path, data)
    return found


def _validated(cluster: Cluster, files: Files) -> Iterable[Finding]:
    from kubeaid_ci.build import objects as objects_check
    from kubeaid_ci.build import promtool

    manifests = [
        replace(manifest, path=f"{cluster.output}/{manifest.path}") for manifest in files.manifests(files.digests)
    ]
    yield from objects_check.check(manifests, subject=cluster.label)
    if promtool.find() is None:
        message = "the rules were not checked: promtool is not on PATH; it is in Debian's package prometheus"
        warning = Severity.WARNING
        yield RULES_INVALID.at(cluster.output, message, subject=cluster.label, severity=warning)
        return
    problems = promtool.check_rules(objects_check.rule_groups(manifests))
    yield from objects_check.rule_findings(problems, subject=cluster.label)
