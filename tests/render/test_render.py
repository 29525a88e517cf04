import os
import shutil

import pytest

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.k8s.manifest import MASK
from kubeaid_ci.render.fleet import open_sides
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.rendering import RenderStatus
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.render.task import ChartTask
from kubeaid_ci.settings import parse
from tests import repos
from tests.renders import CHART, CONFIG, KUBEAID, World, app, application, bodies, helm, told, values_ref

ARGO_CD = {"namespace": "argocd"}
SHOW = {
    "templates/a.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  values: {{ .Values | toJson | quote }}\n"
        "  release: {{ .Release.Name }} {{ .Release.Namespace }}\n  kube: {{ .Capabilities.KubeVersion.Version | quote }}\n"
    )
}
CRD = (
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.acme.example.com}\n"
    "spec:\n  group: acme.example.com\n  scope: Namespaced\n  names: {kind: Widget, plural: widgets}\n"
    "  versions: [{name: v1, served: true, storage: true}, {name: v0, served: false, storage: false}]\n"
)

GENERATED = (
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: widgets.acme.example.com\n"
    "spec:\n  group: acme.example.com\n  names:\n    kind: Widget\n    plural: widgets\n  scope: Namespaced\n"
    "  versions:\n  - name: v1\n    served: true\n    storage: true\n"
)


@pytest.fixture
def world(tmp_path) -> World:
    made = World(tmp_path)
    made.chart("web")
    made.chart("show", SHOW)
    return made


def shown(renderings, name="app", cluster="one") -> str:
    (body,) = bodies(renderings, name, cluster)
    return body["data"]["values"]


def test_every_application_of_the_root_chart_is_rendered_and_each_object_knows_where_it_is_from(world):
    world.cluster("one", {"web.yaml": application("web"), "more.yaml": application("other", source=helm("show"))})
    made = world.render()
    assert [(one.cluster, one.app, one.status.value) for one in made.apps] == [
        ("one", "other", "rendered"),
        ("one", "root", "rendered"),
        ("one", "web", "rendered"),
    ]
    (manifest,) = app(made, "web").manifests
    assert (manifest.path, manifest.cluster, manifest.app, manifest.chart) == (
        "argocd-helm-charts/web/templates/web.yaml",
        "one",
        "web",
        "web",
    )
    assert str(manifest.key) == "Deployment web/web-web"
    assert {body["kind"] for body in bodies(made, "root")} == {"Application"}
    assert made.findings == ()


def test_values_of_files_come_in_order_then_inline_then_parameters(world):
    said = {
        "valueFiles": ["$values/k8s/one/a.yaml", "$values/k8s/one/b.yaml", "own.yaml"],
        "values": "c: inline\nd: inline\n",
        "parameters": [
            {"name": "d", "value": "parameter"},
            {"name": "n", "value": "1"},
            {"name": "t", "value": "1", "forceString": True},
            {"name": "comma", "value": "x,y"},
            {"name": "items[1]", "value": "changed"},
        ],
        "fileParameters": [{"name": "whole", "path": "own.yaml"}],
    }
    world.chart("show", {**SHOW, "own.yaml": "b: own\nc: own\n"})
    files = {
        "app.yaml": application("app", sources=[helm("show", **said), values_ref()]),
        "/a.yaml": "a: first\nb: first\nitems: [zero, one]\ndeep: {p: 1, q: 1}\n",
        "/b.yaml": "b: second\ndeep: {q: 2}\n",
    }
    world.cluster("one", files)
    assert shown(world.render()) == (
        '{"a":"first","b":"own","c":"inline","comma":"x,y","d":"parameter","deep":{"p":1,"q":2},'
        '"items":["zero","changed"],"n":1,"t":"1","whole":"b: own\\nc: own\\n"}'
    )


def test_values_object_wins_over_values(world):
    world.cluster(
        "one",
        {"app.yaml": application("app", source=helm("show", values="a: text\nb: 1\n", valuesObject={"a": "object"}))},
    )
    assert shown(world.render()) == '{"a":"object"}'


def test_null_takes_a_default_of_the_chart_away(world):
    world.chart("show", {**SHOW, "values.yaml": "a: 1\nb: {c: 2, d: 3}\n"})
    world.cluster("one", {"app.yaml": application("app", source=helm("show", values="a: null\nb: {c: null}\n"))})
    assert shown(world.render()) == '{"b":{"d":3}}'


def test_a_key_given_twice_in_a_values_file_means_the_last(world):
    world.cluster("one", {"app.yaml": application("app", source=helm("show", values="a: 1\na: 2\n"))})
    assert shown(world.render()) == '{"a":2}'


def test_release_name_namespace_and_kubernetes_version_are_the_applications_own_where_it_says_so(world):
    said = {"releaseName": "named", "namespace": "elsewhere", "kubeVersion": "1.29.1"}
    world.cluster(
        "one",
        {"a.yaml": application("a", source=helm("show", **said)), "b.yaml": application("b", source=helm("show"))},
    )
    made = world.render()
    assert [bodies(made, name)[0]["data"]["release"] for name in "ab"] == ["named elsewhere", "b b"]
    assert [bodies(made, name)[0]["data"]["kube"] for name in "ab"] == ["v1.29.1", "v1.34.0"]


def test_build_environment_is_put_into_parameters(world):
    parameters = [{"name": "a", "value": "$ARGOCD_APP_NAME-${ARGOCD_APP_NAMESPACE}-$NOTHING-$$x"}]
    world.cluster("one", {"app.yaml": application("app", source=helm("show", parameters=parameters))})
    assert shown(world.render()) == '{"a":"app-app--$x"}'


def test_an_integer_of_a_parameter_stays_an_integer(world):
    chart = {
        "templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
        "data: {max: {{ .Values.maxBytes | quote }}, file: {{ .Values.file | quote }}}\n"
    }
    world.chart("bytes", chart)
    said = {"values": "file: 10485760", "parameters": [{"name": "maxBytes", "value": "10485760"}]}
    world.cluster("one", {"app.yaml": application("app", source=helm("bytes", **said))})
    assert bodies(world.render(), "app")[0]["data"] == {"max": "10485760", "file": "1.048576e+07"}


def test_the_name_of_a_file_parameter_may_quote_a_dot(world):
    world.chart("show", {**SHOW, "files/app.conf": "listen 80, 443\n"})
    said = {"fileParameters": [{"name": r"conf.my\.conf", "path": "files/app.conf"}]}
    world.cluster("one", {"app.yaml": application("app", source=helm("show", **said))})
    assert shown(world.render()) == '{"conf":{"my.conf":"listen 80, 443\\n"}}'


@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ({"parameters": [{"name": "secret", "value": "{x}}hunter2"}]}, "secret"),
        ({"values": "a: text", "parameters": [{"name": "a.b", "value": "hunter2"}]}, "a.b"),
        ({"parameters": [{"name": "a[-1]", "value": "hunter2", "forceString": True}]}, "a[-1]"),
        ({"fileParameters": [{"name": "a=b", "path": "Chart.yaml"}]}, "a=b"),
    ],
)
def test_a_parameter_that_helm_refuses_is_named_with_its_application(world, said, parameter):
    world.cluster("one", {"app.yaml": application("app", source=helm("show", **said))})
    (finding,) = [one for one in world.render().findings if one.rule.id == "chart/render-failed"]
    assert (finding.subject, finding.path) == ("one/app", "k8s/one/argocd-apps/templates/app.yaml")
    assert f"Helm refuses the parameter {parameter}: " in finding.message
    assert "hunter2" not in finding.message


