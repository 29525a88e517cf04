"""The release workflow decides rightly, packages reproducibly, and its image is made of what is locked."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import kubeaid_ci
from tests import repos
from tests.actions.runner import ROOT

RELEASE = ROOT / ".ci/release"
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
DOCKERFILE = re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text())
INSTRUCTIONS = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, RELEASE, *arguments], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    changelog = "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.4.2 - 2026-01-01\n\n- second\n\n## 1.4.1\n\n- first\n"
    files = {"kubeaid_ci/__init__.py": '__version__ = "1.4.2"\n', "CHANGELOG.md": changelog}
    repos.write(tmp_path, files)
    repos.commit(tmp_path)
    repos.git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
    repos.git(tmp_path, "tag", "v1.4.2")
    return tmp_path


def test_a_tag_of_main_with_its_version_in_the_changelog_is_released(project: Path) -> None:
    assert release(project, "check", "v1.4.2").returncode == 0
    assert release(project, "notes", "v1.4.2").stdout == "- second\n"


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("1.4.2", "expected vMAJOR.MINOR.PATCH"),
        ("v1.4.2-rc1", "expected vMAJOR.MINOR.PATCH"),
        ("v1.4.3", "the version of the package is 1.4.2"),
    ],
)
def test_another_tag_is_refused(project: Path, tag: str, message: str) -> None:
    done = release(project, "check", tag)
    assert done.returncode == 1
    assert message in done.stderr


def test_a_tag_without_a_changelog_or_outside_of_main_is_refused(project: Path) -> None:
    repos.write(project, {"kubeaid_ci/__init__.py": '__version__ = "1.5.0"\n'})
    repos.commit(project)
    repos.git(project, "tag", "v1.5.0")
    assert "no section 1.5.0" in release(project, "check", "v1.5.0").stderr
    repos.write(project, {"CHANGELOG.md": "## 1.5.0\n\n- third\n"})
    assert "origin/main does not contain it" in release(project, "check", "v1.5.0").stderr


@pytest.mark.parametrize(
    ("tags", "tag", "moved"),
    [
        ([], "v1.4.2", "v1"),
        (["v1.4.1", "v2.0.0", "v1", "nightly"], "v1.4.2", "v1"),
        (["v1.10.0"], "v1.4.2", ""),
        (["v0.9.0", "v1.4.1"], "v0.9.1", "v0"),
    ],
)
def test_the_moving_tag_follows_the_newest_release_of_its_major_version(
    project: Path, tags: list[str], tag: str, moved: str
) -> None:
    for name in tags:
        repos.git(project, "tag", name)
    assert release(project, "moving", tag).stdout == f"{moved}\n"


def test_nothing_is_published_before_the_tests_pass() -> None:
    jobs = WORKFLOW["jobs"]

    def needed(name: str) -> set[str]:
        own = jobs[name].get("needs", [])
        direct = {own} if isinstance(own, str) else set(own)
        return direct.union(*map(needed, direct))

    assert all("tests" in needed(name) for name in jobs if name != "tests")
    assert {"package", "image", "provenance"} <= needed("publish")


def test_no_job_that_signs_or_releases_runs_our_package() -> None:
    for name in ("provenance", "publish"):
        text = yaml.safe_dump(WORKFLOW["jobs"][name])
        assert not re.search(r"\bpip\b|kubeaid-ci |\.ci/(?!release)", text)


def test_every_shell_line_of_the_workflow_parses() -> None:
    scripts = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]
    for script in scripts:
        assert subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True).stderr == ""


def test_packages_are_built_the_same_twice_and_hold_the_program(tmp_path: Path) -> None:
    sums = []
    for name in ("first", "second"):
        done = subprocess.run([ROOT / ".ci/package", tmp_path / name], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        sums.append((tmp_path / name / "SHA256SUMS").read_text())
    assert sums[0] == sums[1]
    assert f"kubeaid_ci-{kubeaid_ci.__version__}-py3-none-any.whl" in sums[0]


def test_the_image_is_pinned_locked_and_not_roots() -> None:
    bases = [words for name, words in INSTRUCTIONS if name == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}( AS \w+)?", base)
    users = [words for name, words in INSTRUCTIONS if name == "USER"]
    assert users == ["10001"]
    assert {name for name, _ in INSTRUCTIONS} <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "CMD"}
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert "curl" not in text
    assert "--no-install-recommends" in text
    assert "rm -rf /var/lib/apt/lists/*" in text


def test_the_commands_of_the_image_install_the_program(tmp_path: Path) -> None:
    """The first stage, run without Docker in other folders: only what it copies is there."""
    source, target = tmp_path / "src", tmp_path / "kubeaid-ci"
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    for name, words in INSTRUCTIONS[: next(i for i, (n, _) in enumerate(INSTRUCTIONS[1:], 1) if n == "FROM")]:
        if name == "COPY":
            *files, place = shlex.split(words)
            for file in files:
                assert f"!{file}" in ignored
                to = source / (Path(place) / Path(file).name if place.endswith("/") else Path(place))
                to.parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if (ROOT / file).is_dir() else shutil.copyfile
                copy(ROOT / file, to)
        elif name == "RUN":
            command = words.replace("/opt/kubeaid-ci", str(target)).replace("/src", str(source))
            command = command.replace("python -m venv", f"{sys.executable} -m venv")
            done = subprocess.run(["sh", "-eu", "-c", command], cwd=source, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    demo = [target / "bin/kubeaid-ci", "demo", tmp_path / "demo"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(demo, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
