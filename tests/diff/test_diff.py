"""What a change or an upgrade does to clusters, on small repositories."""

import pytest

import kubeaid_ci
from kubeaid_ci import documents
from kubeaid_ci.cache import code_digest
from kubeaid_ci.diff import pair
from kubeaid_ci.diff.comparison import Comparison, Revisions
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.git.tree import Action
from tests import repos
from tests.renders import CHART, CONFIG, World, application, helm, values_ref

PVC = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\nspec: {}\n"
SCHEMA = '{"properties": {"replicas": {"type": "string"}}}'
VALUES = {"web.yaml": application("web", sources=[helm(valueFiles=["$values/k8s/one/v.yaml"]), values_ref()])}


@pytest.fixture
def world(tmp_path) -> World:
    """One cluster with the chart `web`, as of the tag 1.0.0."""
    made = World(tmp_path)
    made.chart("web", {**CHART, "templates/data.yaml": PVC})
    made.cluster("one", {**VALUES, "/v.yaml": "\nreplicas: 3\n"})
    made.commit("1.0.0")
    return made


def compared(world: World, before: Revisions, after: Revisions, **options) -> Comparison:
    options.setdefault("cache", world.folder / "cache")
    options.setdefault("jobs", 1)
    return kubeaid_ci.diff_clusters(world.config, world.kubeaid, before=before, after=after, **options)


def upgraded(world: World, to: str = "worktree", **options) -> Comparison:
    return compared(world, Revisions(), Revisions(kubeaid=to), **options)


def reconfigured(world: World, **options) -> Comparison:
    return compared(world, Revisions("HEAD"), Revisions(), **options)


def objects(made: Comparison) -> list[tuple[str, str, Action]]:
    return [(change.app, change.kind, change.action) for change in made.changes]


def told(made: Comparison) -> list[tuple[str, Severity, str, str | None, int | None]]:
    return [(one.rule.id, one.severity, one.subject, one.path, one.line) for one in made.findings]


def test_what_means_the_same_shows_nothing(world):
    repos.write(world.config, {"k8s/one/v.yaml": "# said otherwise\nreplicas:   3\n"})
    repos.write(world.kubeaid, {"argocd-helm-charts/web/templates/_helpers.tpl": "{{/* a comment */}}"})
    made = compared(world, Revisions("HEAD", "1.0.0"), Revisions("worktree", "worktree"))
    assert (made.clusters, made.changes, made.findings, made.noise_only) == (("one",), (), (), 0)


def test_a_value_of_the_config_repo_changes_what_it_sets(world):
    repos.write(world.config, {"k8s/one/v.yaml": "replicas: 4\n"})
    (change,) = reconfigured(world).changes
    assert (change.cluster, change.app, change.kind) == ("one", "web", "Deployment")
    assert [(field.path, field.before, field.after) for field in change.fields] == [("spec.replicas", "3", "4")]


def test_a_revision_that_the_config_repo_pins_anew_brings_what_is_in_it(world):
    world.chart("web", {"templates/more.yaml": PVC.replace("data", "more")})
    repos.commit(world.kubeaid, tag="2.0.0")
    text = VALUES["web.yaml"].replace("1.0.0", "2.0.0")
    repos.write(world.config, {"k8s/one/argocd-apps/templates/web.yaml": text})
    made = reconfigured(world)
    assert ("web", "PersistentVolumeClaim", Action.ADDED) in objects(made)
    assert ("root", "Application", Action.MODIFIED) in objects(made)


def test_lost_data_is_called_out(world):
    (world.kubeaid / "argocd-helm-charts/web/templates/data.yaml").unlink()
    made = upgraded(world)
    assert objects(made) == [("web", "PersistentVolumeClaim", Action.REMOVED)]
    assert told(made)[0][:3] == (
        "change/state-removed",
        Severity.ERROR,
        "one/web PersistentVolumeClaim web/data",
    )


def test_an_application_that_fails_after_the_change_is_told_and_not_taken_for_removed(world):
    world.cluster("one", {"other.yaml": application("other")})
    repos.commit(world.config)
    repos.write(world.kubeaid, {"argocd-helm-charts/web/templates/web.yaml": '{{ fail "no" }}'})
    made = upgraded(world)
    assert made.changes == ()
    path = "argocd-helm-charts/web/templates/web.yaml"
    assert told(made) == [("change/render-broken", Severity.ERROR, f"one/{name}", path, 1) for name in ("other", "web")]


