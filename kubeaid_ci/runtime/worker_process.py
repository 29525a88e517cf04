"""The process of a worker: reads pickled tasks from standard input and answers on what was standard output."""

import gc
import os
import pickle
import re
import resource
import selectors
import signal
import struct
import sys
import time
from pathlib import Path
from typing import IO

LENGTH = struct.Struct("!Q")


def serve(memory: int, seconds: int) -> None:
    """Run tasks until standard input ends. The entry point of a worker's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A worker is replaced before garbage could matter, and looking for it costs a tenth of a build.
    gc.disable()
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever an engine prints must not end up among the answers
    tasks = sys.stdin.buffer
    while (head := tasks.read(LENGTH.size)) and len(head) == LENGTH.size:
        function, task = pickle.loads(tasks.read(LENGTH.unpack(head)[0]))  # noqa: S301 - our own process
        # Past its deadline we are killed; this is for the case that the parent process has ended.
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + seconds)
        try:
            answer = (True, function(task), _peak())
        except Exception as error:  # noqa: BLE001 - passed on unchanged to the caller
            answer = (False, error, _peak())
        send(answers, pickle.dumps(answer))


def send(stream: IO[bytes] | None, payload: bytes) -> None:
    """Write a message and its length. Raises `BrokenPipeError` if the reader has ended."""
    if stream is None:
        raise BrokenPipeError
    stream.write(LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def receive(stream: IO[bytes], size: int, deadline: float | None) -> bytes | None:
    """Read exactly `size` bytes; None if the first did not come in time."""
    if deadline is not None:
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return None
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _limit(what: int, soft: int) -> None:
    _, hard = resource.getrlimit(what)
    most = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(what, (most, hard))


def _peak() -> int:
    """Return the most memory that this process has used, in bytes.

    Linux counts the memory of the parent in ``ru_maxrss`` of a process that it started: a large parent would have every
    worker replaced after one task.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
