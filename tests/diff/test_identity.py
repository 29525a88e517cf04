"""Which object is which before and after a change: what a diff shows of objects that one name does not tell apart."""

import pytest

import kubeaid_ci
from kubeaid_ci.diff.comparison import Comparison, Revisions
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
        + (f" on {one.destination}" if one.destination else "")
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


HERE, THERE = {"namespace": "x"}, {"name": "workload-1", "namespace": "x"}
"""Two destinations: the cluster of Argo CD, and another one."""
THERE_BY_ADDRESS = {"server": "https://10.0.0.1", "namespace": "x"}
REGISTERED = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {argocd.argoproj.io/secret-type: cluster}}\n"
    "stringData: {name: workload-1, server: 'https://10.0.0.1'}\n"
)


def of(name: str, chart: str = "web", *, namespace: str = "", destination: dict[str, str] = HERE) -> str:
    text = application(name, source=helm(chart, "HEAD"), destination=destination)
    return text.replace("metadata:\n", f"metadata:\n  namespace: {namespace}\n") if namespace else text


TEAMS = {"a.yaml": of("web", "one", namespace="team-a"), "b.yaml": of("web", "two", namespace="team-b")}
APPLICATIONS = {
    "an Application of the same name in another namespace": (
        TEAMS,
        TEAMS | {"b.yaml": of("web", "three", namespace="team-b")},
        [
            "modified root Application team-b/web",
            "added team-b/web ConfigMap x/three as ConfigMap x/two",
            "removed team-b/web ConfigMap x/two",
        ],
    ),
    "the same object on another cluster goes": (
        {"here.yaml": of("here"), "there.yaml": of("there", destination=THERE)},
        {"here.yaml": of("here")},
        ["removed root Application argocd/there", "removed there ConfigMap x/main on workload-1"],
    ),
    "an Application goes to another cluster": (
        {"web.yaml": of("web")},
        {"web.yaml": of("web", destination=THERE)},
        [
            "modified root Application argocd/web",
            "removed web ConfigMap x/main",
            "added web ConfigMap x/main on workload-1",
        ],
    ),
    "a cluster is named by its registered address": (
        {"web.yaml": of("web", destination=THERE), "s.yaml": REGISTERED},
        {"web.yaml": of("web", destination=THERE_BY_ADDRESS), "s.yaml": REGISTERED},
        ["modified root Application argocd/web"],
    ),
    "a cluster is registered with the change that names it": (
        {"web.yaml": of("web", destination=THERE_BY_ADDRESS)},
        {"web.yaml": of("web", destination=THERE), "s.yaml": REGISTERED},
        ["modified root Application argocd/web", "added root Secret argocd/s"],
    ),
    "an alias of the own cluster": (
        {"web.yaml": of("web", destination={"namespace": "x", "server": "https://kubernetes.default.svc"})},
        {"web.yaml": of("web", destination={"namespace": "x", "name": "in-cluster"})},
        ["modified root Application argocd/web"],
    ),
    "an Application gets another name": (
        {"web.yaml": of("web")},
        {"web.yaml": of("site")},
        [
            "added root Application argocd/site",
            "removed root Application argocd/web",
            "modified site ConfigMap x/main from web",
        ],
    ),
    "an Application moves to another namespace": (
        {"web.yaml": of("web", namespace="team-a")},
        {"web.yaml": of("web", namespace="team-b")},
        [
            "removed root Application team-a/web",
            "added root Application team-b/web as Application team-a/web",
            "modified team-b/web ConfigMap x/main from team-a/web",
        ],
    ),
    "one of two Applications with the same object goes": (
        {"a.yaml": of("a"), "b.yaml": of("b")},
        {"a.yaml": of("a")},
        ["modified a ConfigMap x/main from b", "removed root Application argocd/b"],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), APPLICATIONS.values(), ids=APPLICATIONS)
def test_which_application_is_which(world, before, after, expected):
    for chart in ("one", "two", "three"):
        world.chart(chart, {"templates/all.yaml": obj("ConfigMap", chart, more=f"data: {{name: {chart}}}\n")})
    world.chart("web", {"templates/all.yaml": obj("ConfigMap")})
    world.cluster("one", before)
    world.commit()
    for name in before:
        (world.config / "k8s/one/argocd-apps/templates" / name).unlink()
    world.cluster("one", after)
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions("HEAD"), after=Revisions(), cache=False, jobs=1
    )
    assert shown(made) == expected


def test_charts_by_themselves_know_the_scope_of_kinds(world):
    before, after, _, _ = CASES["a namespace means nothing to a cluster-scoped kind"]
    world.chart("web", {"templates/all.yaml": before["web"]})
    world.cluster("one", {})
    world.commit("1.0.0")
    repos.write(world.kubeaid, {"argocd-helm-charts/web/templates/all.yaml": after["web"]})
    made = kubeaid_ci.diff_charts(world.kubeaid, base="1.0.0", cache=False, jobs=1)
    assert (shown(made), rules(made)) == ([], [])
