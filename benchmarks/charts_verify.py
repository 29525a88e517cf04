"""How fast `kubeaid-ci charts verify` is on a real checkout.

    python benchmarks/charts_verify.py --kubeaid ~/KubeAid

Offline: every run is a program of its own, cold without any cache of ours, warm with it; of a commit
and of the work tree. The ledger is written into a clone, never into the checkout.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMES = 5


def main() -> None:
    """Run the benchmarks on the checkout that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeaid", type=Path, required=True, help="a KubeAid checkout")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        offline(Path(folder), options.kubeaid.resolve())


def offline(folder: Path, kubeaid: Path) -> None:
    """Cold and warm runs over all charts with a complete ledger."""
    clone = folder / "kubeaid"
    subprocess.run(["git", "clone", "--quiet", "--shared", str(kubeaid), str(clone)], check=True)
    counted = verify(clone, folder / "first", "--update-ledger", "--format", "json")
    subprocess.run(["git", "-C", str(clone), "add", "--all"], check=True)
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com"]
    subprocess.run(["git", "-C", str(clone), *identity, "commit", "--quiet", "-m", "ledger"], check=True)
    charts = json.loads(counted)["summary"]["charts"]
    files = [path for path in (clone / "argocd-helm-charts").rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files) >> 20
    print(f"{charts} vendored charts, {len(files)} files, {size} MiB, {os.cpu_count()} cores")
    for ref in ("worktree", "HEAD"):
        caches = [folder / f"{ref}{number}" for number in range(TIMES)]
        cold = min(timed(clone, cache, ref) for cache in caches)
        warm = min(timed(clone, cache, ref) for cache in caches)
        print(f"  offline, {ref:8}  cold {cold:5.2f} s (at most 2)   warm {warm:5.2f} s (at most 0.5)")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"  memory of the largest run  {memory} MiB (at most 500)")


def verify(kubeaid: Path, cache: Path, *more: str) -> str:
    """One run of the program; its output."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(cache)}
    argv = [sys.executable, "-m", "kubeaid_ci", "charts", "verify", "--offline", "--kubeaid", str(kubeaid), *more]
    return subprocess.run([*argv, "--fail-on", "never"], env=env, capture_output=True, text=True, check=True).stdout


def timed(kubeaid: Path, cache: Path, ref: str) -> float:
    """The wall time of one run, in seconds."""
    began = time.perf_counter()
    verify(kubeaid, cache, "--ref", ref)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