@pytest.mark.parametrize("name", ["a" * 67, "Not_a_name"])
def test_a_release_name_that_helm_refuses_fails_the_application(world, name):
    world.cluster("one", {"app.yaml": application("app", source=helm("show", releaseName=name))})
    made = world.render()
    assert app(made, "app").status is RenderStatus.FAILED
    (finding,) = [one for one in made.findings if one.rule.id == "chart/render-failed"]
    assert f"the release name {name}" in finding.message
    assert finding.path == "k8s/one/argocd-apps/templates/app.yaml"


def test_missing_value_file_fails_unless_the_application_allows_it(world):
    files = {"valueFiles": ["$values/k8s/one/gone.yaml"]}
    world.cluster(
        "one",
        {
            "a.yaml": application("a", sources=[helm("show", **files), values_ref()]),
            "b.yaml": application("b", sources=[helm("show", **files, ignoreMissingValueFiles=True), values_ref()]),
        },
    )
    made = world.render()
    assert [app(made, name).status.value for name in "ab"] == ["failed", "rendered"]
    assert told(made) == [("chart/render-failed", "one/a", "k8s/one/argocd-apps/templates/a.yaml", None)]


@pytest.mark.parametrize("file", ["https://example.com/values.yaml", "../../../../etc/hostname", "$other/x.yaml"])
def test_value_file_from_elsewhere_is_never_read(world, file):
    world.cluster("one", {"app.yaml": application("app", sources=[helm("show", valueFiles=[file]), values_ref()])})
    made = world.render()
    assert app(made, "app").manifests == ()
    assert app(made, "app").status in (RenderStatus.FAILED, RenderStatus.UNVERIFIABLE)


def test_value_file_that_is_a_link_out_of_the_repository_is_never_read(world, tmp_path):
    world.cluster(
        "one",
        {"app.yaml": application("app", sources=[helm("show", valueFiles=["$values/k8s/one/l.yaml"]), values_ref()])},
    )
    (tmp_path / "secret.yaml").write_text("a: secret\n")
    (world.config / "k8s/one/l.yaml").symlink_to(tmp_path / "secret.yaml")
    assert app(world.render(), "app").status is RenderStatus.FAILED


def test_each_application_is_rendered_at_the_revision_that_it_pins(world):
    world.cluster("one", {"a.yaml": application("a"), "b.yaml": application("b", source=helm(revision="2.0.0"))})
    world.commit(tag="1.0.0")
    world.chart("web", {**CHART, "values.yaml": "replicas: 2\nname: web\n"})
    world.commit(tag="2.0.0")
    world.chart("web", {**CHART, "values.yaml": "replicas: 3\nname: web\n"})
    by_ref = {ref: world.render(kubeaid_ref=ref) for ref in ("pinned", "1.0.0", "worktree")}
    replicas = {ref: [bodies(made, name)[0]["spec"]["replicas"] for name in "ab"] for ref, made in by_ref.items()}
    assert replicas == {"pinned": [1, 2], "1.0.0": [1, 1], "worktree": [3, 3]}
    assert [app(by_ref["pinned"], name).revision for name in "ab"] == ["1.0.0", "2.0.0"]


def test_revision_that_is_not_there_is_told_and_stops_no_other(world):
    world.cluster("one", {"a.yaml": application("a"), "b.yaml": application("b", source=helm(revision="9.9.9"))})
    world.commit(tag="1.0.0")
    made = world.render(kubeaid_ref="pinned")
    assert [app(made, name).status.value for name in "ab"] == ["rendered", "failed"]
    assert [one.rule.id for one in made.findings] == ["build/pinned-revision-missing"]
    with pytest.raises(UserError, match=r"has no revision 9\.9\.9; fetch it"):
        world.render(kubeaid_ref="9.9.9")


def test_an_older_revision_of_the_config_repo_has_its_own_clusters(world):
    world.cluster("one", {"app.yaml": application("app", source=helm("show", values="a: old\n"))})
    world.commit(tag="1.0.0")
    before = repos.git(world.config, "rev-parse", "HEAD")
    world.cluster("one", {"app.yaml": application("app", source=helm("show", values="a: new\n"))})
    world.cluster("two", {})
    old, new = world.render(config_ref=before), world.render()
    assert [shown(old), shown(new)] == ['{"a":"old"}', '{"a":"new"}']
    assert [{one.cluster for one in made.apps} for made in (old, new)] == [{"one"}, {"one", "two"}]


def test_crds_of_other_applications_are_what_a_chart_can_ask_for(world):
    asks = (
        '{{ if .Capabilities.APIVersions.Has "acme.example.com/v1/Widget" }}apiVersion: acme.example.com/v1\nkind: Widget\n'
        'metadata: {name: w}\n{{ else }}{{ fail "no widgets" }}{{ end }}'
    )
    world.chart("asks", {"templates/a.yaml": asks})
    world.chart("crds", {"crds/widget.yaml": CRD})
    world.cluster(
        "one", {"a.yaml": application("a", source=helm("asks")), "b.yaml": application("b", source=helm("crds"))}
    )
    world.cluster("two", {"a.yaml": application("a", source=helm("asks"))})
    made = world.render()
    # Argo CD gives the namespace of the Application to what lies in one and names none.
    assert bodies(made, "a") == [
        {"apiVersion": "acme.example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "a"}}
    ]
    assert (app(made, "a", "two").status, app(made, "a", "two").error) == (RenderStatus.FAILED, "no widgets")


@pytest.mark.parametrize("name", ['"acme.example.com/v1/Widget"', "$name"])
@pytest.mark.parametrize("there", [True, False])
def test_a_definition_that_values_turn_off_is_none_that_a_chart_can_ask_for(world, name, there):
    asks = (
        '{{ $name := "acme.example.com/v1/Widget" }}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'
        f"data: {{has: {{{{ .Capabilities.APIVersions.Has {name} | quote }}}}}}\n"
    )
    world.chart("asks", {"templates/a.yaml": asks})
    crds = {
        "templates/crd.yaml": f"{{{{ if .Values.crds }}}}\n{GENERATED}\n{{{{ end }}}}",
        "values.yaml": "crds: false\n",
    }
    world.chart("both", {**crds, "templates/a.yaml": asks})
    world.chart("crds", crds)
    values = f"crds: {str(there).lower()}\n"
    world.cluster("one", {"a.yaml": application("a", source=helm("both", values=values))})
    world.cluster(
        "two",
        {
            "a.yaml": application("a", source=helm("asks")),
            "b.yaml": application("b", source=helm("crds", values=values)),
        },
    )
    made = world.render()
    has = [body["data"]["has"] for one in ("one", "two") for body in bodies(made, "a", one) if "data" in body]
    assert has == [str(there).lower()] * 2


def test_what_asks_for_kinds_that_come_or_that_it_does_not_name_is_rendered_once(world):
    asks = '{{ if .Capabilities.APIVersions.Has "%s" }}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n{{ end }}'
    world.chart("asks", {"templates/a.yaml": asks % "acme.example.com/v1", "crds/widget.yaml": GENERATED})
    world.chart("other", {"templates/a.yaml": asks % "other.example.com/v1"})
    world.cluster("one", {f"{name}.yaml": application(name, source=helm(name)) for name in ("asks", "other")})
    hand = LocalRepositories(world.config, WORK_TREE, world.kubeaid, WORK_TREE)
    with open_sides([hand], RunOptions(jobs=1, cache=False)) as sides:
        for _ in sides.groups():
            folders = [task.folder for task in sides.renderer.outcomes if isinstance(task, ChartTask)]
    assert sorted(folders) == ["argocd-helm-charts/asks", "argocd-helm-charts/other", "k8s/one/argocd-apps"]


def test_settings_tell_the_version_and_further_kinds_of_a_cluster(world):
    asks = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  kube: {{ .Capabilities.KubeVersion.Version | quote }}\n"
        '  has: {{ .Capabilities.APIVersions.Has "acme.example.com/v1" | quote }}\n'
    )
    world.chart("asks", {"templates/a.yaml": asks})
    for name in ("one", "two"):
        world.cluster(name, {"a.yaml": application("a", source=helm("asks"))})
    text = "kubernetes-version: 1.30.2\nclusters:\n  two:\n    kubernetes-version: 1.31.0\n    api-versions: [acme.example.com/v1]\n"
    made = world.render(settings=parse(text, where="settings"))
    assert [bodies(made, "a", name)[0]["data"] for name in ("one", "two")] == [
        {"kube": "v1.30.2", "has": "false"},
        {"kube": "v1.31.0", "has": "true"},
    ]


