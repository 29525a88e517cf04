"""Describes the update of one vendored chart: versions, files, default values, and where its changes are listed."""

from collections.abc import Mapping, Sequence

from kubeaid_ci import documents
from kubeaid_ci.charts.update import changelog, select_release, values_change
from kubeaid_ci.charts.update.bump import Bump
from kubeaid_ci.charts.update.local_edits import VendoredCopy
from kubeaid_ci.charts.update.result import FileCounts, SubchartUpdate, ValueChange
from kubeaid_ci.charts.verify.verdict import FileAction, FileChange
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import File
from kubeaid_ci.helm.chart import Metadata
from kubeaid_ci.helm.go_types import text
from kubeaid_ci.helm.published import Fetched

_VALUES = "values.yaml"


def describe(
    bump: Bump,
    copy: VendoredCopy,
    got: Fetched,
    *,
    metadata: Metadata,
    files: Mapping[str, File],
    notes: Sequence[str],
) -> SubchartUpdate:
    """Return what a reviewer wants to know. `files` are the new ones, `metadata` is their Chart.yaml."""
    one, old = bump.tracked, bump.tracked.subchart.chart if bump.tracked.subchart else None
    annotations = {key: text(value) for key, value in metadata.get("annotations", {}).items()}
    sources = [text(source) for source in metadata.get("sources", ())]
    return SubchartUpdate(
        one.folder,
        one.dependency.name,
        bump.before,
        bump.release.version,
        one.dependency.repository,
        step=select_release.step(bump.before, bump.release.version),
        alias=one.dependency.alias,
        app_before=old.app_version or None if old else None,
        app_after=metadata.get("appVersion"),
        kube_version=metadata.get("kubeVersion"),
        released=select_release.released(bump.release),
        deprecated=got.deprecated,
        sha256=got.sha256,
        url=got.url,
        links=changelog.links(annotations, sources, metadata.get("home")),
        changes=changelog.changes(annotations),
        files=_counts(copy.changes(files)),
        values=_values(copy, files),
        notes=(*got.notes, *notes),
    )


def _values(copy: VendoredCopy, files: Mapping[str, File]) -> tuple[ValueChange, ...]:
    path = f"{copy.tracked.chart.path}/charts/{copy.tracked.folder}/{_VALUES}"
    if path not in copy.snapshot.files:
        return ()
    after = files[_VALUES].data if _VALUES in files else b""
    return values_change.compare(_loaded(copy.snapshot.read(path)), _loaded(after))


def _loaded(data: bytes) -> object:
    """Read default values; empty if they cannot be read, which Helm reports when it renders them."""
    try:
        return documents.load(data, where=_VALUES) or {}
    except UserError:
        return {}


def _counts(changes: Sequence[FileChange]) -> FileCounts:
    """Return the changes of our copy: a file that is missing in it is one that the update adds."""
    count = [change.change for change in changes].count
    return FileCounts(count(FileAction.MISSING), count(FileAction.ADDED), count(FileAction.MODIFIED))
