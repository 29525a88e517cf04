"""Clusters as the jobs see them: which are chosen, built, rendered, and what is said of the others."""

import json

import pytest

import kubeaid_ci
from kubeaid_ci.clusters import report
from kubeaid_ci.clusters.clusters import list_clusters
from kubeaid_ci.config_repo.names import listed
from kubeaid_ci.diff.comparison import Revisions
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.settings import parse
from tests import repos
from tests.renders import CONFIG, KUBEAID, World, application, helm

EVIL = "https://evil.example/mallory/KubeAid.git"
BINDING = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: all\n"
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n"
    "subjects: [{kind: ServiceAccount, name: x, namespace: y}]\n"
)


@pytest.fixture
def world(tmp_path) -> World:
    """Two clusters with the chart `web`; the KubeAid repo can build monitoring, too."""
    made = World(tmp_path)
    made.chart("web")
    repos.kubeaid(made.kubeaid)
    for name in ("one", "two"):
        made.cluster(name, {"web.yaml": application("web")})
        repos.write(made.config, {f"k8s/{name}/{name}-vars.jsonnet": repos.vars_file()})
    made.commit("1.0.0")
    return made


def build(world: World, *names: str, **options):
    return kubeaid_ci.build_clusters(world.config, world.kubeaid, clusters=names, cache=False, jobs=1, **options)


def told(findings) -> list[tuple[str, Severity, str, str | None]]:
    return [(one.rule.id, one.severity, one.subject, one.path) for one in findings]


def without_vars(world: World) -> None:
    repos.git(world.config, "mv", "k8s/one/one-vars.jsonnet", "k8s/one/one-vars.jsonnet.off")


def test_a_cluster_without_a_vars_file_is_rendered(world):
    without_vars(world)
    assert [(one.cluster, one.app) for one in world.render().apps if one.cluster == "one"] == [
        ("one", "root"),
        ("one", "web"),
    ]
    assert [one.cluster for one in world.render("one").apps] == ["one", "one"]


def test_a_cluster_without_monitoring_is_no_finding_of_a_build(world):
    without_vars(world)
    builds = build(world)
    assert [one.cluster for one in builds.results] == ["two"]
    assert builds.findings == ()


def test_a_cluster_without_monitoring_that_is_asked_for_is_a_warning(world):
    without_vars(world)
    builds = build(world, "one")
    assert builds.results == ()
    assert told(builds.findings) == [("build/vars-missing", Severity.WARNING, "one", "k8s/one")]


@pytest.mark.parametrize("names", [(), ("one",)])
@pytest.mark.parametrize("check", [True, False])
def test_built_manifests_without_a_vars_file_are_an_error_of_a_build(world, names, check):
    repos.write(world.config, {"k8s/one/kube-prometheus/x.yaml": BINDING})
    without_vars(world)
    found = build(world, *names, check=check).findings
    assert ("build/vars-missing", Severity.ERROR, "one", "k8s/one") in told(found)


def test_an_application_for_built_manifests_without_a_vars_file_is_an_error(world):
    text = repos.application("HEAD").replace("k8s/x/", "k8s/one/")
    repos.write(world.config, {"k8s/one/argocd-apps/templates/kube-prometheus.yaml": text})
    without_vars(world)
    assert told(build(world, check=True).findings)[0][:3] == ("build/vars-missing", Severity.ERROR, "one")


def test_a_folder_of_built_manifests_only_is_an_error(world):
    repos.write(world.config, {"k8s/old/kube-prometheus/x.yaml": BINDING})
    assert told(build(world, check=True).findings)[0] == ("build/vars-missing", Severity.ERROR, "old", "k8s/old")


def test_renaming_the_vars_file_hides_nothing_of_a_change(world):
    before = repos.git(world.config, "rev-parse", "HEAD")
    without_vars(world)
    repos.write(world.config, {"k8s/one/argocd-apps/templates/binding.yaml": BINDING})
    repos.commit(world.config)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(before), after=Revisions("HEAD"), cache=False, jobs=1
    )
    assert [(one.cluster, one.kind) for one in made.changes] == [("one", "ClusterRoleBinding")]
    assert [one.rule.id for one in made.findings if one.rule.id.startswith("change/cluster")] == []


def test_a_link_to_a_cluster_is_built_once_and_stops_nothing(world):
    (world.config / "k8s/alias").symlink_to("one")
    assert [one.dir for one in build(world).results] == ["one", "two"]
    found = list_clusters(world.config, jobs=1)
    assert [one.dir for one in found.clusters] == ["one", "two"]
    assert found.skipped == ("k8s/alias: is a link to one; the cluster is k8s/one",)
    with pytest.raises(UserError, match="k8s/alias: is a link to one; the cluster is k8s/one"):
        build(world, "alias")


