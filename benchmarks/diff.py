"""How fast `kubeaid-ci diff` and `charts diff` are between two revisions of a real KubeAid repo.

    python benchmarks/diff.py --kubeaid ~/KubeAid --config-repo ~/kubeaid-config --base 26.1.0 --head 31.1.1

Every run is a program of its own, cold without any cache of ours, warm with it. The baseline renders
both sides anew in the same run: one after the other, one chart at a time, without a cache.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What one run took, in seconds: of wall time, and of computing on all cores."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s  ({self.cpu:6.2f} s of computing)"


@dataclass(frozen=True)
class Repos:
    """The repositories and the revisions to compare."""

    kubeaid: Path
    config: Path
    base: str
    head: str


def main() -> None:
    """Compare clusters, then charts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeaid", type=Path, required=True, help="a KubeAid repo with its tags")
    parser.add_argument("--config-repo", type=Path, required=True, help="a config repo")
    parser.add_argument("--base", default="26.1.0", help="the revision before")
    parser.add_argument("--head", default="31.1.1", help="the revision after")
    given = parser.parse_args()
    repos = Repos(given.kubeaid.resolve(), given.config_repo.resolve(), given.base, given.head)
    revisions = ["--base", repos.base, "--head", repos.head]
    print(f"{repos.base} to {repos.head}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        clusters = ["--config-repo", str(repos.config), "--of", "kubeaid"]
        against(repos, Path(folder, "clusters"), ["diff", *revisions, *clusters], ["render", *clusters[:2]], (10, 2))
        against(repos, Path(folder, "charts"), ["charts", "diff", *revisions], ["charts", "render"], (8, 2))


def against(repos: Repos, cache: Path, diff: list[str], render: list[str], most: tuple[int, int]) -> None:
    """One kind of comparison, cold and warm, beside rendering both sides anew."""
    slow = [
        ran(repos, cache, [*render, "--format", "text", "--no-cache", "--jobs", "1", "--kubeaid-ref", revision])
        for revision in (repos.base, repos.head)
    ]
    cold, warm = (ran(repos, cache, diff) for _ in range(2))
    whole = sum(cost.wall for cost in slow)
    print(" ".join(diff[:2] if diff[0] == "charts" else diff[:1]))
    print(f"  both sides anew  {Cost(whole, sum(cost.cpu for cost in slow))}")
    print(f"  cold             {cold}  {whole / cold.wall:5.1f}x  (at most {most[0]} s)")
    print(f"  warm             {warm}  {whole / warm.wall:5.1f}x  (at most {most[1]} s)")


def ran(repos: Repos, cache: Path, arguments: list[str]) -> Cost:
    """One run of the program."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(cache)}
    argv = [sys.executable, "-m", "kubeaid_ci", *arguments, "--kubeaid", str(repos.kubeaid), "--fail-on", "never"]
    began, before = time.perf_counter(), computing()
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    # 2: something of the input does not render, which is part of what is compared.
    if done.returncode not in (0, 2):
        sys.exit(done.stderr)
    return Cost(time.perf_counter() - began, computing() - before)


def computing() -> float:
    """The processor time of all programs that have ended so far, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
