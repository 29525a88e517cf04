import json
import pickle

import pytest

from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.helm import engine
from kubeaid_ci.helm.engine import HelmError
from kubeaid_ci.helm.version import rules
from kubeaid_ci.runtime.workers import Limits, Worker
from tests import helm_binaries
from tests.helm_charts import chart, pack
from tests.helm_versions import version_of, written

CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"


def render(files, values="", **options):
    options = {"name": "rel", "namespace": "ns", "kube_version": "v1.34.0", **options}
    return engine.render(pack("x", chart("x", files)), json.dumps(engine.read_values(values)), **options)


def rendered(template, values="", **options):
    return dict(render({"templates/a.yaml": template}, values, **options).files)["x/templates/a.yaml"]


def test_the_private_call_takes_the_capabilities_of_a_cluster():
    template = (
        "{{ .Capabilities.KubeVersion }} {{ .Release.Name }} {{ .Release.Namespace }} "
        '{{ .Capabilities.APIVersions.Has "acme.example.com/v1/Widget" }} {{ .Release.IsInstall }}'
    )
    given = {"kube_version": "v1.29.3", "api_versions": ["acme.example.com/v1/Widget"]}
    assert rendered(template, **given) == "v1.29.3 rel ns true true"
    assert rendered(template) == "v1.34.0 rel ns false true"


def test_notes_partials_and_empty_files_are_left_out():
    files = {
        "templates/NOTES.txt": "hi",
        "templates/_a.tpl": "x",
        "templates/e.yaml": " \n",
        "templates/b.yaml": "b: 1",
    }
    assert render(files).files == (("x/templates/b.yaml", "b: 1"),)


def test_crds_of_a_disabled_subchart_are_left_out_in_every_rendering_of_one_archive():
    more = "dependencies:\n- {name: sub, version: 1.0.0, repository: '', condition: sub.enabled}\n"
    files = {"crds/own.yaml": CRD}
    files |= {
        f"charts/sub/{path}": text
        for path, text in chart("sub", {"crds/b.yaml": CRD, "templates/c.yaml": "c: 1"}).items()
    }
    archive = pack("x", chart("x", files, more=more))
    options = {"name": "rel", "namespace": "ns", "kube_version": "v1.34.0"}
    for enabled in (False, True, False):
        made = engine.render(archive, json.dumps({"sub": {"enabled": enabled}}), **options)
        with_sub = enabled
        assert [path for path, _ in made.crds] == ["x/charts/sub/crds/b.yaml"] * with_sub + ["x/crds/own.yaml"]
        assert [path for path, _ in made.files] == ["x/charts/sub/templates/c.yaml"] * with_sub


def test_a_template_looks_no_name_up():
    assert rendered('{{ getHostByName "localhost" | quote }}') == '""'


def test_values_are_yaml_as_helm_reads_it():
    assert rendered("{{ .Values | toJson }}", "a: yes\nb: 1\nb: 2\n") == '{"a":true,"b":2}'
    assert rendered("{{ .Values | toJson }}", '{"a": [1, null]}') == '{"a":[1,null]}'


@pytest.mark.parametrize(
    ("template", "message", "line"),
    [
        ('\n{{ fail "not\\nlike this" }}', "not\nlike this", 2),
        ("{{ .Values.a.b }}", "<.Values.a.b>: nil pointer evaluating interface {}.b", 1),
        ("{{ nosuch }}", 'function "nosuch" not defined', 1),
        ('a\n{{ include "gone" . }}', 'no template "gone" associated with template "gotpl"', 2),
    ],
)
def test_an_error_says_the_reason_and_the_place_only(template, message, line):
    with pytest.raises(HelmError) as caught:
        rendered(template)
    assert caught.value.message.endswith(message)
    assert (caught.value.path, caught.value.line) == ("x/templates/a.yaml", line)
    assert str(caught.value).startswith(f"x/templates/a.yaml:{line}: ")


def test_the_innermost_template_is_the_place_of_an_error():
    files = {
        "templates/a.yaml": '{{ include "deep" . }}',
        "templates/_b.tpl": '{{ define "deep" }}\n{{ .Values.a.b }}{{ end }}',
    }
    with pytest.raises(HelmError) as caught:
        render(files)
    assert (caught.value.path, caught.value.line) == ("x/templates/_b.tpl", 2)


def test_endless_recursion_is_a_short_error():
    with pytest.raises(HelmError) as caught:
        rendered('{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}')
    assert len(str(caught.value)) < 700


def test_values_that_the_schema_refuses_say_so():
    schema = '{"properties": {"a": {"type": "number"}}}'
    with pytest.raises(HelmError, match="at '/a': got string, want number") as caught:
        render({"values.schema.json": schema, "templates/a.yaml": "a: 1"}, "a: z")
    assert caught.value.schema


