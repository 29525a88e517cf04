import json
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.jobs.comparison import compare_clusters
from kubeaid_ci.model.comparison import Comparison
from kubeaid_ci.report import FORMATS
from kubeaid_ci.report.change_groups import dangers, groups
from kubeaid_ci.report.diff import headline, report
from kubeaid_ci.report.diff_comment import comment
from tests.compare.rendered import at, changed, container, obj, workload
from tests.report.samples import HOSTILE

WEB = workload(pod={"containers": [container()]})
NEWER = changed(WEB, "spec", "template", "spec", "containers", 0, "image", to="registry.example.com/web:1.1.0")
CLAIM = obj("PersistentVolumeClaim", "data", spec={"resources": {}})
CRD = obj("CustomResourceDefinition", "things", api="apiextensions.k8s.io/v1", spec={"versions": [{"name": "v1"}]})
SECRET = "hunter2hunter2"


def compared(before: Any, after: Any, *, clusters: str = "abc", same: str = "defghi", **options: Any) -> Comparison:
    old, new = list(map(at, before)), list(map(at, after))
    rest = dict.fromkeys(same, old)
    return compare_clusters(dict.fromkeys(clusters, old) | rest, dict.fromkeys(clusters, new) | rest, **options)


UPGRADE = compared([WEB, CLAIM, CRD], [NEWER, changed(CRD, "spec", "versions", 0, "served", to=True)])


def test_a_summary_says_on_one_line_what_a_change_does() -> None:
    assert headline(UPGRADE) == (
        "3 of 9 clusters change: 1 PVC removed (danger), 1 image bump, 1 CRD modified, 1 object removed, 2 objects modified"
    )
    assert (
        headline(compared([WEB], [NEWER], clusters="a", same=""))
        == "1 of 1 cluster changes: 1 image bump, 1 object modified"
    )
    assert headline(compared([WEB], [WEB])) == "nothing changes in 9 clusters"


def test_what_is_the_same_in_several_clusters_is_said_once() -> None:
    (group,) = groups(UPGRADE.changes)
    assert (group.app, group.clusters, len(group.entries)) == ("web", ("a", "b", "c"), 3)
    assert [(danger.about, danger.clusters) for danger in dangers(UPGRADE.findings)] == [
        ("web PersistentVolumeClaim n/data", ("a", "b", "c"))
    ]


def test_objects_that_change_alike_are_one_entry() -> None:
    bodies = [obj("Service", name, spec={"a": 1}) for name in "xyz"]
    ((entry,),) = (
        group.entries
        for group in groups(compared(bodies, [changed(body, "spec", "a", to=2) for body in bodies]).changes)
    )
    assert [change.name for change in entry.objects] == ["x", "y", "z"]
    assert "modified `Service n/x, n/y, n/z`\n  - `spec.a`: `1` → `2`" in FORMATS["markdown"](
        report(compared(bodies, [changed(body, "spec", "a", to=2) for body in bodies]), version="1")
    )


def test_clusters_that_change_otherwise_are_told_apart() -> None:
    old, new, other = at(WEB), at(NEWER), at(changed(NEWER, "spec", "replicas", to=2))
    made = compare_clusters({"a": [old], "b": [old]}, {"a": [new], "b": [other]})
    assert [group.clusters for group in groups(made.changes)] == [("b",), ("a",)]


def test_the_text_has_a_row_for_each_application_and_the_fields() -> None:
    lines = FORMATS["text"](report(UPGRADE, version="1")).splitlines()
    assert lines[0] == headline(UPGRADE)
    assert lines[1].split() == ["APPLICATION", "CLUSTERS", "ADDED", "REMOVED", "MODIFIED"]
    assert lines[2].split() == ["web", "a,", "b,", "c", "1", "2"]
    assert "  registry.example.com/web:1.0.0 → registry.example.com/web:1.1.0" in lines
    assert (
        "    spec.template.spec.containers[main].image: registry.example.com/web:1.0.0 → registry.example.com/web:1.1.0"
        in lines
    )


