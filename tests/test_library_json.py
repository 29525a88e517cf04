"""What a job returns prints the same JSON as its command."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci import PublishOptions, Revisions
from kubeaid_ci.demo import demo
from kubeaid_ci.report.json_result import JsonResult
from tests import repos

ROOT = Path(kubeaid_ci.__file__).parents[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> demo.Demo:
    made = demo.create(tmp_path_factory.mktemp("json") / "demo")
    kubeaid_ci.build_clusters(made.config, made.kubeaid, kubeaid_ref="pinned", cache=False)
    demo.merge(made, "build: kube-prometheus manifests")
    repos.git(made.config, "branch", "before")
    vars_file = made.config / "k8s/edge/edge-vars.jsonnet"
    vars_file.write_text(vars_file.read_text().replace("\n}", "\n  prometheus+: { retention: '3d' },\n}"))
    return made


def changed(made: demo.Demo) -> JsonResult:
    return kubeaid_ci.diff_clusters(
        made.config, made.kubeaid, before=Revisions("before", "pinned"), after=Revisions("worktree", "pinned")
    )


def published(made: demo.Demo) -> JsonResult:
    options = PublishOptions(forge="none", dry_run=True)
    return kubeaid_ci.publish(made.config, made.kubeaid, options=options, kubeaid_ref="pinned", cache=False)


CASES: dict[str, Callable[[demo.Demo], JsonResult]] = {
    "build --check --kubeaid-ref pinned --no-cache": lambda made: kubeaid_ci.build_clusters(
        made.config, made.kubeaid, kubeaid_ref="pinned", check=True, cache=False
    ),
    "clusters": lambda made: kubeaid_ci.list_clusters(made.config, kubeaid=made.kubeaid),
    "render --kubeaid-ref pinned --no-cache": lambda made: kubeaid_ci.render_clusters(
        made.config, made.kubeaid, kubeaid_ref="pinned", cache=False
    ),
    "check --no-cache": lambda made: kubeaid_ci.check_clusters(made.config, made.kubeaid, cache=False),
    "diff --base before --of config": changed,
    "publish --forge none --dry-run --kubeaid-ref pinned --no-cache": published,
    "images list --no-cache": lambda made: kubeaid_ci.list_images(made.config, made.kubeaid, cache=False),
    "upgrade --to latest --dry-run --no-cache": lambda made: kubeaid_ci.upgrade_clusters(
        made.config, made.kubeaid, to="latest", dry_run=True, cache=False
    ),
    "upgrade edge --to latest --shadow blue --dry-run --no-cache": lambda made: kubeaid_ci.shadow_cluster(
        made.config, made.kubeaid, cluster="edge", name="blue", to="latest", dry_run=True, cache=False
    ),
    "charts list": lambda made: kubeaid_ci.list_charts(made.kubeaid),
    "charts verify --offline": lambda made: kubeaid_ci.verify_charts(made.kubeaid),
    "charts lint --no-cache": lambda made: kubeaid_ci.lint_charts(made.kubeaid, cache=False),
    "charts render --no-cache": lambda made: kubeaid_ci.render_charts(made.kubeaid, cache=False),
    "charts diff --base HEAD": lambda made: kubeaid_ci.diff_charts(made.kubeaid, base="HEAD"),
    "charts outdated": lambda made: kubeaid_ci.outdated_charts(made.kubeaid),
    "charts update --dry-run": lambda made: kubeaid_ci.update_charts(made.kubeaid, dry_run=True),
    "doctor": lambda made: kubeaid_ci.doctor(made.config, made.kubeaid),
}


def comparable(text: str) -> dict[str, object]:
    """A report without times, names of temporary folders, and the revisions, which only a command knows."""
    text = re.sub(r'"seconds": [\d.e-]+', '"seconds": 0', text)
    report: dict[str, object] = json.loads(re.sub(r"/tmp/kubeaid-ci-[\w-]+", "/tmp/folder", text))
    report.pop("revisions")
    return report


@pytest.mark.parametrize("command", CASES)
def test_the_result_of_a_job_prints_what_its_command_prints(
    command: str, made: demo.Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KUBEAID_CI", "GITHUB", "CI"))}
    env |= {"PYTHONPATH": str(ROOT), "KUBEAID_CI_CACHE": str(tmp_path / "cache"), "PYTHONSAFEPATH": "1"}
    env |= {"KUBEAID_CI_CONFIG_REPO": str(made.config), "KUBEAID_CI_KUBEAID": str(made.kubeaid)}
    argv = [sys.executable, "-m", "kubeaid_ci", *command.split(), "--format", "json"]
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.stdout, done.stderr
    assert comparable(CASES[command](made).to_json()) == comparable(done.stdout)
