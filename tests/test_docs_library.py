"""Every function of the library has an example that runs and that a type checker accepts."""

import os
import re
import subprocess
import sys
from inspect import isfunction
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.demo import demo
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
PAGE = (ROOT / "docs/library.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PAGES = [*EXAMPLES, *re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)]
FUNCTIONS = {name for name in kubeaid_ci.__all__ if isfunction(getattr(kubeaid_ci, name))}


def imported(example: str) -> set[str]:
    return {
        name
        for names in re.findall(r"^from kubeaid_ci import (.*)$", example, re.MULTILINE)
        for name in names.split(", ")
    }


def test_every_function_has_an_example() -> None:
    shown = set().union(*map(imported, EXAMPLES))
    assert FUNCTIONS - shown == set()
    assert shown <= set(kubeaid_ci.__all__)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    made = demo.create(folder / "demo")
    kubeaid_ci.build_clusters(made.config, made.kubeaid, kubeaid_ref="pinned", cache=False)
    demo.merge(made, "build: kube-prometheus manifests")
    (folder / "kubernetes-config").symlink_to(made.config)
    (folder / "KubeAid").symlink_to(made.kubeaid)
    (folder / "here").mkdir()
    # Charts are published to the origin, which the demo's KubeAid only names.
    repos.git(folder, "clone", "--quiet", "--bare", str(made.kubeaid), "KubeAid.git")
    repos.git(folder, "clone", "--quiet", "KubeAid.git", "publish/KubeAid")
    (folder / "publish/here").mkdir()
    return folder


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: "+".join(sorted(imported(example) & FUNCTIONS)))
def test_examples_run(example: str, here: Path, tmp_path: Path) -> None:
    hidden = ("KUBEAID_CI", "GITHUB", "GITLAB", "CI")
    env = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    env |= {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(tmp_path / "cache")}
    folder = here / ("publish/here" if "publish_charts" in example else "here")
    done = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, cwd=folder, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_examples_are_typed(tmp_path: Path) -> None:
    files = [tmp_path / f"example_{number}.py" for number in range(len(PAGES))]
    for file, example in zip(files, PAGES, strict=True):
        file.write_text(example)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), *files]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "MYPYPATH": ""})
    assert done.returncode == 0, done.stdout
