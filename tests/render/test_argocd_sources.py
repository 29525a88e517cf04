"""What Argo CD reads besides a chart, and how it chooses files, tools and revisions."""

import pytest

from kubeaid_ci import documents
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.render.plan import tool_of
from kubeaid_ci.render.repositories import LocalRepositories
from tests import repos
from tests.render.test_render import SHOW, shown
from tests.renders import CONFIG, KUBEAID, World, app, application, bodies, helm

PLAIN = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": "HEAD"}


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.chart("show", SHOW)
    made.commit("1.0.0")
    return made


def config_map(name: str, **data: str) -> str:
    return documents.dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})


def rendered(world: World, source: dict, files: dict[str, str] | None = None, **options):
    world.cluster("one", {"app.yaml": application("app", source=source), **(files or {})})
    return world.render(**options)


def why(made) -> str:
    found = app(made, "app")
    first = next((f"{one.path}: {one.message}" for one in made.findings if one.subject == "one/app"), "")
    return f"{first} {found.error or ''}".strip()


OVERRIDE = ".argocd-source.yaml"
OVERRIDE_APP = ".argocd-source-app.yaml"


@pytest.mark.parametrize(
    ("said", "files", "values"),
    [
        ({}, {OVERRIDE: "helm: {parameters: [{name: a, value: x}]}"}, '{"a":"x"}'),
        ({}, {OVERRIDE_APP: "helm: {parameters: [{name: a, value: '1', forceString: true}]}"}, '{"a":"1"}'),
        ({}, {".argocd-source-other.yaml": "helm: {parameters: [{name: a, value: x}]}"}, "{}"),
        # The file of the Application comes last.
        ({}, {OVERRIDE: "helm: {values: 'a: 1'}", OVERRIDE_APP: "helm: {values: 'a: 2'}"}, '{"a":2}'),
        ({"values": "b: 1"}, {OVERRIDE: "helm: {parameters: [{name: a, value: '1'}]}"}, '{"a":1,"b":1}'),
        ({"valuesObject": {"a": 1, "b": 2}}, {OVERRIDE: "helm: {valuesObject: {b: null, c: 3}}"}, '{"a":1,"c":3}'),
        # Decoded over the source: a null removes nothing, an item of a list keeps fields of the old item.
        ({"values": "a: 1"}, {OVERRIDE: "helm: {values: null}"}, '{"a":1}'),
        (
            {"parameters": [{"name": "a", "value": "1", "forceString": True}]},
            {OVERRIDE: "helm: {parameters: [{name: a, value: '2'}]}"},
            '{"a":"2"}',
        ),
        # Where the files are is not for an override to say.
        ({}, {OVERRIDE: "path: elsewhere\nrepoURL: x\ntargetRevision: '9'\nchart: z\nunknown: z\n"}, "{}"),
        ({}, {"valueFiles/x.yaml": "a: 1", OVERRIDE: "helm: {valueFiles: [valueFiles/x.yaml]}"}, '{"a":1}'),
    ],
)
def test_an_override_file_next_to_the_chart_is_merged_over_the_source(world, said, files, values):
    world.chart("show", {**SHOW, **files})
    assert shown(rendered(world, helm("show", **said))) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected keys with values"),
        ("# nothing\n", "expected keys with values"),
        ("- a\n", "expected keys with values"),
        ("helm: {parameters: [{name: a, value: 1}]}", "helm.parameters[0].value: expected text, not the number 1"),
        ("helm: [a", ".argocd-source.yaml"),
        ("kustomize: {namePrefix: x}\nhelm: {skipCrds: true}", "a source with helm and kustomize"),
    ],
)
def test_an_override_file_that_argo_cd_cannot_read_fails_the_application(world, text, message):
    world.chart("show", {**SHOW, OVERRIDE: text})
    made = rendered(world, helm("show"))
    assert (app(made, "app").status.value, message in why(made)) == ("failed", True)


def test_an_override_file_with_another_spelling_makes_the_application_unknown(world):
    world.chart("show", {**SHOW, OVERRIDE: "Helm: {parameters: [{name: a, value: x}]}"})
    made = rendered(world, helm("show"))
    assert (app(made, "app").status.value, "Helm in argocd-helm-charts/show" in why(made)) == ("unverifiable", True)


