"""Time and memory of jobs on fleets of several sizes, made of the clusters of a real config repo.

    python benchmarks/fleet.py --kubeaid ~/KubeAid --config-repo ~/kubeaid-config --upgrade-to 32.5.0 --sizes 9,109

A larger fleet holds copies of the clusters under other names. Each job runs twice: without and with what its first run
left in the cache. The memory is the most that the main process had, workers not included; the ratio is the time per
cluster against that of the smallest fleet in the same run.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = """
import re, sys
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
from kubeaid_ci.cli.main import main
try:
    code = main()
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    Path(PEAK).write_text(peak[1])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeaid", required=True, type=Path)
    parser.add_argument("--config-repo", required=True, type=Path)
    parser.add_argument("--upgrade-to", required=True, help="a revision of the KubeAid repo")
    parser.add_argument("--sizes", default="9,109", help="numbers of clusters")
    options = parser.parse_args()
    jobs = {
        "render": ["render", "--kubeaid-ref", "pinned", "--format", "json"],
        "diff": ["diff", "--upgrade-to", options.upgrade_to, "--format", "json"],
        "upgrade": ["upgrade", "--to", options.upgrade_to, "--dry-run", "--format", "json"],
        "check": ["check", "--format", "json"],
    }
    first: dict[str, float] = {}
    print(f"{'job':8} {'clusters':>8} {'cache':>6} {'seconds':>8} {'per cluster':>12} {'ratio':>6} {'memory':>9}")
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            fleet = copied(options.config_repo, Path(folder) / "fleet", size)
            for name, arguments in jobs.items():
                cache = Path(folder) / f"cache-{name}"
                for state in ("cold", "warm"):
                    seconds, memory = measured(arguments, fleet, options.kubeaid, cache)
                    each = seconds / size
                    ratio = each / first.setdefault(f"{name} {state}", each)
                    print(f"{name:8} {size:8} {state:>6} {seconds:8.1f} {each:12.3f} {ratio:6.2f} {memory:5.0f} MiB")


def copied(config: Path, target: Path, size: int) -> Path:
    """Return a clone of the config repo with as many clusters, by copying those that it has."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(config), str(target)], check=True)
    address = subprocess.run(
        ["git", "-C", str(config), "remote", "get-url", "origin"], check=True, capture_output=True, text=True
    )
    subprocess.run(["git", "-C", str(target), "remote", "set-url", "origin", address.stdout.strip()], check=True)
    clusters = sorted(path for path in (target / "k8s").iterdir() if (path / "argocd-apps").is_dir())
    for number in range(len(clusters), size):
        copy_cluster(clusters[number % len(clusters)], f"copy{number}")
    subprocess.run(["git", "-C", str(target), "add", "--all"], check=True)
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com"]
    subprocess.run(
        ["git", "-C", str(target), *identity, "commit", "--quiet", "--allow-empty", "--message", "fleet"], check=True
    )
    return target


def copy_cluster(cluster: Path, suffix: str) -> None:
    """Copy a cluster's folder; paths in its files lead to the copy."""
    copy = cluster.with_name(f"{cluster.name}-{suffix}")
    shutil.copytree(cluster, copy, symlinks=True)
    for path in copy.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.suffix in (".yaml", ".yml"):
            text = path.read_bytes()
            new = text.replace(f"k8s/{cluster.name}/".encode(), f"k8s/{copy.name}/".encode())
            if new != text:
                path.write_bytes(new)
    for path in copy.glob("*-vars.jsonnet"):
        path.rename(path.with_name(f"{path.name.removesuffix('-vars.jsonnet')}-{suffix}-vars.jsonnet"))


def measured(arguments: list[str], fleet: Path, kubeaid: Path, cache: Path) -> tuple[float, float]:
    """Return the seconds of a run and the peak memory of its main process in MiB."""
    with tempfile.NamedTemporaryFile() as peak:
        script = RUN.replace("PEAK", repr(peak.name))
        command = [sys.executable, "-c", script, str(ROOT), *arguments]
        command += ["--config-repo", str(fleet), "--kubeaid", str(kubeaid), "--fail-on", "never"]
        began = time.monotonic()
        done = subprocess.run(
            command, env={**os.environ, "KUBEAID_CI_CACHE": str(cache)}, capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - began
        if done.returncode not in (0, 1, 2):  # an Application that cannot be rendered is no reason to stop
            sys.exit(f"{' '.join(arguments)}: exit code {done.returncode}\n{(done.stderr or done.stdout)[-2000:]}")
        return seconds, int(Path(peak.name).read_text()) / 1024


if __name__ == "__main__":
    main()