def test_built_in_kinds_are_known_so_that_no_old_api_is_rendered(world):
    asks = (
        '{{ $new := .Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget" }}apiVersion: policy/{{ ternary "v1" "v1beta1" $new }}\n'
        "kind: PodDisruptionBudget\nmetadata: {name: a}\n"
    )
    world.chart("asks", {"templates/a.yaml": asks})
    world.cluster("one", {"a.yaml": application("a", source=helm("asks"))})
    assert bodies(world.render(), "a")[0]["apiVersion"] == "policy/v1"


def test_objects_get_the_namespace_that_argo_cd_gives_them(world):
    world.chart(
        "kinds",
        {
            "templates/a.yaml": (
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n---\n"
                "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: e, namespace: own}\n---\n"
                "apiVersion: other.example.com/v1\nkind: Unknown\nmetadata: {name: b}\n---\n"
                "apiVersion: v1\nkind: Secret\nmetadata: {name: c, namespace: own}\n---\n"
                "apiVersion: v1\nkind: Secret\nmetadata: {name: d}\n"
            )
        },
    )
    world.cluster("one", {"app.yaml": application("app", source=helm("kinds"))})
    manifests = app(world.render(), "app").manifests
    assert all("namespace" not in one.body["metadata"] for one in manifests if not one.key.namespace)
    assert [str(one.key) for one in manifests] == [
        "ClusterRole a",
        "StorageClass e",
        "Unknown app/b",
        "Secret own/c",
        "Secret app/d",
    ]


def test_crds_and_tests_are_left_out_where_the_application_says_so(world):
    test = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n"
    world.chart(
        "crds",
        {
            "crds/widget.yaml": CRD,
            "templates/t.yaml": test,
            "templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
        },
    )
    world.cluster(
        "one",
        {
            "a.yaml": application("a", source=helm("crds")),
            "b.yaml": application("b", source=helm("crds", skipCrds=True, skipTests=True)),
        },
    )
    made = world.render()
    assert [[body["kind"] for body in bodies(made, name)] for name in "ab"] == [
        ["CustomResourceDefinition", "Secret", "Pod"],
        ["Secret"],
    ]


def test_schema_violation_names_the_line_of_the_values_file_unless_the_schema_is_skipped(world):
    schema = '{"properties": {"size": {"properties": {"cpu": {"type": "number"}}}}}'
    world.chart("strict", {**SHOW, "values.schema.json": schema})
    said = {"valueFiles": ["$values/k8s/one/v.yaml"]}
    world.cluster(
        "one",
        {
            "a.yaml": application("a", sources=[helm("strict", **said), values_ref()]),
            "b.yaml": application("b", sources=[helm("strict", **said, skipSchemaValidation=True), values_ref()]),
            "/v.yaml": "# size\nsize:\n  memory: 1\n  cpu: many\n",
        },
    )
    made = world.render()
    assert told(made) == [("chart/render-failed", "one/a", "k8s/one/v.yaml", 4)]
    assert made.findings[0].message.startswith("size.cpu: got string, want number")
    assert app(made, "b").status is RenderStatus.RENDERED


def test_schema_violation_of_a_subchart_names_the_line_below_its_name(world):
    sub = {
        "Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
        "values.schema.json": '{"properties": {"a": {"type": "number"}}}',
    }
    world.chart("over", {f"charts/sub/{path}": text for path, text in sub.items()})
    world.cluster(
        "one",
        {
            "a.yaml": application("a", sources=[helm("over", valueFiles=["$values/k8s/one/v.yaml"]), values_ref()]),
            "/v.yaml": "a: fine\nsub:\n  a: wrong\n",
        },
    )
    assert told(world.render())[0] == ("chart/render-failed", "one/a", "k8s/one/v.yaml", 3)


def test_failing_template_is_named_with_its_line_and_stops_no_other(world):
    world.chart("bad", {"templates/a.yaml": "a: 1\n{{ .Values.x.y }}\n"})
    world.cluster("one", {"a.yaml": application("a", source=helm("bad")), "b.yaml": application("b")})
    made = world.render()
    assert told(made) == [("chart/render-failed", "one/a", "argocd-helm-charts/bad/templates/a.yaml", 2)]
    assert app(made, "b").status is RenderStatus.RENDERED


@pytest.mark.parametrize("template", ["a: [\n", "just text\n", "a: 1\n", "- a\n"])
def test_what_argocd_would_refuse_to_apply_fails(world, template):
    world.chart("bad", {"templates/a.yaml": template})
    world.cluster("one", {"a.yaml": application("a", source=helm("bad"))})
    made = world.render()
    assert [(rule, path) for rule, _, path, _ in told(made)] == [
        ("chart/render-failed", "argocd-helm-charts/bad/templates/a.yaml")
    ]


def test_documents_are_cut_by_helms_rule(world):
    text = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n---# a comment\napiVersion: v1\nkind: B\nmetadata: {name: b}\nx: =\n---\n---\n"
    world.chart("cut", {"templates/a.yaml": text})
    world.cluster("one", {"app.yaml": application("app", source=helm("cut"))})
    assert [body["kind"] for body in bodies(world.render(), "app")] == ["A", "B"]


