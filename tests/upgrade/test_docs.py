"""The commands of docs/upgrade.md run, and its settings are read."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import settings
from tests import repos
from tests.upgrade import platform
from tests.upgrade.platform import app, cluster

ROOT = Path(kubeaid_ci.__file__).parents[1]
PAGE = (ROOT / "docs/upgrade.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ kubeaid-ci (.*)$", PAGE, re.MULTILINE)
(SETTINGS,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(command: str, tmp_path: Path) -> None:
    names = ("staging", "test-1", "prod-1", "prod-2")
    files = [cluster(name, {"web": app("web")}, built=False) for name in names]
    config = platform.config(tmp_path / "config", *files, {".kubeaid-ci.yaml": SETTINGS})
    repos.git(tmp_path, "clone", "--quiet", "--bare", str(config), "origin.git")
    repos.git(config, "remote", "set-url", "origin", str(tmp_path / "origin.git"))
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KUBEAID_CI", "GITHUB", "CI"))}
    env |= {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(tmp_path / "cache"), "KUBEAID_CI_FORGE": "none"}
    env |= {"KUBEAID_CI_KUBEAID": str(platform.kubeaid(tmp_path / "KubeAid"))}
    argv = [sys.executable, "-m", "kubeaid_ci", *shlex.split(command)]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=config, check=False)
    assert done.returncode == 0, done.stderr
    assert ("created as a copy of staging at 2.0.0" if "--shadow" in command else "upgraded to 2.0.0") in done.stdout


def test_the_settings_are_read() -> None:
    assert [wave.name for wave in settings.parse(SETTINGS, where="docs").waves] == ["test", "production"]