def test_one_that_fails_stops_no_other(world):
    world.chart("good")
    world.cluster("one", {"good.yaml": application("good", source=helm("good"))})
    world.commit("2.0.0")
    repos.write(
        world.kubeaid,
        {
            "argocd-helm-charts/web/templates/web.yaml": "{{",
            "argocd-helm-charts/good/values.yaml": "replicas: 2\nname: web\n",
        },
    )
    made = compared(world, Revisions(kubeaid="2.0.0"), Revisions(kubeaid="worktree"))
    assert objects(made) == [("good", "Deployment", Action.MODIFIED)]
    assert [one[0] for one in told(made)] == ["change/render-broken"]


def test_one_that_renders_again_is_told_and_not_taken_for_new(world):
    repos.write(world.kubeaid, {"argocd-helm-charts/web/templates/web.yaml": '{{ fail "no" }}'})
    repos.commit(world.kubeaid, tag="bad")
    made = compared(world, Revisions(kubeaid="bad"), Revisions(kubeaid="1.0.0"))
    assert made.changes == ()
    assert [one[:3] for one in told(made)] == [("change/render-mended", Severity.INFO, "one/web")]


def test_a_chart_that_is_gone_is_named(world):
    repos.git(world.kubeaid, "rm", "-rq", "argocd-helm-charts/web")
    world.chart("other")
    repos.commit(world.kubeaid, tag="2.0.0")
    made = upgraded(world, "2.0.0")
    assert made.changes == ()
    assert told(made) == [
        ("change/chart-gone", Severity.ERROR, "one/web", "k8s/one/argocd-apps/templates/web.yaml", None)
    ]


def test_values_that_a_newer_schema_refuses_are_named_at_their_line(world):
    repos.write(world.kubeaid, {"argocd-helm-charts/web/values.schema.json": SCHEMA})
    assert told(upgraded(world)) == [("change/values-refused", Severity.ERROR, "one/web", "k8s/one/v.yaml", 2)]


def test_what_fails_on_both_sides_is_information(world):
    world.cluster("one", {"bad.yaml": application("bad", source=helm("nowhere"))})
    repos.commit(world.config)
    ((rule, severity, subject, *_),) = told(upgraded(world))
    assert (rule, severity, subject) == ("change/not-compared", Severity.INFO, "one/bad")


def test_applications_are_not_removed_where_the_root_application_does_not_render(world):
    repos.write(world.config, {"k8s/one/argocd-apps/templates/broken.yaml": '{{ fail "no" }}'})
    made = reconfigured(world)
    assert made.changes == ()
    assert [one[:3] for one in told(made)] == [
        ("change/render-broken", Severity.ERROR, "one/root"),
        ("change/not-compared", Severity.WARNING, "one/web"),
    ]


def test_an_application_that_comes_or_goes_brings_or_takes_its_objects(world):
    repos.write(world.config, {"k8s/one/argocd-apps/templates/new.yaml": application("new")})
    (world.config / "k8s/one/argocd-apps/templates/web.yaml").unlink()
    made = reconfigured(world)
    assert ("new", "Deployment", Action.ADDED) in objects(made)
    assert ("web", "Deployment", Action.REMOVED) in objects(made)
    assert "change/application-removed" in [one[0] for one in told(made)]


def test_a_cluster_on_one_side_is_one_line(world):
    world.cluster("two", {"web.yaml": application("web")})
    repos.git(world.config, "rm", "-rq", "k8s/one")
    made = reconfigured(world)
    assert (made.clusters, made.changes) == ((), ())
    assert [(*one[:3], one[3]) for one in told(made)] == [
        ("change/cluster-removed", Severity.ERROR, "one", "k8s/one"),
        ("change/cluster-added", Severity.INFO, "two", "k8s/two"),
    ]


def test_clusters_are_named_by_either_side(world):
    world.cluster("two", {"web.yaml": application("web")})
    repos.git(world.config, "rm", "-rq", "k8s/one")
    assert [one[2] for one in told(reconfigured(world, clusters=["one"]))] == ["one"]
    with pytest.raises(UserError, match="three: no such cluster; there are: one, two"):
        reconfigured(world, clusters=["three"])