def test_json_has_every_object_of_every_cluster() -> None:
    results = json.loads(FORMATS["json"](report(UPGRADE, version="1")))["results"]
    assert len(results) == 9
    assert results[1] | {"fields": []} == {
        "cluster": "a",
        "app": "web",
        "kind": "Deployment",
        "namespace": "n",
        "name": "x",
        "action": "modified",
        "fields": [],
        "fields_left_out": 0,
        "group": "apps",
        "app_before": None,
        "renamed_from": None,
        "destination": "",
    }
    assert results[1]["fields"] == [
        {
            "path": "spec.template.spec.containers[main].image",
            "action": "modified",
            "before": "registry.example.com/web:1.0.0",
            "after": "registry.example.com/web:1.1.0",
            "noise": None,
        }
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_holds_a_secret(form: str) -> None:
    env = [{"name": "DB_PASSWORD", "value": SECRET}]
    old = [
        obj("Secret", data={"a": "aHVudGVyMmh1bnRlcjI="}),
        workload(pod={"containers": [container(env=env)]}),
        obj("ConfigMap", data={"a": "x"}),
    ]
    new = [
        obj("Secret", stringData={"a": SECRET + "x"}),
        workload(pod={"containers": [container(args=["--token", SECRET])]}),
        obj("ConfigMap", data={"a": f"password: {SECRET}"}),
    ]
    made = compared(old, new, noise=True, diffs=True)
    for text in (FORMATS[form](report(made, version="1")), comment(made, about="x", limit=65_536)):
        assert SECRET not in text
        assert "aHVudGVyM" not in text
    assert made.changes


def test_a_comment_tells_dangers_before_anything_else() -> None:
    text = comment(UPGRADE, about="the upgrade to 2.0", limit=65_536)
    assert text.index("3 of 9 clusters change") < text.index("**danger**") < text.index("<details>")
    assert "| **danger** | `web` | `PersistentVolumeClaim n/data` |" in text
    assert comment(UPGRADE, about="the upgrade to 2.0", limit=65_536) == text


@pytest.mark.parametrize("limit", [1_000, 5_000, 65_536])
def test_a_comment_keeps_to_its_limit_and_counts_what_is_left_out(limit: int) -> None:
    bodies = [at(obj("Service", f"s{number}", spec={"n": number}), app=f"app{number % 40}") for number in range(2_000)]
    after = [at(changed(dict(one.body), "spec", "n", to="x" * 100), app=one.app) for one in bodies]
    text = comment(compare_clusters({"a": bodies}, {"a": after}), about="x", limit=limit)
    assert len(text) <= limit
    assert "did not fit here" in text
    assert "1 of 1 cluster changes" in text


def test_hostile_names_and_values_stay_text() -> None:
    old = [obj("ConfigMap", HOSTILE, namespace=HOSTILE, data={HOSTILE: "a"})]
    new = [
        obj("ConfigMap", HOSTILE, namespace=HOSTILE, data={HOSTILE: HOSTILE}),
        obj("Service", spec={"type": "LoadBalancer", "externalIPs": [HOSTILE]}),
    ]
    before, after = ([at(body, app=HOSTILE) for body in side] for side in (old, new))
    made = compare_clusters({HOSTILE: before}, {HOSTILE: after}, diffs=True)
    text = comment(made, about=HOSTILE, limit=65_536)
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<script>" not in shown
    assert "\x1b" not in text
    # Within code a forge calls nobody.
    assert "@someone" not in re.sub(r"<code.*?</code>", "", shown, flags=re.DOTALL)
    for form in FORMATS.values():
        assert "\x1b" not in form(report(made, version="1"))


def test_an_object_of_many_fields_says_how_many_more_there_are() -> None:
    old, new = (obj("Thing", spec={f"f{number}": value for number in range(150)}) for value in (1, 2))
    made = compared([old], [new])
    assert (len(made.changes[0].fields), made.changes[0].fields_left_out) == (100, 50)
    assert "and 135 more fields" in FORMATS["markdown"](report(made, version="1"))


def test_fields_of_a_schema_are_called_as_objects_have_them() -> None:
    schema = {"properties": {"spec": {"properties": {"size": {"type": "string"}}}}}
    old = changed(CRD, "spec", "versions", to=[{"name": "v1", "schema": {"openAPIV3Schema": schema}}])
    new = changed(
        old,
        "spec",
        "versions",
        0,
        "schema",
        "openAPIV3Schema",
        "properties",
        "spec",
        "properties",
        "size",
        "type",
        to="integer",
    )
    assert "  v1: spec.size.type: string → integer" in FORMATS["text"](report(compared([old], [new]), version="1"))


def test_what_no_object_says_is_not_what_argocd_ignores() -> None:
    findings = (
        RULES["chart/values-unknown"].at("values.yaml", "x is nothing that the chart knows", subject="one/web"),
        RULES["change/cluster-removed"].at("k8s/two", "the cluster goes, with 3 objects", subject="two"),
    )
    made = Comparison(("one",), findings=findings)
    assert (
        headline(made) == "nothing changes in 1 cluster, but 1 × cluster removed (review), 1 × values unknown (review)"
    )
    host = RULES["change/host-access"].at(None, "web uses the host's network", subject="one/web Deployment web")
    told = headline(replace(made, findings=(*findings, host)))
    assert told.endswith("1 × values unknown (review), ArgoCD may apply what it ignores: 1 × host access (review)")


def test_a_danger_in_what_an_application_ignores_is_not_called_no_change() -> None:
    ignore = {"ignoreDifferences": [{"group": "*", "kind": "*", "jsonPointers": ["/spec"]}]}
    ignoring = obj("Application", "web", api="argoproj.io/v1alpha1", spec=ignore)
    made = compared([ignoring, workload()], [ignoring, workload(pod={"hostPID": True})], same="")
    assert (
        headline(made)
        == "nothing changes in 3 clusters, but ArgoCD may apply what it ignores: 1 × host access (review)"
    )


def test_objects_that_differ_in_noise_alone_are_counted() -> None:
    made = compared([WEB], [changed(WEB, "status", to={"a": 1})])
    assert (made.changes, made.noise_only) == ((), 3)
    assert report(made, version="1").summary["noise_only"] == 3


def test_moves_and_renames_are_noted() -> None:
    body = obj("ConfigMap", "old", data={"a": "1"})
    made = compare_clusters({"a": [at(body, app="one")]}, {"a": [at(body, app="two")]})
    assert "n/old belonged to one" in FORMATS["text"](report(made, version="1"))
    made = compared([body], [obj("ConfigMap", "new", data={"a": "1"})])
    assert "n/new takes the place of ConfigMap n/old, which is removed" in FORMATS["text"](report(made, version="1"))