def test_a_folder_that_cannot_be_read_is_an_error_and_stops_nothing(world):
    (world.config / "k8s/gone").symlink_to("../../elsewhere")
    builds = build(world)
    assert [one.dir for one in builds.results] == ["one", "two"]
    assert told(builds.findings) == [("build/cluster-unreadable", Severity.ERROR, "gone", "k8s/gone")]


def test_general_settings_that_cannot_be_used_are_a_warning(world):
    repos.write(world.config, {"k8s/one/kubeaid-cli.general.yaml": "cluster: {k8sVersion: latest}\n"})
    expected = ("settings/general-invalid", Severity.WARNING, "one", "k8s/one/kubeaid-cli.general.yaml")
    assert told(list_clusters(world.config, jobs=1).findings) == [expected]
    assert expected in told(world.render("one").findings)


def test_two_clusters_of_one_name_are_shown_with_their_folders(world):
    for folder in ("eu", "us"):
        world.cluster(folder, {"web.yaml": application("web")})
        (world.config / f"k8s/{folder}/{folder}-vars.jsonnet").unlink()
        repos.write(world.config, {f"k8s/{folder}/prod-vars.jsonnet": repos.vars_file()})
    world.commit()
    assert [(one.cluster, one.dir) for one in build(world, "eu", "us").results] == [
        ("prod (eu)", "eu"),
        ("prod (us)", "us"),
    ]
    assert {one.cluster for one in world.render("eu", "us").apps} == {"prod (eu)", "prod (us)"}
    assert [one.dir for one in build(world, "prod (eu)").results] == ["eu"]
    with pytest.raises(UserError, match="prod: names 2 clusters: k8s/eu, k8s/us; name the folder"):
        build(world, "prod")


def test_names_with_blanks_come_back_from_the_shards(world):
    for folder in ("prod eu", "prod", "eu"):
        repos.write(world.config, {f"k8s/{folder}/{folder}-vars.jsonnet": repos.vars_file()})
    infos = list_clusters(world.config, jobs=1).clusters
    matrix = json.loads(report.matrix(infos, shards=2))
    dealt = [[one.dir for one in build(world, *listed(shard["clusters"])).results] for shard in matrix["include"]]
    assert sorted(folder for share in dealt for folder in share) == ["eu", "one", "prod", "prod eu", "two"]
    assert [one.dir for one in build(world, *listed("prod eu")).results] == ["prod eu"]
    assert [one.dir for one in build(world, *listed("one two")).results] == ["one", "two"]


@pytest.mark.parametrize(
    ("settings", "general", "expected"),
    [
        ("", "", ("1.34.0", "default")),
        ("", "cluster: {k8sVersion: v1.31.0}", ("1.31.0", "general")),
        ("kubernetes-version: 1.33.0", "cluster: {k8sVersion: v1.31.0}", ("1.33.0", "settings")),
        ("clusters: {one: {kubernetes-version: 1.35.6}}", "cluster: {k8sVersion: v1.31.0}", ("1.35.6", "settings")),
        ("clusters: {two: {kubernetes-version: 1.35.6}}", "cluster: {k8sVersion: v1.31.0}", ("1.31.0", "general")),
    ],
)
def test_the_version_of_kubernetes_is_that_of_the_settings_or_of_the_cluster_itself(world, settings, general, expected):
    repos.write(world.config, {"k8s/one/kubeaid-cli.general.yaml": general})
    read = parse(settings, where="here")
    (info, _) = list_clusters(world.config, settings=read, jobs=1).clusters
    assert (info.kubernetes_version, info.kubernetes_version_from) == expected
    world.chart(
        "web",
        {
            "templates/v.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v}\ndata: {v: {{ .Capabilities.KubeVersion.Version }}}\n"
        },
    )
    bodies = [one.body for one in world.render("one", settings=read).manifests if one.body["kind"] == "ConfigMap"]
    assert bodies[0]["data"]["v"] == f"v{expected[0]}"


def test_the_platform_is_that_of_the_vars_file_else_the_provider(world):
    repos.write(
        world.config, {f"k8s/{name}/kubeaid-cli.general.yaml": "cloud: {hetzner: {}}\n" for name in ("one", "two")}
    )
    without_vars(world)
    infos = list_clusters(world.config, jobs=1).clusters
    assert [(one.name, one.platform, one.provider) for one in infos] == [
        ("one", "hetzner", "hetzner"),
        ("two", "kops", "hetzner"),
    ]


