import json

import pytest

from kubeaid_ci.argocd.application_set import Listing, UnsupportedError, expand
from kubeaid_ci.errors import UserError

FILES = {
    "apps/a/x.yaml": "",
    "apps/b/deep/x.yaml": "",
    "apps/.git/x.yaml": "",
    "old/c/x.yaml": "",
    "top.yaml": "name: top\n",
    "conf/one.json": json.dumps({"name": "first", "at": {"zone": "eu"}, "zones": ["eu-1", "us-2"]}),
    "conf/two.yaml": "- {name: second}\n- {name: third}\n",
    "numbers.yaml": "name: n\naccount: 123456789012\nhalf: 1.5\nflag: yes\n1: one\nnone: null\n",
    "empty.yaml": "",
    "text.yaml": "just text\n",
}


def lookup(url, revision):
    if url != "here":
        raise UnsupportedError("elsewhere")
    return Listing(list(FILES), FILES.__getitem__, ["sub/module"])


def expanded(generators, name, *, template=None, **spec):
    template = template or {"metadata": {"name": name}, "spec": {"project": "p", "source": {"path": name}}}
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": {"generators": generators, "template": template, **spec},
    }
    found = expand(body, lookup)
    assert all(one.body["kind"] == "Application" and one.body["metadata"]["namespace"] == "argocd" for one in found)
    return found


def names(generators, name, **spec):
    return [one.name for one in expanded(generators, name, **spec)]


def git(**said):
    return {"git": {"repoURL": "here", "revision": "HEAD", **said}}


def elements(*items, **said):
    return {"list": {"elements": list(items)}, **said}


def folders(*patterns, **said):
    return git(directories=[{"path": one} for one in patterns], **said)


def files(*patterns, **said):
    return git(files=[{"path": one} for one in patterns], **said)


GO = {"goTemplate": True}
STRICT = {"goTemplate": True, "goTemplateOptions": ["missingkey=error"]}
AB = elements({"n": "a", "e": "prod"}, {"n": "b", "e": "dev"})