def test_an_override_file_of_an_application_in_another_namespace_has_that_namespace_in_its_name(world):
    world.chart("show", {**SHOW, ".argocd-source-team_app.yaml": "helm: {values: 'a: 1'}"})
    text = application("app", source=helm("show")).replace("name: app\n", "name: app\n  namespace: team\n", 1)
    world.cluster("one", {"app.yaml": text})
    assert shown(world.render(), "team/app") == '{"a":1}'


def test_a_change_of_an_override_file_changes_what_is_rendered(world):
    world.chart("show", {**SHOW, OVERRIDE: "helm: {values: 'a: 1'}"})
    assert shown(rendered(world, helm("show"))) == '{"a":1}'
    world.chart("show", {**SHOW, OVERRIDE: "helm: {values: 'a: 2'}"})
    assert shown(world.render()) == '{"a":2}'


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"a.yaml": config_map("a"), "values.yaml": "replicas: 3\n"}, ["a"]),
        ({"a.yaml": config_map("a"), "list.yaml": "- a\n- b\n", "text.yml": "just text\n", "no.yaml": "[a\n"}, ["a"]),
        ({"a.yaml": config_map("a"), "empty.yaml": "", "comment.yaml": "# +nothing\n---\n# more\n"}, ["a"]),
        # A file that begins with an object has only objects.
        ({"a.yaml": config_map("a"), "b.yaml": "replicas: 3\n---\n" + "x: y\n"}, ["a"]),
        ({"a.yaml": config_map("a"), "b.yaml": "# +argocd:skip-file-rendering\n" + config_map("b")}, ["a"]),
        ({"a.yaml": config_map("a", note="+argocd:skip-file-rendering")}, []),
        ({"a.yaml": config_map("a"), "b.jsonnet": "// +argocd:skip-file-rendering\n{}"}, ["a"]),
        ({"a.yaml": config_map("a"), "b.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems: null\n"}, ["a"]),
        ({"b.yaml": "apiVersion: v1\nkind: List\nitems: []\n"}, []),
        ({"b.json": '{"apiVersion": "v1", "kind": "List", "items": null}'}, []),
        # A list is what has a list of items, whatever its kind.
        (
            {
                "b.yaml": "apiVersion: x/v1\nkind: Bundle\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: s}}]\n"
            },
            ["s"],
        ),
        ({"b.yaml": "apiVersion: x/v1\nkind: Shop\nmetadata: {name: shop}\nitems: null\nspec: {}\n"}, ["shop"]),
        (
            {"a.YAML": config_map("a"), "b.yaml.bak": config_map("b"), "c.libsonnet": "x", ".d.yml": config_map("d")},
            ["d"],
        ),
        ({"utf16.yaml": "\ufeff" + config_map("a")}, ["a"]),
    ],
)
def test_files_of_a_folder_are_read_as_argo_cd_reads_them(world, files, names):
    made = rendered(world, PLAIN, {f"plain/{path}": text for path, text in {"README.md": "x", **files}.items()})
    assert why(made) == ""
    assert [body["metadata"]["name"] for body in bodies(made, "app")] == names


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.yaml": config_map("a") + "---\nreplicas: 3\n"}, "no Kubernetes object"),
        ({"a.yaml": config_map("a") + "---\n[a\n"}, "plain/a.yaml"),
        ({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ x }}}\n"}, "plain/a.yaml"),
        ({"a.yaml": "apiVersion: v1\nmetadata: {name: x}\n# kind: lost\n"}, "no Kubernetes object"),
        ({"package.json": '{"name": "x"}'}, "no Kubernetes object"),
        (
            {"two.json": '{"kind": "A", "metadata": {"name": "a"}}\n---\n{"kind": "B", "metadata": {"name": "b"}}'},
            "one JSON",
        ),
        ({"lfs.yaml": "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"}, "Git LFS pointer"),
    ],
)
def test_a_file_that_looks_like_a_manifest_and_is_none_fails_the_application(world, files, message):
    made = rendered(world, PLAIN, {f"plain/{path}": text for path, text in files.items()})
    assert (app(made, "app").status.value, message in why(made)) == ("failed", True)


LINKED = {"plain/a.yaml": config_map("a"), "common/shared.yaml": config_map("shared")}


