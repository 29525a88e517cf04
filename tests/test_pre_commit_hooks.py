"""The hooks for pre-commit: their files are those of our repositories, and their commands fail when they should.

pre-commit itself was run by hand; here its part is played: it matches paths, and runs the entry in the repository.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import kubeaid_ci
from kubeaid_ci.demo import demo
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
INSTALL = (ROOT / "docs/install.md").read_text()


@pytest.fixture
def made(tmp_path: Path) -> demo.Demo:
    made = demo.create(tmp_path / "demo")
    kubeaid_ci.build_clusters(made.config, made.kubeaid, cache=False)
    repos.git(made.config, "add", ".")
    return made


def run(hook: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a hook if pre-commit would: some path of the repository matches."""
    paths = repos.git(folder, "ls-files").splitlines()
    assert any(re.search(HOOKS[hook]["files"], path) for path in paths)
    command = [sys.executable, "-m", *shlex.split(HOOKS[hook]["entry"].replace("kubeaid-ci", "kubeaid_ci", 1))]
    full = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "KUBEAID_CI_CACHE": str(folder.parent / "c")}
    return subprocess.run(command, cwd=folder, env=full | env, capture_output=True, text=True)


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_get_no_names_of_files_and_run_once(hook: str) -> None:
    assert set(HOOKS[hook]) == {
        *("id", "name", "description", "entry", "language", "files", "pass_filenames", "require_serial")
    }
    assert HOOKS[hook]["language"] == "python"
    assert HOOKS[hook]["pass_filenames"] is False
    assert HOOKS[hook]["require_serial"] is True
    assert f"id: {hook}" in INSTALL


@pytest.mark.parametrize(
    ("hook", "path", "matches"),
    [
        ("kubeaid-ci-build", "k8s/edge/edge-vars.jsonnet", True),
        ("kubeaid-ci-build", "k8s/edge/kube-prometheus/a/b.yaml", True),
        ("kubeaid-ci-build", "k8s/edge/argocd-apps/templates/kube-prometheus.yaml", True),
        ("kubeaid-ci-build", "k8s/edge/kubeaid-cli.general.yaml", True),
        ("kubeaid-ci-build", ".kubeaid-ci.yaml", True),
        ("kubeaid-ci-build", "README.md", False),
        ("kubeaid-ci-build", "docs/k8s/edge/edge-vars.jsonnet", False),
        ("kubeaid-ci-charts-verify", "argocd-helm-charts/web/charts/web/values.yaml", True),
        ("kubeaid-ci-charts-verify", "charts.ledger.yaml", True),
        ("kubeaid-ci-charts-verify", "charts.ledger.yaml.orig", False),
        ("kubeaid-ci-charts-verify", "build/kube-prometheus/build.sh", False),
    ],
)
def test_hooks_run_for_the_files_that_they_judge(hook: str, path: str, matches: bool) -> None:
    assert bool(re.search(HOOKS[hook]["files"], path)) is matches


def test_the_build_hook_fails_if_a_vars_file_changed(made: demo.Demo) -> None:
    env = {"KUBEAID_CI_KUBEAID": str(made.kubeaid)}
    assert run("kubeaid-ci-build", made.config, **env).returncode == 0
    vars_file = made.config / "k8s/edge/edge-vars.jsonnet"
    vars_file.write_text(vars_file.read_text().replace("\n}", "\n  prometheus+: { retention: '3d' },\n}"))
    before = repos.git(made.config, "status", "--short")
    done = run("kubeaid-ci-build", made.config, **env)
    assert done.returncode == 1, done.stdout
    assert repos.git(made.config, "status", "--short") == before


def test_the_verify_hook_fails_if_a_vendored_chart_is_edited(made: demo.Demo) -> None:
    assert run("kubeaid-ci-charts-verify", made.kubeaid).returncode == 0
    template = next(made.kubeaid.glob("argocd-helm-charts/*/charts/*/templates/*.yaml"))
    template.write_text(template.read_text() + "# edited\n")
    assert run("kubeaid-ci-charts-verify", made.kubeaid).returncode == 1
