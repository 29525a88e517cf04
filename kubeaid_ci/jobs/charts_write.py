"""Writes prepared updates into a checkout, one umbrella chart after the other, each with its lines of the ledger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.edges import chart_folder, work_tree
from kubeaid_ci.edges.files import write_atomically
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.charts_bump import Prepared, Refused
from kubeaid_ci.jobs.charts_make import Ready
from kubeaid_ci.jobs.charts_plan import Planned
from kubeaid_ci.jobs.charts_source import ChartRepo
from kubeaid_ci.model.chart_update import ChartUpdate, Updates, UpdateStatus
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.ledger import LEDGER, Ledger
from kubeaid_ci.model.policy import Step
from kubeaid_ci.plan import ledger as ledgers
from kubeaid_ci.plan import platform_files


@dataclass(slots=True)
class Writing:
    """A checkout that is written to, with the ledger as it becomes on the way, and the largest step so far."""

    root: Path
    ledger: Ledger
    folders: set[str]
    step: Step | None = None
    written: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def begin(cls, root: Path, repo: ChartRepo) -> Self:
        """Begin; raises `UserError` where the files that follow the charts are of no form that is known."""
        charts = repo.charts
        folders = {chart.folder for chart in charts.charts} | {bad.path.split("/")[1] for bad in charts.bad}
        made = cls(root, repo.ledger, folders)
        platform_files.following(made.texts(), folders, None)
        return made

    def all(self, ready: Iterable[Ready]) -> Updates:
        """Write every update; one that cannot be written stops no other."""
        results = tuple(self._one(one) for one in ready)
        return Updates(results, tuple(self.findings), tuple(dict.fromkeys(self.written)), tuple(self.unwritten))

    def _one(self, one: Ready) -> ChartUpdate:
        match one:
            case Planned():
                return ChartUpdate(one.chart.folder, UpdateStatus.UP_TO_DATE)
            case Refused():
                self.findings += one.findings
                status = UpdateStatus.FAILED if one.outside else UpdateStatus.REFUSED
                return ChartUpdate(one.chart.folder, status, error=one.error)
        try:
            return self._write(one)
        except UserError as error:
            self.unwritten.append(one.chart.folder)
            return ChartUpdate(one.chart.folder, UpdateStatus.REFUSED, error=str(error))

    def _write(self, one: Prepared) -> ChartUpdate:
        folder, is_new = one.chart.folder, one.chart.folder not in self.folders
        after = replace(self.ledger, entries={**self.ledger.entries, **one.entries}, exists=True)
        # The ledger is last: with it the chart counts as reviewed.
        last = (LEDGER, ledgers.text(after).encode())
        chart_folder.replace(self.root, one.chart.path, one.files, anew=one.anew, last=last)
        self.ledger = after
        self.written.append(LEDGER)
        done = ChartUpdate(folder, UpdateStatus.ADDED if is_new else UpdateStatus.UPDATED, one.subcharts)
        self.findings += [*one.findings, *self._ignored(one)]
        self._follow(folder, done.step)
        return done

    def _follow(self, folder: str, step: Step | None) -> None:
        """Write the files that follow the charts."""
        self.folders.add(folder)
        self.step = max((one for one in (self.step, step) if one), key=lambda one: one.weight, default=None)
        for path, text in platform_files.following(self.texts(), self.folders, self.step).items():
            write_atomically(self.root / path, text.encode())
            self.written.append(path)

    def texts(self) -> dict[str, str]:
        """The files that follow the charts, as far as they are there."""
        there = [path for path in platform_files.FILES if (self.root / path).is_file()]
        return {path: (self.root / path).read_text(encoding="utf-8", errors="replace") for path in there}

    def _ignored(self, one: Prepared) -> Sequence[Finding]:
        """The new files that ignore files keep out of Git."""
        paths = [path for path, file in one.files.items() if file is not None]
        found = sorted(work_tree.ignored(self.root, paths)) if Repository.at(self.root) else []
        rule = RULES["chart/dropped-by-gitignore"]
        message = "an ignore file keeps this new file out of Git; add it with git add --force"
        return [rule.at(path, message, subject=one.chart.folder, key=path) for path in found]
