"""What is not known on a side of a change is counted and named; it never looks unchanged, nor removed."""

from collections.abc import Callable

import pytest

import kubeaid_ci
from kubeaid_ci.diff.comparison import Comparison, NotCompared, Revisions
from kubeaid_ci.diff.counts import headline, outputs
from kubeaid_ci.findings.finding import Severity
from tests import repos
from tests.renders import CHART, CONFIG, World, application, helm

ELSEWHERE = "https://git.example.com/other/things.git"
PVC = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\nspec: {}\n"


def elsewhere(path: str = "k8s/one/plain", revision: str = "HEAD") -> dict[str, str]:
    """A source of a repository that is not one of the two given."""
    return {"repoURL": ELSEWHERE, "path": path, "targetRevision": revision}


def application_set(
    name: str, *, generator: str = "list: {elements: [{team: a}, {team: b}]}", selector: str = "", in_chart: bool = True
) -> str:
    template = application("{{team}}", destination={"namespace": "{{team}}"})
    body = "".join(f"    {line}\n" for line in template.splitlines() if not line.startswith(("apiVersion", "kind")))
    text = (
        f"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}}}\nspec:\n"
        f"  generators:\n  - {generator}\n{selector}  template:\n{body}"
    )
    return text.replace("{{team}}", '{{ "{{team}}" }}') if in_chart else text


@pytest.fixture
def world(tmp_path) -> World:
    made = World(tmp_path)
    made.chart("web", {**CHART, "templates/data.yaml": PVC})
    return made


def write(world: World, files: dict[str, str], cluster: str = "one") -> None:
    world.cluster(cluster, files)


def remove(world: World, *paths: str) -> None:
    repos.git(world.config, "rm", "-rq", *paths)


def compared(world: World, before: dict[str, str], change: Callable[[World], object]) -> Comparison:
    """What a change of the config repo does to cluster one; cluster two stays as it is."""
    write(world, before)
    write(world, {"web.yaml": application("web")}, "two")
    world.commit("1.0.0")
    change(world)
    return kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions("HEAD"), after=Revisions(), cache=False, jobs=1
    )


def unknown(made: Comparison) -> list[str]:
    return [f"{one.cluster}/{one.app}{' in part' if one.partly else ''}" for one in made.not_compared]


def findings(made: Comparison) -> list[tuple[str, Severity, str]]:
    return [(one.rule.id, one.severity, one.subject) for one in made.findings]


NOT_COMPARED, INFO = "change/not-compared", Severity.INFO
WEB, FAILING = application("web"), application("web", source=helm(valueFiles=["missing.yaml"]))
OTHER = application("other", source=elsewhere())
PARTLY = application("both", sources=[helm(), elsewhere()])
SETS = application(
    "sets",
    source={"repoURL": CONFIG, "path": "k8s/one/sets", "targetRevision": "HEAD"},
    destination={"namespace": "argocd"},
)
DRY = {"repoURL": CONFIG, "path": "k8s/one/plain", "targetRevision": "HEAD"}
HYDRATED = application(
    "hydrated", source={}, sourceHydrator={"drySource": DRY, "syncSource": {"targetBranch": "hydrated", "path": "one"}}
)
SELECTED = application_set("teams", generator="clusters: {}")

