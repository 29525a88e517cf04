from kubeaid_ci.helm import requirements
from kubeaid_ci.helm.requirements import Lacking, Refusing
from kubeaid_ci.semver.version import Version


def files(**texts):
    return {path.replace("__", "/").replace("_", "."): text.encode() for path, text in texts.items()}


META = "apiVersion: v2\nname: web\nversion: 1.0.0\nkubeVersion: '>=1.20.0-0'\ndependencies:\n- name: a\n- name: b\n  alias: c\n"


def test_declared_charts_are_present_by_the_name_they_give_themselves():
    assert requirements.lacking(files(Chart_yaml=META, charts__x__Chart_yaml="name: a\n")) == [
        Lacking("b", "Chart.yaml", 7)
    ]
    old = files(Chart_yaml="name: web\n", requirements_yaml="dependencies: [{name: a}]\n")
    assert requirements.lacking(old) == [Lacking("a", "requirements.yaml", 1)]


def test_what_is_lacking_has_its_repository_and_what_is_published():
    declared = "[{name: a, repository: 'file://../a'}, {name: b, repository: 'oci://x.example.com'}, {name: c}]"
    (lacking, *_) = requirements.lacking(files(Chart_yaml=f"name: web\ndependencies: {declared}\n"))
    assert (lacking.name, lacking.repository, lacking.published) == ("a", "file://../a", ("b",))


def test_a_packed_chart_may_be_any_of_them():
    assert requirements.lacking(files(Chart_yaml=META) | {"charts/a-1.tgz": b""}) == []


def test_versions_of_kubernetes_are_asked_of_every_chart():
    found = files(Chart_yaml=META, charts__a__Chart_yaml="name: a\nkubeVersion: <1.25\n")
    assert list(requirements.refusing(found, Version.parse("v1.24.3"))) == []
    assert list(requirements.refusing(found, Version.parse("1.30.0"))) == [Refusing("charts/a", "<1.25")]
    assert [one.folder for one in requirements.refusing(found, Version.parse("1.19.0"))] == [""]


def test_the_name_is_that_of_the_metadata():
    assert requirements.name(files(Chart_yaml=META)) == "web"
    assert requirements.name(files(Chart_yaml="[")) == ""


def test_charts_are_found_by_name_and_alias_at_any_depth_whatever_their_folder():
    inner = "name: b\ndependencies:\n- name: d\n  alias: e\n- name: d\n  alias: f\n"
    found = files(
        Chart_yaml=META,
        charts__x__Chart_yaml=inner,
        charts__x__charts__y__Chart_yaml="name: d\n",
        charts__z__Chart_yaml="[",
    )
    assert requirements.folders(found) == {
        "charts/z": "charts/z",
        **dict.fromkeys(("charts/b", "charts/c"), "charts/x"),
        **{f"charts/{outer}/charts/{one}": "charts/x/charts/y" for outer in "bc" for one in "def"},
    }
