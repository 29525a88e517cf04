"""The page about `check`: its commands run, its settings are read, its rules exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import settings
from kubeaid_ci.check import families
from kubeaid_ci.check.families import FIGURES
from kubeaid_ci.demo import demo
from kubeaid_ci.findings.registry import RULES
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
PAGE = (ROOT / "docs/check.md").read_text("utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> demo.Demo:
    made = demo.create(tmp_path_factory.mktemp("docs-check") / "demo")
    kubeaid_ci.build_clusters(made.config, made.kubeaid, kubeaid_ref="pinned", cache=False)
    demo.merge(made, "build: kube-prometheus manifests")
    repos.git(made.config, "update-ref", "refs/remotes/origin/main", "HEAD")
    return made


@pytest.mark.parametrize("line", re.findall(r"^\s*\$ kubeaid-ci (.*)$", PAGE, re.MULTILINE))
def test_commands_run(line: str, made: demo.Demo, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(tmp_path / "cache")}
    env |= {"KUBEAID_CI_CONFIG_REPO": str(made.config), "KUBEAID_CI_KUBEAID": str(made.kubeaid)}
    argv = [sys.executable, "-m", "kubeaid_ci", *line.split()]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "of 3 clusters with errors" in done.stdout or "nothing to suggest" in done.stderr


def test_the_library_example_runs(made: demo.Demo, tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "here").mkdir()
    (tmp_path / "kubernetes-config").symlink_to(made.config)
    (tmp_path / "KubeAid").symlink_to(made.kubeaid)
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", block], cwd=tmp_path / "here", env=env, check=True)


def test_settings_are_read_and_rules_exist() -> None:
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        settings.parse(re.sub(r"^   ", "", block, flags=re.MULTILINE), where="docs")
    assert set(re.findall(r"`((?:gitops|network|settings)/[a-z-]+)`", PAGE)) <= set(RULES)


def test_families_and_figures_are_those_of_the_program() -> None:
    assert (
        tuple(re.findall(r"^\| `([a-z]+)` \|", PAGE.partition("## The first day")[0], re.MULTILINE))
        == families.FAMILIES
    )
    coverage = PAGE.partition("## Coverage")[2].partition("\n## ")[0]
    named = [
        name for cell in re.findall(r"^\| (`[^|]+) \|", coverage, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    ]
    assert set(FIGURES) <= set(named)
