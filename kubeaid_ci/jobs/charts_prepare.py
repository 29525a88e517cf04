"""Makes ready what an update of one umbrella chart changes, or says why it must not be made. Nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kubeaid_ci import documents
from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.compare import values
from kubeaid_ci.edges.upstream import Upstreams
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.charts_bump import Bump, Prepared, Refused, RefusedError, at
from kubeaid_ci.jobs.charts_source import ChartRepo
from kubeaid_ci.jobs.charts_unedited import Copy
from kubeaid_ci.model.chart import Chart, Metadata
from kubeaid_ci.model.chart_update import FileCounts, SubchartUpdate, ValueChange
from kubeaid_ci.model.chart_verdict import FileAction, FileChange
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.ledger import UPSTREAM, LedgerEntry
from kubeaid_ci.model.outlook import Tracked
from kubeaid_ci.model.tree import REGULAR, File, tree_id
from kubeaid_ci.model.upstream import Failed, FailedKind, Fetched
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan import changelog, chart_update, newest
from kubeaid_ci.plan import ledger as ledgers

_ARCHIVE_RULES = {
    FailedKind.UNSAFE_ARCHIVE: "chart/unsafe-archive",
    FailedKind.DIGEST_MISMATCH: "chart/digest-mismatch",
}
_CHART, _VALUES = "Chart.yaml", "values.yaml"


@dataclass(frozen=True, slots=True)
class Workbench:
    """What updates are made from. `day` is the time in a new lock; `overwrite` lets edits of ours go."""

    repo: ChartRepo
    upstreams: Upstreams
    today: date
    day: str
    overwrite: bool = False

    def prepare(self, chart: Chart, bumps: Sequence[Bump], *, text: str | None = None) -> Prepared | Refused:
        """What the bumps of one umbrella chart change: all, or none. `text` is its Chart.yaml where it is new."""
        try:
            made = [self._made(bump) for bump in bumps]
            versions = {bump.tracked.dependency.name: bump.release.version for bump in bumps}
            metadata = self._metadata(chart, versions, text)
        except RefusedError as error:
            return Refused(chart, str(error), error.findings, error.outside)
        except UserError as error:
            finding = RULES["chart/invalid"].at(chart.file, str(error), subject=chart.folder, key="update")
            return Refused(chart, str(error), (finding,))
        return Prepared(
            chart,
            tuple(one.update for one in made),
            {path: file for one in made for path, file in one.files.items()} | metadata,
            tuple(one.folder for one in made),
            {one.key: one.entry for one in made},
            tuple(finding for one in made for finding in one.findings),
        )

    def _metadata(self, chart: Chart, versions: Mapping[str, str], text: str | None) -> dict[str, File | None]:
        """The file that declares the dependencies, and the lock, as far as they change."""
        path = chart_update.declared_in(chart)
        before = self.repo.snapshot.read(path).decode("utf-8") if text is None else text
        after = chart_update.declare(before, versions, where=path)
        files: dict[str, File | None] = {} if after == before and text is None else {path: _file(after)}
        declared = chart_update.dependencies(after, where=path)
        lock = chart_update.lock(chart, declared, versions, day=self.day)
        return files if lock is None else files | {chart_update.lock_path(chart): _file(lock)}

    def _made(self, bump: Bump) -> "_Made":
        one, version = bump.tracked, bump.release.version
        copy = Copy(one, self.repo.ledger.entries.get(one.key), self.repo.snapshot)
        copy.may_be_replaced(self.upstreams, overwrite=self.overwrite)
        got = _fetched(self.upstreams, one, version)
        said = _said(one, got, version)
        theirs = copy.patched(got)
        folder = f"{one.chart.path}/charts/{one.folder}"
        files: dict[str, File | None] = dict.fromkeys(copy.files)
        files |= {f"{folder}/{path}": file for path, file in theirs.items()}
        moved = tuple(_other_host(copy, got))
        update = replace(
            _update(bump, got, said),
            files=_counts(copy.changes(theirs)),
            values=_values(copy, theirs),
            notes=(*got.notes, *(finding.message for finding in moved)),
        )
        return _Made(one.key, folder, update, files, self._entry(copy, got, str(said["version"]), theirs), moved)

    def _entry(self, copy: Copy, got: Fetched, version: str, theirs: Mapping[str, File]) -> LedgerEntry:
        one, old = copy.tracked, copy.entry
        seen = (self.repo.ledger.seen or {}).get(one.key, {}).get(version, self.today)
        tree = tree_id({path: file.entry for path, file in theirs.items()})
        new = LedgerEntry(version, seen, tree, one.dependency.repository, UPSTREAM)
        return ledgers.recorded(replace(new, patches=old.patches, removed=old.removed) if old else new, got)


@dataclass(frozen=True, slots=True)
class _Made:
    """One dependency's new folder, its files by path in the repository, and its entry in the ledger."""

    key: str
    folder: str
    update: SubchartUpdate
    files: Mapping[str, File | None] = field(repr=False)
    entry: LedgerEntry
    findings: tuple[Finding, ...] = ()


