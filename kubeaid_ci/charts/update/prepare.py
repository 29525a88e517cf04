"""Prepares the update of one umbrella chart in memory, or gives the reason for refusing it. Nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kubeaid_ci.charts.ledger import update as ledgers
from kubeaid_ci.charts.ledger.ledger import UPSTREAM, LedgerEntry
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import files as chart_update
from kubeaid_ci.charts.update import select_release
from kubeaid_ci.charts.update.bump import Bump, PreparedUpdate, RefusedUpdate, UpdateRefusedError, at
from kubeaid_ci.charts.update.description import describe
from kubeaid_ci.charts.update.local_edits import VendoredCopy
from kubeaid_ci.charts.update.result import SubchartUpdate
from kubeaid_ci.charts.update.tracked import TrackedDependency
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git.tree import REGULAR, File, tree_id
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm.chart import Chart, Metadata
from kubeaid_ci.helm.published import Fetched
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.semver.version import Version

_ARCHIVE_RULES = {
    FailedKind.UNSAFE_ARCHIVE: ("chart/unsafe-archive", "the archive of {} is not safe to unpack"),
    FailedKind.DIGEST_MISMATCH: ("chart/digest-mismatch", "the registry sent another content for {} than it names"),
}


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """Input for preparing updates.

    `lock_time` is the time in a new lock, as Go writes it. `overwrite` discards local edits. `kubernetes` are the
    versions that clusters run.
    """

    repo: ChartRepo
    upstreams: Upstreams
    today: date
    lock_time: str
    overwrite: bool = False
    kubernetes: tuple[Version, ...] = ()

    def prepare(
        self, chart: Chart, bumps: Sequence[Bump], *, text: str | None = None
    ) -> PreparedUpdate | RefusedUpdate:
        """Return what the bumps of one umbrella chart change, all of them or none.

        `text` is the chart's Chart.yaml if the chart is new.
        """
        try:
            made = [self._vendored(bump) for bump in bumps]
            versions = {number: vendored.version for vendored in made for number in vendored.positions}
            _check_folders(chart, versions, made)
            metadata = self._metadata(chart, versions, text)
        except UpdateRefusedError as error:
            return error.of(chart)
        except UserError as error:
            return RefusedUpdate(chart, str(error))
        return PreparedUpdate(
            chart,
            tuple(vendored.update for vendored in made),
            {path: file for vendored in made for path, file in vendored.files.items()} | metadata,
            tuple(vendored.folder for vendored in made),
            {vendored.key: vendored.entry for vendored in made},
            tuple(finding for vendored in made for finding in vendored.findings),
        )

    def _metadata(self, chart: Chart, versions: chart_update.Versions, text: str | None) -> dict[str, File | None]:
        """Return the file that declares the dependencies, and the lock, if they change."""
        path = chart_update.declared_in(chart)
        before = self.repo.snapshot.read(path).decode("utf-8") if text is None else text
        after = chart_update.declare(before, versions, where=path)
        files: dict[str, File | None] = {} if after == before and text is None else {path: _file(after)}
        declared = chart_update.dependencies(after, where=path)
        lock = chart_update.lock(chart, declared, versions, day=self.lock_time)
        return files if lock is None else files | {chart_update.lock_path(chart): _file(lock)}

    def _vendored(self, bump: Bump) -> "_Vendored":
        one, version = bump.tracked, bump.release.version
        copy = VendoredCopy(one, self.repo.ledger.entries.get(one.key), self.repo.snapshot)
        unchecked = copy.check_replaceable(self.upstreams, overwrite=self.overwrite)
        got = _fetched(self.upstreams, one, version)
        metadata = _metadata_of(one, got, version)
        new = copy.patched(got, version)
        folder = f"{one.chart.path}/charts/{one.folder}"
        files: dict[str, File | None] = dict.fromkeys(copy.files)
        files |= {f"{folder}/{path}": file for path, file in new.items()}
        findings = (*unchecked, *self._warnings(bump, copy, got, metadata))
        notes = [finding.message for finding in findings]
        update = describe(bump, copy, got, metadata=metadata, files=new, notes=notes)
        entry = self._entry(copy, got, metadata["version"], new)
        return _Vendored(one, version, folder, update, files, entry, findings, metadata)

    def _warnings(self, bump: Bump, copy: VendoredCopy, got: Fetched, metadata: Metadata) -> Iterator[Finding]:
        """Yield what a reviewer must know of a release that is safe to vendor."""
        one, entry, version = bump.tracked, copy.entry, bump.release.version
        if entry and entry.host and entry.host != got.host:
            # The same address at another host may have a new owner.
            message = f"the archive of {one.key} came from {entry.host}, and now comes from {got.host}"
            yield at(one, "chart/repository-changed", message, severity=Severity.WARNING)
        if got.deprecated:
            yield at(one, "chart/deprecated", f"{one.key} {version} is deprecated by its publisher")
        kube_version = metadata.get("kubeVersion")
        if refused := select_release.refuses(kube_version, self.kubernetes):
            message = f"{one.key} {version} wants Kubernetes {kube_version}, a cluster runs {refused}"
            yield at(one, "chart/subchart-kube-version", message)

    def _entry(self, copy: VendoredCopy, got: Fetched, version: str, new: Mapping[str, File]) -> LedgerEntry:
        one, old = copy.tracked, copy.entry
        sighting = (self.repo.ledger.seen or {}).get(one.key, {}).get(version)
        is_known = sighting is not None and sighting.digest in (None, got.sha256)
        first_day = sighting.day if sighting and is_known else self.today
        tree = tree_id({path: file.entry for path, file in new.items()})
        entry = LedgerEntry(version, first_day, tree, one.dependency.repository, UPSTREAM)
        return ledgers.recorded(replace(entry, patches=old.patches, removed=old.removed) if old else entry, got)


@dataclass(frozen=True, slots=True)
class _Vendored:
    """One dependency's new folder, its files by path in the repository, and its entry in the ledger."""

    tracked: TrackedDependency
    version: str
    folder: str
    update: SubchartUpdate
    files: Mapping[str, File | None] = field(repr=False)
    entry: LedgerEntry
    findings: tuple[Finding, ...]
    metadata: Metadata = field(repr=False)

    @property
    def key(self) -> str:
        return self.tracked.key

    @property
    def positions(self) -> tuple[int, ...]:
        """Return where Chart.yaml declares the dependencies that render this folder."""
        return tuple(dependency.position for dependency in (self.tracked.dependency, *self.tracked.shared_by))

    @property
    def chart(self) -> Chart:
        """The new vendored chart, as far as Helm's choice depends on it."""
        return Chart(self.folder, self.metadata.get("name", ""), self.metadata.get("version", ""))


