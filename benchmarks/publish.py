"""What `kubeaid-ci publish` adds to a warm build where nothing has changed.

    python benchmarks/publish.py --kubeaid ~/KubeAid --config-repo ~/kubeaid-config

Eight clusters, each with a hundred other files in its folder, are generated over the starter library that
comes with the package, or those of a real config repo are taken that build at the revision they pin. The
config repo is served over HTTP with a token, and the forge's API is played (both from tests/). Clone, warm
build and publish are measured in turns, each as the command line would do it in a process of its own, so
that imports count.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kubeaid_ci.demo import starter
from kubeaid_ci.forge.forge import ForgeKind
from tests.conftest import make_world
from tests.servers.git import git
from tests.servers.world import BRANCH, SECRET, World

ROOT = Path(__file__).resolve().parents[1]
CLUSTERS, OTHER_FILES = 8, 100
VARS = "{{ platform: 'eks', kube_prometheus_version: 'v0.1.0', prometheus+: {{ retention: '{days}d' }} }}\n"


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeaid", type=Path, help="a KubeAid checkout with its tags")
    parser.add_argument("--config-repo", type=Path, help="a config repo whose clusters pin KubeAid revisions")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured (default: 7)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        world = make_world(ForgeKind.GITHUB, root, None)
        ref = generated(world, root) if not options.kubeaid else real(world, root, options.kubeaid, options.config_repo)
        with world.forge.server:
            measure(world, root, ref, options.rounds)


def generated(world: World, root: Path) -> str:
    """Eight clusters on the base branch; the KubeAid repo is the starter."""
    starter.copy(root / "kubeaid")
    files = {f"k8s/c{n}/c{n}-vars.jsonnet": VARS.format(days=n + 1) for n in range(CLUSTERS)}
    # What else a cluster's folder holds: Applications, values, sealed secrets.
    noise = random.Random(1)
    for n in range(CLUSTERS * OTHER_FILES):
        files[f"k8s/c{n % CLUSTERS}/argocd-apps/values-{n}.yaml"] = f"value: {noise.randbytes(1500).hex()}\n"
    world.forge.repo.commit("main", {"k8s/prod/old.yaml": None, **files}, "Clusters")
    return "worktree"


def real(world: World, root: Path, kubeaid: Path, config: Path) -> str:
    """A real config repo behind the forge."""
    (root / "kubeaid").symlink_to(kubeaid.resolve())
    shutil.rmtree(world.forge.repo.folder)
    git(root, "clone", "-q", "--bare", config.resolve().as_uri(), str(world.forge.repo.folder))
    git(world.forge.repo.folder, "config", "http.receivepack", "true")
    return "pinned"


def measure(world: World, root: Path, ref: str, rounds: int) -> None:
    """Bring the base up to date, then measure with nothing open, and with an open change request."""
    bench = Bench(world, root, ref, rounds)
    bench.publish()
    if world.forge.repo.head(BRANCH):
        git(world.forge.repo.folder, "update-ref", "refs/heads/main", BRANCH)
        git(world.forge.repo.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    bench.compare("nothing to propose")
    manifests = {path.split("/")[1]: path for path in world.forge.repo.files("main") if "/kube-prometheus/" in path}
    world.forge.repo.commit("main", dict.fromkeys(manifests.values(), "edited: by hand\n"), "Edit one of each cluster")
    bench.publish()
    bench.compare("a change request open, and unchanged")


@dataclass
class Bench:
    """Clone, build and publish, each in a process of its own."""

    world: World
    root: Path
    ref: str
    rounds: int

    def clone(self) -> None:
        """As a person would, with the token in a header."""
        shutil.rmtree(self.root / "checkout", ignore_errors=True)
        header = f"http.extraHeader=Authorization: Basic {self.world.token.basic}"
        command = ["git", "-c", header, "clone", "-q", self.world.forge.git_url, str(self.root / "checkout")]
        subprocess.run(command, check=True)

    def build(self) -> None:
        """Build what was cloned."""
        run(self.root, self.ref, "build", "--config-repo", str(self.root / "checkout"))

    def publish(self) -> None:
        """Publish to the played forge."""
        api, repo = self.world.forge.api_url, self.world.forge.git_url
        run(self.root, self.ref, "publish", "--forge", "github", "--forge-url", api, "--config-repo", repo)

    def compare(self, what: str) -> None:
        """The three in turns, so that whatever else the machine does hits them alike."""
        self.clone()
        self.build()
        times: list[tuple[float, float, float]] = []
        for _ in range(self.rounds):
            took = (timed(self.clone), timed(self.build))
            self.world.forge.server.seen.clear()
            times.append((*took, timed(self.publish)))
        cloned, built, published = (statistics.median(column) for column in zip(*times, strict=True))
        ratio = statistics.median(p / (c + b) for c, b, p in times)
        reads = len([entry for entry in self.world.forge.server.seen if entry[1].startswith("/api")])
        writes = len(self.world.forge.server.writes())
        print(f"{what} ({self.rounds} rounds, medians)")
        print(f"  clone {cloned:.2f} s + warm build {built:.2f} s = {cloned + built:.2f} s; publish {published:.2f} s")
        print(f"  publish / (clone + warm build) = {ratio:.2f}; API reads {reads}, API writes and pushes {writes}")


def run(root: Path, ref: str, *arguments: str) -> None:
    """Run the command line; clusters that cannot be built exit with 2, and the others are done."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_TOKEN": SECRET, "XDG_CACHE_HOME": str(root / "cache")}
    command = [
        sys.executable,
        "-m",
        "kubeaid_ci",
        *arguments,
        "--kubeaid",
        str(root / "kubeaid"),
        "--kubeaid-ref",
        ref,
        "-q",
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")


def timed(act: Callable[[], None]) -> float:
    """Wall time in seconds."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
