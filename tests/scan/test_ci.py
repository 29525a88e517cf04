"""The command lines of the action and of the GitLab template, with the variables that their inputs become."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import repos
from tests.gitlab.interpolation import interpolated
from tests.scan import reports
from tests.scan.test_command import HIGH, LOW, NGINX, OTHER, ROOT, config, found, required

__all__ = ["config"]  # the fixture

ACTION = yaml.safe_load((ROOT / "actions/scan-images/action.yml").read_text("utf-8"))
TEMPLATE = ROOT / "gitlab-ci-templates/scan-images.yml"
EXAMPLE = re.compile(r"<!-- example: scan-images -->\n+```yaml\n(.*?)```", re.DOTALL)


def shell(config: Path, line: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line in the config repo as a job does. The PATH has kubeaid-ci and git, and no scanner."""
    programs = config.parent / "programs"
    programs.mkdir(exist_ok=True)
    for program in (shutil.which("git"), Path(sys.executable).with_name("kubeaid-ci")):
        assert program
        link = programs / Path(program).name
        link.unlink(missing_ok=True)
        link.symlink_to(program)
    env = {"PATH": str(programs), "HOME": str(config.parent)}
    env |= {"KUBEAID_CI_CACHE": str(config.parent / "cache")} | variables
    return subprocess.run(line, shell=True, capture_output=True, text=True, env=env, cwd=config)


def example() -> dict[str, Any]:
    """Return the inputs of the step that the page shows."""
    match = EXAMPLE.search((ROOT / "docs/actions.md").read_text("utf-8"))
    assert match
    return yaml.safe_load(match[1])[0]["with"]


def step(config: Path, **inputs: Any) -> subprocess.CompletedProcess[str]:
    """Run the step of the action with these inputs; all others are empty."""
    assert set(inputs) <= {name.replace("-", "_") for name in ACTION["inputs"]}
    values = {name.replace("_", "-"): ("true" if value is True else value) for name, value in inputs.items()}
    action_step = ACTION["runs"]["steps"][-1]
    env = {f"KUBEAID_CI_{name.replace('-', '_').upper()}": values.get(name, "") for name in ACTION["inputs"]}
    output = config.parent / "output"
    output.write_text("")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output)}
    return shell(config, action_step["run"], env | github | {"KUBEAID_CI_KUBEAID": str(config.parent / "KubeAid")})


def job(config: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the script of the template's job, and return it with its container scanning report."""
    (definition,) = interpolated(TEMPLATE, package="", kubeaid=str(config.parent / "KubeAid"), **inputs).values()
    (line,) = definition["script"]
    completed = shell(config, line, definition["variables"])
    reports_of_job = definition["artifacts"]["reports"]
    assert all((config / path).is_file() for path in reports_of_job.values()), completed.stderr
    return completed, json.loads((config / reports_of_job["container_scanning"]).read_text())


def test_the_step_of_the_page_reports_what_a_change_adds(config: Path) -> None:
    web = config / "k8s/staging/web/web.yaml"
    web.write_text(web.read_text().replace("1.2", "1.3"))
    repos.commit(config)
    scan = [reports.trivy("nginx:1.2", HIGH), reports.trivy("nginx:1.3", HIGH, LOW)]
    reports.write(config / "nginx.json", scan)
    reports.write(config / "other.json", reports.grype("quay.io/example/other:1"))
    both = {"from": "nginx.json other.json"}
    inputs = {name.replace("-", "_"): value for name, value in example().items()}
    assert step(config, **both).returncode == 1
    completed = step(config, **inputs, **both)
    assert completed.returncode == 0, completed.stdout + completed.stderr
    assert "not-scanned" in (config.parent / "output").read_text()
    assert json.loads((config / inputs["report"].partition("=")[2]).read_text())["runs"]
    assert step(config, **inputs, **both, severity="low").returncode == 1


def test_without_a_scanner_the_step_names_what_is_missing(config: Path) -> None:
    report = config.parent / "out.json"
    completed = step(config, require_scan=True, report=f"json={report}")
    assert completed.returncode == 1
    assert "neither trivy nor grype is installed" in completed.stdout
    assert found(json.loads(report.read_text())) == {("image/not-scanned", NGINX), ("image/not-scanned", OTHER)}
    completed = step(config, scanner="trivy")
    assert completed.returncode == 2
    assert "trivy: not installed" in completed.stderr


@pytest.mark.parametrize(("severity", "code"), [("", 1), ("critical", 0)])
def test_the_job_writes_the_report_that_it_declares(config: Path, severity: str, code: int) -> None:
    reports.write(config / "one.json", reports.trivy("nginx:1.2", HIGH))
    reports.write(config / "two.json", reports.trivy("quay.io/example/other:1", LOW))
    completed, report = job(config, **{"from": "one.json two.json"}, severity=severity)
    assert completed.returncode == code, completed.stdout + completed.stderr
    assert required(report) == []
    assert {each["location"]["image"] for each in report["vulnerabilities"]} == {f"{NGINX}:1.2", f"{OTHER}:1"}


def test_the_job_without_a_scanner_reports_images_as_not_scanned(config: Path) -> None:
    completed, report = job(config, require_scan="true")
    assert completed.returncode == 1
    assert len(report["scan"]["messages"]) == 2