@pytest.mark.parametrize("pinned", ["trunk", "refs/heads/trunk", "HEAD", ""])
@pytest.mark.parametrize("clone", ["branches", "detached", "detached, by commit", "by commit", "origin/HEAD"])
def test_the_checkout_stands_for_the_branch_that_the_change_goes_to(world, tmp_path, pinned, clone):
    source = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": pinned}
    repos.write(world.config, {"k8s/one/argocd-apps/templates/plain.yaml": application("plain", source=source)})
    repos.write(world.config, {"k8s/one/plain/binding.yaml": BINDING.replace("name: all", "name: before")})
    repos.git(world.config, "checkout", "-q", "-b", "trunk")
    repos.commit(world.config)
    config, base = world.config, "trunk"
    if clone not in ("branches", "by commit"):
        config, base = tmp_path / "clone", "origin/trunk"
        repos.git(tmp_path, "clone", "-q", str(world.config), str(config))
        repos.git(config, "remote", "set-url", "origin", CONFIG)
    if clone.startswith("detached"):
        repos.git(config, "checkout", "-q", "--detach")
        repos.git(config, "branch", "-q", "-D", "trunk")
        repos.git(config, "remote", "set-head", "origin", "--delete")
    elif clone in ("branches", "by commit"):
        repos.git(config, "branch", "-q", "-D", "main")
        repos.git(config, "checkout", "-q", "-b", "feature")
    else:
        base = repos.git(config, "rev-parse", "HEAD")
        repos.git(config, "checkout", "-q", "-b", "feature")
    if clone.endswith("by commit"):
        base = repos.git(config, "rev-parse", "HEAD")
    repos.write(config, {"k8s/one/plain/binding.yaml": BINDING.replace("name: all", "name: after")})
    repos.commit(config)
    made = kubeaid_ci.diff_clusters(
        config, world.kubeaid, before=Revisions(base), after=Revisions(), clusters=["one"], cache=False, jobs=1
    )
    assert {(one.kind, one.app) for one in made.changes} == {("ClusterRoleBinding", "plain")}


def test_another_branch_that_an_application_pins_is_what_it_is(world):
    source = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": "stable"}
    repos.write(world.config, {"k8s/one/argocd-apps/templates/plain.yaml": application("plain", source=source)})
    repos.write(world.config, {"k8s/one/plain/binding.yaml": BINDING})
    base = repos.commit(world.config)
    repos.git(world.config, "branch", "stable")
    repos.write(world.config, {"k8s/one/plain/binding.yaml": BINDING.replace("name: all", "name: after")})
    repos.commit(world.config)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(base), after=Revisions(), clusters=["one"], cache=False, jobs=1
    )
    assert made.changes == ()
    (finding,) = made.findings
    assert (finding.rule.id, finding.severity, finding.subject) == ("change/not-followed", "warning", "one/plain")
    assert finding.message == (
        "k8s/one/plain changes, but the Application takes it from stable: what it applies stays the same"
    )


@pytest.mark.parametrize("changed", ["k8s/one/values-web.yaml", "k8s/one/other.yaml"])
def test_values_of_another_revision_are_named_if_they_change(world, changed):
    values = {"repoURL": CONFIG, "targetRevision": "stable", "ref": "values"}
    chart = helm("web", valueFiles=["$values/k8s/one/values-web.yaml"])
    app = application("web", sources=[chart, values])
    repos.write(
        world.config, {"k8s/one/argocd-apps/templates/web.yaml": app, "k8s/one/values-web.yaml": "replicas: 1\n"}
    )
    world.commit()
    repos.git(world.config, "branch", "stable")
    repos.write(world.config, {changed: "replicas: 2\n"})
    repos.commit(world.config)
    made = kubeaid_ci.diff_clusters(
        world.config,
        world.kubeaid,
        before=Revisions("HEAD~1"),
        after=Revisions(),
        clusters=["one"],
        cache=False,
        jobs=1,
    )
    names = [one.rule.id for one in made.findings if one.subject == "one/web"]
    assert names == (["change/not-followed"] if "values" in changed else [])


def test_an_application_that_follows_the_branch_under_review_is_named(world):
    source = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": "feature"}
    repos.write(world.config, {"k8s/one/argocd-apps/templates/plain.yaml": application("plain", source=source)})
    repos.write(world.config, {"k8s/one/plain/binding.yaml": BINDING})
    repos.commit(world.config)
    base = repos.git(world.config, "branch", "--show-current").strip()
    repos.git(world.config, "checkout", "-q", "-b", "feature")
    repos.write(world.config, {"k8s/one/plain/binding.yaml": BINDING.replace("name: all", "name: after")})
    repos.commit(world.config)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(base), after=Revisions(), clusters=["one"], cache=False, jobs=1
    )
    assert [one.rule.id for one in made.findings] == ["change/not-followed"]


