from kubeaid_ci.render.fleet import open_fleet
from kubeaid_ci.render.source_plan import ValuesLayer
from kubeaid_ci.settings import parse
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
