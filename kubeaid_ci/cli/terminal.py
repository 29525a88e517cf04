"""The only writer to standard output and standard error.

Text from outside (file names, messages of engines, answers of servers) may hold terminal escapes, characters that
show as nothing, or commands to the CI system that reads the log. `notice` and `write` make them harmless.
"""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from kubeaid_ci.visible import visible

_STREAMS = (0, 1, 2)


def open_streams() -> bool:
    """Open ``/dev/null`` in the place of each closed standard stream. Returns whether standard output was open.

    With a free descriptor 1 or 2, the next file that is opened would receive what is printed. The reports are written
    without standard output too.
    """
    is_open = [_is_open(descriptor) for descriptor in _STREAMS]
    for descriptor in _STREAMS:
        if not is_open[descriptor]:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free descriptor, which is this one
    sys.stdin = sys.stdin or os.fdopen(0, "r")
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    return is_open[1]


def drop_output(stream: TextIO) -> None:
    """Send everything that a stream still holds to ``/dev/null``, so that Python does not fail on it at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def notice(text: str) -> None:
    """Print one line to standard error, with everything from outside made harmless. A closed stream loses it."""
    line = visible(text).replace("\n", "\\n") + "\n"
    try:
        write(sys.stderr, line)
    except OSError:
        drop_output(sys.stderr)


def write(stream: TextIO, text: str) -> None:
    """Write text whose invisible characters were escaped before, without commands to the CI system."""
    from kubeaid_ci.ci import job

    safe = job.harmless(text, os.environ)
    encoding = stream.encoding or "utf-8"
    # A character that the stream's encoding lacks must not end the report in an error.
    stream.write(safe.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def is_coloured(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Return whether to print colours and styles: ``NO_COLOR``, ``FORCE_COLOR``, else whether it is a terminal.

    See https://no-color.org and https://force-color.org: a variable that is set and not empty counts.
    """
    if env.get("NO_COLOR"):
        return False
    return env.get("FORCE_COLOR", "") not in ("", "0") or stream.isatty()


def print_documents(text: str) -> None:
    """Print documents that another program may read, such as YAML, to standard output.

    A terminal shows escapes instead of invisible characters. In a job of GitHub, text with a command in it is put
    between lines that switch commands off, unless a file receives it.
    """
    from kubeaid_ci.ci import job

    if sys.stdout.isatty():
        write(sys.stdout, visible(text))
        return
    switch_off = job.github(os.environ) and job.guarded(text) != text and not _is_file(sys.stdout)
    start, end = job.without_commands() if switch_off else ("", "")
    sys.stdout.write(start + text + end)
    sys.stdout.flush()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _is_file(stream: TextIO) -> bool:
    import stat

    return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
