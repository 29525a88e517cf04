import pytest

from kubeaid_ci.helm.template_scan import (
    CLOCK_READINGS,
    ClockReading,
    asked_versions,
    defined_versions,
    may_vary,
    with_fake_clock,
)

READING = ClockReading("2001-02-03T04:05:06", "min")


@pytest.mark.parametrize(
    ("text", "varies"),
    [
        ("{{ randAlphaNum 5 }}", True),
        ('{{- $ca := genCA (printf "x") 365 }}', True),
        ('{{ now | date "2006" }}', True),
        ("{{ range keys .Values.a }}", True),
        ("{{ uuidv4 }}", True),
        ("{{ (htpasswd .Values.user .Values.password) }}", True),
        ('{{ .Values.keys }} {{ include "now" . }} {{ $values }}', False),
        ("keys, values and now: no template", False),
        ("{{ .Values.generated }}", False),
        ("{{/* keys and values as generated now */}}", False),
        ('{{ fail "values must be keys" }}', False),
        ("{{- /* as in {{ include keys values }}, now */ -}}{{ .Values.a }}", False),
        ("{{/* a comment */}}{{ now }}", True),
        ("""{{ printf "}}" .a }}{{ now }}{{ quote "x" }}""", True),
        ("""{{ printf `}}` .a }}{{ now }}{{ quote `x` }}""", True),
        ("{{ if .a /* }}{{ now }}{{ */ }}", True),
        ("{{ quote 'a\\}}{{ now }}{{ 'b' }}", True),
        ("""{{ "now" }}{{ .a }}{{ "now" }}""", False),
        ("{{ n }}{{ ow }}", False),
    ],
)
def test_what_calls_a_random_function_may_vary(text, varies):
    assert may_vary(text) is varies


@pytest.mark.parametrize(
    ("template", "stopped"),
    [
        ('{{ now | date "2006" }}', '{{ NOW | date "2006" }}'),
        ("{{- $now := now }}{{ (now).Unix }}", "{{- $now := NOW }}{{ (NOW).Unix }}"),
        ("now {{ .Values.now }} {{ $now }} {{ nowhere }}", "now {{ .Values.now }} {{ $now }} {{ nowhere }}"),
        ('{{ include "is now" . }}{{/* now */}}{{ `now` }}', '{{ include "is now" . }}{{/* now */}}{{ `now` }}'),
    ],
)
def test_the_clock_is_stopped_where_a_template_reads_it(template, stopped):
    assert with_fake_clock(template, READING) == stopped.replace(
        "NOW", '(toDate "2006-01-02T15:04:05" "2001-02-03T04:05:06")'
    )


def test_certificates_are_made_of_the_moment_and_take_any_arguments():
    made = with_fake_clock('{{ $ca := genCA "it is" 365 }}{{ (genSignedCert "x" nil nil 1 $ca).Cert }}', READING)
    call = (
        'dict "Cert" "-----BEGIN CERTIFICATE-----\\n20010203T040506\\n-----END CERTIFICATE-----\\n"'
        ' "Key" "-----BEGIN RSA PRIVATE KEY-----\\n20010203T040506\\n-----END RSA PRIVATE KEY-----\\n"'
    )
    assert made == f'{{{{ $ca := {call} "it is" 365 }}}}{{{{ ({call} "x" nil nil 1 $ca).Cert }}}}'
    assert with_fake_clock("{{ genCA 1 }}{{ now }}", READING, has_randomness=True).startswith("{{ genCA 1 }}{{ (toDate")


def test_a_number_is_another_at_each_moment():
    text = "{{ randInt 0 12 }} {{ .Values.randInt }} randInt"
    assert [with_fake_clock(text, reading) for reading in CLOCK_READINGS] == [
        "{{ min 0 12 }} {{ .Values.randInt }} randInt",
        "{{ max 0 12 }} {{ .Values.randInt }} randInt",
    ]
    assert with_fake_clock(text, CLOCK_READINGS[0], has_randomness=True) == text


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (
            '{{ if .Capabilities.APIVersions.Has "b/v1" }}{{ if $.Capabilities.APIVersions.Has "a/v1/K" }}',
            ("a/v1/K", "b/v1"),
        ),
        ("{{ (.Capabilities.APIVersions.Has `a/v1`) }}", ("a/v1",)),
        ("{{ .Capabilities.KubeVersion.Version }}{{ .Capabilities.HelmVersion }}", ()),
        ("APIVersions are told by Capabilities", ()),
        ("{{/* .Capabilities.APIVersions.Has $it */}}", ()),
        ('{{ fail "see Capabilities.APIVersions" }}', ()),
        ("{{ .Capabilities.APIVersions.Has $it }}", None),
        ('{{ "a/v1" | .Capabilities.APIVersions.Has }}', None),
        ('{{ .Capabilities.APIVersions.Has (printf "%s/v1" "a") }}', None),
        ("{{ range .Capabilities.APIVersions }}", None),
        ("{{ toYaml .Capabilities }}", None),
        ('{{ index .Capabilities "APIVersions" }}', None),
        ("{{ $c := .Capabilities }}", None),
        ("{{ .Capabilities.KubeVersionX }}", None),
    ],
)
def test_what_a_template_asks_the_cluster_for(text, asked):
    assert asked_versions(["{{ .Values.a }}", text]) == asked


def test_the_versions_of_a_generated_definition_are_guessed():
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  {{- if .Values.a }}\n"
        "  name: webs.example.com\nspec:\n  group: example.com\n  names:\n    categories:\n    - all\n    kind: Web\n"
        "  versions:\n  - additionalPrinterColumns:\n    - name: v9\n    name: v1\n  - name: v1beta1\n    served: true\n"
    )
    text = f"kind: Other\nspec:\n  group: none.example.com\n---\n{definition}"
    found = ["example.com/v1", "example.com/v1/Web", "example.com/v1beta1", "example.com/v1beta1/Web"]
    assert sorted(set(defined_versions(text))) == found
    assert list(defined_versions(text.replace("CustomResourceDefinition", "Other"))) == []
