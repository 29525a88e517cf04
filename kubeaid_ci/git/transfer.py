"""Clones, fetches and pushes that report their progress.

GitPython parses what Git prints during a transfer, and does nothing else here: `process` starts every program.
GitPython's own commands would open the sealed door of `process`. `Git` gives each program the whole environment, with
our tokens, and its timeouts start ``pgrep``. `Repo` reads ``GIT_OBJECT_DIRECTORY`` and other variables of the caller,
and its commits run the hooks of the repository. (As of GitPython 3.2.1.)
"""

import io
import math
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.process import TIMEOUT, Settings, git, start_git
from kubeaid_ci.runtime.processes import Finished

if TYPE_CHECKING:
    from git.util import CallableRemoteProgress

COMMANDS = frozenset({"clone", "fetch", "push"})
"""The commands of Git that print progress."""

Report = Callable[[str, int, int], None]
"""Called with a phase such as "receiving objects", the finished number and the total. It may run in another thread."""

_PHASES = {
    "COUNTING": "counting objects",
    "COMPRESSING": "compressing objects",
    "WRITING": "sending objects",
    "RECEIVING": "receiving objects",
    "RESOLVING": "resolving deltas",
    "FINDING_SOURCES": "finding sources",
    "CHECKING_OUT": "writing files",
}
# What Git prints only without --quiet, and GitPython does not parse: other progress, and the references of a fetch.
_NOISE = re.compile(
    r"(remote: )?(Enumerating objects: |Total \d+ \(delta |Delta compression using |$)"
    r"|Cloning into |From | [-+*=!t ] \["
)
_NOT_A_PROGRAM = "/nonexistent"

_report: ContextVar[Report | None] = ContextVar("report", default=None)


@contextmanager
def reporting(report: Report) -> Iterator[None]:
    """Report the transfers that this thread makes within the context."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def transfer(
    arguments: Sequence[str],
    *,
    folder: Path | None,
    settings: Settings,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,
) -> Finished:
    """Run a clone, a fetch or a push, as `process.git` does with ``network``, and report its progress.

    Standard error comes back without the progress. Without `reporting` GitPython is not loaded: that takes longer than
    a small fetch. Raises `OutsideError` if Git does not end within `timeout` seconds.
    """
    report = _report.get()
    if report is None:
        return git(arguments, folder=folder, network=True, settings=settings, env=env, timeout=timeout)
    parser = _ProgressParser(report)
    # With --quiet Git is silent about what it receives, even with --progress.
    command, *options = (argument for argument in arguments if argument != "--quiet")
    process = start_git([command, "--progress", *options], folder=folder, network=True, settings=settings, env=env)
    try:
        parser.read(process, timeout)
        code = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Finished(tuple(arguments), code, "".join(parser.output).encode(), "\n".join(parser.messages))


class _ProgressParser:
    """Splits what Git prints during a transfer into progress, which is reported, and all other lines."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._progress = _gitpython_progress(self._update)
        self._parse = self._progress.new_message_handler()
        self._is_progress = False
        self.output: list[str] = []
        self.messages: list[str] = []

    def read(self, process: Any, timeout: float) -> None:
        """Read both streams of a process to their ends. Raises `OutsideError` if that takes longer than `timeout`."""
        from git.cmd import handle_process_output

        process.stdin.close()
        # Text, because Git ends the lines of its progress with a carriage return; and a remote may print any bytes.
        process.stdout, process.stderr = (
            io.TextIOWrapper(stream, encoding="utf-8", errors="replace") for stream in (process.stdout, process.stderr)
        )
        try:
            handle_process_output(
                process, self.output.append, self._line, decode_streams=False, kill_after_timeout=timeout
            )
        except RuntimeError as error:  # GitPython's timeout
            raise OutsideError(f"git: did not end within {timeout:g} seconds") from error

    def _line(self, line: str) -> None:
        self._is_progress = False
        self._parse(line)
        if not self._is_progress and not _NOISE.match(line.rstrip()):
            self.messages.append(line.rstrip())

    def _update(self, operation: int, done: float | str, total: float | str | None, _: str = "") -> None:
        """Report one step. Its numbers may come from the remote, its text is always ours."""
        self._is_progress = True
        numbers = [number for number in (done, total) if isinstance(number, float) and math.isfinite(number)]
        phase = next((text for name, text in _PHASES.items() if operation & getattr(self._progress, name)), None)
        if phase and len(numbers) == 2:
            self._report(phase, int(numbers[0]), int(numbers[1]))


def _gitpython_progress(update: Callable[..., None]) -> "CallableRemoteProgress":
    _load_gitpython()
    from git.util import CallableRemoteProgress

    return CallableRemoteProgress(update)


@lru_cache
def _load_gitpython() -> None:
    """Import GitPython without the program that it would start.

    It runs ``git version`` on import, with the environment of this process and so with our tokens.
    """
    if "git" in sys.modules:
        return
    quiet = {"GIT_PYTHON_GIT_EXECUTABLE": _NOT_A_PROGRAM, "GIT_PYTHON_REFRESH": "quiet"}
    before = {name: os.environ.get(name) for name in quiet}
    os.environ.update(quiet)
    try:
        import git  # noqa: F401
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
