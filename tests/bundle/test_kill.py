"""A run that is killed leaves no half bundle and no half site, and does not stand in the way of the next."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from kubeaid_ci.bundle.create import BundleOptions, create_bundle
from kubeaid_ci.bundle.restore import restore_bundle
from kubeaid_ci.bundle.verify import verify_bundle
from kubeaid_ci.demo.demo import Demo
from tests.bundle import platform

DELAYS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


def kill(words: list[str], here: Path, target: Path, delay: float) -> bool:
    """Kill a command some seconds after it began to write. Return whether it was killed before its end."""
    env = os.environ | {"PYTHONPATH": str(platform.ROOT)}
    argv = [sys.executable, "-m", "kubeaid_ci", *words]
    staged = target.with_name(f".{target.name}.partial")
    process = subprocess.Popen(argv, cwd=here, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not staged.exists():
        time.sleep(0.005)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def test_a_killed_create(tmp_path: Path, demo: Demo) -> None:
    repositories = ["--config-repo", str(demo.config), "--kubeaid", str(demo.kubeaid)]
    target = tmp_path / "out.tar"
    killed = 0
    for delay in DELAYS:
        words = ["bundle", "create", *repositories, "--no-wheels", "--out", str(target)]
        killed += kill(words, tmp_path, target, delay)
        if target.exists():
            assert verify_bundle([target]).findings == ()
            target.unlink()
    assert killed
    create_bundle(demo.config, demo.kubeaid, target, options=BundleOptions(wheels=False))
    assert verify_bundle([target]).findings == ()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_a_killed_restore(tmp_path: Path, demo: Demo) -> None:
    create_bundle(demo.config, demo.kubeaid, tmp_path / "a.tar", options=BundleOptions(wheels=False))
    target = tmp_path / "site"
    killed = 0
    for delay in DELAYS:
        killed += kill(["bundle", "restore", str(tmp_path / "a.tar"), "--into", str(target)], tmp_path, target, delay)
        if target.exists():
            assert (target / "KubeAid/.git/index").is_file()
            break
    assert killed
    if not target.exists():
        restore_bundle([tmp_path / "a.tar"], target)
    assert {path.name for path in target.iterdir()} == {"KubeAid", "images", "kubernetes-config", "records"}
    assert [path.name for path in tmp_path.glob(".*")] == []
