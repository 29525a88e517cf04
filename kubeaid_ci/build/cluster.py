"""Builds one cluster. Runs in a worker: nothing here may rely on the process it runs in."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.build import objects as objects_check
from kubeaid_ci.build import output, promtool
from kubeaid_ci.build.evaluation import Evaluation, Refused
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.build.output import OutputError
from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.build.rules import ENGINES_DIFFER, RULES_INVALID
from kubeaid_ci.build.stale import digest_or_none, stale
from kubeaid_ci.cache import code_digest
from kubeaid_ci.cache.cache import Cache, Record
from kubeaid_ci.cache.probe import Probe
from kubeaid_ci.compare import manifests as compare
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.rules import OUTPUT_UNUSABLE, VARS_INVALID
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git import attributes
from kubeaid_ci.git.source_files import FolderRef, Source, SourceRef, opened
from kubeaid_ci.k8s.manifest import Manifest, objects
from kubeaid_ci.k8s.rendered import as_json
from kubeaid_ci.repositories.kubeaid import BUILD, KubeAid

# The code that decides what a build gives.
_DECIDING = (
    "documents",
    "build/jsonnet",
    "build/cluster.py",
    "build/evaluation.py",
    "build/vars.py",
)


@dataclass(frozen=True, slots=True)
class Task:
    """One cluster to build, and how."""

    config: str
    cluster: Cluster
    kubeaid: KubeAid
    engine: str
    check: bool = False
    validate: bool = False
    cross_check: bool = False
    cache: Cache | None = None
    instead: str = ""
    """The engine to use because a worker with the usual one crashed; nothing else is tried then."""
    only_compared: bool = False
    """True if the files are not needed: they are not written as YAML, which is slow, and not kept."""


@dataclass(frozen=True, slots=True)
class Built:
    """The result of one cluster."""

    result: BuildResult
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Files:
    """A cluster's built files: the digest of each by path, and where their bytes are."""

    release: str
    digests: Mapping[str, str]
    content: Callable[[str], bytes | None]
    notes: tuple[Finding, ...]
    cached: bool
    values: Mapping[str, Any] = field(default_factory=dict)

    def data(self, path: str) -> bytes:
        """The bytes of one file; raises `KeyError` if the cache lost them."""
        data = self.content(self.digests[path])
        if data is None:
            raise KeyError(path)
        return data

    def manifests(self, paths: Iterable[str]) -> list[Manifest]:
        """The objects in some of the files."""
        found: list[Manifest] = []
        for path in paths:
            if path in self.values:
                found += objects(path, self.values[path])
            else:
                found += _objects(path, self.data(path))
        return found


@dataclass(frozen=True, slots=True)
class Delta:
    """The difference of built files to those on disk, by path: to write, to remove, unchanged."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """True where the disk has what was built."""
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
    return Built(replace(built.result, seconds=round(time.perf_counter() - began, 3)), built.findings)


def failed(task: Task, finding: Finding, *, notes: tuple[Finding, ...] = (), release: str | None = None) -> Built:
    """Return the outcome of a cluster that cannot be built; its old manifests stay.

    `notes` are further findings. `release` is what the vars name, if that is known.
    """
    cluster, revision = task.cluster, task.kubeaid.revision
    result = BuildResult(cluster.label, cluster.dir, release, revision, BuildStatus.FAILED, error=finding.message)
    return Built(result, (*notes, finding))


def unchanged(task: Task, sources: "Sources") -> Built | None:
    """The outcome without evaluating or parsing anything, where the cache proves that nothing changed."""
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


@dataclass(slots=True)
class Sources:
    """Opened sources, shared by the look-ups of one run."""

    _opened: dict[SourceRef, Source] = field(default_factory=dict)

    def at(self, at: SourceRef) -> Source:
        """The source, opened once."""
        if at not in self._opened:
            self._opened[at] = opened(at)
        return self._opened[at]


def cached_files(task: Task, sources: Sources) -> Files | None:
    """Return what the cache holds for a cluster whose inputs are all as they were."""
    cache = task.cache
    if cache is None:
        return None
    config = sources.at(FolderRef(task.config))
    kubeaid = sources.at(task.kubeaid.at)
    for record in cache.records(_slot(task, config)):
        if _holds(record, task.kubeaid.tree, kubeaid, config):
            notes = tuple(_finding(note, task.cluster) for note in record.notes)
            return Files(record.release, record.files, cache.content, notes, cached=True)
    return None


def evaluate(task: Task) -> Files:
    """Evaluate a cluster's manifests and write them; raises `Refused` or `UserError`."""
    engine, only = task.instead or task.engine, bool(task.instead)
    evaluation = Evaluation.of(task.cluster, task.config, task.kubeaid.at, engine, only=only)
    values = evaluation.vars()
    notes = evaluation.checked(values)
    release, fields = _manifests(evaluation, values, notes)
    named = {f"{name}.yaml": value for name, value in fields.items()}
    write = as_json if task.only_compared else documents.dump
    contents = {path: write(value).encode("utf-8", "surrogatepass") for path, value in named.items()}
    digests = {path: output.digest(data) for path, data in contents.items()}
    by_digest = {digests[path]: data for path, data in contents.items()}
    if task.cross_check:
        notes += _engines_differ(task, evaluation, contents)
    elif task.cache:
        record = _record(evaluation, release, digests, notes, task.kubeaid.tree)
        task.cache.store(_slot(task, evaluation.config), record, {} if task.only_compared else by_digest)
    return Files(release, digests, by_digest.get, notes, cached=False, values=named)


