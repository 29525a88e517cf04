"""Effects of differing files of a vendored chart: rendered with our files and with the published ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from kubeaid_ci.charts.verify.verdict import Effects, Side, Vendored
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.semver.version import Version

if TYPE_CHECKING:
    from kubeaid_ci.k8s.manifest import Manifest
    from kubeaid_ci.render.task import FilesTask, Outcome
    from kubeaid_ci.runtime.workers import Pool

_SECONDS = 60.0
_WORDS = {Side.OURS: "our copy", Side.UPSTREAM: "what is published"}

_Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way to render both sides; `what` is rendered."""

    what: str
    ours: _Files
    theirs: _Files


@dataclass(slots=True)
class ChartEffects:
    """Renders both sides of a difference, in a process that is started for the first one; close it at the end."""

    snapshot: Snapshot
    kubernetes: Sequence[Version] = ()
    _pool: "Pool | None" = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.close()

    def of(self, one: Vendored, *, ours: Mapping[str, File], theirs: Mapping[str, File], by: Side) -> Effects:
        """Return the effects of the change in the umbrella chart, or else in the chart by itself."""
        if not theirs:
            return Effects(by, error="there is nothing to compare with in this clone; fetch the whole history")
        odd = (path for files in (ours, theirs) for path, one in files.items() if one.mode not in (REGULAR, EXECUTABLE))
        if path := next(odd, None):
            return Effects(by, error=f"{path} is no plain file, so the chart is not rendered")
        found = []
        for attempt in self._attempts(one, _plain(ours), _plain(theirs)):
            found.append(self._effects(one, attempt, by))
            if found[-1].objects or found[-1].dangers:
                return found[-1]
        return next((effects for effects in found if effects.error is None), found[0])

    def _attempts(self, vendored: Vendored, ours: _Files, theirs: _Files) -> Iterator[_Attempt]:
        # Without the charts around it, a link among these or a fault of theirs is no obstacle.
        try:
            around = self._umbrella(vendored)
        except UserError:
            around = {}
        if around:
            folder = f"charts/{vendored.subchart.folder}/"
            sides = [around | {folder + path: data for path, data in files.items()} for files in (ours, theirs)]
            yield _Attempt("umbrella", *sides)
        yield _Attempt("subchart", ours, theirs)

    def _umbrella(self, vendored: Vendored) -> dict[str, bytes]:
        """Return the files of the umbrella chart but those of the vendored one. Raises `UserError`."""
        from kubeaid_ci.helm.chart_files import chart_files

        here = self.snapshot
        found = chart_files(here.files, here.links, f"{CHARTS}/{vendored.umbrella}", below=here.below)
        start = f"charts/{vendored.subchart.folder}/"
        return {inside: here.read(path) for inside, (path, _) in found.items() if not inside.startswith(start)}

    def _effects(self, vendored: Vendored, attempt: _Attempt, by: Side) -> Effects:
        from kubeaid_ci.diff.clusters import compare_clusters

        sides = {Side.OURS: attempt.ours, Side.UPSTREAM: attempt.theirs}
        outcomes = self._rendered([self._task(vendored, attempt.what, files) for files in sides.values()])
        why = [
            f"{_WORDS[side]} does not render: {outcome if isinstance(outcome, str) else _why(outcome)}"
            for side, outcome in zip(sides, outcomes, strict=True)
            if isinstance(outcome, str) or outcome.failed
        ]
        if why:
            return Effects(by, attempt.what, error="; ".join(why))
        ours, theirs = (_manifests(vendored, outcome) for outcome in outcomes if not isinstance(outcome, str))
        before, after = (theirs, ours) if by is Side.OURS else (ours, theirs)
        found = compare_clusters({"": before}, {"": after})
        return Effects(by, attempt.what, found.findings, found.changes, found.images)

    def _task(self, vendored: Vendored, what: str, files: _Files) -> "FilesTask":
        from kubeaid_ci.git.revision import WORK_TREE
        from kubeaid_ci.k8s import api
        from kubeaid_ci.render.task import ChartTask, FilesAt, FilesTask

        version = max(self.kubernetes, default=None) or Version.parse(api.DEFAULT)
        served = tuple(sorted({*api.api_versions(version), *api.MONITORING}))
        folder = f"{CHARTS}/{vendored.umbrella}" if what == "umbrella" else vendored.subchart.path
        at = FilesAt(str(self.snapshot.root), WORK_TREE, ())
        kube_version = f"v{str(version).removeprefix('v')}"
        return FilesTask(ChartTask(at, folder, "", vendored.umbrella, vendored.umbrella, kube_version, served), files)

    def _rendered(self, tasks: Sequence["FilesTask"]) -> list["Outcome | str"]:
        """Return what each gives; of one that its process did not survive, why."""
        from kubeaid_ci.render.source import render_files
        from kubeaid_ci.render.task import Outcome
        from kubeaid_ci.runtime.workers import Crashed, Done, Limits, Pool

        if self._pool is None:
            self._pool = Pool(1, Limits(seconds=_SECONDS), lasting=True)
        found: dict[int, Outcome | str] = {}
        for outcome in self._pool.map(render_files, tasks):
            match outcome:
                case Done(number, _, data):
                    found[number] = Outcome.unpacked(data, {})
                case Crashed(number, _, error):
                    found[number] = str(error)
        return [found[number] for number in range(len(tasks))]


def _plain(files: Mapping[str, File]) -> dict[str, bytes]:
    return {path: file.data for path, file in files.items()}


def _why(outcome: "Outcome") -> str:
    notes = [note for note in outcome.notes if note.rule == "chart/render-failed"]
    return notes[0].message if notes else "no reason is known"


def _manifests(vendored: Vendored, outcome: "Outcome") -> "list[Manifest]":
    from kubeaid_ci.render.results import manifests

    return manifests(outcome, app=vendored.umbrella, namespace=vendored.umbrella)
