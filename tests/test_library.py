"""The package as a library: what a user imports, and what a type checker sees of it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci

SOURCE = Path(kubeaid_ci.__file__)
RIGHT = """
from kubeaid_ci import Builds, Comparison, Revisions, UserError, build_clusters, diff_clusters

builds: Builds = build_clusters("config", "KubeAid", check=True)
comparison: Comparison = diff_clusters("config", "KubeAid", before=Revisions("HEAD"), after=Revisions())
for result in builds.results:
    print(result.cluster.upper(), [finding.rule.id for finding in builds.findings])
try:
    build_clusters("config", "KubeAid")
except UserError as error:
    print(error.exit_code)
"""
WRONG = """
import kubeaid_ci

kubeaid_ci.build_clusters("config", "KubeAid", chekc=True)
kubeaid_ci.build_clusters(1, "KubeAid")
kubeaid_ci.no_such_job()
"""


def test_every_exported_name_can_be_imported_and_is_listed() -> None:
    assert dir(kubeaid_ci) == sorted(kubeaid_ci.__all__)
    assert all(getattr(kubeaid_ci, name) is not None for name in kubeaid_ci.__all__)
    with pytest.raises(AttributeError, match="no attribute 'no_such_job'"):
        _ = kubeaid_ci.no_such_job


def test_type_checkers_see_what_is_imported() -> None:
    imported = {
        alias.asname: node.module
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("kubeaid_ci")
        for alias in node.names
    }
    assert imported == kubeaid_ci._MODULES
    assert SOURCE.with_name("py.typed").exists()


def test_importing_the_package_loads_no_job() -> None:
    code = "import sys, kubeaid_ci; print([name for name in sys.modules if name.startswith('kubeaid_ci.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("script", "errors"),
    [(RIGHT, []), (WRONG, ['"chekc"', 'has incompatible type "int"', 'has no attribute "no_such_job"'])],
    ids=["right", "wrong"],
)
def test_scripts_of_users_are_checked_by_mypy(tmp_path: Path, script: str, errors: list[str]) -> None:
    path = tmp_path / "script.py"
    path.write_text(script)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(path)]
    env = {**os.environ, "MYPYPATH": "", "MYPY_FORCE_COLOR": "0"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=env)
    lines = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert len(lines) == len(errors), done.stdout
    assert all(error in line for error, line in zip(errors, lines, strict=True)), done.stdout