def _manifests(
    evaluation: Evaluation, values: Mapping[str, Any], notes: tuple[Finding, ...]
) -> tuple[str, dict[str, Any]]:
    """Return the release and the manifests. A failure keeps the notes: a typo in the vars is often its cause."""
    release = None
    try:
        release = evaluation.release(values)
        return release, evaluation.manifests()
    except Refused as refused:
        refused.notes = notes
        refused.release = refused.release or release
        raise


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
            wanted: dict[str, bytes | None] = dict.fromkeys(delta.kept)
            wanted |= {path: files.data(path) for path in delta.written}
            output.replace(folder, wanted)
    return built


def delta_of(task: Task, files: Files) -> Delta:
    """Return how built files differ from those on disk. Raises `OutputError` if these cannot be read."""
    folder = Path(task.config, task.cluster.output)
    there = output.names(folder)
    written: list[str] = []
    kept: list[str] = []
    differing: dict[str, tuple[bytes, bytes]] = {}
    for path, digest in files.digests.items():
        old = output.read(folder, path) if path in there else None
        is_same = old is not None and output.digest(old) == digest
        (kept if is_same else written).append(path)
        if old is not None and not is_same:
            differing[path] = (old, files.data(path))
    stored = _stored_alike(task, differing) if differing else frozenset()
    written, kept = [path for path in written if path not in stored], [*kept, *stored]
    removed = [name for name in there if name not in files.digests]
    return Delta(tuple(sorted(written)), tuple(removed), tuple(kept))


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
            found += _objects(path, data)
    return found


def _objects(path: str, data: bytes) -> list[Manifest]:
    try:
        parsed = documents.load_all(data, where=path)
    except UserError:
        return []  # edited manually and no longer valid YAML: treated as missing
    return [manifest for body in parsed for manifest in objects(path, body)]


def _validated(cluster: Cluster, files: Files) -> Iterable[Finding]:
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


def _engines_differ(task: Task, evaluation: Evaluation, contents: Mapping[str, bytes]) -> tuple[Finding, ...]:
    used = evaluation.used
    other = "gojsonnet" if used != "gojsonnet" else "rjsonnet"
    jsonnet.require(other)
    fields = evaluation.manifests(other)
    second = {f"{name}.yaml": documents.dump(value).encode() for name, value in fields.items()}
    differing = sorted(path for path in {*contents, *second} if contents.get(path) != second.get(path))
    rule = ENGINES_DIFFER
    return tuple(
        rule.at(
            f"{task.cluster.output}/{path}",
            f"{used} and {other} give different manifests",
            subject=task.cluster.label,
            key=path,
            content=f"{digest_or_none(contents.get(path))} {digest_or_none(second.get(path))}",
        )
        for path in differing
    )


def _slot(task: Task, config: Source) -> str:
    digest = config.digest(config.real(f"{config.prefix}/{task.cluster.vars_file}"))
    known = [
        code_digest.digest(*_DECIDING),
        task.engine,
        [jsonnet.version(engine) for engine in sorted({task.engine, "gojsonnet"})],
        task.cluster.vars_file,
        digest,
        *(["only compared"] if task.only_compared else []),
    ]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def _record(
    evaluation: Evaluation, release: str, digests: Mapping[str, str], notes: Iterable[Finding], tree: str
) -> Record:
    prefixes = {evaluation.kubeaid.prefix: "{kubeaid}", evaluation.config.prefix: "{config}"}

    def portable(path: str) -> str:
        prefix = max((one for one in prefixes if path.startswith(one + "/")), key=len)
        return prefixes[prefix] + path[len(prefix) :]

    probes = tuple(
        Probe(portable(probe.path), portable(probe.real), probe.digest) for probe in evaluation.importer.probes.values()
    )
    return Record(probes, release, digests, tree, tuple(_note(finding) for finding in notes))


def _holds(record: Record, tree: str, kubeaid: Source, config: Source) -> bool:
    """Return whether every input of a record is still where and what it was."""
    same_tree = bool(tree) and record.tree == tree
    inside = f"{{kubeaid}}/{BUILD}/"
    for probe in record.probes:
        if same_tree and probe.path.startswith(inside) and probe.real.startswith(inside):
            continue
        source = kubeaid if probe.real.startswith("{kubeaid}") else config
        path = _absolute(probe.path, kubeaid, config)
        real = _absolute(probe.real, kubeaid, config)
        asked = kubeaid if probe.path.startswith("{kubeaid}") else config
        if asked.real(path) != real or source.digest(real) != probe.digest:
            return False
    return True


def _absolute(path: str, kubeaid: Source, config: Source) -> str:
    return path.replace("{kubeaid}", kubeaid.prefix, 1).replace("{config}", config.prefix, 1)


def _note(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "severity": finding.severity.value,
        "message": finding.message,
        "line": finding.line,
        "key": finding.key,
        "content": finding.content,
    }


def _finding(note: dict[str, Any], cluster: Cluster) -> Finding:
    return RULES[note["rule"]].at(
        cluster.vars_file,
        note["message"],
        subject=cluster.label,
        line=note["line"],
        severity=Severity(note["severity"]),
        key=note["key"],
        content=note.get("content"),
    )