def test_one_application_is_shown_and_compared_with_all_that_the_cluster_had(world):
    world.cluster("one", {"other.yaml": application("other")})
    repos.commit(world.config)
    repos.write(world.kubeaid, {"argocd-helm-charts/web/values.yaml": "replicas: 9\nname: new\n"})
    made = upgraded(world, apps=["other"])
    assert {change.app for change in made.changes} == {"other"}
    with pytest.raises(UserError, match="odher: no such Application; did you mean other"):
        upgraded(world, apps=["odher"])


def test_the_same_files_at_two_revisions_are_rendered_once(world):
    repos.commit(world.kubeaid, tag="2.0.0")
    was, now = (world.render(kubeaid_ref=tag, cache=False) for tag in ("1.0.0", "2.0.0"))
    assert [one.digest for one in was.apps] == [one.digest for one in now.apps]
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: web\nstringData:\n  a: {{ now | unixEpoch }}\n"
    world.chart("web", {"templates/secret.yaml": secret})
    repos.commit(world.kubeaid, tag="3.0.0")
    repos.commit(world.kubeaid, tag="4.0.0")
    assert compared(world, Revisions(kubeaid="3.0.0"), Revisions(kubeaid="4.0.0"), cache=False).changes == ()


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (Revisions("nope"), Revisions(), "has no revision nope"),
        (Revisions(), Revisions(kubeaid="nope"), "has no revision nope"),
        (Revisions("1.0.0"), Revisions(), "has no revision 1.0.0"),
    ],
)
def test_a_revision_that_is_not_there_is_refused(world, before, after, why):
    with pytest.raises(UserError, match=why):
        compared(world, before, after)


def test_a_folder_with_two_vars_files_is_told_and_the_rest_compared(world):
    repos.write(world.config, {f"k8s/two/{name}-vars.jsonnet": "{}" for name in "ab"})
    repos.write(world.config, {"k8s/one/v.yaml": "replicas: 4\n"})
    made = reconfigured(world)
    assert [one[0] for one in told(made)] == ["build/vars-invalid"]
    assert objects(made) == [("web", "Deployment", Action.MODIFIED)]


@pytest.fixture
def monitored(world) -> World:
    """The cluster with its monitoring built at 1.0.0, and a KubeAid 2.0.0 whose Prometheus keeps less."""
    source = {"repoURL": CONFIG, "path": "k8s/one/kube-prometheus", "directory": {"recurse": True}}
    text = application("kube-prometheus", source=source).replace(
        "metadata:", "metadata:\n  labels: {kubeaid.io/version: 1.0.0}", 1
    )
    world.cluster("one", {"kube-prometheus.yaml": text})
    repos.kubeaid(world.kubeaid)
    repos.git(world.kubeaid, "tag", "--delete", "1.0.0")
    repos.commit(world.kubeaid, tag="1.0.0")
    repos.write(world.config, {"k8s/one/one-vars.jsonnet": repos.vars_file()})
    kubeaid_ci.build_clusters(world.config, world.kubeaid, jobs=1, cache=False)
    repos.commit(world.config)
    defaults = "build/kube-prometheus/lib/default_vars.libsonnet"
    repos.write(world.kubeaid, {defaults: repos.DEFAULTS.replace("30d", "7d")})
    repos.commit(world.kubeaid, tag="2.0.0")
    return world


def test_an_upgrade_builds_the_monitoring_anew(monitored):
    made = upgraded(monitored, "2.0.0")
    (change,) = made.changes
    assert (change.app, change.kind, change.name) == ("kube-prometheus", "Prometheus", "k8s")
    assert [(field.path, field.before, field.after) for field in change.fields] == [("spec.retention", "30d", "7d")]
    assert upgraded(monitored, "2.0.0") == made  # from the cache


def test_monitoring_that_is_not_wanted_is_compared_as_it_is_committed(monitored):
    assert upgraded(monitored, "2.0.0", monitoring=False).changes == ()
    assert upgraded(monitored, "2.0.0", apps=["web"]).changes == ()


