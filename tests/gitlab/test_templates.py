"""What the templates say, without running them."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.cli.build import build
from kubeaid_ci.cli.bundle import bundle_create
from kubeaid_ci.cli.charts_lint import charts_lint
from kubeaid_ci.cli.charts_update import charts_update
from kubeaid_ci.cli.charts_verify import charts_verify
from kubeaid_ci.cli.check import check
from kubeaid_ci.cli.clusters import clusters
from kubeaid_ci.cli.diff import diff
from kubeaid_ci.cli.environment import from_environment
from kubeaid_ci.cli.images_lock import images_lock
from kubeaid_ci.cli.images_scan import images_scan
from kubeaid_ci.cli.publish import publish
from kubeaid_ci.cli.upgrade import upgrade
from kubeaid_ci.clusters.gitlab_pipeline import child_pipeline
from kubeaid_ci.config_repo.cluster import ClusterInfo
from tests.gitlab.interpolation import interpolated, load, names
from tests.gitlab.site import ROOT, TEMPLATES

FOLDER = ROOT / "gitlab-ci-templates"
CHILD = json.loads(
    child_pipeline([ClusterInfo("a", "a", "v", None, "1.34.0", None, None, ())], variables={}, tags=["shell"])
)
every_template = pytest.mark.parametrize("path", [FOLDER / f"{name}.yml" for name in TEMPLATES], ids=TEMPLATES)


def test_components_are_the_templates_word_for_word(golden: Callable[[Path, str], None]) -> None:
    """GitLab follows no links when it reads a component, and looks for it nowhere else."""
    for name in TEMPLATES:
        golden(ROOT / "templates" / f"{name}.yml", (FOLDER / f"{name}.yml").read_text("utf-8"))
    assert sorted(path.stem for path in (ROOT / "templates").iterdir()) == TEMPLATES


@every_template
def test_every_input_is_described_used_and_has_a_default_that_it_allows(path: Path) -> None:
    inputs, jobs = load(path)
    assert names(jobs) == set(inputs)
    for name, known in inputs.items():
        assert known["description"].endswith("."), name
        assert name == "package" or "default" in known, name
        assert known.get("default") in known.get("options", [known.get("default")]), name
        assert isinstance(known.get("default", ""), {"array": list}.get(known.get("type"), str)), name


@every_template
def test_a_template_has_its_jobs_and_nothing_that_is_the_whole_pipelines(path: Path) -> None:
    _, jobs = load(path)
    assert all(re.fullmatch(r"\$\[\[ inputs\.job-prefix \]\]-[a-z]+", name) for name in jobs)


@every_template
def test_inputs_reach_the_scripts_as_variables_only(path: Path) -> None:
    _, jobs = load(path)
    for job in jobs.values():
        assert names([job.get("script"), job.get("before_script")]) == set()


@every_template
def test_variables_are_text_whatever_the_type_of_the_input(path: Path) -> None:
    """GitLab refuses anything else, and `gitlab-ci-local` does not."""
    for job in interpolated(path, package="kubeaid-ci==1.2.3", tags=["shell"]).values():
        assert {type(value) for value in job.get("variables", {}).values()} <= {str}


@every_template
def test_variables_are_those_that_the_command_line_reads(path: Path) -> None:
    commands = map(
        from_environment,
        (
            build,
            bundle_create,
            charts_lint,
            charts_update,
            charts_verify,
            check,
            clusters,
            diff,
            images_lock,
            images_scan,
            publish,
            upgrade,
        ),
    )
    options = {parameter.envvar for command in commands for parameter in command.params}
    others = {"KUBEAID_CI_PACKAGE", "KUBEAID_CI_CACHE", "PIP_CONSTRAINT", "GIT_DEPTH"}
    for job in load(path)[1].values():
        for one in (job, *job.get("rules", ())):
            assert set(one.get("variables", {})) <= options | others


@pytest.mark.parametrize(
    ("package", "pinned"),
    [
        ("", True),
        ("kubeaid-ci==1.2.3", True),
        ("kubeaid-ci[extra]==1.2.3rc1", True),
        (f"git+https://git.example.com/kubeaid-ci.git@{'a' * 40}", True),
        (f"kubeaid-ci @ git+https://git.example.com/kubeaid-ci.git@{'a' * 40}", True),
        (f"https://example.com/kubeaid_ci-1.2.3-py3-none-any.whl#sha256={'0' * 64}", True),
        ("kubeaid-ci", False),
        ("kubeaid-ci>=1.2.3", False),
        ("kubeaid-ci==1.*", False),
        ("kubeaid-ci==1.2.3,<2", False),
        ("kubeaid-ci==1.2.3 other", False),
        ("--index-url=https://example.com kubeaid-ci==1.2.3", False),
        ("git+https://git.example.com/kubeaid-ci.git@main", False),
        (f"git+https://git.example.com/kubeaid-ci.git@{'a' * 39}", False),
        ("https://example.com/kubeaid_ci-1.2.3-py3-none-any.whl", False),
    ],
)
def test_only_a_pinned_package_is_taken(package: str, pinned: bool) -> None:
    for name in TEMPLATES:
        pattern = load(FOLDER / f"{name}.yml")[0]["package"]["regex"]
        assert bool(re.search(pattern, package)) is pinned


def test_the_jobs_of_a_child_pipeline_install_and_retry_as_those_of_the_templates_do() -> None:
    written = [job for name in TEMPLATES for job in load(FOLDER / f"{name}.yml")[1].values() if "script" in job]
    for key in ("before_script", "retry"):
        assert all(job[key] == CHILD["default"][key] for job in written)


def test_every_pipeline_keeps_to_gitlabs_schema(tmp_path: Path) -> None:
    pipelines: dict[str, Any] = {"child": CHILD}
    for name in TEMPLATES:
        pipelines[name] = interpolated(FOLDER / f"{name}.yml", package="", tags=["shell"])
    for name, pipeline in pipelines.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(pipeline))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]
    done = subprocess.run([*check, *map(str, tmp_path.iterdir())], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