@pytest.mark.parametrize("is_committed", [False, True])
@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("../common/shared.yaml", ["a", "shared"]),
        ("../../../shared/top.yaml", ["a", "top"]),
        ("a.yaml", ["a", "a"]),
        ("gone.yaml", ["a"]),
        ("link.yaml", ["a"]),
        ("../common", ["a"]),
    ],
)
def test_a_link_to_a_file_of_the_repository_is_read(world, target, names, is_committed):
    world.cluster("one", {"app.yaml": application("app", source=PLAIN), **LINKED})
    repos.write(world.config, {"shared/top.yaml": config_map("top")})
    (world.config / "k8s/one/plain/link.yaml").symlink_to(target)
    repos.commit(world.config)
    made = world.render(config_ref="HEAD") if is_committed else world.render()
    assert [body["metadata"]["name"] for body in bodies(made, "app")] == names


@pytest.mark.parametrize("target", ["../../../../outside.yaml", "/etc/hostname"])
def test_a_link_that_leads_out_of_the_repository_fails_the_application(world, target):
    world.cluster("one", {"app.yaml": application("app", source=PLAIN), **LINKED})
    (world.config / "k8s/one/plain/link.yaml").symlink_to(target)
    made = world.render()
    assert (app(made, "app").status.value, "out of the repository" in why(made)) == ("failed", True)


def test_a_link_to_a_manifest_is_part_of_what_is_compared(world):
    world.cluster("one", {"app.yaml": application("app", source=PLAIN), **LINKED})
    (world.config / "k8s/one/plain/link.yaml").symlink_to("../common/shared.yaml")
    assert len(bodies(world.render(), "app")) == 2
    repos.write(world.config, {"k8s/one/common/shared.yaml": config_map("changed")})
    assert bodies(world.render(), "app")[1]["metadata"]["name"] == "changed"


@pytest.mark.parametrize(
    ("said", "files", "names"),
    [
        ({}, {"Chart.yaml": "", "templates/x.yaml": config_map("chart")}, ["chart"]),
        ({"directory": {}}, {"Chart.yaml": ""}, ["chart"]),
        ({"directory": {"recurse": False}}, {"Chart.yaml": ""}, ["chart"]),
        ({"directory": {"recurse": True, "include": "templates/*"}}, {"Chart.yaml": ""}, ["chart"]),
        ({"directory": {"include": "*.yml"}}, {"Chart.yaml": ""}, []),
        ({"helm": {}}, {}, []),
        ({"helm": {"values": ""}}, {}, []),
        ({"kustomize": {"forceCommonLabels": True}}, {"Chart.yaml": ""}, ["chart"]),
    ],
)
def test_settings_without_content_choose_no_tool(world, said, files, names):
    chart = "apiVersion: v2\nname: x\nversion: 1.0.0\n"
    inside = {"README.md": "x", "templates/x.yaml": config_map("chart")}
    inside |= {path: text or chart for path, text in files.items()}
    made = rendered(world, {**PLAIN, **said}, {f"plain/{path}": text for path, text in inside.items()})
    assert app(made, "app").error is None
    assert [body["metadata"]["name"] for body in bodies(made, "app")] == names


def test_settings_without_content_choose_the_tool_of_one_of_several_sources(world):
    world.cluster(
        "one",
        {
            "app.yaml": application("app", sources=[{**PLAIN, "directory": {}}]),
            "plain/Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n",
            "plain/templates/x.yaml": config_map("chart"),
            "plain/a.yaml": config_map("a"),
        },
    )
    assert [body["metadata"]["name"] for body in bodies(world.render(), "app")] == ["a"]


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        (["Chart.yaml", "kustomization.yaml"], "kustomize"),
        (["Chart.yaml", "Kustomization"], "kustomize"),
        (["kustomization.yaml", "zChart.yaml"], "helm"),
        (["Kustomization", "MyChart.yaml"], "helm"),
        (["a/Chart.yaml", "a.yaml"], "directory"),
    ],
)
def test_the_last_file_by_name_decides_the_tool(world, files, tool):
    repos.write(world.config, {f"x/{name}": "a: b\n" for name in files})
    hand = LocalRepositories(world.config, WORK_TREE, world.kubeaid, WORK_TREE)
    assert tool_of(hand.config_place("x"), "x") == tool


def test_an_artifact_of_an_oci_registry_is_unknown_and_no_error(world):
    made = rendered(world, {"repoURL": "oci://ghcr.io/acme/manifests", "path": ".", "targetRevision": "1.0.0"})
    (found,) = [one for one in made.findings if one.subject == "one/app"]
    assert (found.rule.id, app(made, "app").status.value) == ("gitops/repository-unknown", "unverifiable")
    assert found.message.startswith("oci://ghcr.io/acme/manifests is an OCI registry")