def test_made_up_values_are_masked_where_they_stand_and_nothing_else_is(world):
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: {{ randAlphaNum 20 }}\n  user: admin\n"
        "  file: |\n    user: admin\n    password: {{ randAlphaNum 20 }}\n"
    )
    world.chart("random", {"templates/a.yaml": text})
    world.cluster("one", {"app.yaml": application("app", source=helm("random"))})
    made = world.render()
    assert bodies(made, "app")[0]["stringData"] == {
        "password": MASK,
        "user": "admin",
        "file": f"user: admin\npassword: {MASK}\n",
    }
    assert [one.field for one in app(made, "app").masked] == ["stringData.password", "stringData.file"]
    assert world.render(cache=False).apps == made.apps


def test_objects_that_are_others_each_time_are_shown_and_told(world):
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: {{ randAlphaNum 20 | lower }}}\n"
    world.chart("random", {"templates/a.yaml": text})
    world.cluster("one", {"app.yaml": application("app", source=helm("random"))})
    made = world.render()
    assert [rule for rule, _, _, _ in told(made)] == ["chart/render-unstable"]
    assert bodies(made, "app")[0]["metadata"]["name"] == MASK


def test_the_time_is_masked_whenever_it_is_rendered(world):
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
        '  second: {{ now | date "150405" | quote }}\n  year: {{ now | date "2006" | quote }}\n'
        "  hash: {{ now | toString | sha256sum }}\n"
    )
    world.chart("clock", {"templates/a.yaml": text})
    world.cluster("one", {"app.yaml": application("app", source=helm("clock"))})
    assert bodies(world.render(), "app")[0]["data"] == dict.fromkeys(["second", "year", "hash"], MASK)


@pytest.mark.parametrize(
    "handed",
    [
        '{{ $_ := set .Values "token" (randAlphaNum 9) }}',
        '{{ $_ := set $.Values "token" (randAlphaNum 9) }}',
        '{{ $all := .Values }}{{ $_ := set $all "token" (randAlphaNum 9) }}',
        '{{ $_ := mergeOverwrite .Values (dict "token" (randAlphaNum 9)) }}',
        '{{ $_ := merge (get . "Values") (dict "token" (randAlphaNum 9)) }}',
        '{{ $_ := set .Values "token" (include "secret" .) }}',
        '{{ $_ := set .Values "token" (include (print "sec" "ret") .) }}',
        '{{ $_ := set .Values "token" (include (print $.Template.BasePath "/_word.yaml") .) }}',
        '{{ $_ := set .Values "token" (tpl .Values.text .) }}',
    ],
)
def test_what_one_template_hands_to_another_is_masked_in_both(world, handed):
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {token: '{{ .Values.token }}'}\n"
    world.chart(
        "hands",
        {f"templates/{name}.yaml": head.replace("NAME", name) for name in ("a", "z")}
        | {
            "templates/m.yaml": handed,
            "templates/_secret.tpl": '{{ define "secret" }}{{ randAlphaNum 9 }}{{ end }}' if '"sec' in handed else "",
            "templates/_word.yaml": "{{ randAlphaNum 9 }}" if "_word" in handed else "",
            "values.yaml": "text: '{{ randAlphaNum 9 }}'\n" if "text" in handed else "",
        },
    )
    world.cluster("one", {"app.yaml": application("app", source=helm("hands"))})
    assert MASK in [body["data"]["token"] for body in bodies(world.render(), "app")]


def test_a_made_up_value_that_a_cluster_hands_to_a_template_is_masked_where_it_arrives(world):
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {token: '{{ .Values.token }}'}\n"
    texts = {f"templates/{name}.yaml": head.replace("NAME", name) for name in ("a", "z")}
    texts["templates/m.yaml"] = '{{ $_ := set .Values "token" (tpl .Values.text .) }}'
    texts["templates/r.yaml"] = RANDOM
    world.chart("hands", {**texts, "values.yaml": "text: ''\n"})
    text = application("app", sources=[helm("hands", valueFiles=["$values/k8s/one/v.yaml"]), values_ref()])
    world.cluster("one", {"app.yaml": text, "/v.yaml": "text: '{{ randAlphaNum 9 }}'\n"})
    found = [body["data"]["token"] for body in bodies(world.render(), "app") if body["kind"] == "ConfigMap"]
    assert MASK in found


def test_what_is_handed_on_is_there_in_both_renderings(world):
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\ndata: {token: '{{ .Values.token }}'}\n"
    texts = {f"templates/{name}.yaml": head.replace("NAME", name) for name in ("a", "z")}
    texts["templates/m.yaml"] = '{{ $_ := set .Values "token" "the same" }}'
    texts["templates/r.yaml"] = head.replace("NAME", "r").replace("{token:", "{made: {{ randAlphaNum 9 }}, token:")
    world.chart("hands", texts)
    world.cluster("one", {"app.yaml": application("app", source=helm("hands"))})
    found = [body["data"] for body in bodies(world.render(), "app")]
    assert {"token": "the same"} in found
    assert [data["token"] for data in found if "made" in data] in (["the same"], [""])
    assert [data["made"] for data in found if "made" in data] == [MASK]


def test_a_number_of_a_few_is_masked_though_it_may_come_twice(world):
    hours = "".join(f"  h{number}: 'at {{{{ randInt 0 2 }}}}'\n" for number in range(12))
    world.chart(
        "hours", {"templates/a.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{hours}"}
    )
    pick = "data: {day: {{ index (list `mon` `tue`) (randInt 0 2) }}}\n"
    world.chart("day", {"templates/a.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{pick}"})
    world.cluster("one", {f"{name}.yaml": application(name, source=helm(name)) for name in ("hours", "day")})
    made = world.render()
    assert set(bodies(made, "hours")[0]["data"].values()) == {f"at {MASK}"}
    assert bodies(made, "day")[0]["data"]["day"] in ("mon", "tue", MASK)


def test_certificates_and_what_is_made_of_them_are_masked(world):
    text = (
        '{{ $ca := genCA "ca" 365 }}{{ $cert := genSignedCert "web" nil (list "web.example.com") 365 $ca }}'
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {sum: {{ $ca.Cert | sha256sum }}}}\n"
        "data: {crt: {{ $cert.Cert | b64enc }}, key: {{ $cert.Key | b64enc }}}\nstringData:\n  ca: |\n{{ $ca.Cert | indent 4 }}"
    )
    world.chart("tls", {"templates/a.yaml": text})
    world.cluster("one", {"app.yaml": application("app", source=helm("tls"))})
    (made,) = bodies(world.render(), "app")
    assert [made["metadata"]["annotations"]["sum"], *made["data"].values()] == [MASK] * 3
    assert made["stringData"]["ca"] == f"-----BEGIN CERTIFICATE-----\n{MASK}\n-----END CERTIFICATE-----\n"


def test_a_template_that_needs_a_real_certificate_gets_one(world):
    text = (
        '{{ $ca := genCA "ca" 365 }}{{ $again := buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key) }}'
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {crt: {{ $again.Cert | b64enc }}}\n"
    )
    world.chart("tls", {"templates/a.yaml": text})
    world.cluster("one", {"app.yaml": application("app", source=helm("tls"))})
    made = world.render()
    assert bodies(made, "app")[0]["data"] == {"crt": MASK}
    assert made.findings == ()