@pytest.mark.parametrize(
    ("generators", "name", "spec", "wanted"),
    [
        pytest.param([AB], "{{n}}-{{ e }}", {}, ["a-prod", "b-dev"], id="list"),
        pytest.param([AB], "{{ .n }}-{{ .typo }}", GO, ["a-<no value>", "b-<no value>"], id="missing key"),
        pytest.param([elements({"n": 1.0, "o": {"k": "v"}})], "{{ .n }}{{ .o.k }}", GO, ["1v"], id="list in Go"),
        pytest.param([elements({"values": {"x": "y"}})], "{{values.x}}", {}, ["y"], id="values of an element"),
        pytest.param(
            [{"list": {"elements": [], "elementsYaml": "- {a: x}\n- {a: z}"}}], "{{a}}", {}, ["x", "z"], id="YAML"
        ),
        pytest.param([elements({"n": "{{m}}", "m": "x"})], "{{n}}", {}, ["{{m}}"], id="never filled twice"),
        pytest.param([folders("apps/*")], "{{path.basename}}-{{path[0]}}", {}, ["a-apps", "b-apps"], id="folders"),
        pytest.param([folders("apps/**")], "{{path}}", {}, ["apps/a", "apps/b"], id="** is *"),
        pytest.param([folders("*/*", "*")], "{{path}}", {}, ["apps", "apps/a", "apps/b", "conf", "old", "old/c", "sub", "sub/module"], id="walk"),
        pytest.param(
            [git(directories=[{"path": "*/*"}, {"path": "apps/b", "exclude": True}, {"path": "sub/*", "exclude": True}])],
            "{{ .path.basename }}-{{ index .path.segments 0 }}",
            GO,
            ["a-apps", "c-old"],
            id="excluded folders",
        ),
        pytest.param([folders("old/*", values={"e": "env-{{path.basename}}"})], "{{values.e}}", {}, ["env-c"], id="values"),
        pytest.param(
            [folders("old/*", values={"e": "env-{{ .path.basename }}"})], "{{ .values.e }}", STRICT, ["env-c"], id="Go values"
        ),
        pytest.param([folders("old/*", values={"a": "x", "b": "{{values.a}}"})], "{{values.b}}", {}, ["{{values.a}}"], id="values see no values"),
        pytest.param([folders("old/*", pathParamPrefix="p")], "{{p.path.basename}}{{p.path[1]}}", {}, ["cc"], id="prefix"),
        pytest.param([folders("old/*", pathParamPrefix="p")], "{{ .p.path.path }}", GO, ["old/c"], id="prefix in Go"),
        pytest.param(
            [files("conf")], "{{name}}-{{at.zone}}-{{path.filename}}-{{path}}", {},
            ["first-eu-one.json-conf", "second-{{at.zone}}-two.yaml-conf", "third-{{at.zone}}-two.yaml-conf"],
            id="files of a folder",
        ),
        pytest.param([files("*.json")], "{{zones.0}}-{{zones.1}}", {}, ["eu-1-us-2"], id="flattened list"),
        pytest.param([files("*.json")], "{{ index .zones 1 }}", GO, ["us-2"], id="list in Go files"),
        pytest.param(
            [files("numbers.yaml")], "{{account}} {{half}} {{flag}} {{1}} {{none}}", {},
            ["1.23456789012e+11 1.5 true one <nil>"], id="numbers",
        ),
        pytest.param([files("numbers.yaml")], "{{ .account }} {{ .flag }}", GO, ["1.23456789012e+11 true"], id="Go numbers"),
        pytest.param([files("top.yaml")], "{{path}}|{{path.basename}}|{{path.basenameNormalized}}|{{path[0]}}", {}, [".|.||."], id="file at the top"),
        pytest.param([files("empty.yaml")], "{{path.filenameNormalized}}", {}, ["empty.yaml"], id="empty file"),
        pytest.param(
            [git(files=[{"path": "*.yaml"}, {"path": "*/*", "exclude": True}, {"path": "[!t]*", "exclude": True}, {"path": "te*", "exclude": True}])],
            "{{name}}", {}, ["top"], id="excluded files",
        ),
        pytest.param(
            [{"matrix": {"generators": [AB, folders("apps/*")]}}], "{{n}}-{{path.basename}}", {},
            ["a-a", "a-b", "b-a", "b-b"], id="matrix",
        ),
        pytest.param(
            [{"matrix": {"generators": [elements({"d": "old"}), folders("{{d}}/*")]}}], "{{path}}", {}, ["old/c"],
            id="matrix fills its second generator",
        ),
        pytest.param(
            [{"matrix": {"generators": [elements({"d": "old"}), folders("{{ .d }}/*", values={"v": "{{ .d }}", "w": "{{ .path.basename }}"})]}}],
            "{{ .values.v }}-{{ .values.w }}", STRICT, ["old-c"], id="matrix in Go",
        ),
        pytest.param(
            [{"matrix": {"generators": [elements({"k": "first"}), elements({"k": "second", "l": "x"})]}}],
            "{{ .k }}{{ .l }}", GO, ["firstx"], id="the first of a matrix wins in Go",
        ),
        pytest.param(
            [{"matrix": {"generators": [AB, {"matrix": {"generators": [elements({"x": "1"}), elements({"y": "2"})]}}]}}],
            "{{n}}{{x}}{{y}}", {}, ["a12", "b12"], id="matrix in a matrix",
        ),
        pytest.param(
            [{"merge": {"mergeKeys": ["n"], "generators": [AB, elements({"n": "b", "e": "over"}, {"n": "z", "e": "q"})]}}],
            "{{n}}-{{e}}", {}, ["a-prod", "b-over"], id="merge",
        ),
        pytest.param([{**AB, "selector": {"matchLabels": {"e": "prod"}}}], "{{n}}", {}, ["a"], id="selector"),
        pytest.param(
            [{**AB, "selector": {"matchExpressions": [{"key": "e", "operator": "NotIn", "values": ["prod"]}]}}],
            "{{n}}", {}, ["b"], id="expressions",
        ),
        pytest.param(
            [{**files("*.json"), "selector": {"matchLabels": {"at.zone": "us"}}}], "{{ .name }}", GO, [], id="flat selector"
        ),
        pytest.param([elements({"n": "x"}, {"n": "x"}, {"n": "y"})], "{{n}}", {}, ["x", "y"], id="repeated name"),
        pytest.param([{"list": AB["list"], "git": folders("old/*")["git"]}], "{{n}}{{path}}", {}, ["a{{path}}", "b{{path}}", "{{n}}old/c"], id="two in one entry"),
        pytest.param([elements({})], "{{typo}}", {}, ["{{typo}}"], id="no parameters"),
        pytest.param([], "x", {}, [], id="no generator"),
        pytest.param([AB], "{{n}}", {"strategy": {"type": "RollingSync"}, "preservedFields": {"labels": ["a"]}}, ["a", "b"], id="without effect"),
        pytest.param([AB], "{{n}}", {"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/syncPolicy"]}]}, ["a", "b"], id="kept sync policy"),
    ],
)  # fmt: skip
def test_names_of_the_applications(generators, name, spec, wanted):
    assert names(generators, name, **spec) == wanted


