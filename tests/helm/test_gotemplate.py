import json
from pathlib import Path

import pytest

from kubeaid_ci import documents
from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate import MissingKeyError, StringList, StringMap, from_json, render
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import engine
from kubeaid_ci.helm.packed_chart import pack

CASES = documents.load(Path(__file__).with_name("gotemplates.yaml").read_text(), where="gotemplates.yaml")
DATA = {
    "path": {"path": "apps/eu-1/web", "basename": "web", "segments": StringList(["apps", "eu-1", "web"])},
    "values": StringMap({"env": "prod"}),
    **from_json(
        {
            "name": "Web_App 1",
            "n": 3,
            "half": 1.5,
            "account": 123456789012,
            "on": True,
            "nothing": None,
            "empty": "",
            "zones": ["eu-1", "us-2"],
            "tags": {"b": "2", "a": "1"},
            "deep": {"er": {"x": "y"}},
            "json": '{"a": [1, "x"]}',
        }
    ),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['template']} {case.get('option', '')}".strip())
def test_a_template_gives_what_go_gives(case):
    options = [case["option"]] if "option" in case else []
    if case.get("fails"):
        with pytest.raises(UserError):
            render(case["template"], DATA, options)
    else:
        assert render(case["template"], DATA, options) == case["gives"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ now }}",
        "{{ randAlphaNum 5 }}",
        "{{ uuidv4 }}",
        "{{ genCA .name 1 }}",
        "{{ keys .tags }}",
        "{{ kebabcase .name }}",
        '{{ regexMatch "(?i)x" .name }}',
        '{{ printf "%x" 3 }}',
        '{{ int "0x10" }}',
        '{{ set .deep "deep" .deep }}',
        "{{ urlquery .name }}",
        '{{ regexFindAll "p*" "apps" -1 | join "," }}',
        '{{ regexReplaceAll "x?" "axb" "-" }}',
        '{{ regexMatch "(a+)+$" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" }}',
        '{{ regexMatch "(a|a)*b" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac" }}',
        '{{ regexMatch "a*a*a*a*a*a*b" (repeat 200 "a") }}',
        r'{{ regexMatch "\\s" .name }}',
        "{{ toJson 0.00005 }}",
    ],
)
def test_what_is_not_computed_exactly_is_refused_and_never_guessed(template):
    with pytest.raises(UnsupportedError):
        render(template, {**DATA, "deep": {}})


@pytest.mark.parametrize("template", ["{{ .typo }}", "{{ .name.x }}"])
def test_a_missing_key_is_told_apart_from_other_errors(template):
    with pytest.raises(MissingKeyError):
        render(template, DATA, ["missingkey=error"])


def test_an_unknown_option_is_refused():
    with pytest.raises(UserError, match="missingkey=never"):
        render("x", DATA, ["missingkey=never"])


def test_a_template_that_calls_itself_ends():
    with pytest.raises(UnsupportedError, match="calls itself"):
        render('{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}', DATA)


def test_helms_own_engine_gives_the_same():
    """Of templates that call what both have, and that name no missing key: Helm takes such a key otherwise."""
    own = ("<no value>", "normalize", "slugify", "fromJson", ".nothing", ".values", "typo", "zz")
    cases = [case for case in CASES if "gives" in case and "option" not in case]
    cases = [case for case in cases if not any(word in case["template"] for word in own) and case["gives"].strip()]
    files = {f"templates/_{at}.tpl": case["template"].encode() for at, case in enumerate(cases)}
    calls = "".join(f'<<{at}>>{{{{ include "c/templates/_{at}.tpl" .Values }}}}' for at in range(len(cases)))
    files |= {"Chart.yaml": b"apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/all.txt": calls.encode()}
    given = json.dumps({key: value for key, value in DATA.items() if key != "nothing"})
    rendered = engine.render(
        pack(files, name="c", level=0), given, name="c", namespace="c", kube_version="v1.34.0", api_versions=()
    )
    (text,) = [text for path, text in rendered.files if path.endswith("all.txt")]
    found = dict(part.split(">>", 1) for part in text.split("<<")[1:])
    assert len(cases) > 30
    assert {at: found[str(at)].rstrip("\n") for at in range(len(cases))} == {
        at: case["gives"].rstrip("\n") for at, case in enumerate(cases)
    }