CASES = {
    "a source that is not given, and nothing else": (
        {"other.yaml": OTHER, "plain/x.yaml": "a: 1\n"},
        lambda world: repos.write(world.config, {"README.md": "x"}),
        ["one/other"],
        [(NOT_COMPARED, INFO, "one/other")],
    ),
    "files below the path of a source that is not given": (
        {"other.yaml": OTHER, "plain/x.yaml": "a: 1\n"},
        lambda world: repos.write(world.config, {"k8s/one/plain/x.yaml": "a: 2\n"}),
        ["one/other"],
        [(NOT_COMPARED, Severity.WARNING, "one/other")],
    ),
    "files of which Argo CD hydrates a branch": (
        {"hydrated.yaml": HYDRATED, "plain/x.yaml": "a: 1\n"},
        lambda world: repos.write(world.config, {"k8s/one/plain/x.yaml": "a: 2\n"}),
        ["one/hydrated"],
        [(NOT_COMPARED, Severity.WARNING, "one/hydrated")],
    ),
    "nothing of a branch that Argo CD hydrates": (
        {"hydrated.yaml": HYDRATED, "plain/x.yaml": "a: 1\n"},
        lambda world: repos.write(world.config, {"README.md": "x"}),
        ["one/hydrated"],
        [(NOT_COMPARED, INFO, "one/hydrated")],
    ),
    "all files below the path of a source that is not given go": (
        {"other.yaml": OTHER, "plain/x.yaml": "a: 1\n"},
        lambda world: remove(world, "k8s/one/plain"),
        ["one/other"],
        [(NOT_COMPARED, Severity.WARNING, "one/other")],
    ),
    "another revision of a source that is not given": (
        {"other.yaml": OTHER},
        lambda world: write(world, {"other.yaml": application("other", source=elsewhere(revision="v2"))}),
        ["one/other"],
        [(NOT_COMPARED, Severity.WARNING, "one/other")],
    ),
    "one of two sources is not given": (
        {"both.yaml": PARTLY},
        lambda world: repos.write(world.config, {"README.md": "x"}),
        ["one/both in part"],
        [(NOT_COMPARED, INFO, "one/both")],
    ),
    "a source is not given after the change": (
        {"web.yaml": WEB},
        lambda world: write(world, {"web.yaml": application("web", source=elsewhere())}),
        ["one/web"],
        [
            ("change/source-changed", Severity.WARNING, "one/root Application argocd/web"),
            (NOT_COMPARED, Severity.WARNING, "one/web"),
        ],
    ),
    "an Application fails after the change": (
        {"web.yaml": WEB},
        lambda world: write(world, {"web.yaml": FAILING}),
        ["one/web"],
        [("change/render-broken", Severity.ERROR, "one/web")],
    ),
    "an Application failed before the change": (
        {"web.yaml": FAILING},
        lambda world: write(world, {"web.yaml": WEB}),
        ["one/web"],
        [("change/render-mended", INFO, "one/web")],
    ),
    "an Application fails before and after": (
        {"web.yaml": FAILING},
        lambda world: repos.write(world.config, {"README.md": "x"}),
        ["one/web"],
        [(NOT_COMPARED, INFO, "one/web")],
    ),
    "an Application that is not known is added": (
        {},
        lambda world: write(world, {"other.yaml": OTHER}),
        ["one/other"],
        [("gitops/repository-unknown", Severity.WARNING, "one/other")],
    ),
    "an Application that is not known is removed": (
        {"other.yaml": OTHER},
        lambda world: remove(world, "k8s/one/argocd-apps/templates/other.yaml"),
        ["one/other"],
        [
            (NOT_COMPARED, Severity.WARNING, "one/other"),
            ("change/application-removed", Severity.WARNING, "one/root Application argocd/other"),
        ],
    ),
    "an ApplicationSet cannot be followed after the change": (
        {"set.yaml": application_set("teams")},
        lambda world: write(world, {"set.yaml": SELECTED}),
        ["one/ApplicationSet teams", "one/a", "one/b"],
        [
            ("gitops/application-set-not-followed", Severity.WARNING, "one/ApplicationSet teams"),
            (NOT_COMPARED, Severity.WARNING, "one/a"),
            (NOT_COMPARED, Severity.WARNING, "one/b"),
        ],
    ),
    "an ApplicationSet could not be followed before the change": (
        {"set.yaml": SELECTED},
        lambda world: write(world, {"set.yaml": application_set("teams")}),
        ["one/ApplicationSet teams", "one/a", "one/b"],
        [
            (NOT_COMPARED, Severity.WARNING, "one/ApplicationSet teams"),
            (NOT_COMPARED, Severity.WARNING, "one/a"),
            (NOT_COMPARED, Severity.WARNING, "one/b"),
        ],
    ),
    "an app of apps below an ApplicationSet that cannot be followed after the change": (
        {
            "set.yaml": application_set("teams").replace(
                "      path: argocd-helm-charts/web", "      path: k8s/one/sets"
            ),
            "sets/x.yaml": application("x"),
        },
        lambda world: write(world, {"set.yaml": SELECTED}),
        ["one/ApplicationSet teams", "one/a", "one/b"],
        None,
    ),
    "an app of apps fails after the change": (
        {"sets.yaml": SETS, "sets/set.yaml": application_set("teams", in_chart=False), "sets/x.yaml": application("x")},
        lambda world: repos.write(world.config, {"k8s/one/sets/x.yaml": "apiVersion: v1\nkind: {\nmetadata: x\n"}),
        ["one/a", "one/b", "one/sets", "one/x"],
        [
            (NOT_COMPARED, Severity.WARNING, "one/a"),
            (NOT_COMPARED, Severity.WARNING, "one/b"),
            ("change/render-broken", Severity.ERROR, "one/sets"),
            (NOT_COMPARED, Severity.WARNING, "one/x"),
        ],
    ),
}