def _check_folders(chart: Chart, versions: chart_update.Versions, made: Sequence[_Vendored]) -> None:
    """Raise `UpdateRefusedError` if Helm would render another folder for a dependency than before."""
    after = chart_update.updated(chart, versions, {vendored.tracked.folder: vendored.chart for vendored in made})
    if problems := list(chart_update.mixed_up(chart, after)):
        advice = "limit one of them with a policy in .kubeaid-ci.yaml (charts: allow, pin), or remove a folder"
        raise UpdateRefusedError(f"{'; '.join(problems)}; {advice}")


def _fetched(upstreams: Upstreams, tracked: TrackedDependency, version: str) -> Fetched:
    """Return the archive of a version. It must be what its index promises, because it is not reviewed yet."""
    got = upstreams.fetch(tracked.dependency.name, version, tracked.dependency.repository)
    title = f"{tracked.dependency.name} {version}"
    if isinstance(got, Failed):
        if got.kind not in _ARCHIVE_RULES:
            raise UpdateRefusedError(f"cannot fetch {title}: {got.message}", failure=(tracked, got))
        rule, message = _ARCHIVE_RULES[got.kind]
        raise UpdateRefusedError(message.format(title), at(tracked, rule, got.message))
    if got.index_digest and got.index_digest != got.sha256:
        promised = f"the index promises {got.index_digest[:16]}… for {title}"
        finding = at(tracked, "chart/digest-mismatch", f"{promised}, the archive at {got.url} is {got.sha256[:16]}…")
        raise UpdateRefusedError(f"the archive of {title} is not the one that its index promises", finding)
    return got


def _metadata_of(tracked: TrackedDependency, got: Fetched, version: str) -> Metadata:
    """Return the Chart.yaml of the new chart, which must be of the version that was requested."""
    title = f"{tracked.dependency.name} {version}"
    metadata = chart_yaml.read(got.files[chart_yaml.CHART].data, where=f"{title}: {chart_yaml.CHART}")
    written = metadata.get("version", "")
    if select_release.is_same_release(version, written):
        return metadata
    finding = at(tracked, "chart/version-mismatch", f"the archive at {got.url} holds version {written!a}")
    raise UpdateRefusedError(f"the archive of {title} holds another version", finding)


def _file(text: str) -> File:
    return File(REGULAR, text.encode("utf-8"))