RANDOM = "apiVersion: v1\nkind: Secret\nmetadata: {name: random}\nstringData: {made: {{ randAlphaNum 9 }}}\n"
STEADY = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n"


def test_what_never_varies_is_no_unstable_object_in_a_chart_of_another_name_and_depth(world):
    files = {
        "templates/a.yaml": RANDOM,
        "charts/middle/Chart.yaml": "apiVersion: v2\nname: middle\nversion: 1.0.0\ndependencies: [{name: inner, version: 1.0.0, alias: called}]\n",
        "charts/middle/charts/folder/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 1.0.0\n",
        "charts/middle/charts/folder/values.yaml": "name: steady\n",
        "charts/middle/charts/folder/templates/steady.yaml": STEADY,
    }
    world.chart("deep", files)
    world.cluster("one", {"app.yaml": application("app", source=helm("deep"))})
    made = world.render()
    assert made.findings == ()
    paths = {manifest.key.name: manifest.path for manifest in app(made, "app").manifests}
    assert paths["steady"] == "argocd-helm-charts/deep/charts/middle/charts/folder/templates/steady.yaml"


def test_a_chart_that_is_there_under_two_aliases_gives_the_objects_of_both(world):
    inner = {
        "charts/inner/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 1.0.0\n",
        "charts/inner/templates/steady.yaml": STEADY,
        "charts/inner/templates/random.yaml": RANDOM.replace("random}", "'random-{{ .Values.name }}'}"),
    }
    more = "dependencies:\n- {name: inner, version: 1.0.0, alias: one}\n- {name: inner, version: 1.0.0, alias: two}\n"
    world.chart("twice", {**inner, "values.yaml": "one: {name: a}\ntwo: {name: b}\n"}, more=more)
    world.cluster("one", {"app.yaml": application("app", source=helm("twice"))})
    made = world.render()
    assert [finding.rule.id for finding in made.findings] == []
    assert sorted(manifest.key.name for manifest in app(made, "app").manifests) == ["a", "b", "random-a", "random-b"]
    assert all(body["stringData"] == {"made": MASK} for body in bodies(made, "app") if body["kind"] == "Secret")


def test_a_file_that_a_template_reads_is_there_each_time(world):
    files = {
        "crds/kept.yaml": GENERATED,
        "conf/templates/note.txt": "as it is",
        "templates/a.yaml": RANDOM,
        "templates/b.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {varies: {{ randAlphaNum 5 }}}}\n"
            'data:\n  crd: {{ .Files.Get "crds/kept.yaml" | quote }}\n  note: {{ .Files.Get "conf/templates/note.txt" | quote }}\n'
        ),
    }
    world.chart("reads", files)
    world.cluster("one", {"app.yaml": application("app", source=helm("reads"))})
    made = world.render()
    config = next(body for body in bodies(made, "app") if body["kind"] == "ConfigMap")
    assert config["data"] == {"crd": GENERATED, "note": "as it is"}
    assert made.findings == ()


def test_a_template_that_another_names_by_its_file_is_there_each_time(world):
    files = {
        "templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n",
        "templates/a.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n"
            '    sum: {{ include (print $.Template.BasePath "/config.yaml") . | sha256sum }}\n'
            "stringData: {made: {{ randAlphaNum 9 }}}\n"
        ),
    }
    world.chart("named", files)
    world.cluster("one", {"app.yaml": application("app", source=helm("named"))})
    made = world.render()
    secret = next(body for body in bodies(made, "app") if body["kind"] == "Secret")
    assert secret["stringData"] == {"made": MASK}
    assert len(secret["metadata"]["annotations"]["sum"]) == 64
    assert [one.field for one in app(made, "app").masked] == ["stringData.made"]


def test_missing_dependency_is_told_and_the_rest_rendered(world):
    world.chart(
        "web",
        more="dependencies:\n- {name: there, version: 1.x}\n- {name: gone, version: 1.x, repository: 'https://charts.example.com'}\n",
    )
    repos.write(
        world.kubeaid,
        {"argocd-helm-charts/web/charts/there/Chart.yaml": "apiVersion: v2\nname: there\nversion: 1.0.0\n"},
    )
    world.cluster("one", {"web.yaml": application("web")})
    made = world.render()
    assert told(made) == [("chart/subchart-missing", "one/web", "argocd-helm-charts/web/Chart.yaml", 6)]
    assert len(bodies(made, "web")) == 1


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{name: gone, repository: 'https://x.example.com'}", "Argo CD would download it when it syncs, unreviewed"),
        ("{name: gone, repository: 'file://../gone'}", "Argo CD would pack it from file://../gone when it syncs, and download nothing"),
        (
            "{name: gone, repository: 'file://../gone'}, {name: there, repository: 'oci://x.example.com'}",
            "Argo CD would pack it from file://../gone when it syncs, and download there",
        ),
        ("{name: gone}", "the sync fails, because no repository is declared for it"),
        ("{name: gone, repository: '@corp'}", "the sync fails, because @corp is no address of a repository"),
    ],
)  # fmt: skip
def test_missing_dependency_is_said_to_be_downloaded_only_if_it_is(world, declared, said):
    world.chart("web", more=f"dependencies: [{declared}]\n")
    there = "apiVersion: v2\nname: there\nversion: 1.0.0\n"
    repos.write(world.kubeaid, {"argocd-helm-charts/web/charts/there/Chart.yaml": there})
    world.cluster("one", {"web.yaml": application("web")})
    (message,) = [one.message for one in world.render().findings if one.rule.id == "chart/subchart-missing"]
    assert message == f"gone is declared but not in charts/: {said}; this is rendered without it"


def test_kubernetes_version_that_a_chart_refuses_fails_and_that_a_subchart_refuses_warns(world):
    world.chart("web", more="kubeVersion: '>=1.20.0-0'\n")
    repos.write(
        world.kubeaid,
        {
            "argocd-helm-charts/web/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\nkubeVersion: <1.30.0\n"
        },
    )
    world.chart("new", CHART, more="kubeVersion: '>=1.99.0'\n")
    world.cluster("one", {"a.yaml": application("a"), "b.yaml": application("b", source=helm("new"))})
    made = world.render()
    assert told(made) == [
        ("chart/subchart-kube-version", "one/a", "argocd-helm-charts/web/charts/sub/Chart.yaml", None),
        ("chart/render-failed", "one/b", "argocd-helm-charts/new/Chart.yaml", None),
    ]
    assert [len(bodies(made, name)) for name in "ab"] == [1, 0]


def test_library_chart_fails_as_helm_refuses_it(world):
    world.chart("web", more="type: application\n")
    world.chart("shared", CHART, more="type: library\n")
    world.cluster("one", {"a.yaml": application("a"), "b.yaml": application("b", source=helm("shared"))})
    made = world.render()
    assert told(made) == [("chart/render-failed", "one/b", "argocd-helm-charts/shared/Chart.yaml", None)]
    assert [len(bodies(made, name)) for name in "ab"] == [1, 0]


