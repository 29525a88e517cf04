"""The published JSON Schemas are those of the types, and what every command prints is valid by its schema."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import jsonschema_rs
import pytest

import kubeaid_ci
from kubeaid_ci import schemas
from kubeaid_ci.cli.main import cli
from kubeaid_ci.demo import charts as demo_charts
from kubeaid_ci.demo import demo
from tests import repos
from tests.report.test_json_schema import closed
from tests.scan import reports
from tests.servers.charts import Charts
from tests.updates import publish, umbrella

ROOT = Path(kubeaid_ci.__file__).parents[1]
PUBLISHED = ROOT / "docs/schemas"
NO_JSON = {"demo"}
"""Commands that refuse --format."""

# Command lines by their command: real output of the demo's platform, each with results.
LINES = {
    "build": "build --check --kubeaid-ref pinned",
    "bundle create": "bundle create --no-wheels --images none --out {work}/bundle.tar",
    "bundle restore": "bundle restore {work}/bundle.tar --into {work}/restored",
    "bundle verify": "bundle verify {work}/bundle.tar",
    "charts add": "charts add api --repository {upstream} --kubeaid {umbrella} --dry-run",
    "charts diff": "charts diff --base before",
    "charts lint": "charts lint",
    "charts list": "charts list",
    "charts outdated": "charts outdated --kubeaid {umbrella}",
    "charts render": "charts render",
    "charts update": "charts update --kubeaid {umbrella} --dry-run",
    "charts verify": "charts verify --offline",
    "check": "check",
    "clusters": "clusters",
    "diff": "diff --base before --of config",
    "doctor": "doctor",
    "images list": "images list",
    "images lock": "images lock --check --allow 127.0.0.1",
    "images mirror": "images mirror --to registry.example.com/mirror --plan {work}/plan",
    "images overrides": "images overrides --to registry.example.com/mirror",
    "images scan": "images scan --from {work}/trivy.json",
    "publish": "publish --forge none --dry-run --kubeaid-ref pinned",
    "render": "render --kubeaid-ref pinned",
    "rules": "rules",
    "sbom": "sbom --out {work}/sbom.json",
    "upgrade": "upgrade --to latest --dry-run",
}


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that is not a group, by its name after ``kubeaid-ci``."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        elif command is not None:
            yield " ".join((*words, name)), command


def formats(command: click.Command) -> set[str]:
    return {
        choice
        for option in command.params
        if "--format" in option.opts and isinstance(option.type, click.Choice)
        for choice in option.type.choices
    }


def published(command: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PUBLISHED / schemas.file_name(command)).read_text(encoding="utf-8"))
    return found


def test_the_published_files_are_those_of_the_types() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.iterdir()}
    assert found == schemas.files(), "run .ci/json-schemas"


def test_every_command_that_prints_json_has_a_schema_and_a_test_of_its_output() -> None:
    with_json = {name for name, command in commands(cli) if "json" in formats(command)}
    assert with_json - NO_JSON == set(schemas.RESULTS) == set(LINES)


@pytest.mark.parametrize("command", schemas.RESULTS)
def test_a_schema_is_valid(command: str) -> None:
    schema = published(command)
    assert schema["$id"] == f"kubeaid-ci/v1/{command.replace(' ', '-')}"
    jsonschema_rs.meta.validate(schema)


@dataclass(frozen=True)
class Platform:
    """The demo's repositories, a KubeAid repo with an outdated chart, and a folder for what commands write."""

    made: demo.Demo
    work: Path
    upstream: str

    def run(self, line: str) -> dict[str, Any]:
        """Run a command and return what it prints."""
        values = {"work": self.work, "umbrella": self.work / "umbrella", "upstream": self.upstream}
        words = [word.format(**values) for word in line.split()]
        env = {name: value for name, value in os.environ.items() if not name.startswith(("KUBEAID_CI", "GITHUB", "CI"))}
        env |= {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "KUBEAID_CI_CACHE": str(self.work / "cache")}
        env |= {"KUBEAID_CI_CONFIG_REPO": str(self.made.config), "KUBEAID_CI_KUBEAID": str(self.made.kubeaid)}
        argv = [sys.executable, "-m", "kubeaid_ci", *words, "--format", "json"]
        done = subprocess.run(argv, cwd=self.work, env=env | {"no_proxy": "127.0.0.1"}, capture_output=True, text=True)
        assert done.stdout, done.stderr
        printed: dict[str, Any] = json.loads(done.stdout)
        return printed


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The demo, built once and then changed: a setting of a cluster, a file of a chart, and a new Application."""
    work = tmp_path_factory.mktemp("schemas")
    made = demo.create(work / "demo")
    kubeaid_ci.build_clusters(made.config, made.kubeaid, kubeaid_ref="pinned", cache=False)
    demo.merge(made, "build: kube-prometheus manifests")
    for repository in (made.config, made.kubeaid):
        repos.git(repository, "branch", "before")
    vars_file = made.config / "k8s/edge/edge-vars.jsonnet"
    vars_file.write_text(vars_file.read_text().replace("\n}", "\n  prometheus+: { retention: '3d' },\n}"))
    demo.break_edge(made)
    demo_charts.tamper(made.kubeaid)
    reports.write(work / "trivy.json", reports.trivy("nginx:1.29.0", ("CVE-2026-1", "openssl", "1.1", "HIGH")))
    charts = Charts()
    with charts.server:
        publish(charts, "web", "1.0.0")
        umbrella(work / "umbrella", charts, "web")
        publish(charts, "web", "1.1.0", {"values.yaml": "replicas: 2\n"})
        publish(charts, "api", "2.0.0")
        yield Platform(made, work, charts.server.url)


@pytest.fixture(scope="module")
def bundle(platform: Platform) -> dict[str, Any]:
    return platform.run(LINES["bundle create"])


@pytest.mark.parametrize("command", LINES)
def test_what_a_command_prints_is_valid(command: str, platform: Platform, request: pytest.FixtureRequest) -> None:
    created = request.getfixturevalue("bundle") if command.startswith("bundle") else {}
    printed = created if command == "bundle create" else platform.run(LINES[command])
    assert printed["results"], printed["findings"]
    # The strict form also fails if the command prints a field that the schema does not describe.
    for schema in (published(command), closed(published(command))):
        jsonschema_rs.validator_for(schema).validate(printed)


def test_the_result_of_a_shadow_cluster_is_valid(platform: Platform) -> None:
    printed = platform.run("upgrade staging --to latest --shadow blue --dry-run")
    assert [one["source"] for one in printed["results"]] == ["staging"]
    for schema in (published("upgrade"), closed(published("upgrade"))):
        jsonschema_rs.validator_for(schema).validate(printed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda printed: printed["results"][0].update(applications="3"), '"3" is not of type "array"'),
        (lambda printed: printed["results"][0].pop("dir"), '"dir" is a required property'),
        (lambda printed: printed["summary"].update(clusters=["edge"]), '["edge"] is not of types'),
        (lambda printed: printed["findings"].append({"rule": "build/stale"}), '"severity" is a required property'),
        (lambda printed: printed.update(command="build"), '"clusters" was expected'),
    ],
)
def test_output_of_another_form_is_not_valid(
    platform: Platform, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    printed = platform.run("clusters")
    validator = jsonschema_rs.validator_for(published("clusters"))
    validator.validate(printed)
    change(printed)
    with pytest.raises(jsonschema_rs.ValidationError) as caught:
        validator.validate(printed)
    assert message in str(caught.value)


def test_a_field_of_a_later_version_is_valid(platform: Platform) -> None:
    printed = platform.run("clusters")
    printed["later"] = printed["results"][0]["later"] = 1
    jsonschema_rs.validator_for(published("clusters")).validate(printed)


def test_the_page_names_every_schema_and_its_command_works(platform: Platform) -> None:
    page = (ROOT / "docs/json.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\(schemas/([\w-]+\.json)\)", page)) == sorted(map(schemas.file_name, schemas.RESULTS))
    (line,) = re.findall(r"^(check-jsonschema .*)", page, re.MULTILINE)
    name = line.split()[-1]
    (platform.work / name).write_text(json.dumps(platform.run("clusters")))
    repos.write(platform.work, {"docs/schemas/clusters.json": json.dumps(published("clusters"))})
    argv = [sys.executable, "-m", "check_jsonschema", *line.split()[1:]]
    done = subprocess.run(argv, cwd=platform.work, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (platform.work / name).write_text(json.dumps(platform.run("clusters") | {"findings": {}}))
    assert subprocess.run(argv, cwd=platform.work, capture_output=True).returncode == 1