def test_an_application_that_argo_cd_hydrates_is_unknown(world):
    dry = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": "HEAD"}
    hydrator = {"drySource": dry, "syncSource": {"targetBranch": "hydrated/one", "path": "one"}}
    world.cluster("one", {"app.yaml": application("app", source=PLAIN, sourceHydrator=hydrator)})
    made = world.render()
    assert (app(made, "app").status.value, "commits the objects to hydrated/one" in why(made)) == ("unverifiable", True)


def test_a_path_with_a_slash_in_front_is_refused_as_argo_cd_does(world):
    made = rendered(world, {**helm("show"), "path": "/argocd-helm-charts/show"})
    assert (app(made, "app").status.value, "is absolute" in why(made)) == ("failed", True)


VARIABLES = ["ARGOCD_APP_REVISION", "ARGOCD_APP_REVISION_SHORT", "ARGOCD_APP_REVISION_SHORT_8"]


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    "said",
    [
        {"parameters": [{"name": "a", "value": "x-$V"}]},
        {"parameters": [{"name": "a", "value": "${V}", "forceString": True}]},
        {"valueFiles": ["$V.yaml"], "ignoreMissingValueFiles": True},
        {"valueFiles": ["values-$V*.yaml"], "ignoreMissingValueFiles": True},
        {"fileParameters": [{"name": "a", "path": "$V"}]},
    ],
)
def test_a_variable_that_only_a_sync_knows_makes_the_application_unknown(world, said, variable):
    written = documents.load(
        documents.dump(said).replace("$V", f"${variable}").replace("${V}", f"${{{variable}}}"), where="x"
    )
    made = rendered(world, helm("show", "HEAD", **written))
    assert (app(made, "app").status.value, variable in why(made)) == ("unverifiable", True)


def test_the_commit_of_a_pinned_revision_is_known(world):
    parameters = [
        {"name": name, "value": f"${variable}", "forceString": True}
        for name, variable in zip("abc", VARIABLES, strict=True)
    ]
    commit = repos.git(world.kubeaid, "rev-parse", "1.0.0^{commit}").strip()
    made = rendered(world, helm("show", "1.0.0", parameters=parameters), kubeaid_ref="pinned")
    assert shown(made) == f'{{"a":"{commit}","b":"{commit[:7]}","c":"{commit[:8]}"}}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$ARGOCD_APP_NAME", "app"),
        ("$ARGOCD_APP_PROJECT_NAME", "kubeaid"),
        ("$ARGOCD_APP_NAMESPACE", "app"),
        ("$ARGOCD_APP_SOURCE_PATH", "argocd-helm-charts/show"),
        ("$ARGOCD_APP_SOURCE_REPO_URL", KUBEAID),
        ("$ARGOCD_APP_SOURCE_TARGET_REVISION", "1.0.0"),
        ("a$KUBE_VERSION", "a"),
        ("a$KUBE_API_VERSIONS", "a"),
        ("a$$ARGOCD_APP_NAME", "a$ARGOCD_APP_NAME"),
    ],
)
def test_every_other_variable_is_the_text_that_argo_cd_puts_in(world, text, value):
    parameters = [{"name": "a", "value": text, "forceString": True}]
    assert shown(rendered(world, helm("show", parameters=parameters))) == f'{{"a":"{value}"}}'


VALUES_REF = {"repoURL": CONFIG, "targetRevision": "HEAD", "ref": "values"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"sources": [helm("show", valueFiles=["$typo/x.yaml"]), VALUES_REF]}, "$typo is not one of $values"),
        ({"sources": [helm("show", valueFiles=["$ARGOCD_APP_NAME.yaml"])]}, "names no source"),
        ({"sources": [helm("show", fileParameters=[{"name": "a", "path": "$x/y"}])]}, "$x is not one of none"),
        ({"sources": [helm("show"), VALUES_REF, VALUES_REF]}, "the same ref"),
        ({"sources": [helm("show"), {**VALUES_REF, "ref": "my.values"}]}, "'my.values'"),
        ({"sources": [helm("show"), {"repoURL": CONFIG}]}, "none of path, chart and ref"),
        ({"source": {"repoURL": CONFIG}}, "neither path nor chart"),
        (
            {"sources": [helm("show", valueFiles=["$c/x.yaml"]), {"repoURL": KUBEAID, "chart": "x", "ref": "c"}]},
            "$c is a chart",
        ),
        ({"destination": {"server": "https://kubernetes.default.svc", "name": "in-cluster"}}, "both server and name"),
    ],
)
def test_a_source_that_argo_cd_refuses_fails_the_application(world, spec, message):
    world.cluster("one", {"app.yaml": application("app", **spec)})
    made = world.render()
    assert (app(made, "app").status.value, message in why(made)) == ("failed", True)