def test_a_cluster_is_compared_once_for_the_same_objects_question_and_code(monitored, monkeypatch):
    made = upgraded(monitored, "2.0.0")
    with monkeypatch.context() as patch:
        patch.setattr(pair, "compare_pair", None)
        assert upgraded(monitored, "2.0.0") == made
    defaults = "build/kube-prometheus/lib/default_vars.libsonnet"
    repos.write(monitored.kubeaid, {defaults: repos.DEFAULTS.replace("30d", "14d")})
    repos.commit(monitored.kubeaid, tag="3.0.0")
    assert upgraded(monitored, "3.0.0").changes[0].fields[0].after == "14d"
    assert upgraded(monitored, "2.0.0", monitoring=False).changes == ()
    assert upgraded(monitored, "2.0.0", diffs=True).diffs
    assert upgraded(monitored, "2.0.0", apps=["web"]).changes == ()
    assert upgraded(monitored, "2.0.0") == made
    monkeypatch.setattr(code_digest, "digest", lambda *_: "another")
    monkeypatch.setattr(pair, "compare_cluster", lambda *_, **__: Comparison(("by other code",)))
    assert upgraded(monitored, "2.0.0").clusters == ("by other code",)


def test_without_a_cache_nothing_is_kept(monitored, monkeypatch):
    made = upgraded(monitored, "2.0.0", cache=False)
    monkeypatch.setattr(pair, "compare_cluster", lambda *_, **__: Comparison(("again",)))
    assert upgraded(monitored, "2.0.0", cache=False).clusters == ("again",)
    assert made.changes


def test_a_change_of_the_template_is_compared_with_what_the_base_gives(monitored):
    repos.write(monitored.config, {"k8s/one/one-vars.jsonnet": repos.vars_file(replicas="2")})
    (change,) = compared(monitored, Revisions(kubeaid="1.0.0"), Revisions(kubeaid="2.0.0")).changes
    assert [field.path for field in change.fields] == ["spec.retention"]


def test_a_library_that_is_gone_is_named(monitored):
    libraries = "build/kube-prometheus/libraries"
    repos.git(monitored.kubeaid, "mv", f"{libraries}/v0.17.0", f"{libraries}/v0.18.0")
    repos.commit(monitored.kubeaid, tag="3.0.0")
    made = upgraded(monitored, "3.0.0")
    assert made.changes == ()
    ((rule, severity, subject, path, _),) = told(made)
    assert (rule, severity, subject) == ("change/library-gone", Severity.ERROR, "one/kube-prometheus")
    assert path == "k8s/one/one-vars.jsonnet"


def test_a_library_that_becomes_a_link_is_there(monitored):
    libraries = monitored.kubeaid / "build/kube-prometheus/libraries"
    repos.git(monitored.kubeaid, "mv", str(libraries / "v0.17.0"), str(libraries / "18ea7abd"))
    (libraries / "v0.17.0").symlink_to("18ea7abd/")
    repos.commit(monitored.kubeaid, tag="3.0.0")
    assert upgraded(monitored, "3.0.0").findings == ()


def test_a_library_that_was_never_there_is_less_of_a_worry(monitored):
    repos.write(monitored.config, {"k8s/one/one-vars.jsonnet": repos.vars_file(kube_prometheus_version="'v9'")})
    ((rule, severity, *_),) = told(upgraded(monitored, "2.0.0"))
    assert (rule, severity) == ("change/library-gone", Severity.WARNING)


def test_a_revision_without_the_build_has_no_library(monitored):
    repos.git(monitored.kubeaid, "rm", "-rq", "build")
    repos.commit(monitored.kubeaid, tag="3.0.0")
    assert [one[0] for one in told(upgraded(monitored, "3.0.0"))] == ["change/library-gone"]


def test_vars_that_a_newer_template_refuses_break_the_monitoring(monitored):
    repos.write(
        monitored.kubeaid, {"build/kube-prometheus/lib/validate.libsonnet": "function(vars) ['no: ' + vars.platform]"}
    )
    repos.commit(monitored.kubeaid, tag="3.0.0")
    made = upgraded(monitored, "3.0.0")
    assert [one[:3] for one in told(made)] == [("change/render-broken", Severity.ERROR, "one/kube-prometheus")]
    mended = compared(monitored, Revisions(kubeaid="3.0.0"), Revisions(kubeaid="2.0.0"))
    assert [one[:2] for one in told(mended)] == [("change/not-compared", Severity.WARNING)]
    assert (made.changes, mended.changes) == ((), ())


