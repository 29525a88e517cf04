import gc

from kubeaid_ci.diff.comparison import Revisions
from kubeaid_ci.diff.diff import diff_clusters
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render import fleet as fleets
from kubeaid_ci.render.fleet import open_fleet
from kubeaid_ci.render.render import render_each
from kubeaid_ci.render.renderer import Renderer
from kubeaid_ci.render.rendering import ValuesLayer
from kubeaid_ci.settings import parse
from tests import repos
from tests.renders import World, application, helm, values_ref


def test_each_cluster_has_its_applications_and_where_they_come_from(tmp_path):
    world = World(tmp_path)
    world.chart("web")
    written = helm(valueFiles=["values.yaml", "$values/k8s/one/argocd-apps/web.values.yaml"], values="replicas: 3")
    files = {
        "web.yaml": application("web", sources=[values_ref(), written]),
        "argocd-apps/web.values.yaml": "replicas: 2\n",
    }
    world.cluster("one", files)
    world.cluster("two", {"gone.yaml": application("gone", source=helm("gone"))})
    settings = parse("clusters: {one: {kubernetes-version: 1.33.0}}", where="settings")
    with open_fleet(world.config, world.kubeaid, settings=settings, jobs=1, cache=False) as fleet:
        one, two = fleet.clusters()
        assert "k8s/one/argocd-apps/web.values.yaml" in fleet.config_files.files
    assert (one.cluster.name, str(one.version), one.version_from, two.version_from) == (
        "one",
        "1.33.0",
        "settings",
        "default",
    )
    web = next(app for app in one.apps if app.app == "web")
    assert web.path == "k8s/one/argocd-apps/templates/web.yaml"
    assert web.application is not None
    assert web.application.project == "kubeaid"
    (plan,) = web.sources
    assert (plan.repository, plan.path, plan.chart) == ("kubeaid", "argocd-helm-charts/web", "web")
    assert [(layer.repository, layer.path) for layer in plan.values] == [
        ("kubeaid", "argocd-helm-charts/web/values.yaml"),
        ("config", "k8s/one/argocd-apps/web.values.yaml"),
        ("config", "k8s/one/argocd-apps/templates/web.yaml"),
    ]
    assert plan.values[1] == ValuesLayer("k8s/one/argocd-apps/web.values.yaml", "replicas: 2\n", repository="config")
    gone = next(app for app in two.apps if app.app == "gone")
    assert [(plan.repository, plan.path, plan.revision) for plan in gone.sources] == [
        ("", "argocd-helm-charts/gone", None)
    ]
    assert [finding.rule.id for finding in two.app_findings["gone"]] == ["chart/render-failed"]


def changed(world: World) -> None:
    """Clusters that stay, change, come and go; the charts and values of some are the same."""
    world.chart("web")
    for name in ("gone", "other", "same"):
        world.cluster(name, {"web.yaml": application("web", source=helm())})
    repos.commit(world.kubeaid, tag="1.0.0")
    repos.commit(world.config)
    repos.git(world.config, "rm", "-rq", "k8s/gone")
    world.cluster("other", {"web.yaml": application("web", source=helm(values="replicas: 2"))})
    world.cluster("new", {"web.yaml": application("web", source=helm())})


def test_groups_of_clusters_give_what_all_together_give(tmp_path, monkeypatch):
    world = World(tmp_path)
    changed(world)
    before, after = Revisions("HEAD", "1.0.0"), Revisions("worktree", "1.0.0")
    results = []
    for size in (1, 2, 16):
        monkeypatch.setattr(fleets, "_GROUP", size)
        results.append(diff_clusters(world.config, world.kubeaid, before=before, after=after, jobs=1, cache=False))
    assert results[0] == results[1] == results[2]
    assert [one.name for one in (*results[0].added, *results[0].removed)] == ["new", "gone"]
    assert {change.cluster for change in results[0].changes} == {"other"}


def test_without_a_cache_nothing_is_rendered_again_for_a_later_group(tmp_path, monkeypatch):
    world = World(tmp_path)
    changed(world)
    monkeypatch.setattr(fleets, "_GROUP", 1)
    rendered = []
    monkeypatch.setattr(Renderer, "count", lambda _, *, known=0, ended=0: rendered.append(ended))
    with open_fleet(world.config, world.kubeaid, jobs=1, cache=False) as fleet:
        for _ in fleet.clusters():
            pass
    # A root Application each, and the chart with two different values: the third cluster takes what one before it gave.
    assert sum(rendered) == 3 + 2


def test_only_the_objects_of_one_group_are_in_memory(tmp_path, monkeypatch):
    world = World(tmp_path)
    world.chart("web")
    for number in range(6):
        replicas = helm(values=f"replicas: {number}")
        world.cluster(f"c{number}", {"web.yaml": application("web", source=replicas)})
    monkeypatch.setattr(fleets, "_GROUP", 2)
    alive, objects = [], []

    def add(app):
        objects.append(len(app.manifests))
        alive.append(sum(isinstance(one, Manifest) for one in gc.get_objects()))

    before = sum(isinstance(one, Manifest) for one in gc.get_objects())
    with open_fleet(world.config, world.kubeaid, jobs=1, cache=False) as fleet:
        assert render_each(fleet, add) == ()
    assert len(objects) == 12
    # The objects of a group are the same number each time; those of the group before go when the next one is yielded.
    assert max(alive) - before <= 2 * sum(objects) / 3