def test_linked_subchart_is_followed_and_any_other_link_refused(world, tmp_path):
    world.chart("addons", {"templates/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: addon}\n"})
    charts = world.kubeaid / "argocd-helm-charts"
    (charts / "web/charts").mkdir()
    os.symlink("../../addons", charts / "web/charts/addons")
    world.chart("evil")
    (tmp_path / "secret").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: stolen}\n")
    os.symlink(tmp_path / "secret", charts / "evil/templates/stolen.yaml")
    world.cluster("one", {"a.yaml": application("a"), "b.yaml": application("b", source=helm("evil"))})
    world.commit(tag="1.0.0")
    for ref in ("worktree", "pinned"):
        made = world.render(kubeaid_ref=ref)
        assert {body["metadata"]["name"] for body in bodies(made, "a")} == {"a-web", "addon"}
        assert bodies(made, "b") == []
        assert "a chart may only hold links from charts/" in (app(made, "b").error or "")
        assert told(made) == [("chart/symlink-escapes", "one/b", "argocd-helm-charts/evil", None)]


def test_ignored_files_of_a_chart_are_not_rendered(world):
    world.chart(
        "web",
        {
            **CHART,
            ".helmignore": "templates/tests/\n*.bak.yaml\n",
            "templates/tests/t.yaml": '{{ fail "no" }}',
            "templates/a.bak.yaml": "a: 1",
            "templates/.hidden.yaml": "a: 1",
        },
    )
    world.cluster("one", {"web.yaml": application("web")})
    assert len(bodies(world.render(), "web")) == 1


def test_folder_of_plain_manifests_is_read_as_the_application_says(world):
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\n"
    files = {
        f"plain/{path}.yaml": manifest.format(path.replace("/", "-")) for path in ("a", "b", "deep/c", "deep/skip")
    }
    files["plain/list.json"] = (
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}]}'
    )
    files["plain/README.md"] = "not: yaml: at all"
    where = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": "HEAD"}
    apps = {
        "flat": {},
        "deep": {"directory": {"recurse": True, "exclude": "{deep/skip*,list.json}"}},
        "only": {"directory": {"recurse": True, "include": "*skip.yaml"}},
    }
    world.cluster(
        "one", {**files, **{f"{name}.yaml": application(name, source={**where, **said}) for name, said in apps.items()}}
    )
    made = world.render()
    names = {name: [body["metadata"]["name"] for body in bodies(made, name)] for name in apps}
    assert names == {"flat": ["a", "b", "s"], "deep": ["a", "b", "deep-c"], "only": ["deep-skip"]}
    assert app(made, "flat").manifests[0].path == "k8s/one/plain/a.yaml"


def test_what_cannot_be_looked_at_is_told_and_never_passed_over(world):
    config = {"repoURL": CONFIG, "targetRevision": "HEAD"}
    apps = {
        "other": {"source": {"repoURL": "https://git.example.com/else/where", "path": "x"}},
        "chart": {"source": {"repoURL": "https://charts.example.com", "chart": "web", "targetRevision": "1.0.0"}},
        "plugin": {"source": {**config, "path": "k8s/one/p", "plugin": {"name": "x"}}},
        "jsonnet": {"source": {**config, "path": "k8s/one/j"}},
        "half": {"sources": [helm(), {"repoURL": "https://git.example.com/else/where", "path": "x"}]},
    }
    files = {"p/a.yaml": "{}", "j/a.jsonnet": "{}"}
    world.cluster("one", {**files, **{f"{name}.yaml": application(name, **spec) for name, spec in apps.items()}})
    made = world.render()
    not_given = {("gitops/repository-unknown", f"one/{name}") for name in ("other", "chart", "half")}
    not_rendered = {("gitops/source-not-rendered", f"one/{name}") for name in ("plugin", "jsonnet")}
    assert {(rule, subject) for rule, subject, _, _ in told(made)} == not_given | not_rendered
    assert {name: app(made, name).status.value for name in apps} == {
        **dict.fromkeys(apps, "unverifiable"),
        "half": "partial",
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"source": {"repoURL": KUBEAID, "path": "argocd-helm-charts/gone"}}, "has no folder argocd-helm-charts/gone"),
        ({"source": {"repoURL": KUBEAID, "path": "../../etc"}}, "has no folder"),
        ({"source": {"repoURL": "ssh://git@host:acme/x.git", "path": "x"}}, "not a repository address"),
        ({"source": {}}, "without a source"),
        ({"source": {**helm(), "helm": {"values": "a: [\n"}}}, "did not find expected node content"),
        ({"source": {**helm(), "helm": {"values": "- a\n"}}}, "expected keys with values"),
        ({"source": {**helm(), "helm": {"valueFiles": "x"}}}, "valueFiles: expected a list"),
        ({"source": {**helm(), "helm": {"parameters": [{"value": "1"}]}}}, "a Helm parameter without a name"),
    ],
)
def test_application_that_cannot_work_fails_with_the_reason(world, spec, message):
    world.cluster("one", {"bad.yaml": application("bad", **spec), "web.yaml": application("web")})
    made = world.render()
    assert app(made, "bad").status is RenderStatus.FAILED
    assert message in (app(made, "bad").error or "")
    assert app(made, "web").status is RenderStatus.RENDERED


def test_root_application_is_rendered_with_its_own_values(world):
    root_source = {"repoURL": CONFIG, "path": "k8s/one/argocd-apps", "helm": {"values": "name: named\n"}}
    templated = application("web").replace("name: web", "name: {{ .Values.name }}")
    world.cluster("one", {"web.yaml": templated}, chart_files={"values.yaml": "name: default\n"})
    assert {one.app for one in world.render().apps} == {"root", "default"}
    repos.write(world.config, {"k8s/one/argocd-apps/templates/root.yaml": application("top", source=root_source)})
    assert {one.app for one in world.render().apps} == {"top", "named"}


def test_applications_of_applications_are_followed(world):
    more = {"repoURL": CONFIG, "path": "k8s/one/more", "targetRevision": "HEAD"}
    world.cluster(
        "one", {"more.yaml": application("more", source=more, destination=ARGO_CD), "more/web.yaml": application("web")}
    )
    assert {one.app for one in world.render().apps} == {"root", "more", "web"}


def in_namespace(namespace, text):
    return text.replace("metadata:\n", f"metadata:\n  namespace: {namespace}\n")


def test_applications_are_identified_by_namespace_and_name(world):
    """One in another namespace than Argo CD's is shown as Argo CD does; of two in one Application the last counts."""
    more = {"repoURL": CONFIG, "path": "k8s/one/more", "targetRevision": "HEAD"}
    world.cluster(
        "one",
        {
            "a.yaml": in_namespace("team-a", application("web", destination={"namespace": "a"})),
            "b.yaml": in_namespace("team-b", application("web", destination={"namespace": "b"})),
            "c.yaml": in_namespace("argocd", application("web", destination={"namespace": "c"})),
            "d.yaml": application("web", destination={"namespace": "d"}),
            "more.yaml": application("more", source=more, destination={"namespace": "teams"}),
            "more/web.yaml": application("web", destination={"namespace": "e"}),
            "more/web-in-argocd.yaml": in_namespace("argocd", application("web", destination={"namespace": "d"})),
        },
    )
    made = world.render()
    assert {one.app: one.namespace for one in made.apps} == {
        "root": "argocd",
        "more": "teams",
        "web": "d",
        "team-a/web": "a",
        "team-b/web": "b",
        "teams/web": "e",
    }
    assert {
        manifest.app: manifest.key.namespace for manifest in made.manifests if manifest.key.kind == "Deployment"
    } == {one.app: one.namespace for one in made.apps if one.app.endswith("web")}
    assert [one.app for one in world.render(apps=["web"]).apps] == ["web", "team-a/web", "team-b/web", "teams/web"]
    assert [one.app for one in world.render(apps=["team-b/web"]).apps] == ["team-b/web"]
    with pytest.raises(UserError, match=r"team-c/web: no such Application; did you mean team-"):
        world.render(apps=["team-c/web"])


