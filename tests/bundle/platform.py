"""The demo's platform with more history: what bundles are made of, and how commands run on it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import kubeaid_ci
from kubeaid_ci.demo import demo
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
_GUARD = """
import socket

def refuse(self, address):
    if self.family != socket.AF_UNIX:
        raise OSError(f"the network is cut off, and something connects to {address}")

socket.socket.connect = socket.socket.connect_ex = refuse
"""


def make(folder: Path) -> demo.Demo:
    """Make the demo with a second revision of KubeAid that a cluster pins by a range, and one by its commit."""
    made = demo.create(folder)
    repos.write(made.kubeaid, {"argocd-helm-charts/hello/values.yaml": "greeting: hello\n"})
    repos.git(made.kubeaid, "add", "--all")
    repos.git(made.kubeaid, "commit", "--quiet", "--allow-empty", "--message=feat: a second revision")
    repos.git(made.kubeaid, "tag", "--annotate", "1.1.0", "--message=the second revision")
    run(made.config, "build", "--kubeaid", str(made.kubeaid), "--kubeaid-ref", "pinned")
    demo.merge(made, "feat: built manifests")
    repos.git(made.config, "remote", "set-url", "origin", "https://git.example.com/platform/kubernetes-config.git")
    return made


@cache
def without_network() -> tuple[str, ...]:
    """Return the words to begin a command with so that it has no network; none if this system does not allow it."""
    words = ("unshare", "--map-root-user", "--net")
    try:
        return words if subprocess.run([*words, "true"], capture_output=True).returncode == 0 else ()
    except FileNotFoundError:
        return ()


def run(here: Path, *words: str, offline: bool = False, codes: Sequence[int] = (0,)) -> str:
    """Run a command in a folder and return its output; `offline` cuts the network off."""
    guard = repos.write(here.parent / "guard", {"sitecustomize.py": _GUARD})
    path = f"{guard}{os.pathsep}{ROOT}" if offline else str(ROOT)
    env = os.environ | {"PYTHONPATH": path, "KUBEAID_CI_CACHE": str(here.parent / f"cache-{here.name}")}
    argv = [*(without_network() if offline else ()), sys.executable, "-m", "kubeaid_ci", *words]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=here)
    assert done.returncode in codes, done.stderr + done.stdout
    return done.stdout
