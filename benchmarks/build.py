"""How fast `kubeaid-ci build` is, against a loop over the clusters with gojsonnet and PyYAML's C dumper.

    python benchmarks/build.py --kubeaid ~/KubeAid --config-repo ~/kubeaid-config

Baseline and build run on the same clusters in the same run: those that build at the revision they
pin. Without repositories, and for the run over 1,000 clusters, clusters are generated over the
starter library that comes with the package.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import _gojsonnet
import yaml

from kubeaid_ci import build_clusters
from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.demo import starter

BUILD = "build/kube-prometheus"
VARS = "{{ platform: 'eks', kube_prometheus_version: 'v0.1.0', prometheus+: {{ retention: '{days}d' }} }}\n"


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeaid", type=Path, help="a KubeAid checkout with its tags")
    parser.add_argument("--config-repo", type=Path, help="a config repo whose clusters pin KubeAid revisions")
    parser.add_argument("--fleet", type=int, default=1000, help="clusters in the largest generated fleet (0: none)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if options.kubeaid and options.config_repo:
            config = root / "config"
            shutil.copytree(options.config_repo, config, symlinks=True)
            against_baseline(root, options.kubeaid.resolve(), config)
        start_up()
        if options.fleet:
            fleets(root, options.fleet)


def against_baseline(root: Path, kubeaid: Path, config: Path) -> None:
    """Cold and warm builds of real clusters at the revisions they pin, against the plain loop."""
    probe = build_clusters(config, kubeaid, kubeaid_ref="pinned", cache=False, check=True)
    good = [result for result in probe.results if result.status is not BuildStatus.FAILED]
    names = [result.dir for result in good]
    trees = {revision: unpacked(root, kubeaid, revision) for revision in {str(one.kubeaid_revision) for one in good}}

    def loop(clusters: Sequence[BuildResult] = good) -> None:
        for one in clusters:
            baseline(trees[str(one.kubeaid_revision)], config / "k8s" / one.dir, str(one.release))

    def build(cache: Path, clusters: Sequence[str] = names) -> Builds:
        return build_clusters(config, kubeaid, clusters=clusters, kubeaid_ref="pinned", cache=cache)

    build(root / "first")  # the files on disk are now what the clusters give, for cold and warm alike
    cold_runs = iter(range(6))
    slow = timed(loop, 1)
    cold = timed(lambda: build(root / f"cold{next(cold_runs)}"), 3)
    slow_one = timed(lambda: loop(good[:1]), 1)
    one = timed(lambda: build(root / f"cold{next(cold_runs)}", names[:1]), 3)
    warm = timed(lambda: build(root / "first"), 5)
    files = sum(1 for name in names for _ in (config / "k8s" / name / "kube-prometheus").rglob("*.yaml"))
    print(f"{len(good)} real clusters, {files} manifests, {os.cpu_count()} cores")
    print(f"  baseline (gojsonnet, PyYAML C dumper, one after another)  {slow:8.2f} s     1.0x")
    print(f"  build, cold                                               {cold:8.2f} s  {slow / cold:6.1f}x")
    print(f"  build of one of them, cold                                {one:8.2f} s  {slow_one / one:6.1f}x")
    print(f"  build, warm                                               {warm:8.3f} s  {slow / warm:6.1f}x")


def unpacked(root: Path, kubeaid: Path, revision: str) -> Path:
    """The build folder of a revision, as plain files for the baseline."""
    tree = root / "trees" / revision
    tree.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", revision, BUILD], cwd=kubeaid, capture_output=True, check=True)
    subprocess.run(["tar", "-x"], cwd=tree, input=archive.stdout, check=True)
    return tree / BUILD


def baseline(template: Path, cluster: Path, release: str) -> None:
    """One cluster in the plainest way: evaluate, parse, dump each manifest."""
    (vars_file,) = cluster.glob("*-vars.jsonnet")
    text = _gojsonnet.evaluate_file(
        str(template / "common-template.jsonnet"),
        jpathdir=[str(template / "libraries" / release / "vendor")],
        ext_codes={"vars": f"import '{vars_file}'"},
    )
    for value in json.loads(text).values():
        yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=False)


def start_up() -> None:
    """How long the command line takes to say its version."""
    command = [sys.executable, "-m", "kubeaid_ci", "--version"]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    nothing = timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 10)
    version = timed(lambda: subprocess.run(command, check=True, env=env, capture_output=True), 10)
    print(f"kubeaid-ci --version  {version * 1000:.0f} ms (an empty Python: {nothing * 1000:.0f} ms)")


def fleets(root: Path, most: int) -> None:
    """Generated fleets of growing size: time a cluster and the parent's memory must not grow with it."""
    kubeaid = root / "starter"
    starter.copy(kubeaid)
    first = 0.0
    for size in (most // 10, most // 3, most):
        config = root / f"fleet{size}"
        for number in range(size):
            cluster = config / "k8s" / f"c{number:04}"
            cluster.mkdir(parents=True)
            (cluster / f"c{number:04}-vars.jsonnet").write_text(VARS.format(days=number + 1))
        began = time.perf_counter()
        builds = build_clusters(config, kubeaid, cache=root / f"cache{size}")
        seconds = time.perf_counter() - began
        failed = [result.error for result in builds.failed]
        if failed:
            sys.exit(f"{len(failed)} clusters failed: {failed[0]}")
        first = first or seconds / size
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{size:5} generated clusters  {seconds:7.2f} s  {seconds / size * 1000:6.1f} ms a cluster"
            f" ({seconds / size / first:.2f}x of the smallest fleet's)  parent {memory} MiB at most"
        )


def timed(run: Callable[[], object], times: int) -> float:
    """The best wall time of some runs, in seconds."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    main()
