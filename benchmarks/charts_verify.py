"""How fast `kubeaid-ci charts verify` is on a real checkout.

    python benchmarks/charts_verify.py --kubeaid ~/KubeAid

Offline: every run is a program of its own, cold without any cache of ours, warm with it; of a commit
and of the work tree. The ledger is written into a clone, never into the checkout.

Online: every chart that has an upstream, against a repository on loopback that is made of the
checkout's own charts, beside the loop that people write: for each chart fetch its index, download,
unpack, `diff -r`. Both end with nothing that differs. An index lists two hundred releases of each
chart, as upstreams' do; to find the archive's address in it the loop asks PyYAML's C parser once, and
once, as the cheapest that works here by luck, greps for the file's name.
"""

import argparse
import json
import os
import resource
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from kubeaid_ci.documents import dump, load
from kubeaid_ci.helm.packed_chart import pack

ROOT = Path(__file__).resolve().parents[1]
_PARSE = (
    "import sys, yaml; entries = yaml.load(open('index.yaml'), yaml.CSafeLoader)['entries'];"
    " print(next(one['urls'][0] for one in entries[sys.argv[1]] if one['version'] == sys.argv[2]))"
)
FINDS = {
    "PyYAML": f"{shlex.quote(sys.executable)} -c {shlex.quote(_PARSE)} {{name}} {{version}}",
    "grep": "grep -q {archive} index.yaml",
}
"""How the loop finds an archive in an index."""
TIMES = 5


def main() -> None:
    """Run the benchmarks on the checkout that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeaid", type=Path, required=True, help="a KubeAid checkout")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        offline(Path(folder), options.kubeaid.resolve())
        online(Path(folder))


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


def online(folder: Path) -> None:
    """The program against the loop, each cold and warm."""
    clone, site = folder / "kubeaid", folder / "site"
    wanted = publish(clone, site)
    print(f"{len(wanted)} charts of {len({one.prefix for one in wanted})} repositories on loopback")
    with served(site) as address:
        mirrors = [f"--mirror={one.repository}={address}/{one.prefix}" for one in wanted]
        cold = min(asked(clone, folder / f"online{number}", mirrors) for number in range(2))
        warm = min(asked(clone, folder / "online0", mirrors) for _ in range(2))
        print(f"  online  cold {cold:5.2f} s   warm {warm:5.2f} s")
        for name, find in FINDS.items():
            loop = looped(address, wanted, clone, folder / name, find)
            print(f"  the loop with {name:6}  {loop:5.2f} s", end="   ")
            print(f"{loop / cold:.1f} and {loop / warm:.1f} times as fast (at least 5)")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"  memory of the largest run  {memory} MiB (at most 500)")


@dataclass(frozen=True)
class Wanted:
    """A vendored chart, its repository, and the folder of the site that stands for that."""

    key: str
    name: str
    version: str
    repository: str
    prefix: str

    @property
    def folder(self) -> str:
        """Where it lies in the checkout."""
        umbrella, _, subchart = self.key.partition("/")
        return f"argocd-helm-charts/{umbrella}/charts/{subchart}"


def publish(clone: Path, site: Path) -> list[Wanted]:
    """Pack what the checkout vendors, into a folder with an index for each repository; those of registries too."""
    ledger = load((clone / "charts.ledger.yaml").read_text(), where="ledger")["charts"]
    found, indexes = [], {}
    for key, entry in ledger.items():
        if entry["origin"] != "upstream":
            continue
        repository = entry["repository"].rstrip("/")
        one = Wanted(key, "", entry["version"], repository, sha256(repository.encode()).hexdigest()[:12])
        files = {
            path.relative_to(clone / one.folder).as_posix(): path.read_bytes()
            for path in sorted((clone / one.folder).rglob("*"))
            if path.is_file()
        }
        name = load(files["Chart.yaml"].decode(), where=key)["name"]
        data = pack(files, name=name)
        place = site / one.prefix / f"{name}-{one.version}.tgz"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        indexes.setdefault(one.prefix, {})[name] = history(name, one.version, sha256(data).hexdigest())
        found.append(replace(one, name=name))
    for prefix, entries in indexes.items():
        (site / prefix / "index.yaml").write_text(dump({"apiVersion": "v1", "entries": entries}))
    return found


def history(name: str, version: str, digest: str) -> list[dict[str, object]]:
    """Two hundred releases of a chart as an index lists them, the wanted one in the middle."""
    about = {
        "apiVersion": "v2",
        "appVersion": version,
        "created": "2026-01-01T00:00:00Z",
        "description": f"What the chart {name} is for, in a sentence or two, as its publisher says it.",
        "home": f"https://example.com/{name}",
        "keywords": [name, "kubernetes", "monitoring"],
        "maintainers": [{"name": "example", "email": "example@example.com"}],
        "name": name,
        "sources": [f"https://example.com/{name}/source"],
        "type": "application",
    }
    others = [{**about, "version": f"0.{n}.0", "urls": [f"{name}-0.{n}.0.tgz"], "digest": "0" * 64} for n in range(199)]
    return [
        *others[:100],
        {**about, "version": version, "urls": [f"{name}-{version}.tgz"], "digest": digest},
        *others[100:],
    ]


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The site on loopback, by a program of its own; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(site)]
    server = subprocess.Popen([*argv, "--protocol", "HTTP/1.1"], stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        while subprocess.run(["curl", "-so", "/dev/null", address], check=False).returncode:
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait()


def looped(address: str, wanted: list[Wanted], clone: Path, folder: Path, find: str) -> float:
    """The wall time of the loop in seconds: what somebody would write with a shell."""
    folder.mkdir()
    lines = ["set -e", f"cd {shlex.quote(str(folder))}"]
    for one in wanted:
        url, archive = f"{address}/{one.prefix}", shlex.quote(f"{one.name}-{one.version}.tgz")
        lines += [
            f"curl -sSfo index.yaml {url}/index.yaml",
            find.format(name=shlex.quote(one.name), version=shlex.quote(one.version), archive=archive),
            f"curl -sSfo chart.tgz {url}/{archive}",
            f"rm -rf {one.name} && tar -xzf chart.tgz",
            f"diff -r {one.name} {shlex.quote(str(clone / one.folder))}",
        ]
    began = time.perf_counter()
    subprocess.run(["bash", "-c", "\n".join(lines)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def asked(clone: Path, cache: Path, mirrors: list[str]) -> float:
    """The wall time of one run that asks upstream, in seconds; it must find every chart identical."""
    began = time.perf_counter()
    told = json.loads(run(clone, cache, "--format", "json", *mirrors))
    spent = time.perf_counter() - began
    assert told["summary"]["different"] == told["summary"]["unverifiable"] == 0, told["summary"]
    return spent


def verify(kubeaid: Path, cache: Path, *more: str) -> str:
    """One run of the program that asks nobody; its output."""
    return run(kubeaid, cache, "--offline", *more)


def run(kubeaid: Path, cache: Path, *more: str) -> str:
    """One run of the program; its output."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(cache)}
    argv = [sys.executable, "-m", "kubeaid_ci", "charts", "verify", "-q", "--kubeaid", str(kubeaid), *more]
    return subprocess.run([*argv, "--fail-on", "never"], env=env, capture_output=True, text=True, check=True).stdout


def timed(kubeaid: Path, cache: Path, ref: str) -> float:
    """The wall time of one run, in seconds."""
    began = time.perf_counter()
    verify(kubeaid, cache, "--ref", ref)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