@pytest.mark.parametrize(
    "archive",
    [b"", b"no archive", pack("x", {"Chart.yaml": "name: ["}), pack("x", {"a": "b"})],
    ids=["empty", "text", "broken", "no chart"],
)
def test_what_is_no_chart_is_refused(archive):
    with pytest.raises(HelmError):
        engine.render(archive, "{}", name="r", namespace="n", kube_version="v1.34.0")


@pytest.mark.parametrize("values", ["- a", "a: ["])
def test_values_that_are_no_mapping_are_refused_and_that_is_no_matter_of_the_schema(values):
    with pytest.raises(HelmError) as caught:
        rendered("a: 1", values)
    assert not caught.value.schema


def test_lint_tells_severity_and_file():
    archive = pack("x", chart("x", {"templates/a.yaml": "a: {{ .Values.a.b }}\n"}))
    found = engine.lint(archive, "{}", namespace="ns", kube_version="v1.34.0")
    assert {(one.severity, one.path) for one in found} >= {
        (Severity.INFO, "Chart.yaml"),
        (Severity.ERROR, "templates/"),
    }
    assert not [
        one
        for one in engine.lint(archive, '{"a": {"b": 1}}', namespace="ns", kube_version="v1.34.0")
        if one.severity == "error"
    ]


@pytest.mark.parametrize(
    ("text", "helm_3", "helm_4"),
    [
        ("a: 1\n---\nb: 2\n", {"a": 1.0}, {"a": 1.0, "b": 2.0}),
        ("a: 1\n--- # b\nb: 2\n", {"a": 1.0}, {"a": 1.0, "b": 2.0}),
        ("a: 1\r\n---\r\nb: 2\r\n", {"a": 1.0}, {"a": 1.0, "b": 2.0}),
        ("a: {b: 1}\n---\na: {c: 2}\n---\na: {b: null}\n", {"a": {"b": 1.0}}, {"a": {"b": None, "c": 2.0}}),
        ("---\n---\na: 1\n", {}, {"a": 1.0}),
        ("a: 1\n...\nb: 2\n", {"a": 1.0}, {"a": 1.0}),
        ("a: |\n  x\n  ---\n  y\n", {"a": "x\n---\ny\n"}, {"a": "x\n---\ny\n"}),
        ("a: 1\n---", {"a": 1.0}, {"a": 1.0}),
        ("a: 1\n---b: 2\n", {"a": 1.0, "---b": 2.0}, None),
        ("a: 1\n---\n- b\n", {"a": 1.0}, None),
        ("a: 1\n---\nb: [\n", {"a": 1.0}, None),
        ("%YAML 1.1\n---\na: 1\n", {"a": 1.0}, None),
        ("a: " + "x" * 4093, {"a": "x" * 4093}, {}),
        ("b: 1\na: " + "x" * 8189, {"b": 1.0, "a": "x" * 8189}, {"b": 1.0}),
        ("a: " + "x" * 4093 + "\n", {"a": "x" * 4093}, {"a": "x" * 4093}),
        ("", {}, {}),
        ("# empty\n", {}, {}),
        ("a: b\0c", None, None),
    ],
)
def test_documents_of_a_values_file(text, helm_3, helm_4, tmp_path):
    for version, values in (("3.19.4", helm_3), ("4.2.1", helm_4)):
        if values is None:
            with pytest.raises(HelmError):
                engine.read_values(text, rules(version))
        else:
            assert engine.read_values(text, rules(version)) == values


@helm_binaries.needs_helm
@pytest.mark.parametrize("program", helm_binaries.programs(), ids=lambda path: path.name)
def test_documents_are_those_that_real_helm_reads(program, tmp_path):
    marks = [one for one in test_documents_of_a_values_file.pytestmark if one.name == "parametrize"]
    folder = written(tmp_path / "chart", chart("c", {"templates/a.yaml": "v: {{ .Values | toJson }}\n"}))
    for text, _, _ in marks[0].args[1]:
        (tmp_path / "values.yaml").write_bytes(text.encode())
        made = helm_binaries.run("template", folder, "--values", tmp_path / "values.yaml", program=program)
        try:
            ours = engine.read_values(text, rules(version_of(program)))
        except HelmError:
            ours = None
        assert (json.loads(made.stdout.partition("v: ")[2]) if made.returncode == 0 else None) == ours, text


def test_a_worker_renders_and_hands_errors_on():
    worker = Worker(Limits())
    try:
        assert worker.run(rendered_in_worker, "a: 1") == "a: 1"
        with pytest.raises(HelmError, match="no"):
            worker.run(rendered_in_worker, '{{ fail "no" }}')
    finally:
        worker.close()


def rendered_in_worker(template):
    return rendered(template)


def test_an_error_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(HelmError("no", "x/templates/a.yaml", 3, schema=True)))
    assert (str(error), error.schema) == ("x/templates/a.yaml:3: no", True)


def test_the_version_is_that_of_helm():
    assert engine.version().startswith("v4.")
