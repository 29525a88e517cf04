"""What tests of several commands share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci

ROOT = str(Path(kubeaid_ci.__file__).parents[1])


@pytest.fixture
def run(tmp_path):
    """Runs ``kubeaid-ci charts`` as a program, in an environment of its own."""

    def call(*arguments, env=None):
        clean = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ROOT,
            "HOME": str(tmp_path / "home"),
            "COLUMNS": "200",
            **(env or {}),
        }
        argv = [sys.executable, "-m", "kubeaid_ci", "charts", *map(str, arguments)]
        return subprocess.run(argv, capture_output=True, text=True, env=clean, cwd=tmp_path)

    return call