@pytest.mark.parametrize(
    ("destination", "cluster"),
    [
        ({}, ""),
        ({"server": "https://kubernetes.default.svc"}, ""),
        ({"server": "https://Kubernetes.default.svc:443/"}, ""),
        ({"server": "https://kubernetes.default.svc.cluster.local"}, ""),
        ({"name": "in-cluster"}, ""),
        ({"name": "here"}, ""),
        ({"name": "workload-1"}, "workload-1"),
        ({"server": "https://10.0.0.1:6443/"}, "workload-1"),
        ({"server": "https://10.0.0.2"}, "https://10.0.0.2"),
        ({"name": "workload-3"}, "workload-3"),
    ],
)
def test_a_destination_cluster_is_the_same_by_name_and_address(world, destination, cluster):
    secrets = "".join(
        "---\napiVersion: v1\nkind: Secret\n"
        f"metadata: {{name: {name}, labels: {{argocd.argoproj.io/secret-type: cluster}}}}\n{fields}\n"
        for name, fields in (
            ("a", "stringData: {name: workload-1, server: 'https://10.0.0.1:6443'}"),
            ("b", "data: {name: aGVyZQ==, server: aHR0cHM6Ly9rdWJlcm5ldGVzLmRlZmF1bHQuc3Zj}"),
            ("c", "data: {name: '%', server: [1]}"),
        )
    )
    world.cluster("one", {"s.yaml": secrets, "web.yaml": application("web", destination=destination)})
    web = app(world.render(), "web")
    assert {web.destination, *(manifest.key.destination for manifest in web.manifests)} == {cluster}


def test_what_an_application_on_another_cluster_holds_is_there_too(world):
    more = {"repoURL": CONFIG, "path": "k8s/one/more", "targetRevision": "HEAD"}
    there = {"name": "workload-1", "namespace": "argocd"}
    world.cluster(
        "one",
        {
            "more.yaml": application("more", source=more, destination=there),
            "more/web.yaml": application("web", destination={"namespace": "x"}),
            "web.yaml": application("web"),
        },
    )
    made = {one.app: (one.destination, one.holder) for one in world.render().apps}
    assert made["workload-1/argocd/web"] == ("workload-1", "more")
    assert made["web"] == ("", "root")


def test_application_sets_of_lists_and_git_are_followed_and_others_told(world):
    def application_set(generator, name, **template):
        body = application(name, **template)
        body = repos_indented(body)
        return (
            f"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: of-{generator.split(':')[0]}}}\nspec:\n"
            f"  generators:\n  - {generator}\n  template:\n{body}"
        )

    def repos_indented(body):
        kept = [line for line in body.splitlines() if not line.startswith(("apiVersion", "kind"))]
        return "".join(f"    {line}\n" for line in kept)

    sets = {
        "list": application_set("list: {elements: [{team: a}, {team: b}]}", "{{team}}"),
        "git": application_set(
            f"git: {{repoURL: '{CONFIG}', directories: [{{path: 'k8s/one/teams/*'}}]}}", "team-{{path.basename}}"
        ),
        "cluster": application_set("clusters: {}", "{{name}}"),
    }
    plain = {f"{name}.yaml": text for name, text in sets.items()}
    where = {"repoURL": CONFIG, "path": "k8s/one/sets", "targetRevision": "HEAD"}
    files = {f"sets/{name}": text for name, text in plain.items()} | {"teams/x/a.yaml": "{}", "teams/y/a.yaml": "{}"}
    world.cluster("one", {**files, "sets.yaml": application("sets", source=where, destination=ARGO_CD)})
    made = world.render()
    assert {one.app for one in made.apps} == {
        "root",
        "sets",
        "a",
        "b",
        "team-x",
        "team-y",
        "ApplicationSet of-clusters",
    }
    assert [one.message for one in made.findings] == [
        "ApplicationSet of-clusters uses the generator clusters, which is not followed, so its Applications are unknown"
    ]


def test_second_rendering_comes_from_the_cache_and_is_the_same(world):
    world.cluster("one", {"web.yaml": application("web")})
    first, second = world.render(), world.render()
    assert [[one.cached for one in made.apps] for made in (first, second)] == [[False, False], [True, True]]
    assert [one.manifests for one in first.apps] == [one.manifests for one in second.apps]
    assert [one.digest for one in first.apps] == [one.digest for one in second.apps]


@pytest.mark.parametrize("changed", ["KubeAid/argocd-helm-charts/web/values.yaml", "kubernetes-config/k8s/one/v.yaml"])
def test_any_change_of_an_input_is_rendered_anew(world, changed):
    said = helm(valueFiles=["$values/k8s/one/v.yaml"])
    world.cluster("one", {"web.yaml": application("web", sources=[said, values_ref()]), "/v.yaml": "x: 1\n"})
    world.commit()
    first = world.render()
    (world.folder / changed).write_text("name: other\n")
    second = world.render()
    assert bodies(first, "web") != bodies(second, "web")


def test_damaged_cache_is_no_cache(world):
    world.cluster("one", {"web.yaml": application("web")})
    first = world.render()
    for path in (world.folder / "cache/notes").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1])
    second = world.render()
    assert not any(one.cached for one in second.apps)
    assert first.manifests == second.manifests


def test_where_the_repositories_lie_does_not_count_for_the_cache(world, tmp_path):
    world.cluster("one", {"web.yaml": application("web")})
    world.render()
    moved = World(tmp_path / "moved")
    for name in ("KubeAid", "kubernetes-config"):
        shutil.rmtree(moved.folder / name)
        shutil.copytree(world.folder / name, moved.folder / name)
    assert all(one.cached for one in moved.render(cache=world.folder / "cache").apps)


def test_several_workers_give_what_one_gives(world):
    for name in ("one", "two", "three"):
        world.cluster(name, {"web.yaml": application("web"), "show.yaml": application("show", source=helm("show"))})
    assert world.render(jobs=1, cache=False) == world.render(jobs=3, cache=False)


def test_only_the_applications_asked_for_are_given(world):
    world.cluster("one", {"web.yaml": application("web")})
    assert [one.app for one in world.render(apps=["web"]).apps] == ["web"]
    with pytest.raises(UserError, match="wep: no such Application; did you mean web"):
        world.render(apps=["wep"])


def test_cluster_without_applications_fails_alone(world):
    world.cluster("one", {"web.yaml": application("web")})
    repos.write(world.config, {"k8s/two/two-vars.jsonnet": "{}"})
    made = world.render()
    assert [(one.cluster, one.app, one.status.value) for one in made.apps][-1] == ("two", "root", "failed")


