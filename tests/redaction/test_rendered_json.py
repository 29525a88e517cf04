"""The JSON of a rendering has no value that a cluster sets under a secret name and no object holds."""

from pathlib import Path

import kubeaid_ci
from tests import repos
from tests.renders import World, application, helm, values_ref

SECRET = "correct-horse-battery"


def test_secret_values_of_a_cluster_are_not_in_the_json(tmp_path: Path) -> None:
    world = World(tmp_path)
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {greeting: {{ .Values.greeting }}}\n"
    world.chart("web", {"values.yaml": "password: ''\ngreeting: ''\n", "templates/a.yaml": template})
    sources = [helm(valueFiles=["$values/k8s/one/values.yaml"]), values_ref()]
    values = f"password: {SECRET}\ngreeting: hello\n"
    world.cluster("one", {"web.yaml": application("web", sources=sources), "/values.yaml": values})
    repos.commit(world.kubeaid)
    repos.git(world.kubeaid, "tag", "1.0.0")
    renderings = kubeaid_ci.render_clusters(world.config, world.kubeaid, kubeaid_ref="pinned", cache=False)
    assert any(SECRET in app.secrets for app in renderings.apps)
    printed = renderings.to_json()
    assert '"greeting": "hello"' in printed
    assert SECRET not in printed
