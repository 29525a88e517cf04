import pytest

from kubeaid_ci.helm.exact_version import depends_on_version, for_version

VERSION = '(dict "Version" "v3.19.4" "GitCommit" "" "GitTreeState" "clean" "GoVersion" "")'


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ .Capabilities.HelmVersion.Version }}", f"{{{{ {VERSION}.Version }}}}"),
        ("{{ $.root.Capabilities.HelmVersion }}", f"{{{{ {VERSION} }}}}"),
        ("{{ mustToYaml .Values }}", "{{ mustToYaml_needs_Helm_4_0_0 .Values }}"),
        ("{{- .Values | mustToToml -}}", "{{- .Values | mustToToml_needs_Helm_4_2_0 -}}"),
    ],
)
def test_a_template_is_prepared_for_a_version(template, expected):
    files = {"templates/a.yaml": template.encode(), "values.yaml": template.encode()}
    assert depends_on_version([template.encode()])
    assert for_version(files, "3.19.4") == {**files, "templates/a.yaml": expected.encode()}


@pytest.mark.parametrize(
    "template",
    [
        "{{/* .Capabilities.HelmVersion and mustToYaml */}}",
        '{{ regexMatch "HelmVersion" (.Capabilities | toString) }} mustToYaml',
        "{{ .Values.mustToYaml }} {{ .Values.HelmVersion }} {{ $mustToYaml }}",
    ],
)
def test_what_only_looks_like_it_depends_on_no_version(template):
    files = {"templates/a.yaml": template.encode()}
    assert not depends_on_version([template.encode()])
    assert for_version(files, "3.19.4") is files


def test_a_function_that_the_version_has_stays():
    files = {"templates/a.yaml": b"{{ mustToYaml .Values }}"}
    assert for_version(files, "4.1.4") is files
