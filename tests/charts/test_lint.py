import json

import pytest

from kubeaid_ci import lint_charts
from kubeaid_ci.cli import main as cli
from kubeaid_ci.errors import UserError
from kubeaid_ci.render.rendering import RenderStatus
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings
from tests.umbrellas import metadata, umbrella

OBJECT = "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n"
CHOOSING = (
    '{{- if semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version }}\n'
    "apiVersion: policy/v1\n{{- else }}\napiVersion: policy/v1beta1\n{{- end }}\n"
    "kind: PodDisruptionBudget\nmetadata:\n  name: web\n"
)


def thing(api="v1", kind="ConfigMap", name="web"):
    return OBJECT.format(api=api, kind=kind, name=name)


@pytest.fixture
def lint(tmp_path):
    """Lints one umbrella chart ``web`` of these files."""

    def run(files, *, more="", **options):
        umbrella(tmp_path, "web", {"Chart.yaml": metadata("web", "1.0.0", more=more), **files})
        return lint_charts(tmp_path, cache=False, **options)

    return run


def said(found):
    return [(one.rule.id, str(one.severity), one.path, one.line) for one in found.findings]


def test_a_chart_without_fault_is_silent(lint):
    found = lint({"templates/a.yaml": thing()})
    assert said(found) == []
    ((result,), versions) = found.results, found.kubernetes
    assert (result.chart, result.status, result.objects) == ("web", RenderStatus.RENDERED, 1)
    assert [str(version) for version in versions] == ["1.34.0"]


def test_a_chart_that_asks_for_values_says_which_and_is_no_error(lint):
    found = lint({"templates/a.yaml": '{{ required "set domain" .Values.domain }}\n'})
    assert said(found) == [("chart/render-failed", "warning", "argocd-helm-charts/web/templates/a.yaml", 1)]
    assert found.findings[0].message == "does not render with its default values: set domain"
    assert found.results[0].status is RenderStatus.FAILED


def test_one_chart_that_fails_stops_no_other(lint, tmp_path):
    umbrella(tmp_path, "other", {"Chart.yaml": metadata("other", "1.0.0"), "templates/a.yaml": thing()})
    found = lint({"templates/a.yaml": '{{ fail "no" }}\n'})
    assert [(one.chart, one.status.value) for one in found.results] == [("other", "rendered"), ("web", "failed")]


def test_an_api_that_the_newest_version_has_dropped_is_an_error(lint):
    files = {"templates/a.yaml": thing("batch/v1beta1", "CronJob")}
    found = lint(files, kubernetes=(Version.parse("1.20"), Version.parse("1.25")))
    assert said(found) == [("chart/deprecated-api", "error", "argocd-helm-charts/web/templates/a.yaml", None)]


def test_a_chart_that_chooses_its_api_by_version_is_rendered_for_both_ends(lint):
    assert said(lint({"templates/a.yaml": CHOOSING}, kubernetes=(Version.parse("1.20"), Version.parse("1.33")))) == []


def test_versions_are_those_of_the_settings_where_none_is_named(lint):
    settings = Settings(kubernetes_version=Version.parse("1.24"))
    found = lint({"templates/a.yaml": thing("batch/v1beta1", "CronJob")}, settings=settings)
    assert [str(one.severity) for one in found.findings] == ["warning"]


def test_an_object_that_is_there_twice_is_told_with_both_places(lint):
    found = lint({"templates/a.yaml": thing(), "templates/b.yaml": thing()})
    assert said(found) == [("chart/duplicate-object", "warning", "argocd-helm-charts/web/templates/b.yaml", None)]
    assert "in argocd-helm-charts/web/templates/a.yaml too" in found.findings[0].message


def test_helms_own_linter_is_heard_but_not_on_matters_of_taste(lint):
    found = lint({"Chart.yaml": metadata("web", "v1.0.0"), "templates/a.yaml": thing()})
    assert said(found) == [("chart/lint", "warning", "argocd-helm-charts/web/Chart.yaml", None)]
    assert "v1.0.0" in found.findings[0].message


def test_an_unknown_chart_is_refused_with_the_nearest(lint):
    with pytest.raises(UserError, match="wab: no such chart; did you mean web"):
        lint({"templates/a.yaml": thing()}, charts=["wab"])


def test_the_command_lints_a_range_of_versions(lint, tmp_path, monkeypatch, capsys):
    lint({"templates/a.yaml": thing("batch/v1beta1", "CronJob")})
    argv = ["charts", "lint", "--kubeaid", str(tmp_path), "--kubernetes", "1.22..1.30", "--format", "json", "-q"]
    monkeypatch.setattr("sys.argv", ["kubeaid-ci", *argv])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert told["summary"]["kubernetes"] == "1.22 to 1.30"
    (result,) = told["results"]
    assert {**result, "cached": None} == {
        "chart": "web",
        "status": "rendered",
        "objects": 1,
        "error": None,
        "cached": None,
    }


@pytest.mark.parametrize("text", ["new", "1.30..", "..", "1.30-1.34"])
def test_a_range_that_is_none_is_wrong_usage(lint, tmp_path, monkeypatch, capsys, text):
    lint({"templates/a.yaml": thing()})
    monkeypatch.setattr("sys.argv", ["kubeaid-ci", "charts", "lint", "--kubeaid", str(tmp_path), "--kubernetes", text])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "version" in capsys.readouterr().err
