"""Puts the kubeaid-ci of this very commit on PATH, in a virtual environment of its own.

Every action runs this first; where another action of the job has done it already, it is quick. What
is installed is the code of this checkout and what requirements.txt names, each file by its hash.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LOCK = HERE / "requirements.txt"
# What the package is made of.
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "kubeaid_ci", "jsonnet")
NEEDED = (3, 11)


def main() -> None:
    """Install what is not there yet, and tell the runner where it is."""
    if sys.version_info < NEEDED:
        have = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"::error::kubeaid-ci needs Python 3.11 or later, this is {have}; put actions/setup-python before it")
    key = fingerprint()
    home = own_folder(Path(os.environ.get("RUNNER_TEMP") or tempfile.gettempdir()) / f"kubeaid-ci-{key}")
    with (home / "lock").open("w") as lock:
        # Jobs on one machine may share the folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            install(home / "venv")
            (home / "ready").touch()
    tell("GITHUB_PATH", str(home / "venv" / "bin"))
    tell("GITHUB_OUTPUT", f"cache-key={key}")


def fingerprint() -> str:
    """Names the code, its locked dependencies and the Python that runs them."""
    told = hashlib.sha256(f"{sys.version} {sys.base_prefix}".encode())
    for path in (LOCK, *(path for name in SOURCES for path in files(ROOT / name))):
        told.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return told.hexdigest()[:16]


def files(path: Path) -> list[Path]:
    """A file, or the files below a folder, sorted; not what Python compiled."""
    found = [path] if path.is_file() else path.rglob("*")
    return sorted(one for one in found if one.is_file() and "__pycache__" not in one.parts)


def own_folder(folder: Path) -> Path:
    """A folder that is nobody else's: on a shared machine its name can be foretold, and code is run from it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        sys.exit(f"::error::{folder}: belongs to somebody else or may be written by others; delete it")
    return folder


def install(venv: Path) -> None:
    """Make the virtual environment; what a killed run left of it goes."""
    # Isolated (-I): Python must not import modules from the checkout, which is the current folder of the job.
    run(sys.executable, "-I", "-m", "venv", "--clear", str(venv))
    pip = [str(venv / "bin" / "python"), "-I", "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    run(*pip, "install", "--require-hashes", "--requirement", str(LOCK))
    run(*pip, "install", "--no-index", "--no-deps", "--no-build-isolation", str(ROOT))


def run(*command: str) -> None:
    """Run a program to its end; its failure is ours."""
    code = subprocess.run(command, check=False).returncode
    if code:
        sys.exit(f"::error::kubeaid-ci could not be installed: {' '.join(command[1:4])} … ended with {code}")


def tell(variable: str, line: str) -> None:
    """Add a line to a file that the runner names, where there is a runner."""
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


if __name__ == "__main__":
    main()
