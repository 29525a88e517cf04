import json
import random

from kubeaid_ci.diff.clusters import compare_clusters
from kubeaid_ci.diff.comparison import ImageChange
from kubeaid_ci.git.tree import Action
from tests.compare.rendered import at, changed, container, obj, workload

WEB = workload(pod={"containers": [container()]})
NEWER = changed(WEB, "spec", "template", "spec", "containers", 0, "image", to="registry.example.com/web:1.1.0")


def test_clusters_are_compared_each_for_itself() -> None:
    made = compare_clusters({"a": [at(WEB)], "b": [at(WEB)]}, {"a": [at(NEWER)], "b": [at(WEB)]})
    assert (made.clusters, made.changed) == (("a", "b"), ("a",))
    assert [(change.cluster, change.kind, change.action) for change in made.changes] == [
        ("a", "Deployment", Action.MODIFIED)
    ]
    assert made.images == (ImageChange("a", "registry.example.com/web:1.0.0", "registry.example.com/web:1.1.0"),)
    assert made.findings == ()


def test_a_cluster_on_one_side_alone_comes_or_goes_as_a_whole() -> None:
    made = compare_clusters({"old": [at(WEB)]}, {"new": [at(WEB)]})
    assert [(change.cluster, change.action) for change in made.changes] == [
        ("new", Action.ADDED),
        ("old", Action.REMOVED),
    ]


def test_noise_is_shown_where_it_is_asked_for() -> None:
    noisy = changed(WEB, "status", to={"replicas": 1})
    assert compare_clusters({"a": [at(WEB)]}, {"a": [at(noisy)]}).changes == ()
    (change,) = compare_clusters({"a": [at(WEB)]}, {"a": [at(noisy)]}, noise=True).changes
    assert [field.noise for field in change.fields] == ["status"]


def test_findings_do_not_wait_for_an_object_to_be_shown() -> None:
    old, new = (
        obj("StatefulSet", api="apps/v1", spec={"volumeClaimTemplates": [{"spec": {"x": None, "y": value}}]})
        for value in "12"
    )
    made = compare_clusters({"a": [at(old)]}, {"a": [at(new)]})
    assert [finding.subject for finding in made.findings] == ["a/web StatefulSet n/x"]


def test_objects_that_are_newly_there_twice_are_reported() -> None:
    first, last = at(obj("Service", spec={"a": 1})), at(obj("Service", spec={"a": 2}))
    assert [one.rule.id for one in compare_clusters({"a": [last]}, {"a": [first, last]}).findings] == [
        "change/object-duplicate"
    ]
    assert compare_clusters({"a": [first, last]}, {"a": [first, last]}).findings == ()


def test_unified_diffs_are_made_where_they_are_asked_for() -> None:
    made = compare_clusters({"a": [at(WEB)]}, {"a": [at(NEWER)]}, diffs=True)
    (diff,) = made.diffs.values()
    assert list(made.diffs) == ["a/web Deployment n/x"]
    assert "-      - image: registry.example.com/web:1.0.0\n+      - image: registry.example.com/web:1.1.0\n" in diff


def test_the_order_of_manifests_changes_nothing() -> None:
    bodies = [obj("Service", str(number), spec={"n": number}) for number in range(20)]
    after = [changed(body, "spec", "n", to=-1) for body in bodies]
    made = compare_clusters({"a": map(at, bodies)}, {"a": map(at, after)})
    random.Random(1).shuffle(after)
    assert compare_clusters({"a": map(at, bodies[::-1])}, {"a": map(at, after)}) == made
    assert len(json.dumps([change.name for change in made.changes])) > 20