@pytest.mark.parametrize(("before", "change", "expected", "found"), CASES.values(), ids=CASES)
def test_what_is_not_known_is_counted_and_named(world, before, change, expected, found):
    made = compared(world, before, change)
    assert sorted(unknown(made)) == expected
    assert found is None or sorted(findings(made), key=lambda one: one[2]) == found
    assert not [one for one in made.changes if one.kind == "PersistentVolumeClaim"]
    assert "nothing changes" not in headline(made)
    assert f"{len(expected)} of {made.applications} Applications not compared" in headline(made)
    assert made.differs
    assert {key: outputs(made)[key] for key in ("changed", "not-compared")} == {
        "changed": "true",
        "not-compared": str(len(expected)),
    }
    assert "one" in outputs(made)["clusters"].split()
    assert {one.subject for one in made.findings} >= {one.removesuffix(" in part") for one in expected}


def test_monitoring_that_cannot_be_built_is_not_compared(world):
    write(world, {"web.yaml": application("web")})
    world.commit("1.0.0")
    made = kubeaid_ci.diff_clusters(
        world.config, world.kubeaid, before=Revisions(), after=Revisions(kubeaid="worktree"), cache=False, jobs=1
    )
    assert (made.not_compared, made.applications, made.differs) == ((), 2, False)


CLUSTERS = {
    "one is removed": (
        lambda world: remove(world, "k8s/one"),
        (),
        (("one", 5),),
        "1 cluster removed (5 objects), 1 unchanged",
    ),
    "both are removed": (
        lambda world: remove(world, "k8s/one", "k8s/two"),
        (),
        (("one", 5), ("two", 4)),
        "2 clusters removed (9 objects)",
    ),
    "one loses its root Application": (
        lambda world: remove(world, "k8s/one/argocd-apps"),
        (),
        (("one", 5),),
        "1 cluster removed (5 objects), 1 unchanged",
    ),
    "one is added": (
        lambda world: write(world, {"web.yaml": WEB}, "three"),
        (("three", 4),),
        (),
        "1 cluster added (4 objects), 2 unchanged",
    ),
}


@pytest.mark.parametrize(("change", "added", "removed", "expected"), CLUSTERS.values(), ids=CLUSTERS)
def test_clusters_that_come_and_go_are_counted_with_their_objects(world, change, added, removed, expected):
    made = compared(
        world,
        {"web.yaml": application("web"), "more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"},
        change,
    )
    assert tuple((one.name, one.objects) for one in made.added) == added
    assert tuple((one.name, one.objects) for one in made.removed) == removed
    assert headline(made).partition(" · ")[0] == expected
    assert outputs(made)["changed"] == "true"
    assert set(outputs(made)["clusters"].split()) == {name for name, _ in (*added, *removed)}
    errors = [one for one in made.findings if one.severity is Severity.ERROR]
    assert [one.rule.id for one in errors] == ["change/cluster-removed"] * len(removed)


def test_a_folder_that_cannot_be_read_is_not_compared(world):
    made = compared(
        world,
        {"web.yaml": application("web")},
        lambda world: repos.write(world.config, {"k8s/one/other-vars.jsonnet": "{}"}),
    )
    assert [(one.cluster, one.app) for one in made.not_compared] == [("one", "")]
    assert "1 cluster cannot be read" in headline(made)
    assert not made.removed


def test_a_comparison_is_kept_with_what_is_not_known():
    from kubeaid_ci.diff.cache import packed, unpacked

    made = Comparison(("a",), not_compared=(NotCompared("a", "web", "it fails", partly=True),), applications=2)
    assert unpacked(packed(made)) == made