def test_values_of_the_repository_of_the_chart_are_of_the_same_revision(world):
    world.chart("show", {**SHOW, "x.yaml": "a: 1"})
    world.commit("2.0.0")
    sources = [
        helm("show", "1.0.0", valueFiles=["$all/argocd-helm-charts/show/x.yaml"]),
        {"repoURL": f"{KUBEAID}.git", "targetRevision": "2.0.0", "ref": "all"},
    ]
    world.cluster("one", {"app.yaml": application("app", sources=sources)})
    made = world.render(kubeaid_ref="pinned")
    assert (app(made, "app").status.value, "which Argo CD refuses" in why(made)) == ("failed", True)
    sources[0]["targetRevision"] = "2.*"
    world.cluster("one", {"app.yaml": application("app", sources=sources)})
    assert shown(world.render(kubeaid_ref="pinned")) == '{"a":1}'


def test_a_variable_in_the_value_files_of_a_single_source_is_put_in(world):
    world.chart("show", {**SHOW, "app.yaml": "a: 1"})
    said = {"valueFiles": ["$ARGOCD_APP_NAME.yaml"]}
    assert shown(rendered(world, helm("show", **said))) == '{"a":1}'


@pytest.mark.parametrize("address", ["https://example.com/values.yaml", "s3://bucket/x.yaml", "git+ssh:x"])
def test_an_address_as_value_file_makes_the_application_unknown(world, address):
    made = rendered(world, helm("show", valueFiles=[address]))
    assert (app(made, "app").status.value, "is an address" in why(made)) == ("unverifiable", True)


def test_each_application_shows_the_revision_that_it_is_rendered_at(world):
    revisions = {"a": "1.0.0", "b": "1.*", "c": "refs/tags/1.0.0", "d": "HEAD"}
    world.cluster("one", {f"{name}.yaml": application(name, source=helm("show", at)) for name, at in revisions.items()})
    made = world.render(kubeaid_ref="pinned")
    assert {name: app(made, name).revision for name in revisions} == {**revisions, "b": "1.0.0"}