def test_folders_that_are_no_repositories_are_refused(world, tmp_path):
    with pytest.raises(UserError, match="not a config repo"):
        world.render()
    world.cluster("one", {})
    shutil.rmtree(world.kubeaid / "argocd-helm-charts")
    with pytest.raises(UserError, match="not a KubeAid checkout"):
        world.render()


def test_fork_of_the_config_repo_is_known_by_its_root_application(world):
    """No remote is set up here: only the root application tells the address that the clusters know it by."""
    plain = {"repoURL": CONFIG.replace("git@git.example.com:", "https://git.example.com/"), "path": "k8s/one/plain"}
    files = {"plain/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"}
    world.cluster("one", {**files, "plain.yaml": application("plain", source=plain)})
    assert len(bodies(world.render(), "plain")) == 1


def test_values_that_do_nothing_are_told_with_their_line(world):
    said = helm(valueFiles=["$values/k8s/one/v.yaml"], values="name: c\n")
    values = "replicas: 1\nreplica: 2\nname: a\nname: b\n"
    world.cluster("one", {"web.yaml": application("web", sources=[said, values_ref()]), "/v.yaml": values})
    made = world.render()
    assert told(made) == [
        ("chart/values-repeated", "one/web", "k8s/one/v.yaml", 4),
        ("chart/values-unknown", "one/web", "k8s/one/v.yaml", 2),
    ]
    assert made.findings[1].message == "replica is not used by the chart; did you mean replicas?"


INLINE = """\
# an Application that is plain YAML
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec:
  destination: {{namespace: web}}
  source:
    repoURL: https://git.example.com/acme/KubeAid
    path: argocd-helm-charts/web
    helm:
{values}"""


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ("      values: |\n        replicas: 1\n\n        replica: 2\n", 14),
        ("      values: |-\n        replica: 2\n      releaseName: x\n", 12),
        ("      valuesObject:\n        replicas: 1\n# a comment\n        replica: 2\n", 14),
        ("      valuesObject: {replica: 2}\n", None),
        ('      values: "replicas: 1\\nreplica: 2"\n', None),
        ("      values: |\n        replica: {{ 2 }}\n", None),
    ],
)
def test_values_of_the_application_itself_are_checked_at_their_line(world, values, line):
    world.cluster("one", {"web.yaml": INLINE.format(name="web", values=values)})
    where = "k8s/one/argocd-apps/templates/web.yaml"
    assert told(world.render()) == [("chart/values-unknown", "one/web", where, line)]


def test_values_of_several_applications_in_one_file_are_told_apart(world):
    values = "      values: |\n        replica: 2\n"
    both = (
        INLINE.format(name="a", values="      values: |\n        name: x\n")
        + "---\n"
        + INLINE.format(name="b", values=values)
    )
    world.cluster("one", {"both.yaml": both})
    assert told(world.render()) == [("chart/values-unknown", "one/b", "k8s/one/argocd-apps/templates/both.yaml", 25)]


def test_broken_values_of_the_application_are_told_at_their_line(world):
    world.cluster(
        "one", {"web.yaml": INLINE.format(name="web", values="      values: |\n        a: 1\n        b: [\n")}
    )
    (finding,) = world.render().findings
    assert (finding.rule.id, finding.path) == ("chart/render-failed", "k8s/one/argocd-apps/templates/web.yaml")
    assert finding.line in (13, 14)


def test_values_are_checked_where_helm_refuses_the_chart_too(world):
    text = '{{ required "name it" .Values.title }}'
    world.chart("needy", {"values.yaml": 'title: ""\n', "templates/a.yaml": text})
    world.cluster("one", {"web.yaml": application("web", source=helm("needy", values="titel: x\n"))})
    made = world.render()
    assert [one.rule.id for one in made.findings] == ["chart/render-failed", "chart/values-unknown"]
    assert made.findings[1].message == "titel is not used by the chart; did you mean title?"
    assert app(made, "web").status is RenderStatus.FAILED


def test_patterns_of_value_files_stand_for_their_files_in_order(world):
    said = {"valueFiles": ["$values/k8s/$ARGOCD_APP_NAME/v/**/*.yaml", "more/[ab].yaml", "$values/k8s/app/v/z.yaml"]}
    world.chart("show", {**SHOW, "more/a.yaml": "m: a\n", "more/b.yaml": "m: b\n", "more/c.yaml": "m: c\n"})
    files = {
        "app.yaml": application("app", sources=[helm("show", **said), values_ref()]),
        "/v/b.yaml": "x: b\nw: b\nz: b\n",
        "/v/a/deep.yaml": "x: deep\nw: deep\n",
        "/v/c.yaml": "x: c\n",
        "/v/z.yaml": "z: last\n",
        "/v/no.txt": "x: no\n",
    }
    world.cluster("app", files)
    made = world.render()
    assert made.findings == ()
    assert shown(made, cluster="app") == '{"m":"b","w":"deep","x":"deep","z":"last"}'


def test_value_file_that_is_named_twice_counts_where_it_is_first(world):
    said = {"valueFiles": ["a.yaml", "b.yaml", "a.yaml"]}
    world.chart("show", {**SHOW, "a.yaml": "x: a\n", "b.yaml": "x: b\n"})
    world.cluster("one", {"app.yaml": application("app", source=helm("show", **said))})
    assert shown(world.render()) == '{"x":"b"}'


def test_pattern_without_files_fails_unless_the_application_allows_it(world):
    files = {"valueFiles": ["none/*.yaml"]}
    world.cluster(
        "one",
        {
            "a.yaml": application("a", source=helm("show", **files)),
            "b.yaml": application("b", source=helm("show", **files, ignoreMissingValueFiles=True)),
            "c.yaml": application("c", source=helm("show", valueFiles=["{a,b}*.yaml"])),
        },
    )
    made = world.render()
    assert [app(made, name).status.value for name in "abc"] == ["failed", "rendered", "failed"]


@pytest.mark.parametrize(
    ("pattern", "values"),
    [
        ("envs/{a,b}*.yaml", '{"k":"a","x":"b"}'),
        ("envs/[!b].yaml", '{"k":"a","x":"a"}'),
        ("envs/**/*.yaml", '{"k":"a","x":"deep"}'),
    ],
)
def test_value_files_may_be_a_pattern(world, pattern, values):
    files = {"envs/a.yaml": "x: a\nk: a\n", "envs/b.yaml": "x: b\n", "envs/deep/c.yaml": "x: deep\n"}
    world.chart("show", {**SHOW, **files})
    world.cluster("one", {"app.yaml": application("app", source=helm("show", valueFiles=[pattern]))})
    assert shown(world.render()) == values


@pytest.mark.parametrize("pattern", ["envs/*", "envs/**", "e*/**", "**/deep*"])
def test_a_pattern_of_value_files_that_matches_a_folder_fails(world, pattern):
    world.chart("show", {**SHOW, "envs/a.yaml": "x: a\n", "envs/deep/c.yaml": "x: deep\n"})
    world.cluster("one", {"app.yaml": application("app", source=helm("show", valueFiles=[pattern]))})
    assert "which Helm cannot read" in (app(world.render(), "app").error or "")
