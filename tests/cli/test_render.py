import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubeaid_ci import documents
from kubeaid_ci.cli.charts_render import charts_render
from kubeaid_ci.cli.main import cli
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.render import fleet
from tests import repos
from tests.cli.conftest import ROOT
from tests.renders import World, application, helm, values_ref

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    made = World(tmp_path)
    monkeypatch.setenv("KUBEAID_CI_CACHE", str(tmp_path / "cache"))
    made.chart("web")
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: web\nstringData:\n  password: {{ randAlphaNum 12 }}\n"
    test = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: check\n  annotations:\n    helm.sh/hook: test\n"
    repos.write(
        made.kubeaid,
        {"argocd-helm-charts/web/templates/secret.yaml": secret, "argocd-helm-charts/web/templates/t.yaml": test},
    )
    sources = [helm(valueFiles=["$values/k8s/one/values.yaml"]), values_ref()]
    made.cluster("one", {"web.yaml": application("web", sources=sources), "/values.yaml": "replicas: 3\n"})
    return made


@pytest.fixture
def run(world):
    def call(*arguments, command=cli):
        options = ["--config-repo", world.config, "--kubeaid", world.kubeaid, "--jobs", "1"]
        names = [*arguments, *options] if command is cli else [*arguments, *options[2:]]
        return CliRunner().invoke(command, [str(one) for one in names], standalone_mode=False)

    return call


def test_standard_output_has_the_objects_and_nothing_else(run, golden):
    done = run("render", "one")
    golden(GOLDEN / "render.yaml", done.stdout)
    assert len(documents.load_all(done.stdout, where="output")) == 5
    assert "objects 5, masked 1" in done.stderr


def test_yaml_may_be_asked_for_by_its_name(run):
    named, usual = run("render", "one", "--format", "yaml"), run("render", "one")
    assert (named.exit_code, named.stdout) == (usual.exit_code, usual.stdout)
    assert "objects 5, masked 1" in named.stderr


def test_a_format_before_the_command_is_the_same_as_one_after_it(run):
    for arguments in (["--format", "json", "render", "one"], ["render", "one", "--format", "json"]):
        assert [app["app"] for app in json.loads(run(*arguments).stdout)["results"]] == ["root", "web"]


def test_files_are_written_once_into_a_new_folder(run, tmp_path):
    out = tmp_path / "out"
    done = run("render", "--out", out)
    assert "objects 5" in done.stdout
    assert sorted(repos.snapshot(out)) == [
        "one/root/application-argocd-root.yaml",
        "one/root/application-argocd-web.yaml",
        "one/web/deployment-web-web-web.yaml",
        "one/web/pod-web-check.yaml",
        "one/web/secret-web-web.yaml",
    ]
    again = run("render", "--out", out)
    assert isinstance(again.exception, UserError)
    assert "is not empty" in str(again.exception)


def test_other_formats_print_the_report_only(run):
    told = json.loads(run("render", "--app", "web", "--format", "json").stdout)
    assert told["summary"]["objects"] == 3
    assert [one["app"] for one in told["results"]] == ["web"]
    assert "Values that differ at each render" in run("render", "--format", "markdown").stdout


def test_failure_is_the_callers_fault_and_the_rest_is_printed(run, world):
    world.chart("bad", {"templates/a.yaml": '{{ fail "no" }}'})
    world.cluster("one", {"bad.yaml": application("bad", source=helm("bad"))})
    done = run("render", "one")
    assert done.return_value == 2
    assert "kind: Deployment" in done.stdout
    assert "argocd-helm-charts/bad/templates/a.yaml:1: error chart/render-failed: no [one/bad]" in done.stderr


def test_a_chart_is_rendered_with_its_defaults_or_with_a_file(run, tmp_path):
    values = tmp_path / "v.yaml"
    values.write_text("replicas: 7\n")
    assert "replicas: 1\n" in run("web", command=charts_render).stdout
    assert "replicas: 7\n" in run("web", "--values", values, command=charts_render).stdout


def test_charts_that_fail_stop_no_others_and_are_named_at_the_line_of_their_values(run, world, tmp_path):
    world.chart("strict", {"values.schema.json": '{"properties": {"replicas": {"type": "string"}}}'})
    values = tmp_path / "v.yaml"
    values.write_text("\nreplicas: 7\n")
    done = run("--values", values, command=charts_render)
    assert done.return_value == 2
    assert "kind: Deployment" in done.stdout
    assert f"{values}:2: error chart/render-failed: replicas: got number, want string" in done.stderr


def test_a_chart_that_is_not_there_is_refused_with_the_nearest(run):
    done = run("wep", command=charts_render)
    assert "wep: no such chart; did you mean web?" in str(done.exception)


@pytest.mark.parametrize(("more", "shown"), [([], True), (["-q"], False)])
def test_terminal_shows_how_much_is_rendered(world, tmp_path, more, shown):
    ours, theirs = pty.openpty()
    options = ["--config-repo", world.config, "--kubeaid", world.kubeaid, "--format", "json"]
    argv = [sys.executable, "-m", "kubeaid_ci", "render", *map(str, options), *more]
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "PYTHONPATH": ROOT}
    ) as process:
        os.close(theirs)
        said = b"".join(_lines_of(ours))
    os.close(ours)
    assert process.returncode == 0
    assert (b"rendered 1 of 2" in said or b"rendered 2 of 2" in said) is shown


def _lines_of(terminal: int) -> Iterator[bytes]:
    # Linux tells of the other end's close by an error.
    with suppress(OSError):
        while piece := os.read(terminal, 4096):
            yield piece


def test_without_a_terminal_no_progress_is_between_the_report(run):
    assert "rendered 1 of" not in run("render").stderr


@pytest.fixture
def breaks_midway(world, monkeypatch):
    """Let the second of two clusters fail as a full disk does, in a group of its own."""
    world.cluster("two", {"web.yaml": application("web", source=helm())})
    monkeypatch.setattr(fleet, "_GROUP", 1)
    groups = []
    real = fleet._render

    def render(clusters, renderer):
        groups.append(clusters)
        if len(groups) > 1:
            raise OutsideError("the disk is full")
        real(clusters, renderer)

    monkeypatch.setattr(fleet, "_render", render)


@pytest.mark.usefixtures("breaks_midway")
def test_if_a_run_fails_midway_standard_output_has_whole_documents_and_files_are_left_as_they_were(run, tmp_path):
    report = tmp_path / "report.json"
    report.write_text("old")
    done = run("render", "--report", f"json={report}")
    assert str(done.exception) == "the disk is full"
    assert {one["kind"] for one in documents.load_all(done.stdout, where="output")} >= {"Application", "Deployment"}
    assert report.read_text() == "old"


@pytest.mark.usefixtures("breaks_midway")
def test_if_a_run_fails_midway_json_and_folders_are_not_begun(run, tmp_path):
    assert run("render", "--format", "json").stdout == ""
    assert isinstance(run("render", "--out", tmp_path / "out").exception, OutsideError)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_json_has_the_objects_of_every_cluster_whatever_the_size_of_a_group(run, world, monkeypatch):
    for name in ("a", "b"):
        world.cluster(name, {"web.yaml": application("web", source=helm())})
    first = json.loads(run("render", "--format", "json").stdout)
    monkeypatch.setattr(fleet, "_GROUP", 1)
    second = json.loads(run("render", "--format", "json").stdout)
    for document in (first, second):
        document["summary"].pop("cached")
        document.pop("revisions")
        for app in document["results"]:
            app.pop("cached")
    assert first == second
    assert first["summary"]["objects"] == sum(len(app["manifests"]) for app in first["results"])