@pytest.mark.parametrize(
    ("source", "host"),
    [
        ({"repoURL": EVIL, "path": "argocd-helm-charts/web"}, "evil.example"),
        ({"repoURL": "git@evil.example:x/y", "path": "web"}, "evil.example"),
        ({"repoURL": "https://charts.evil.example", "chart": "web", "targetRevision": "1.0.0"}, "charts.evil.example"),
        ({"repoURL": "evil.example:5000/charts", "chart": "web", "targetRevision": "1.0.0"}, "evil.example"),
        ({"repoURL": "https://git.example.com@evil.example/a/KubeAid", "path": "web"}, "evil.example"),
        ({"repoURL": "https://git.example.com/mallory/KubeAid", "path": "web"}, None),
        ({"repoURL": KUBEAID, "path": "argocd-helm-charts/web", "targetRevision": "1.0.0"}, None),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_host_that_the_cluster_did_not_use_is_an_error(world, source, host, is_new):
    if not is_new:
        repos.write(world.config, {"k8s/one/argocd-apps/templates/other.yaml": application("other")})
    base = repos.commit(world.config)
    repos.write(world.config, {"k8s/one/argocd-apps/templates/other.yaml": application("other", source=source)})
    repos.commit(world.config)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(base), after=Revisions(), clusters=["one"], cache=False, jobs=1
    )
    found = [one for one in made.findings if one.severity == "error"]
    if host is None:
        assert found == []
    else:
        assert [(one.rule.id, one.subject) for one in found] == [("change/source-host-new", "one/other")]
        assert host in found[0].message


def test_a_new_cluster_knows_the_repositories_that_the_other_clusters_name(world):
    repos.git(world.config, "remote", "set-url", "origin", "https://mirror.example/config.git")
    base = repos.commit(world.config)
    world.cluster("new", {"web.yaml": application("web")})
    repos.commit(world.config)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(base), after=Revisions(), cache=False, jobs=1
    )
    assert made.not_compared == ()
    assert [one.rule.id for one in made.findings] == ["change/cluster-added"]
    assert "(0 objects)" not in made.findings[0].message


def source_of(url: str) -> dict:
    return {"repoURL": url, "path": "argocd-helm-charts/web", "targetRevision": "1.0.0"}


def statuses(world: World) -> dict[str, str]:
    return {one.app: str(one.status) for one in world.render("one").apps}


def test_a_repository_is_not_the_platform_because_of_its_name(world):
    repos.write(world.config, {"k8s/one/argocd-apps/templates/web.yaml": application("web", source=source_of(EVIL))})
    assert statuses(world) == {"root": "rendered", "web": "unverifiable"}
    found = [one for one in world.render("one").findings if one.rule.id == "gitops/repository-unknown"]
    assert EVIL in found[0].message
    assert "repositories in .kubeaid-ci.yaml" in found[0].rule.help


def test_an_address_in_the_settings_or_in_the_general_settings_means_the_platform(world):
    fork = "https://git.example.com/fork/k8id.git"
    repos.write(world.config, {"k8s/one/argocd-apps/templates/web.yaml": application("web", source=source_of(fork))})
    assert statuses(world)["web"] == "unverifiable"
    read = parse("repositories: {kubeaid: ['git@git.example.com:fork/k8id']}", where="here")
    assert {str(one.status) for one in world.render("one", settings=read).apps} == {"rendered"}
    general = f"forkURLs: {{kubeaid: {fork}}}\n"
    repos.write(world.config, {"k8s/one/kubeaid-cli.general.yaml": general})
    assert statuses(world)["web"] == "rendered"


@pytest.mark.parametrize("more", [{}, {"k8s/one/kubeaid-cli.general.yaml": f"forkURLs: {{kubeaid: {EVIL}}}\n"}])
def test_a_change_cannot_say_itself_which_repository_is_trusted(world, more):
    template = {"k8s/one/argocd-apps/templates/web.yaml": application("web", source=source_of(EVIL))}
    repos.write(world.config, {**template, **more})
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions("HEAD"), after=Revisions(), clusters=["one"], cache=False, jobs=1
    )
    assert ("change/not-compared", "one/web") in {(one.rule.id, one.subject) for one in made.findings}


def test_settings_refuse_what_is_no_address():
    with pytest.raises(UserError, match=r"here:1: repositories\.kubeaid"):
        parse("repositories: {kubeaid: [../KubeAid]}", where="here")
