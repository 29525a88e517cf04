"""The charts of a KubeAid repo with its ledger, at a revision or as they are, and those that are requested."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.cache.cache import default_folder
from kubeaid_ci.charts import reader
from kubeaid_ci.charts.ledger import ledger as ledger_file
from kubeaid_ci.charts.ledger.ledger import LEDGER, PATCHES, Ledger
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.suppression import SETTINGS_FILE
from kubeaid_ci.git import attributes
from kubeaid_ci.git.revision import TreeRevision
from kubeaid_ci.git.snapshot import Snapshot, open_snapshot
from kubeaid_ci.helm.chart import CHARTS, Charts
from kubeaid_ci.suggestion import suggestion


@dataclass(frozen=True, slots=True)
class ChartRepo:
    """The charts of a KubeAid repo at one revision."""

    snapshot: Snapshot
    charts: Charts
    ledger: Ledger


def read(root: Path, revision: TreeRevision, *, cache: bool = True) -> ChartRepo:
    """Read charts and ledger; the snapshot is the caller's to close. Raises `UserError` if there are no charts."""
    snapshot = open_snapshot(root, revision, [CHARTS, LEDGER, PATCHES, SETTINGS_FILE, attributes.FILE])
    try:
        charts = reader.read(snapshot, cache=default_folder() if cache else None)
        _check_any(charts, root)
        return ChartRepo(snapshot, replace(charts, rewritten=_rewritten(snapshot)), _ledger(snapshot))
    except BaseException:
        snapshot.close()
        raise


def _check_any(charts: Charts, root: Path) -> None:
    if not charts.charts and not charts.bad:
        raise UserError(f"{root}: no {CHARTS}/*/Chart.yaml; name a KubeAid repo with --kubeaid")


def _rewritten(snapshot: Snapshot) -> dict[str, str]:
    """Return the files that a checkout changes. It runs Git only if there are attributes: 8,000 files take a while."""
    if not snapshot.is_git or not any(path.endswith(attributes.FILE) for path in snapshot.files):
        return {}
    vendored = [
        path
        for path, one in snapshot.files.items()
        if one.is_file and path.startswith(f"{CHARTS}/") and path.split("/")[2:3] == ["charts"] and path.count("/") > 3
    ]
    return attributes.rewritten(snapshot.root, vendored, commit=snapshot.commit)


def selected(charts: Charts, names: Sequence[str]) -> Charts:
    """Return the charts that are named by folder, or by ``umbrella/folder`` of what they vendor (none: all).

    Raises `UserError` for an unknown name, with the nearest ones.
    """
    if not names:
        return charts
    wanted = {name.rstrip("/").removeprefix(f"{CHARTS}/").partition("/")[0]: name for name in names}
    known = {chart.folder for chart in charts.charts} | {bad.path.split("/")[1] for bad in charts.bad}
    for folder, name in wanted.items():
        if folder not in known:
            raise UserError(f"{name}: no such chart; {suggestion(folder, known)}")

    def is_wanted(path: str) -> bool:
        return path.split("/")[1] in wanted

    return replace(
        charts,
        charts=tuple(chart for chart in charts.charts if chart.folder in wanted),
        bad=tuple(bad for bad in charts.bad if is_wanted(bad.path)),
        links={path: target for path, target in charts.links.items() if path.startswith(CHARTS) and is_wanted(path)},
        ignored=tuple(path for path in charts.ignored if path.startswith(CHARTS) and is_wanted(path)),
    )


def _ledger(snapshot: Snapshot) -> Ledger:
    if LEDGER not in snapshot.files:
        return Ledger(exists=False)
    if snapshot.files[LEDGER].is_link:
        raise UserError(f"{LEDGER}: a link; the ledger must be a file of the repository")
    return ledger_file.parse(snapshot.read(LEDGER), where=LEDGER)
