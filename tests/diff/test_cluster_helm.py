"""The Helm of a cluster: known from its Argo CD, set, or assumed, and what a change of it does."""

import pytest

import kubeaid_ci
from kubeaid_ci.diff.comparison import Revisions
from kubeaid_ci.errors import UserError
from kubeaid_ci.settings import parse
from tests.renders import World, application, helm

REPO_SERVER = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: argo-cd-argocd-repo-server
  labels: {app.kubernetes.io/component: repo-server, app.kubernetes.io/version: {{ .Chart.AppVersion }}}
spec:
  template:
    spec:
      containers:
        - name: repo-server
          image: "{{ .Values.image }}:{{ .Values.tag | default .Chart.AppVersion }}"
"""
SHOW = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {v: {{ toJson .Values | quote }}}\n"
)
HELM_3, HELM_4 = '{"fsGroup":1,"global":{}}', '{"fsGroup":1,"global":{},"runAsUser":472}'


def argocd(world: World, version: str) -> None:
    world.chart("argo-cd", {})
    inner = {"templates/server.yaml": REPO_SERVER, "values.yaml": "image: quay.io/argoproj/argocd\ntag: ''\n"}
    world.chart("argo-cd", inner, more=f"appVersion: {version}\n", folder="argo-cd/charts/argo-cd")


@pytest.fixture
def world(tmp_path) -> World:
    """A chart with a null for a default of its subchart, and a cluster that has it and Argo CD 3.4.4."""
    made = World(tmp_path)
    made.chart("umbrella", {"values.yaml": "sub: {runAsUser: null}\n"})
    sub = {"values.yaml": "{runAsUser: 472, fsGroup: 1}\n", "templates/show.yaml": SHOW}
    made.chart("sub", sub, folder="umbrella/charts/sub")
    made.chart("plain", {"values.yaml": "a: 1\n", "templates/show.yaml": SHOW})
    argocd(made, "v3.4.4")
    apps = {
        "web.yaml": application("web", source=helm("umbrella")),
        "plain.yaml": application("plain", source=helm("plain")),
    }
    made.cluster("one", {**apps, "argo.yaml": application("argo-cd", source=helm("argo-cd"))})
    made.cluster("two", apps)
    return made


def rendered(world: World, settings: str = "", cluster: str = "one") -> tuple[str, list[str]]:
    made = world.render(settings=parse(settings, where="settings"))
    (app,) = [one for one in made.apps if (one.cluster, one.app) == (cluster, "web")]
    messages = [
        one.message for one in made.findings if one.rule.id == "chart/helm-version-unknown" and one.subject == cluster
    ]
    return app.manifests[0].body["data"]["v"], messages


def test_the_helm_of_the_rendered_argo_cd_renders_the_cluster(world):
    assert rendered(world) == (HELM_3, [])
    argocd(world, "v3.5.1")
    assert rendered(world) == (HELM_4, [])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("argo-cd: {tag: v3.5.1}", HELM_4),
        ("argo-cd: {tag: v3.3.0, image: mirror.example.com/quay/argocd}", HELM_3),
        ("argo-cd: {tag: our-build}", HELM_3),
        ("argo-cd: {tag: v3.5.1, image: example.com/other}", HELM_3),
    ],
)
def test_the_image_of_the_repo_server_counts_before_the_version_of_the_chart(world, values, expected):
    world.cluster("one", {"argo.yaml": application("argo-cd", source=helm("argo-cd", values=values))})
    assert rendered(world) == (expected, [])


@pytest.mark.parametrize(
    ("version", "expected"),
    [("3.17", HELM_3), ("3.19", HELM_3), ("3.19.4", HELM_3), ("4.1", HELM_3), ("4.2", HELM_4), ("4.3", HELM_4)],
)
def test_a_setting_overrides_it(world, version, expected):
    for cluster in ("one", "two"):
        assert rendered(world, f'clusters: {{{cluster}: {{helm: "{version}"}}}}', cluster) == (expected, [])


def test_the_newest_helm_counts_where_nothing_is_known_and_the_report_says_so(world):
    values, (message,) = rendered(world, cluster="two")
    assert values == HELM_4
    assert message == (
        "the version of its Argo CD is not known, so its charts are rendered as Helm 4.2.1 does;"
        " 1 of its Applications depend on it: set clusters.two.helm"
    )


@pytest.mark.parametrize(("version", "expected"), [("v3.9.0", HELM_4), ("v2.4.0", HELM_3)])
def test_an_argo_cd_that_is_not_known_gets_the_nearest_helm_and_the_report_says_so(world, version, expected):
    argocd(world, version)
    values, (message,) = rendered(world)
    assert (values, message.partition(", so ")[0]) == (
        expected,
        f"which Helm its Argo CD {version.removeprefix('v')} has is not known here",
    )


def test_templates_read_the_exact_version_of_helm(world):
    shows = SHOW.replace("toJson .Values", ".Capabilities.HelmVersion.Version")
    world.chart("sub", {"templates/show.yaml": shows}, folder="umbrella/charts/sub")
    assert [rendered(world, cluster=cluster)[0] for cluster in ("one", "two")] == ["v3.19.4", "v4.2.1"]
    assert rendered(world, 'clusters: {one: {helm: "3.18"}}')[0] == "v3.18.4"


def test_aliases_of_one_chart_make_it_depend_on_helm(world):
    aliases = "dependencies: [{name: sub, version: 1.x, alias: a}, {name: sub, version: 1.x, alias: b}]\n"
    world.chart("umbrella", {}, more=aliases)
    world.chart("inner", {"templates/show.yaml": SHOW}, folder="umbrella/charts/sub/charts/inner")
    names = {
        cluster: sorted(
            manifest.path.split("/charts/", 1)[1]
            for app in world.render().apps
            if (app.cluster, app.app) == (cluster, "web")
            for manifest in app.manifests
        )
        for cluster in ("one", "two")
    }
    shown, inner = "sub/templates/show.yaml", "sub/charts/inner/templates/show.yaml"
    assert names == {"one": [inner, shown, shown], "two": [inner, inner, shown, shown]}


def test_a_version_that_is_none_is_refused():
    with pytest.raises(UserError, match=r"settings:1: clusters.one.helm: expected text, found 3.19"):
        parse("clusters: {one: {helm: 3.19}}", where="settings")


def changed(world: World, settings: str = "") -> list[tuple[str, str, str]]:
    world.commit("1.0.0")
    argocd(world, "v3.5.1")
    made = kubeaid_ci.diff_clusters(
        world.config,
        world.kubeaid,
        before=Revisions(kubeaid="1.0.0"),
        after=Revisions(kubeaid="worktree"),
        settings=parse(settings, where="settings"),
        cache=world.folder / "cache",
        jobs=1,
    )
    return [(one.subject, one.severity, one.message) for one in made.findings if one.rule.id == "change/helm-engine"]


def test_an_upgrade_that_changes_helm_names_what_changes_because_of_it(world):
    message = (
        "Helm 3.19.4 (Argo CD 3.4.4) is replaced by Helm 4.2.1 (Argo CD 3.5.1), which renders some charts"
        " differently: 1 object changes because of it: web: ConfigMap web/web (data.v.runAsUser)"
    )
    assert changed(world) == [("one", "warning", message)]


def test_an_upgrade_that_changes_helm_and_no_object_is_told_all_the_same(world):
    world.chart("umbrella", {"values.yaml": "sub: {}\n"})
    ((subject, severity, message),) = changed(world)
    assert (subject, severity) == ("one", "info")
    assert message.endswith("no object changes because of it")


def test_a_helm_that_is_set_does_not_change(world):
    assert changed(world, 'clusters: {one: {helm: "3.19"}}') == []
