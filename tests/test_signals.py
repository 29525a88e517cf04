"""A job that CI ends takes its workers along."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import kubeaid_ci
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
# An evaluation that takes minutes and little memory, so that no limit ends it before the signal does.
SLOW = """{
  assert std.foldl(function(a, x) std.foldl(function(b, y) b + y, std.range(1, 100000), a), std.range(1, 100000), 0) > 0,
  platform: 'x',
}
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    return [int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def wait_until(condition: object, seconds: float) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers in /proc, which only Linux has")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_workers_at_once(tmp_path: Path, sent: signal.Signals) -> None:
    repos.write(tmp_path, {"k8s/one/one-vars.jsonnet": SLOW, "k8s/two/two-vars.jsonnet": SLOW})
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "KUBEAID_CI_CACHE": str(tmp_path / "cache")}
    argv = [sys.executable, "-m", "kubeaid_ci", "clusters", "--jobs", "2"]
    # A shell without job control starts what is in the background with SIGINT ignored, and children inherit that.
    start = partial(subprocess.Popen, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    with start(argv, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert wait_until(lambda: len(children(process.pid)) == 2, 30)
        time.sleep(1)  # until both evaluate
        workers = children(process.pid)
        process.send_signal(sent)
        _, stderr = process.communicate(timeout=20)
    assert (process.returncode, stderr.decode()) == (130, "kubeaid-ci: interrupted\n")
    assert wait_until(lambda: not any(map(is_running, workers)), 0.5)
