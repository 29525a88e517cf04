"""Which object is which before and after a change: what a diff shows of objects that one name does not tell apart."""

import pytest

import kubeaid_ci
from kubeaid_ci.model.comparison import Comparison, Revisions
from tests import repos
from tests.renders import World, application, helm

CRD = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %(plural)s.acme.io}
spec:
  group: acme.io
  scope: %(scope)s
  names: {kind: %(kind)s, plural: %(plural)s}
  versions: [{name: v1, served: true, storage: true}]
"""
FLEET = CRD % {"kind": "Fleet", "plural": "fleets", "scope": "Cluster"}
CLUSTER_SCOPED = [
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("v1", "Namespace"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("acme.io/v1", "Fleet"),
]


def obj(kind: str, name: str = "main", *, api: str = "v1", namespace: str = "", more: str = "") -> str:
    placed = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}{placed}}}\n{more}"


def job(prefix: str, image: str) -> str:
    return (
        f"apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: {prefix}}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: main, image: 'registry.example.com/x:{image}'}}]}}}}}}\n"
    )


def joined(*documents: str) -> str:
    return "---\n".join(documents)


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def changes(world: World, before: dict[str, str], after: dict[str, str], apps: dict[str, str]) -> Comparison:
    """What charts with other templates do to the Applications of a cluster; `apps` are charts by Application."""
    for name, text in before.items():
        world.chart(name, {"templates/all.yaml": text})
    world.cluster("one", {f"{app}.yaml": application(app, source=helm(name)) for app, name in apps.items()})
    world.commit("1.0.0")
    for name, text in after.items():
        repos.write(world.kubeaid, {f"argocd-helm-charts/{name}/templates/all.yaml": text})
    return kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(), after=Revisions(kubeaid="worktree"), cache=False, jobs=1
    )


def shown(made: Comparison) -> list[str]:
    return [
        f"{one.action.value} {one.app} {one.kind} {one.namespace + '/' if one.namespace else ''}{one.name}"
        + (f" from {one.app_before}" if one.app_before else "")
        + (f" as {one.renamed_from}" if one.renamed_from else "")
        for one in made.changes
    ]


def rules(made: Comparison) -> list[str]:
    return [one.rule.id for one in made.findings]


CASES = {
    "a namespace means nothing to a cluster-scoped kind": (
        {
            "web": joined(
                FLEET, *(obj(kind, api=api, namespace="{{ .Release.Namespace }}") for api, kind in CLUSTER_SCOPED)
            )
        },
        {"web": joined(FLEET, *(obj(kind, api=api) for api, kind in CLUSTER_SCOPED))},
        {"web": "web"},
        [],
    ),
    "a definition of another Application says the scope": (
        {"crds": FLEET, "web": obj("Fleet", api="acme.io/v1", namespace="a")},
        {"web": obj("Fleet", api="acme.io/v1", namespace="b")},
        {"web": "web", "crds": "crds"},
        [],
    ),
    "a definition that comes with the change says the scope of what was there": (
        {"crds": obj("ConfigMap"), "web": obj("Fleet", api="acme.io/v1", namespace="a")},
        {"crds": FLEET},
        {"web": "web", "crds": "crds"},
        ["removed crds ConfigMap crds/main", "added crds CustomResourceDefinition fleets.acme.io"],
    ),
    "a definition that goes says the scope of what stays": (
        {"crds": FLEET, "web": obj("Fleet", api="acme.io/v1")},
        {"crds": obj("ConfigMap")},
        {"web": "web", "crds": "crds"},
        ["added crds ConfigMap crds/main", "removed crds CustomResourceDefinition fleets.acme.io"],
    ),
    "jobs with a generated name are different jobs": (
        {"web": joined(job("migrate-", "1"), job("notify-", "1"))},
        {"web": joined(job("migrate-", "2"), job("notify-", "1"))},
        {"web": "web"},
        ["modified web Job web/migrate-*"],
    ),
    "jobs with the same generated name are told apart by their place": (
        {"web": joined(job("run-", "1"), job("run-", "2"))},
        {"web": joined(job("run-", "1"), job("run-", "3"))},
        {"web": "web"},
        ["modified web Job web/run-*#2"],
    ),
    "the first of two with the same generated name goes": (
        {"web": joined(job("run-", "1"), job("run-", "2"))},
        {"web": job("run-", "2")},
        {"web": "web"},
        ["removed web Job web/run-*"],
    ),
    "a third with the same generated name comes first": (
        {"web": joined(job("run-", "1"), job("run-", "2"))},
        {"web": joined(job("run-", "0"), job("run-", "1"), job("run-", "2"))},
        {"web": "web"},
        ["added web Job web/run-*#3"],
    ),
    "an unknown kind belongs to a namespace": (
        {"a": obj("Database", api="x.io/v1"), "b": obj("Database", api="x.io/v1")},
        {"b": obj("ConfigMap", "rest")},
        {"one": "a", "two": "b"},
        ["added two ConfigMap two/rest", "removed two Database two/main"],
    ),
    "one name in two API groups": (
        {"web": joined(obj("Cluster", api="a.io/v1"), obj("Cluster", api="b.io/v1", more="spec: {size: 1}\n"))},
        {"web": joined(obj("Cluster", api="a.io/v1"), obj("Cluster", api="b.io/v1", more="spec: {size: 2}\n"))},
        {"web": "web"},
        ["modified web Cluster web/main"],
    ),
    "another version of a kind": (
        {"web": obj("Widget", api="acme.io/v1alpha1")},
        {"web": obj("Widget", api="acme.io/v1")},
        {"web": "web"},
        ["modified web Widget web/main"],
    ),
    "an Application takes an object over": (
        {"a": obj("ConfigMap", namespace="x"), "b": obj("ConfigMap", "other")},
        {"a": obj("ConfigMap", "other"), "b": joined(obj("ConfigMap", "other"), obj("ConfigMap", namespace="x"))},
        {"one": "a", "two": "b"},
        ["added one ConfigMap one/other", "modified two ConfigMap x/main from one"],
    ),
    "two Applications rename an object each": (
        {"web": obj("Service", "old-svc", more="spec: {ports: [{port: 80}]}\n")},
        {"web": obj("Service", "new-svc", more="spec: {ports: [{port: 80}]}\n")},
        {"one": "web", "two": "web"},
        [
            "added one Service one/new-svc as Service one/old-svc",
            "removed one Service one/old-svc",
            "added two Service two/new-svc as Service two/old-svc",
            "removed two Service two/old-svc",
        ],
    ),
    "items of a list": (
        {
            "web": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: n, namespace: x}}\n"
        },
        {"web": obj("Namespace", "n")},
        {"web": "web"},
        [],
    ),
}


@pytest.mark.parametrize(("before", "after", "apps", "expected"), CASES.values(), ids=CASES)
def test_which_object_is_which(world, before, after, apps, expected):
    made = changes(world, before, after, apps)
    assert shown(made) == expected
    assert not {"change/namespace-moved", "change/immutable-field"}.intersection(rules(made))


def test_charts_by_themselves_know_the_scope_of_kinds(world):
    before, after, _, _ = CASES["a namespace means nothing to a cluster-scoped kind"]
    world.chart("web", {"templates/all.yaml": before["web"]})
    world.cluster("one", {})
    world.commit("1.0.0")
    repos.write(world.kubeaid, {"argocd-helm-charts/web/templates/all.yaml": after["web"]})
    made = kubeaid_ci.diff_charts(world.kubeaid, base="1.0.0", cache=False, jobs=1)
    assert (shown(made), rules(made)) == ([], [])