@pytest.mark.parametrize(
    ("generators", "spec", "message"),
    [
        pytest.param([elements({"num": 3})], {}, "num of an element", id="number without Go"),
        pytest.param([elements({"obj": {"k": "v"}})], {}, "obj of an element", id="object without Go"),
        pytest.param([elements({"values": {"k": 1}})], {}, "values.k", id="value that is no text"),
        pytest.param([elements({"a": "x"})], STRICT, "no entry for key 'n'", id="missingkey=error"),
        pytest.param([AB], {"goTemplate": True, "goTemplateOptions": ["missing=error"]}, "unknown option", id="option"),
        pytest.param([git()], {}, "without directories and files", id="git without paths"),
        pytest.param([files("text.yaml")], {}, "text.yaml: expected keys", id="file without keys"),
        pytest.param([folders("[")], {}, "not a pattern", id="pattern"),
        pytest.param([{"matrix": {"generators": [AB]}}], {}, "takes two", id="matrix of one"),
        pytest.param(
            [{"matrix": {"generators": [elements({"n": "a"}), elements({"n": "b"})]}}], {}, "both generators", id="conflict"
        ),
        pytest.param([{"matrix": {"generators": [AB, {}]}}], {}, "makes no parameters", id="empty inner generator"),
        pytest.param([{"merge": {"generators": [AB, AB]}}], {}, "without mergeKeys", id="no merge keys"),
        pytest.param(
            [{"merge": {"mergeKeys": ["x"], "generators": [AB, AB]}}], {}, "have the same keys", id="keys that repeat"
        ),
        pytest.param([{**AB, "selector": {"matchExpressions": [{"key": "e", "operator": "Is"}]}}], {}, "operator", id="operator"),
        pytest.param([{**AB, "selector": {"matchLabels": {"e e": "x"}}}], {}, "not a key", id="selector key"),
        pytest.param([AB], {"goTemplate": "yes"}, "spec.goTemplate: expected true or false", id="type of a field"),
        pytest.param([AB], {"templatePatch": "just text"}, "templatePatch", id="patch without keys"),
        pytest.param([AB], {"template": {"spec": {"source": {"path": 1}}}}, "write it in quotes", id="type in a template"),
    ],
)  # fmt: skip
def test_what_argo_cd_refuses_makes_no_application(generators, spec, message):
    template = spec.get("template") or {"metadata": {"name": "{{ .n }}"}, "spec": {}}
    with pytest.raises(UserError, match=message):
        expanded(generators, "", template=template, **{key: value for key, value in spec.items() if key != "template"})


@pytest.mark.parametrize(
    ("generators", "spec", "named"),
    [
        ([{"clusters": {}}], {}, "the generator clusters"),
        ([{"scmProvider": {"github": {}}}], {}, "the generator scmProvider"),
        ([{"pullRequest": {}}], {}, "the generator pullRequest"),
        ([{"plugin": {}}], {}, "the generator plugin"),
        ([{"clusterDecisionResource": {}}], {}, "the generator clusterDecisionResource"),
        ([{"matrix": {"generators": [AB, {"clusters": {}}]}}], {}, "the generator clusters"),
        ([{"newGenerator": {}}], {}, r"the field spec.generators\[0\].newGenerator"),
        ([{"list": {"elements": [], "newOption": True}}], {}, r"generators\[0\].list.newOption"),
        ([AB], {"newOption": True}, "the field spec.newOption"),
        ([AB], {"template": {"spec": {"source": {"tagSuffix": "x"}}}}, "spec.template.spec.source.tagSuffix"),
        ([AB], {"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/source/targetRevision"]}]}, "/spec/source"),
        ([AB], {"ignoreApplicationDifferences": [{"jqPathExpressions": [".spec.sources[0]"]}]}, ".spec.sources"),
        ([git(repoURL="there", directories=[{"path": "*"}])], {}, "elsewhere"),
        ([folders("sub/*/x")], {}, "sub/module is another repository"),
        ([elements(*[{"n": "x"}] * 2001)], {}, "more than 2000"),
        ([AB], {"template": {"metadata": {"name": "{{ uuidv4 }}"}}, "goTemplate": True}, "the function uuidv4"),
        ([AB], {"templatePatch": "spec: {$patch: replace}"}, r"templatePatch with \$patch"),
    ],
)  # fmt: skip
def test_what_is_not_computed_is_named(generators, spec, named):
    template = spec.get("template") or {"metadata": {"name": "{{n}}"}, "spec": {}}
    rest = {key: value for key, value in spec.items() if key != "template"}
    with pytest.raises(UnsupportedError, match=named):
        expanded(generators, "", template=template, **rest)