def test_an_object_whose_name_varies_is_neither_added_nor_removed(world):
    job = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {}}}\nspec: {{backoffLimit: {{{{ .Values.replicas }}}}}}\n"
    )
    by_clock = job.format('bench-{{ now | date "20060102150405" }}')
    by_chance = job.format("bench-{{ randAlphaNum 8 | lower }}-{{ .Values.name }}")
    world.chart("web", {**CHART, "templates/job.yaml": f"{by_clock}---\n{by_chance}"})
    world.commit("2.0.0")
    repos.write(world.config, {"k8s/one/v.yaml": "\nreplicas: 4\n"})
    made = compared(world, Revisions("HEAD", "worktree"), Revisions("worktree", "worktree"), cache=False)
    jobs = [(change.name, change.action, [field.path for field in change.fields]) for change in made.changes[1:]]
    assert jobs == [
        ("bench-(varies)", Action.MODIFIED, ["spec.backoffLimit"]),
        ("bench-(varies)-web", Action.MODIFIED, ["spec.backoffLimit"]),
    ]


def application_set(*names: str, **generator) -> str:
    template = {"metadata": {"name": "{{n}}"}, "spec": documents.load(application("{{n}}"), where="x")["spec"]}
    generators = [generator or {"list": {"elements": [{"n": name} for name in names]}}]
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "set"}}
    return documents.dump({**body, "spec": {"generators": generators, "template": template}})


@pytest.fixture
def with_set(world):
    """The cluster with an ApplicationSet that makes a and b, in a folder of plain manifests."""
    where = {"repoURL": CONFIG, "path": "k8s/one/sets", "targetRevision": "HEAD"}
    world.cluster(
        "one",
        {
            "sets.yaml": application("sets", source=where, destination={"namespace": "argocd"}),
            "sets/set.yaml": application_set("a", "b"),
        },
    )
    repos.commit(world.config)
    return world


def test_applications_of_a_set_that_becomes_unknown_are_not_compared_and_never_removed(with_set):
    repos.write(with_set.config, {"k8s/one/sets/set.yaml": application_set(clusters={})})
    made = reconfigured(with_set)
    assert [change.kind for change in made.changes] == ["ApplicationSet"]
    assert [one.rule.id for one in made.findings if one.subject in ("one/a", "one/b")] == ["change/not-compared"] * 2
    assert not [one for one in made.findings if one.rule.id in ("change/state-removed", "change/application-removed")]
    (unknown,) = [one for one in made.findings if one.subject == "one/ApplicationSet set"]
    assert "the generator clusters" in unknown.message


def test_applications_that_an_unknown_set_may_make_now_are_not_compared(with_set):
    gone = with_set.config / "k8s/one/argocd-apps/templates/web.yaml"
    gone.unlink()
    repos.write(
        with_set.config, {"k8s/one/sets/more.yaml": application_set(plugin={}).replace("name: set", "name: new")}
    )
    made = reconfigured(with_set)
    (finding,) = [one for one in made.findings if one.subject == "one/web"]
    assert (finding.rule.id, "ApplicationSet new may make it" in finding.message) == ("change/not-compared", True)
    assert not [one for one in made.findings if one.rule.id == "change/state-removed"]


def test_an_element_that_goes_is_a_removal(with_set):
    repos.write(with_set.config, {"k8s/one/sets/set.yaml": application_set("a")})
    made = reconfigured(with_set)
    assert ("b", "PersistentVolumeClaim", Action.REMOVED) in objects(made)
    assert "change/state-removed" in {one.rule.id for one in made.findings}


def test_an_application_below_one_that_an_unknown_set_made_is_not_compared(world):
    outer = {"metadata": {"name": "{{n}}"}, "spec": {"project": "x", "destination": {"namespace": "argocd"}}}
    outer["spec"]["source"] = {"repoURL": CONFIG, "path": "k8s/one/{{n}}", "targetRevision": "HEAD"}
    where = {"repoURL": CONFIG, "path": "k8s/one/sets", "targetRevision": "HEAD"}
    text = documents.load(application_set("inner"), where="x")
    text["spec"]["template"] = outer
    files = {"sets/set.yaml": documents.dump(text), "inner/app.yaml": application("deep")}
    world.cluster("one", {"sets.yaml": application("sets", source=where, destination={"namespace": "argocd"}), **files})
    repos.commit(world.config)
    text["spec"]["generators"] = [{"clusters": {}}]
    repos.write(world.config, {"k8s/one/sets/set.yaml": documents.dump(text)})
    made = reconfigured(world)
    assert ("change/not-compared", "one/deep") in {(one.rule.id, one.subject) for one in made.findings}
    assert not [one for one in made.findings if one.rule.id == "change/state-removed"]
