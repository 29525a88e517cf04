"""The Python packages of the program, with hashes that pip checks."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from kubeaid_ci import UserError
from kubeaid_ci.bundle import wheels
from tests.bundle.platform import ROOT


def wheel(folder: Path, name: str, version: str, requires: str = "") -> Path:
    """Write an empty but valid wheel."""
    stem = f"{name.replace('-', '_')}-{version}"
    about = f"{stem}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": f"{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n",
    }
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def install(place: Path, target: Path) -> subprocess.CompletedProcess[str]:
    options = ["--no-index", "--find-links", str(place / "wheels"), "--require-hashes", "--target", str(target)]
    argv = [sys.executable, "-m", "pip", "install", *options, "-r", str(place / wheels.REQUIREMENTS)]
    return subprocess.run(argv, capture_output=True, text=True)


def test_wheels_install_without_an_index_and_only_unchanged(tmp_path: Path) -> None:
    source, place = tmp_path / "source", tmp_path / "bundle"
    source.mkdir()
    place.mkdir()
    wheel(source, "kubeaid-ci", "0.1.0", "Some.Thing>=1")
    wheel(source, "Some.Thing", "1.2")
    found = wheels.copy(source, place)
    assert len(found.files) == 3
    done = install(place, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/kubeaid_ci-0.1.0.dist-info").is_dir()

    wheel(place / "wheels", "Some.Thing", "1.2", "evil")
    done = install(place, tmp_path / "other")
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_a_folder_without_our_wheel_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path, "other", "1.0")
    with pytest.raises(UserError, match="has no wheel of kubeaid-ci"):
        wheels.copy(tmp_path, tmp_path)


def test_the_packages_are_those_of_an_installation() -> None:
    """Those of extras that a dependency asks for too, such as PyJWT's of PyGithub; none of the tests' own."""
    found = wheels._installed()
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {line.split(">")[0].split("[")[0].strip().lower() for line in declared}
    assert names <= set(found)
    assert "cryptography" in found
    assert not {"pytest", "mypy", "hypothesis"} & set(found)


def test_no_module_of_the_current_folder_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pip/__init__.py", "pip/__main__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('code of the checkout')\n")
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "source"
    source.mkdir()
    wheel(source, "kubeaid-ci", "0.1.0")
    assert len(wheels.copy(source, tmp_path).files) == 2
    assert wheels._pip(["--version"]).text.startswith("pip ")