@pytest.mark.parametrize(
    ("patch", "spec", "wanted"),
    [
        ("spec: {source: {path: '{{n}}-p'}}", {}, {"project": "p", "source": {"path": "a-p", "helm": {"valueFiles": ["x"]}}}),
        ("spec: {project: other}", {}, {"project": "p", "source": {"path": "a", "helm": {"valueFiles": ["x"]}}}),
        ("spec: {source: {helm: {valueFiles: [v]}}}", {}, {"project": "p", "source": {"path": "a", "helm": {"valueFiles": ["v"]}}}),
        ("spec: {source: {helm: null}}", {}, {"project": "p", "source": {"path": "a"}}),
        ("{{- if false }}\nspec: {project: x}\n{{- end }}", {**GO, "name": "{{ .n }}"}, {"project": "p", "source": {"path": "a", "helm": {"valueFiles": ["x"]}}}),
        ("# nothing\n", {}, {"project": "p", "source": {"path": "a", "helm": {"valueFiles": ["x"]}}}),
        (
            "{{- if eq .e `prod` }}\nspec: {syncPolicy: {automated: {prune: true}}}\n{{- end }}\nmetadata: {labels: {e: x}}",
            {**GO, "name": "{{ .n }}"},
            {"project": "p", "source": {"path": "a", "helm": {"valueFiles": ["x"]}}, "syncPolicy": {"automated": {"prune": True}}},
        ),
    ],
)  # fmt: skip
def test_a_template_patch_is_merged_but_for_the_project(patch, spec, wanted):
    name = spec.get("name", "{{n}}")
    source = {"path": name, "helm": {"valueFiles": ["x"]}}
    template = {"metadata": {"name": name}, "spec": {"project": "p", "source": source}}
    rest = {key: value for key, value in spec.items() if key != "name"}
    made = expanded([AB], "", template=template, templatePatch=patch, **rest)
    assert made[0].body["spec"] == wanted


def test_finalizers_of_a_patch_are_added():
    template = {"metadata": {"name": "{{n}}", "finalizers": ["a"]}, "spec": {}}
    (made, _) = expanded([AB], "", template=template, templatePatch="metadata: {finalizers: [a, b]}")
    assert made.body["metadata"]["finalizers"] == ["a", "b"]


def test_a_generators_template_counts_before_that_of_the_set():
    own = {"metadata": {"labels": {"a": "own"}}, "spec": {"source": {"path": "{{n}}-own"}}}
    generator = {"list": {**AB["list"], "template": own}}
    base = {
        "metadata": {"name": "{{n}}", "labels": {"a": "base", "b": "base"}},
        "spec": {"project": "p", "source": {"path": "base", "repoURL": "here"}},
    }
    (made, _) = expanded([generator], "", template=base)
    assert made.body["metadata"]["labels"] == {"a": "own", "b": "base"}
    assert made.body["spec"] == {"project": "p", "source": {"path": "a-own", "repoURL": "here"}}


def test_keys_and_data_of_the_template_are_filled_too():
    values = {"{{n}}": ["{{e}}", 1, None]}
    template = {
        "metadata": {"name": "x", "annotations": {"{{n}}": "{{e}}"}},
        "spec": {"source": {"helm": {"valuesObject": values}}},
    }
    (made,) = expanded([AB], "", template=template)
    assert made.body["metadata"]["annotations"] == {"a": "prod"}
    assert made.body["spec"]["source"]["helm"]["valuesObject"] == {"a": ["prod", 1, None]}


def test_repeated_names_and_tags_that_are_no_parameter_are_reported():
    repeated, alone = expanded([elements({"n": "x"}, {"n": "x"}, {"n": "y"})], "{{n}}")
    assert (repeated.is_repeated, alone.is_repeated) == (True, False)
    assert repeated.leftover == ()
    (made,) = expanded([elements({"n": "x"})], "{{n}}-{{ typo }}")
    assert made.leftover == ("{{ typo }}",)


def test_metadata_that_is_no_mapping_is_refused():
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": ["x"], "spec": {}}
    with pytest.raises(UserError, match="metadata: expected keys with values"):
        expand(body, lambda url, revision: pytest.fail("nothing to look up"))
