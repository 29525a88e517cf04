"""A cluster's built files: evaluated from its vars, or taken from the cache if no input changed.

Runs in workers: nothing here may rely on the process it runs in.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from kubeaid_ci import documents
from kubeaid_ci.build import output
from kubeaid_ci.build.evaluation import Evaluation, Refused, parsed
from kubeaid_ci.build.jsonnet import engine as jsonnet
from kubeaid_ci.build.rules import ENGINES_DIFFER
from kubeaid_ci.build.stale import digest_or_none
from kubeaid_ci.cache import code_digest
from kubeaid_ci.cache.cache import Cache, Record
from kubeaid_ci.cache.probe import Probe
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.source_files import FolderRef, Source, SourceRef, opened
from kubeaid_ci.k8s.manifest import Manifest, objects
from kubeaid_ci.k8s.rendered import as_json
from kubeaid_ci.repositories.kubeaid import BUILD, KubeAid

_REFERENCE = "jsonnet"
_MOST_REFERENCED = 5
# The code that decides what a build gives.
_DECIDING = (
    "documents",
    "build/jsonnet",
    "build/built_files.py",
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
    versions: tuple[tuple[str, str | None], ...] = field(default_factory=jsonnet.versions)
    """The versions of the jsonnet engines. Workers do not look them up again: it takes them 13 ms."""


@dataclass(slots=True)
class Files:
    """A cluster's built files: the digest of each by path, and where their bytes are."""

    release: str
    digests: Mapping[str, str]
    content: Callable[[str], bytes | None]
    notes: tuple[Finding, ...]
    cached: bool
    texts: Mapping[str, str] = field(default_factory=dict)
    """The JSON of each file by its path, if the files were evaluated just now."""

    def data(self, path: str) -> bytes:
        """Return the bytes of one file; raises `KeyError` if the cache lost them."""
        data = self.content(self.digests[path])
        if data is None:
            raise KeyError(path)
        return data

    def manifests(self, paths: Iterable[str]) -> list[Manifest]:
        """Return the objects in some of the files."""
        found: list[Manifest] = []
        for path in paths:
            if path in self.texts:
                found += objects(path, parsed(self.texts[path]))
            else:
                found += objects_in(path, self.data(path))
        return found


@dataclass(slots=True)
class Sources:
    """Opened sources, shared by the look-ups of one run."""

    _opened: dict[SourceRef, Source] = field(default_factory=dict)

    def at(self, at: SourceRef) -> Source:
        """Return the source; it is opened once."""
        if at not in self._opened:
            self._opened[at] = opened(at)
        return self._opened[at]


def evaluate(task: Task) -> Files:
    """Evaluate a cluster's manifests and write them; raises `Refused` or `UserError`."""
    evaluation, release, notes, manifests = evaluated(task)
    contents, digests = {}, {}
    for path, text in manifests.items():
        contents[path], digests[path] = written(text, as_yaml=not task.only_compared)
    by_digest = {digests[path]: data for path, data in contents.items()}
    if task.cross_check:
        notes += _engines_differ(task, evaluation, contents)
    elif task.cache:
        record = record_of(evaluation, release, digests, notes, task.kubeaid.tree)
        task.cache.store(slot(task, evaluation.config), record, {} if task.only_compared else by_digest)
    return Files(release, digests, by_digest.get, notes, cached=False, texts=manifests)


@lru_cache(maxsize=256)
def written(text: str, *, as_yaml: bool) -> tuple[bytes, str]:
    """Return a manifest as the bytes of a file, and their digest. `text` is its JSON."""
    write = documents.dump if as_yaml else as_json
    data = write(parsed(text)).encode("utf-8", "surrogatepass")
    return data, output.digest(data)


class Evaluated(NamedTuple):
    """An evaluation with its results: the release, the findings about the vars, the JSON of each file by its path."""

    evaluation: Evaluation
    release: str
    notes: tuple[Finding, ...]
    texts: dict[str, str]


def evaluated(task: Task, *, only: Collection[str] | None = None, without: Collection[str] = ()) -> Evaluated:
    """Evaluate a cluster's manifests, or some of them, see `Evaluation.manifests`.

    A failure keeps the notes: a typo in the vars is often its cause.
    """
    engine, is_again = task.instead or task.engine, bool(task.instead)
    evaluation = Evaluation.of(task.cluster, task.config, task.kubeaid.at, engine, only=is_again)
    values = evaluation.vars()
    notes = evaluation.checked(values)
    release = None
    try:
        release = evaluation.release(values)
        manifests = evaluation.manifests(only=only, without=without)
        return Evaluated(evaluation, release, notes, {f"{name}.yaml": text for name, text in manifests.items()})
    except Refused as refused:
        refused.notes = notes
        refused.release = refused.release or release
        raise


