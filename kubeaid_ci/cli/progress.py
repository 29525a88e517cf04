"""Progress on standard error: live on a terminal, plain lines elsewhere."""

import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Self

from kubeaid_ci.build.result import BuildResult, BuildStatus
from kubeaid_ci.charts.verify.verdict import ChartResult
from kubeaid_ci.cli.terminal import is_coloured, notice
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.git.transfer import reporting
from kubeaid_ci.visible import one_line, visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

# A CI system may end a job that prints nothing for long.
_QUIET_SECONDS = 15
_COLOURS: Mapping[StrEnum, str] = {
    BuildStatus.UNCHANGED: "dim",
    BuildStatus.CHANGED: "green",
    BuildStatus.FAILED: "bold red",
}


class Progress:
    """One line a cluster or chart, as work starts and ends. Safe to call from several threads.

    If a report with a row for each follows (`rows_follow`), only running work is shown on a terminal, and a count now
    and then elsewhere. Of what is rendered, downloaded or transferred by Git only the number is shown, live or now and
    then.
    """

    def __init__(self, *, quiet: bool, rows_follow: bool = False) -> None:
        self._quiet = quiet
        self._rows_follow = rows_follow
        self._ended_count = 0
        self._printed_at = time.monotonic()
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._running: dict[str, TaskID] = {}
        self._transfers = ExitStack()

    def __enter__(self) -> Self:
        if self._quiet:
            return self
        self._transfers.enter_context(reporting(self.counted))
        if sys.stderr.isatty():
            self._bars = _bars()
            self._bars.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._transfers.close()
        if self._bars is not None:
            self._bars.stop()

    def built(self, cluster: Cluster, result: BuildResult | None) -> None:
        """Show that the build of a cluster starts (no result), or its result."""
        with self._lock:
            if result is not None:
                self._ended(cluster.dir, line_of(result), result.status)
            elif self._bars is not None:
                self._running[cluster.dir] = self._bars.add_task(one_line(cluster.name), total=None)

    def verified(self, result: ChartResult) -> None:
        """Count a chart whose verdict is known."""
        self._ended_count += 1
        self._show(f"charts verified: {self._ended_count}, the last is {result.chart}/{result.subchart}")

    def rendered(self, ended: int, known: int) -> None:
        """Show how many of the sources that are known by now are rendered."""
        self._show(f"rendered {ended} of {known}")

    def counted(self, what: str, ended: int, total: int) -> None:
        """Show how many of a known total are done."""
        self._show(f"{what}: {ended} of {total}")

    def _show(self, about: str) -> None:
        """Replace the live line. A pipe or a log gets a line at most each `_QUIET_SECONDS`."""
        with self._lock:
            if self._bars is None:
                self._print_seldom(about)
                return
            if "" not in self._running:
                self._running[""] = self._bars.add_task(about, total=None)
            self._bars.update(self._running[""], description=one_line(about))

    def _ended(self, key: str, line: str, status: StrEnum) -> None:
        if self._quiet:
            return
        if self._bars is None:
            self._print(line)
            return
        if key in self._running:
            self._bars.remove_task(self._running.pop(key))
        if self._rows_follow:
            return
        style = _COLOURS[status] if is_coloured(sys.stderr, os.environ) else ""
        self._bars.console.print(visible(line), style=style, markup=False, highlight=False)

    def _print(self, line: str) -> None:
        """Print a line to a pipe or a log. If rows follow, print how much is done, at most each `_QUIET_SECONDS`."""
        self._ended_count += 1
        if not self._rows_follow:
            notice(line)
        else:
            self._print_seldom(f"clusters done: {self._ended_count}")

    def _print_seldom(self, line: str) -> None:
        if not self._quiet and time.monotonic() - self._printed_at >= _QUIET_SECONDS:
            self._printed_at = time.monotonic()
            notice(line)


def line_of(result: BuildResult) -> str:
    """Return one cluster's outcome on one line."""
    if result.error:
        return f"{result.cluster}: {result.status.value}: {result.error.splitlines()[0]}"
    about = [result.release or "no release", result.kubeaid_revision or "no revision"]
    if result.status is BuildStatus.CHANGED:
        about.append(f"files: {len(result.written)} changed, {len(result.removed)} removed")
    about.append("cached" if result.cached else f"{result.seconds:.1f} s")
    return f"{result.cluster}: {result.status.value} ({', '.join(about)})"


def _bars() -> "Bars":
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
