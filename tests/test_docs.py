"""What the guides show works."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.checks.rules import RULES
from tests import umbrellas

ROOT = Path(kubeaid_ci.__file__).parents[1]
SUPPLY_CHAIN = (ROOT / "docs/supply-chain.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", re.findall(r"^\$ kubeaid-ci (.*)$", SUPPLY_CHAIN, re.MULTILINE))
def test_commands_about_charts_run(line, tmp_path):
    umbrellas.recorded(umbrellas.web(tmp_path))
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_KUBEAID": str(tmp_path)}
    argv = [sys.executable, "-m", "kubeaid_ci", *line.split()]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_every_rule_that_is_explained_exists():
    assert set(re.findall(r"`(chart/[a-z-]+)`", SUPPLY_CHAIN)) <= set(RULES)
