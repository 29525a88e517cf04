"""What the guides show works."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import click
import pytest

import kubeaid_ci
from kubeaid_ci import documents, settings
from kubeaid_ci.cli.groups import charts
from kubeaid_ci.findings.registry import RULES
from tests import repos, umbrellas, updates
from tests.servers import registry
from tests.servers.charts import Charts, chart

ROOT = Path(kubeaid_ci.__file__).parents[1]
SUPPLY_CHAIN = (ROOT / "docs/supply-chain.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", re.findall(r"^\$ kubeaid-ci (.*)$", SUPPLY_CHAIN, re.MULTILINE))
def test_commands_about_charts_run(line, tmp_path):
    umbrellas.recorded(umbrellas.web(tmp_path))
    env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_KUBEAID": str(tmp_path)}
    argv = [sys.executable, "-m", "kubeaid_ci", *line.split()]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


UPDATES = (ROOT / "docs/updates.md").read_text(encoding="utf-8")


def test_settings_and_library_of_updates_are_as_shown(tmp_path):
    (policies,) = re.findall(r"```yaml\n(.*?)```", UPDATES, re.DOTALL)
    assert len(settings.parse(policies, where="docs").charts) == 5
    (block,) = re.findall(r"```python\n(.*?)```", UPDATES, re.DOTALL)
    umbrellas.umbrella(tmp_path / "KubeAid", "web", {"Chart.yaml": umbrellas.metadata("web", "0.1.0")})
    (tmp_path / "here").mkdir()
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", block], cwd=tmp_path / "here", env=env, check=True)
    for name in re.findall(r"`((?:update|add|publish)_\w+)`", UPDATES):
        assert callable(getattr(kubeaid_ci, name))


@pytest.mark.parametrize("line", re.findall(r"^(?:\$ )?kubeaid-ci charts ([^#\n]*)", UPDATES, re.MULTILINE))
def test_every_option_of_updates_is_one(line):
    """The script before this refused an option that its own help named."""
    name, *words = line.split()
    command = charts.get_command(click.Context(charts), name)
    assert command is not None
    known = {option for one in command.params for option in one.opts}
    assert {word for word in words if word.startswith("--")} <= known


COMMANDS = re.findall(r"^(?:\$ )?kubeaid-ci (charts [^#\n]*)", UPDATES, re.MULTILINE)
EXAMPLES = {"traefik": "traefik", "argo-cd": "argo-cd", "step-ca": "step-certificates", "cilium": "cilium"}
"""The umbrella charts that the page names, with the charts in them."""
PODINFO = "https://stefanprodan.github.io/podinfo"
IMAGES = "oci://ghcr.io/stefanprodan/charts"


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_updates_runs(line, tmp_path):
    root, charts = tmp_path / "KubeAid", Charts()
    with charts.server, ExitStack() as stack:
        mirrors, plain = {PODINFO: charts.server.url}, []
        if IMAGES in line:
            if registry.PROGRAM is None:
                pytest.skip("docker-registry is not installed")
            running = stack.enter_context(registry.running(tmp_path))
            running.push("charts/podinfo", "6.9.0", chart("podinfo", "6.9.0", updates.files("podinfo")))
            mirrors[IMAGES], plain = f"oci://{running.host}/charts", [running.host]
        for umbrella, name in EXAMPLES.items():
            updates.publish(charts, name, "1.0.0")
            updates.umbrella(root, charts, umbrella, f"{name} 1.0.0")
            updates.publish(charts, name, "1.30.1")
        updates.publish(charts, "podinfo", "6.9.1")
        own = {"upstreams": {"mirrors": mirrors, "plain-http": plain}}
        repos.write(root, {".kubeaid-ci.yaml": documents.dump(own)})
        repos.write(tmp_path / "kubernetes-config", {"k8s/.keep": ""})
        repos.commit(tmp_path / "kubernetes-config")
        repos.commit(root)
        repos.git(root, "init", "--quiet", "--bare", str(tmp_path / "remote.git"))
        repos.git(root, "push", "--quiet", str(tmp_path / "remote.git"), "HEAD:refs/heads/main")
        repos.git(root, "remote", "add", "origin", str(tmp_path / "remote.git"))
        line = line.replace("https://github.com/example/KubeAid.git", f"{root} --forge none --dry-run")
        env = os.environ | {"PYTHONPATH": str(ROOT), "KUBEAID_CI_KUBEAID": str(root)}
        env |= {"KUBEAID_CI_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
        argv = [sys.executable, "-m", "kubeaid_ci", *line.split()]
        done = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=root)
    assert done.returncode == 0, done.stderr + done.stdout


def test_every_rule_that_is_explained_exists():
    assert set(re.findall(r"`(chart/[a-z-]+)`", SUPPLY_CHAIN + UPDATES)) <= set(RULES)
