"""What the actions install: locked, complete, this very code, and in a folder that is nobody else's."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import kubeaid_ci
from tests.actions.runner import ROOT

INSTALL = ROOT / "actions/install.py"
LOCK = (ROOT / "actions/requirements.txt").read_text()
PINS = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}


def install(root: Path, temp: Path, path: str, *python: str) -> subprocess.CompletedProcess[str]:
    told = {"RUNNER_TEMP": str(temp), "GITHUB_PATH": f"{temp}/path", "GITHUB_OUTPUT": f"{temp}/output"}
    command = ["python3", *(python or (str(root / "actions/install.py"),))]
    return subprocess.run(command, env={**os.environ, **told, "PATH": path}, capture_output=True, text=True)


def test_the_lock_satisfies_the_project_and_its_build() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for requirement in map(Requirement, needed):
        pin = PINS.get(canonicalize_name(requirement.name))
        assert pin, f"{requirement.name} is not locked: run .ci/lock-actions"
        assert requirement.specifier.contains(pin), f"{requirement.name}=={pin}: run .ci/lock-actions"


def test_every_file_is_locked_by_hash_and_no_registry_is_named() -> None:
    entries = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINS)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert "://" not in LOCK


def test_what_is_installed_is_this_code_and_what_is_locked(installed: Path) -> None:
    (program,) = installed.glob("*/venv/bin/kubeaid-ci")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout == f"kubeaid-ci {kubeaid_ci.__version__}\n"
    pip = [program.with_name("python"), "-m", "pip", "--disable-pip-version-check"]
    frozen = subprocess.run([*pip, "freeze", "--exclude", "kubeaid-ci"], capture_output=True, text=True, check=True)
    found = dict(line.split("==") for line in frozen.stdout.splitlines())
    assert {canonicalize_name(name): version for name, version in found.items()}.items() <= PINS.items()
    assert subprocess.run([*pip, "check"], capture_output=True).returncode == 0


@pytest.mark.parametrize("first_on_path", ["the machine's Python", "the installed one"])
def test_a_second_run_installs_nothing_and_tells_the_same(disk: Path, path: str, first_on_path: str) -> None:
    (ready,) = disk.glob("*/ready")
    before = ready.stat().st_mtime_ns
    # The next action of the job finds the virtual environment of the last one at the front of PATH.
    front = f"{ready.parent}/venv/bin:" if first_on_path == "the installed one" else ""
    assert install(ROOT, disk, front + path).returncode == 0
    assert (disk / "path").read_text() == f"{ready.parent}/venv/bin\n"
    assert (disk / "output").read_text() == f"cache-key={ready.parent.name.removeprefix('kubeaid-ci-')}\n"
    assert ready.stat().st_mtime_ns == before


@pytest.mark.parametrize("what", ["open to all", "a link"])
def test_a_folder_that_others_may_write_is_not_used(disk: Path, path: str, tmp_path: Path, what: str) -> None:
    (made,) = disk.glob("kubeaid-ci-*")
    if what == "a link":
        made.rename(tmp_path / "elsewhere")
        made.symlink_to(tmp_path / "elsewhere")
    else:
        made.chmod(0o777)
    done = install(ROOT, disk, path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"::error::{made}: belongs to somebody else or may be written by others")
    assert not (disk / "path").exists()


def test_a_package_that_is_not_what_was_locked_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    shutil.copytree(ROOT / "actions", root / "actions")
    (root / "actions/requirements.txt").write_text(f"mdurl=={PINS['mdurl']} --hash=sha256:{'0' * 64}\n")
    done = install(root, tmp_path, path)
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert "::error::kubeaid-ci could not be installed: -I -m pip" in done.stderr
    assert not (tmp_path / "path").exists()


def test_an_old_python_is_told_what_to_do(tmp_path: Path, path: str) -> None:
    ast.parse(INSTALL.read_text(), feature_version=(3, 7))
    older = f"import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path({str(INSTALL)!r}, run_name='__main__')"
    done = install(ROOT, tmp_path, path, "-c", older)
    assert done.returncode == 1
    assert done.stderr == (
        "::error::kubeaid-ci needs Python 3.11 or later, this is 3.9.2; put actions/setup-python before it\n"
    )


def hostile(folder: Path) -> Path:
    """A checkout with a module of the name of each one of the standard library, that leaves a mark when it runs."""
    folder.mkdir()
    mark = f"open({str(folder / 'ran')!r}, 'a').write(__name__)\nraise SystemExit('ran code of the checkout')\n"
    for name in (*sys.stdlib_module_names, "pip", "click", "kubeaid_ci", "sitecustomize", "usercustomize"):
        (folder / f"{name}.py").write_text(mark)
    return folder


def test_modules_in_the_checkout_are_not_run(tmp_path: Path, path: str) -> None:
    checkout, temp = hostile(tmp_path / "checkout"), tmp_path / "temp"
    temp.mkdir()
    told = {"RUNNER_TEMP": str(temp), "GITHUB_PATH": f"{temp}/path", "GITHUB_OUTPUT": f"{temp}/output", "PATH": path}
    env = {**os.environ, **told}
    done = subprocess.run(["python3", "-I", INSTALL], env=env, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    program = Path((temp / "path").read_text().strip()) / "kubeaid-ci"
    done = subprocess.run([program, "clusters"], env=env, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 2
    assert "k8s" in done.stderr
    assert not (checkout / "ran").exists()
