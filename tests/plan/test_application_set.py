import json

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.plan.application_set import Listing, UnsupportedError, expand

FILES = {
    "apps/a/x.yaml": "",
    "apps/b/deep/x.yaml": "",
    "apps/.git/x.yaml": "",
    "old/c/x.yaml": "",
    "conf/one.json": json.dumps({"name": "first", "at": {"zone": "eu"}}),
    "conf/two.yaml": "- {name: second}\n- {name: third}\n",
}


def lookup(url, revision):
    if url != "here":
        raise UnsupportedError("elsewhere")
    return Listing(list(FILES), FILES.__getitem__)


def made(generators, name, **spec):
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": {"generators": generators, "template": {"metadata": {"name": name}, "spec": {"n": [1, name]}}, **spec},
    }
    found = list(expand(body, lookup))
    assert all(one["kind"] == "Application" and one["metadata"]["namespace"] == "argocd" for one in found)
    assert all(one["spec"] == {"n": [1, one["metadata"]["name"]]} for one in found)
    return [one["metadata"]["name"] for one in found]


def git(**said):
    return [{"git": {"repoURL": "here", "revision": "HEAD", **said}}]


def test_a_list_gives_an_application_an_element():
    elements = [{"list": {"elements": [{"a": "x", "b": {"c": 1}}, {"a": "y"}]}}]
    assert made(elements, "{{a}}-{{ b.c }}") == ["x-1", "y-{{ b.c }}"]
    assert made(elements, "{{ .a }}-{{ .b.c }}", goTemplate=True) == ["x-1", "y-<no value>"]


def test_folders_are_chosen_by_pattern_and_exclusion():
    directories = [{"path": "apps/*"}, {"path": "old/*"}, {"path": "apps/b", "exclude": True}]
    assert made(git(directories=directories), "{{path.basename}}-{{path[0]}}") == ["a-apps", "c-old"]
    assert made(git(directories=directories), "{{ .path.basename }}-{{ index .path.segments 0 }}", goTemplate=True) == [
        "a-apps",
        "c-old",
    ]


def test_files_give_their_content_and_their_path():
    names = made(git(files=[{"path": "conf/**"}]), "{{name}}-{{at.zone}}-{{path.filename}}-{{path}}")
    assert names == [
        "first-eu-one.json-conf",
        "second-{{at.zone}}-two.yaml-conf",
        "third-{{at.zone}}-two.yaml-conf",
    ]


def test_values_of_a_generator_are_parameters():
    assert made(git(directories=[{"path": "old/*"}], values={"v": "w"}), "{{values.v}}") == ["w"]


@pytest.mark.parametrize(
    ("generators", "spec", "named"),
    [
        ([{"clusters": {}}], {}, "the generator clusters"),
        ([{"matrix": {"generators": []}}], {}, "the generator matrix"),
        ([{"list": {"elements": []}, "selector": {"matchLabels": {"a": "b"}}}], {}, "selector"),
        ([{"list": {"elementsYaml": "[]"}}], {}, "elementsYaml"),
        ([{"git": {"repoURL": "there", "directories": [{"path": "*"}]}}], {}, "elsewhere"),
        ([], {"templatePatch": "x"}, "templatePatch"),
        ([{"list": {"elements": [{}]}}], {"goTemplate": True}, "the template {{ if .a }}"),
        ([{"list": {"elements": [{}] * 3000}}], {}, "more than 2000"),
    ],
)
def test_what_is_not_followed_is_named(generators, spec, named):
    with pytest.raises(UnsupportedError, match=named.replace("{", r"\{")):
        made(generators, "{{ if .a }}", **spec)


def test_an_index_past_the_end_is_refused():
    with pytest.raises(UserError, match="no such item"):
        made(git(directories=[{"path": "old/*"}]), "{{ index .path.segments 7 }}", goTemplate=True)