@pytest.mark.parametrize("is_committed", [False, True])
@pytest.mark.parametrize(
    ("link", "target", "path", "names"),
    [
        ("k8s/one/alias", "plain", "k8s/one/alias/deep", ["deep"]),
        ("alias", "k8s/one", "alias/plain", ["a"]),
        ("alias", "charts", "alias/chart", ["chart"]),
        ("k8s/one/alias", "plain/deep", "k8s/one/alias", None),
        ("k8s/one/alias", "gone", "k8s/one/alias", None),
    ],
)
def test_the_path_of_a_source_may_lead_through_a_link(world, link, target, path, names, is_committed):
    files = {"plain/a.yaml": config_map("a"), "plain/deep/b.yaml": config_map("deep")}
    chart = {"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "templates/x.yaml": config_map("chart")}
    repos.write(world.config, {f"charts/chart/{inside}": text for inside, text in chart.items()})
    world.cluster("one", {"app.yaml": application("app", source={**PLAIN, "path": path}), **files})
    (world.config / link).symlink_to(target)
    repos.commit(world.config)
    made = world.render(config_ref="HEAD") if is_committed else world.render()
    if names is None:
        assert app(made, "app").status.value == "failed"
        assert ("is a link" in why(made)) == (target != "gone")
    else:
        assert [body["metadata"]["name"] for body in bodies(made, "app")] == names


@pytest.mark.parametrize(
    ("files", "source", "unread"),
    [
        (["templates/a.yaml"], {}, 1),
        (["values.yaml", "templates/a.yaml", "templates/b.yml"], {}, 2),
        (["chart.yaml", "templates/a.yaml"], {}, 1),
        (["README.md", "deep/a.yaml"], {}, 1),
        (["Chart.yaml", "templates/a.yaml"], {}, 0),
        (["a.yaml", "deep/a.yaml"], {}, 0),
        (["a.yaml", "templates/README.md"], {}, 0),
        (["templates/a.yaml"], {"directory": {"recurse": True}}, 0),
        (["templates/a.yaml"], {"directory": {"include": "*.yml"}}, 0),
    ],
)
def test_a_folder_whose_manifests_are_all_out_of_sight_is_reported(world, files, source, unread):
    contents = {f"./plain/{path}": config_map("a") for path in files}
    contents |= {"./plain/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n"} if "Chart.yaml" in files else {}
    made = rendered(world, {**PLAIN, **source}, contents)
    found = [one for one in made.findings if one.rule.id == "gitops/subfolders-not-read"]
    assert len(found) == bool(unread)
    assert not unread or (found[0].subject == "one/app" and f"not the {unread} below" in found[0].message)


def test_a_root_application_without_chart_yaml_is_reported(world):
    world.cluster("one", {"app.yaml": application("app", source=PLAIN), "./plain/a.yaml": config_map("a")})
    (world.config / "k8s/one/argocd-apps/Chart.yaml").unlink()
    (found,) = world.render().findings
    assert (found.rule.id, found.subject) == ("gitops/subfolders-not-read", "one/root")
    assert "argocd-apps has no Chart.yaml" in found.message


def test_what_is_in_a_submodule_is_unknown_and_never_absent(world):
    values = {"ignoreMissingValueFiles": True}
    apps = {
        "inside": {**PLAIN, "path": "k8s/one/plain/sub"},
        "below": {**PLAIN, "directory": {"recurse": True}},
        "chart": helm("sub", "HEAD"),
        "values": helm("show", "HEAD", valueFiles=["$values/k8s/one/plain/sub/v.yaml"], **values),
        "pattern": helm("show", "HEAD", valueFiles=["$values/k8s/one/plain/*/v*.yaml"], **values),
        "next": PLAIN,
    }
    ref = {"repoURL": CONFIG, "targetRevision": "HEAD", "ref": "values"}
    sources = {name: [source, *([ref] if "valueFiles" in str(source) else [])] for name, source in apps.items()}
    world.chart("sub", SHOW)
    files = {f"{name}.yaml": application(name, sources=source) for name, source in sources.items()}
    world.cluster("one", {**files, "./plain/a.yaml": config_map("a")})
    world.commit()
    for repository, path in (
        (world.config, "k8s/one/plain/sub"),
        (world.kubeaid, "argocd-helm-charts/sub/charts/inner"),
    ):
        commit = repos.git(repository, "rev-parse", "HEAD")
        repos.git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
        repos.git(repository, "commit", "--quiet", "-m", "a submodule")
        (repository / path).mkdir(parents=True)
    for options in ({}, {"config_ref": "HEAD", "kubeaid_ref": "HEAD"}):
        made = world.render(**options)
        unknown = {one.subject.partition("/")[2] for one in made.findings if "is a submodule" in one.message}
        assert unknown == {*apps} - {"next"}
        assert [body["metadata"]["name"] for body in bodies(made, "next")] == ["a"]


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a' * 16}\nsize 12345\n"


def test_a_pointer_of_git_lfs_is_never_taken_for_the_file(world):
    world.chart("own", {**SHOW, "files/a.txt": POINTER})
    world.chart("logo", {**SHOW, "icon.png": POINTER})
    ref = {"repoURL": CONFIG, "targetRevision": "HEAD", "ref": "values"}
    files = {name: application(name, source=helm(name, "HEAD")) for name in ("own", "logo")}
    files["values"] = application("values", sources=[helm("show", "HEAD", valueFiles=["$values/k8s/one/v.yaml"]), ref])
    world.cluster("one", {**{f"{name}.yaml": text for name, text in files.items()}, "./v.yaml": POINTER})
    failed = [one for one in world.render().findings if one.rule.id == "chart/render-failed"]
    found = {one.subject: f"{one.path} {one.message}" for one in failed}
    assert found.keys() == {"one/own", "one/values"}
    assert all("a Git LFS pointer" in message and "git lfs pull" in message for message in found.values())
    assert "argocd-helm-charts/own/files/a.txt" in found["one/own"]
    assert "k8s/one/v.yaml" in found["one/values"]