def _engines_differ(task: Task, evaluation: Evaluation, contents: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Return a finding for each file that another engine gives differently.

    jsonnet, the original implementation, takes minutes for all manifests, so it evaluates only those that differ.
    """
    used = evaluation.used
    other = "gojsonnet" if used != "gojsonnet" else "rjsonnet"
    jsonnet.require(other)
    second = _files_by(evaluation, other)
    differing = sorted(path for path in {*contents, *second} if contents.get(path) != second.get(path))
    names = [path.removesuffix(".yaml") for path in differing[:_MOST_REFERENCED]]
    third: Mapping[str, bytes] | None = None
    if names and _REFERENCE not in (used, other) and jsonnet.installed(_REFERENCE):
        with suppress(Refused):
            third = _files_by(evaluation, _REFERENCE, only=names)
    found = []
    for number, path in enumerate(differing):
        message = f"{used} and {other} give different manifests"
        if third is not None and number < len(names):
            agreeing = {contents.get(path): used, second.get(path): other}.get(third.get(path))
            message += f"; {_REFERENCE} agrees with {agreeing}" if agreeing else f"; {_REFERENCE} gives another one"
        content = f"{digest_or_none(contents.get(path))} {digest_or_none(second.get(path))}"
        place = f"{task.cluster.output}/{path}"
        found.append(ENGINES_DIFFER.at(place, message, subject=task.cluster.label, key=path, content=content))
    return tuple(found)


def _files_by(evaluation: Evaluation, engine: str, *, only: Sequence[str] | None = None) -> dict[str, bytes]:
    texts = evaluation.manifests(engine, only=only)
    return {f"{name}.yaml": written(text, as_yaml=True)[0] for name, text in texts.items()}


def cached_files(task: Task, sources: Sources) -> Files | None:
    """Return what the cache holds for a cluster whose inputs are all as they were.

    None, too, if an input cannot be read any more: the build reports it.
    """
    if task.cache is None:
        return None
    with suppress(UserError):
        for record in task.cache.records(slot(task, sources.at(FolderRef(task.config)))):
            if _holds(record, task, sources):
                return files_of(record, task, task.cache, cached=True)
    return None


def files_of(
    record: Record, task: Task, cache: Cache, *, cached: bool, texts: Mapping[str, str] | None = None
) -> Files:
    """Return the files of a record, whose bytes are in the cache."""
    notes = tuple(_finding(note, task.cluster) for note in record.notes)
    return Files(record.release, record.files, cache.content, notes, cached, texts or {})


def slot(task: Task, config: Source) -> str:
    """Return the name of a cluster's records: a hash of all that is known before its vars are evaluated."""
    digest = config.digest(config.real(f"{config.prefix}/{task.cluster.vars_file}"))
    known = [
        code_digest.digest(*_DECIDING),
        task.engine,
        [version for engine, version in task.versions if engine in (task.engine, "gojsonnet")],
        task.cluster.vars_file,
        digest,
        *(["only compared"] if task.only_compared else []),
    ]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def record_of(
    evaluation: Evaluation, release: str, digests: Mapping[str, str], notes: Iterable[Finding], tree: str
) -> Record:
    """Return the record of an evaluation. `tree` is that of the KubeAid build folder, if it was read from a commit."""
    prefixes = {evaluation.kubeaid.prefix: "{kubeaid}", evaluation.config.prefix: "{config}"}

    def portable(path: str) -> str:
        prefix = max((one for one in prefixes if path.startswith(one + "/")), key=len)
        return prefixes[prefix] + path[len(prefix) :]

    probes = tuple(
        Probe(portable(probe.path), portable(probe.real), probe.digest) for probe in evaluation.importer.probes.values()
    )
    return Record(probes, release, digests, tree, tuple(_note(finding) for finding in notes))


def _holds(record: Record, task: Task, sources: Sources) -> bool:
    """Return whether every input of a record is still where and what it was.

    A repository is opened only if an input is in doubt: the tree of the build folder names the content of most.
    """
    same_tree = bool(task.kubeaid.tree) and record.tree == task.kubeaid.tree
    inside = f"{{kubeaid}}/{BUILD}/"
    for probe in record.probes:
        if same_tree and probe.path.startswith(inside) and probe.real.startswith(inside):
            continue
        asked, path = _source(probe.path, task, sources)
        source, real = _source(probe.real, task, sources)
        if asked.real(path) != real or source.digest(real) != probe.digest:
            return False
    return True


def _source(path: str, task: Task, sources: Sources) -> tuple[Source, str]:
    """Return the repository of a recorded path, and the absolute path in it."""
    name, _, inside = path.partition("/")
    source = sources.at(task.kubeaid.at if name == "{kubeaid}" else FolderRef(task.config))
    return source, f"{source.prefix}/{inside}"


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


def objects_in(path: str, data: bytes) -> list[Manifest]:
    """Return the objects in the bytes of a file; empty if it was edited manually and is no valid YAML any more."""
    try:
        parsed = documents.load_all(data, where=path)
    except UserError:
        return []
    return [manifest for body in parsed for manifest in objects(path, body)]
