"""The README is short and true: its two commands are what CI runs, and its examples run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.demo import demo

ROOT = Path(kubeaid_ci.__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> demo.Demo:
    made = demo.create(tmp_path_factory.mktemp("readme") / "demo")
    kubeaid_ci.build_clusters(made.config, made.kubeaid, kubeaid_ref="pinned", cache=False)
    demo.merge(made, "build: kube-prometheus manifests")
    return made


def command(name: str) -> str:
    done = subprocess.run([ROOT / ".ci/readme-command", name], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_two_commands_install_and_then_run_the_demo_and_the_tests():
    for name, last in (("demo", "kubeaid-ci demo"), ("tests", "pytest -q -n auto")):
        assert command(name).startswith("python3 -m venv .venv && .venv/bin/pip install --quiet ")
        assert command(name).rstrip().endswith(last)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_library_examples_run(block, made, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    (tmp_path / "kubernetes-config").symlink_to(made.config)
    (tmp_path / "KubeAid").symlink_to(made.kubeaid)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, cwd=here, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("line", re.findall(r"^\$ (kubeaid-ci .*)$", README, re.MULTILINE))
def test_shown_commands_run(line, made):
    address = "https://github.com/example/kubernetes-config.git"
    arguments = line.replace(address, str(made.config)).split()[1:]
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "KUBEAID_CI_CONFIG_REPO": str(made.config),
        "KUBEAID_CI_KUBEAID": str(made.kubeaid),
    }
    done = subprocess.run([sys.executable, "-m", "kubeaid_ci", *arguments], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


def test_every_application_of_the_demo_is_rendered(made):
    found = kubeaid_ci.render_clusters(made.config, made.kubeaid, cache=False)
    assert [one.app for one in found.apps if one.status != "rendered"] == []
    assert not found.findings
    assert len(found.apps) == 6


def test_the_table_of_clusters_is_what_the_command_prints(made):
    env = os.environ | {"KUBEAID_CI_CONFIG_REPO": str(made.config), "KUBEAID_CI_KUBEAID": str(made.kubeaid)}
    command = [sys.executable, "-P", "-m", "kubeaid_ci", "clusters"]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    (block,) = re.findall(r"```console\n\$ kubeaid-ci clusters\n(.*?)```", README, re.DOTALL)
    assert [line.rstrip() for line in done.stdout.splitlines()] == [line.rstrip() for line in block.splitlines()]


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!http)[^)#]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()
