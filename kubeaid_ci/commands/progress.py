"""Progress on standard error: live on a terminal, plain lines elsewhere."""

import sys
import threading
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kubeaid_ci.commands.terminal import notice
from kubeaid_ci.model.build import BuildResult, BuildStatus
from kubeaid_ci.model.chart_verdict import ChartResult, ChartStatus
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.report.visible import one_line, visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_COLOURS: Mapping[StrEnum, str] = {
    BuildStatus.UNCHANGED: "dim",
    BuildStatus.CHANGED: "green",
    BuildStatus.FAILED: "bold red",
    ChartStatus.IDENTICAL: "dim",
    ChartStatus.LOCAL: "dim",
    ChartStatus.UNVERIFIABLE: "yellow",
    ChartStatus.DIFFERENT: "bold red",
}


class Progress:
    """One line a cluster or chart, as work starts and ends. Safe to call from several threads.

    Of what is rendered only the number is shown, live: there is much of it, and the report tells of each.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._running: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            self._bars = _bars()
            self._bars.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._bars is not None:
            self._bars.stop()

    def told(self, cluster: Cluster, result: BuildResult | None) -> None:
        """A cluster's build starts (no result) or ended."""
        with self._lock:
            if result is not None:
                self._ended(cluster.dir, line_of(result), result.status)
            elif self._bars is not None:
                self._running[cluster.dir] = self._bars.add_task(one_line(cluster.name), total=None)

    def verified(self, result: ChartResult) -> None:
        """The verdict on a chart is known."""
        with self._lock:
            self._ended("", verdict_of(result), result.status)

    def rendered(self, ended: int, known: int) -> None:
        """Show how many of the sources that are known by now are rendered."""
        self._show(f"rendered {ended} of {known}")

    def counted(self, what: str, ended: int, total: int) -> None:
        """Show how many of a known total are done."""
        self._show(f"{what}: {ended} of {total}")

    def _show(self, about: str) -> None:
        """Replace the live line. A pipe or a log gets the report only."""
        with self._lock:
            if self._bars is not None:
                if "" not in self._running:
                    self._running[""] = self._bars.add_task(about, total=None)
                self._bars.update(self._running[""], description=about)

    def _ended(self, key: str, line: str, status: StrEnum) -> None:
        if self._quiet:
            return
        if self._bars is None:
            notice(line)
            return
        if key in self._running:
            self._bars.remove_task(self._running.pop(key))
        self._bars.console.print(visible(line), style=_COLOURS[status], markup=False, highlight=False)


def line_of(result: BuildResult) -> str:
    """One cluster's outcome on one line."""
    about = [result.release or "no release", result.kubeaid_revision or "no revision"]
    if result.status is BuildStatus.CHANGED:
        about.append(f"{len(result.written)} written, {len(result.removed)} removed")
    about.append("cached" if result.cached else f"{result.seconds:.1f} s")
    return f"{result.cluster}: {result.status.value} ({', '.join(about)})"


def verdict_of(result: ChartResult) -> str:
    """One chart's verdict on one line."""
    about = [result.version, *([f"files that differ: {len(result.files)}"] if result.files else [])]
    return f"{result.chart}/{result.subchart}: {result.status.value} ({', '.join(filter(None, about))})"


def _bars() -> "Bars":
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