def _fetched(upstreams: Upstreams, one: Tracked, version: str) -> Fetched:
    """The archive of a version, which must be what its index promises: nobody has looked at it yet."""
    got = upstreams.fetch(one.dependency.name, version, one.dependency.repository)
    if isinstance(got, Failed):
        rule = _ARCHIVE_RULES.get(got.kind)
        found = (at(one, rule, got.message),) if rule else ()
        raise RefusedError(f"{one.key} {version} did not come: {got.message}", *found, outside=rule is None)
    if got.index_digest and got.index_digest != got.sha256:
        promised = f"the index promises {got.index_digest[:16]}… for {one.key} {version}"
        message = f"{promised}, the archive at {got.url} is {got.sha256[:16]}…"
        raise RefusedError(message, at(one, "chart/digest-mismatch", message))
    return got


def _said(one: Tracked, got: Fetched, version: str) -> Metadata:
    """The metadata of the new chart, which must be of the version that was asked for."""
    said = documents.load(got.files[_CHART].data, where=f"{one.key} {version}: {_CHART}")
    written = str(said.get("version")) if isinstance(said, dict) else ""
    if isinstance(said, dict) and _means(written, version):
        return said
    message = f"the archive of {one.key} {version} holds version {written!a}"
    raise RefusedError(message, at(one, "chart/version-mismatch", message))


def _means(written: str, version: str) -> bool:
    try:
        return Version.parse(written) == Version.parse(version)
    except UserError:
        return written == version


def _update(bump: Bump, got: Fetched, said: Metadata) -> SubchartUpdate:
    one, before = bump.tracked, bump.tracked.subchart.chart if bump.tracked.subchart else None
    notes = {str(key): str(value) for key, value in _mapping(said.get("annotations")).items()}
    sources = said.get("sources")
    listed = [str(source) for source in sources] if isinstance(sources, list) else []
    return SubchartUpdate(
        one.folder,
        one.dependency.name,
        one.current,
        bump.release.version,
        one.dependency.repository,
        step=newest.step(one.current, bump.release.version),
        alias=one.dependency.alias,
        app_before=before.app_version or None if before else None,
        app_after=_text(said.get("appVersion")),
        kube_version=_text(said.get("kubeVersion")),
        released=newest.released(bump.release),
        deprecated=got.deprecated,
        sha256=got.sha256,
        url=got.url,
        links=changelog.links(notes, listed, _text(said.get("home"))),
        changes=changelog.changes(notes),
    )


def _values(copy: Copy, theirs: Mapping[str, File]) -> tuple[ValueChange, ...]:
    path = f"{copy.tracked.chart.path}/charts/{copy.tracked.folder}/{_VALUES}"
    if path not in copy.snapshot.files:
        return ()
    after = theirs[_VALUES].data if _VALUES in theirs else b""
    return values.compare(_loaded(copy.snapshot.read(path)), _loaded(after))


def _other_host(copy: Copy, got: Fetched) -> Iterator[Finding]:
    """Another host under the same repository address may be a new owner of a name that was given up."""
    entry = copy.entry
    if entry and entry.host and entry.host != got.host:
        message = f"the archive of {copy.tracked.key} came from {entry.host}, and now comes from {got.host}"
        yield at(copy.tracked, "chart/repository-changed", message, severity=Severity.WARNING)


def _counts(changes: Sequence[FileChange]) -> FileCounts:
    """Seen from ours: what is missing in it is what the update adds."""
    count = [change.change for change in changes].count
    return FileCounts(count(FileAction.MISSING), count(FileAction.ADDED), count(FileAction.MODIFIED))


def _loaded(data: bytes) -> object:
    """Default values; nothing where they cannot be read, which Helm tells when it renders them."""
    try:
        return documents.load(data, where=_VALUES) or {}
    except UserError:
        return {}


def _mapping(value: object) -> Mapping[object, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value)


def _file(text: str) -> File:
    return File(REGULAR, text.encode("utf-8"))
