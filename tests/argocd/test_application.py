import pytest

from kubeaid_ci.argocd.application import Application, Parameter, is_application
from kubeaid_ci.argocd.sync import hooks, is_test
from kubeaid_ci.errors import UserError


def parse(**spec):
    return Application.parse({"metadata": {"name": "web"}, "spec": spec})


def test_a_source_is_read_whole():
    helm = {
        "releaseName": "r",
        "namespace": "n",
        "valueFiles": ["a.yaml"],
        "values": "a: 1",
        "valuesObject": {"a": 1},
        "parameters": [{"name": "x", "value": "1", "forceString": True}, {"name": "y", "value": True and "true"}],
        "fileParameters": [{"name": "f", "path": "p"}],
        "skipCrds": True,
        "skipTests": True,
        "skipSchemaValidation": True,
        "kubeVersion": "1.29",
        "apiVersions": ["a/v1"],
        "ignoreMissingValueFiles": True,
    }
    made = parse(
        source={"repoURL": "git@host:a/b.git", "path": "/x/", "targetRevision": "1.0", "helm": helm},
        destination={"namespace": "d"},
    )
    source = made.sources[0]
    assert (made.name, made.namespace, source.path, source.revision, source.tool) == ("web", "d", "x", "1.0", "helm")
    assert source.remote is not None
    assert source.helm.parameters == (Parameter("x", "1", is_text=True), Parameter("y", "true"))
    assert source.helm.file_parameters == (Parameter("f", "p"),)
    assert (source.helm.kube_version, source.helm.api_versions, source.helm.values_object) == (
        "1.29",
        ("a/v1",),
        {"a": 1},
    )


def test_several_sources_win_over_the_single_one():
    made = parse(
        source={"repoURL": "a/b"}, sources=[{"repoURL": "c/d", "ref": "values"}, {"repoURL": "e/f", "path": "x"}]
    )
    assert [source.url for source in made.sources] == ["c/d", "e/f"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "without a source"),
        ({"source": "x"}, "source: expected keys with values"),
        ({"sources": {}}, "sources: expected a list"),
        ({"source": {"repoURL": ["x"]}}, "repoURL: expected text"),
        (
            {"source": {"repoURL": "x", "targetRevision": 1.0}},
            "targetRevision: expected text, not the number 1.0; write it in",
        ),
        ({"source": {"repoURL": "x", "helm": {"version": "v2"}}}, "does not support the Helm version v2"),
        ({"source": {"repoURL": "x", "helm": {"kubeVersion": "one"}}}, "'one' is not a version"),
        ({"source": {"repoURL": "x", "helm": {"kubeVersion": "1"}}}, "'1' is not a version"),
        ({"source": {"repoURL": "x", "directory": {"recurse": "true"}}}, "recurse: expected true or false, not text"),
        (
            {"source": {"repoURL": "x", "helm": {"parameters": [{"name": "a", "value": 1}]}}},
            r"parameters\[0\].value: expected",
        ),
        ({"source": {"repoURL": "x", "helm": {"skipCrds": "yes"}}}, "skipCrds: expected true or false"),
        ({"source": {"repoURL": "x", "kustomize": {"commonLabels": {"a": 1}}}}, "commonLabels.a: expected text"),
        ({"source": {"repoURL": "x", "helm": {"values": "a"}, "directory": {"recurse": True}}}, "helm and directory"),
        ({"source": {"repoURL": "x", "helm": {"valuesObject": "a: 1"}}}, "valuesObject: expected keys with values"),
    ],
)
def test_what_cannot_be_read_is_named(spec, message):
    with pytest.raises(UserError, match=message):
        parse(**spec)


def test_credentials_in_an_address_are_not_shown():
    assert (
        parse(source={"repoURL": "https://user:secret@host/a/b", "path": "x"}).sources[0].shown_url
        == "https://host/a/b"
    )


def test_only_argocds_own_kind_is_an_application():
    assert is_application({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"})
    assert not is_application({"apiVersion": "app.k8s.io/v1beta1", "kind": "Application"})
    assert is_application({"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet"}, "ApplicationSet")


def test_hooks_are_read_from_annotations():
    def body(**annotations):
        return {"metadata": {"annotations": annotations}}

    helm, argocd = "helm.sh/hook", "argocd.argoproj.io/hook"
    assert hooks(body(**{helm: "pre-install, post-upgrade"})) == ("pre-install", "post-upgrade")
    assert hooks(body(**{helm: "test", argocd: "PostSync"})) == ("PostSync",)
    assert [is_test(body(**{helm: said})) for said in ("test", "test-success", "test,pre-install", "")] == [
        True,
        True,
        False,
        False,
    ]
    assert hooks({"metadata": None}) == hooks({}) == hooks({"metadata": {"annotations": [1]}}) == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [("", ""), ("1.34", "1.34"), ("v1.34.2", "1.34.2"), ("v1.30.1-eks-a1b2", "1.30.1"), ("1.30.1+k3s1", "1.30.1")],
)
def test_the_version_of_kubernetes_is_read_without_what_a_provider_adds(written, read):
    source = {"repoURL": "x", "path": "y", "helm": {"kubeVersion": written, "version": "v3"}}
    assert parse(source=source).sources[0].helm.kube_version == read


@pytest.mark.parametrize("name", ["", "Web", "a_b", "-a", "a.", "a..b", "{{n}}", "<no value>", "a" * 254])
def test_a_name_that_kubernetes_refuses_is_refused(name):
    with pytest.raises(UserError, match=r"metadata.name: Kubernetes refuses"):
        Application.parse({"metadata": {"name": name}, "spec": {"source": {"repoURL": "a/b", "path": "x"}}})
