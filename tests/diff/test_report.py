import json
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from kubeaid_ci.diff.clusters import compare_clusters
from kubeaid_ci.diff.comment_text import Silenced, comment
from kubeaid_ci.diff.comparison import Comparison, ImageChange, NotCompared, OneSided
from kubeaid_ci.diff.counts import effect, headline, outputs
from kubeaid_ci.diff.groups import dangers, groups, image_lines
from kubeaid_ci.diff.report import report
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.report import outcome
from kubeaid_ci.report.formats import FORMATS
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


def test_the_headline_counts_clusters_and_findings() -> None:
    assert headline(UPGRADE) == "3 of 9 clusters change · 3 errors"
    assert effect(UPGRADE) == "objects: 3 removed, 6 modified · images: 1 changed"
    assert headline(compared([WEB], [NEWER], clusters="a", same="")) == "1 of 1 cluster changes"
    assert headline(compared([WEB], [WEB])) == "nothing changes in 9 clusters"


def unknown(*names: str) -> tuple[NotCompared, ...]:
    return tuple(NotCompared(cluster, app, "it fails") for cluster, _, app in (name.partition("/") for name in names))


TWO_GONE = (OneSided("x", 5), OneSided("y", 7))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Comparison(("a", "b")), "nothing changes in 2 clusters"),
        (Comparison(("a", "b"), removed=TWO_GONE[:1]), "1 cluster removed (5 objects), 2 unchanged"),
        (Comparison(("a",), removed=TWO_GONE), "2 clusters removed (12 objects), 1 unchanged"),
        (Comparison((), added=TWO_GONE), "2 clusters added (12 objects)"),
        (
            Comparison(("a",), added=TWO_GONE[:1], removed=TWO_GONE[1:]),
            "1 cluster removed (7 objects), 1 cluster added (5 objects), 1 unchanged",
        ),
        (
            replace(UPGRADE, removed=TWO_GONE[:1]),
            "1 cluster removed (5 objects), 3 of 9 clusters change · 3 errors",
        ),
        (
            Comparison(("a", "b"), not_compared=unknown("a/web", "b/web", "b/db"), applications=3),
            "no change found in 2 clusters · 3 of 3 Applications not compared",
        ),
        (
            Comparison(("a",), removed=TWO_GONE[:1], not_compared=unknown("a/web"), applications=9),
            "1 cluster removed (5 objects), no change found in 1 cluster · 1 of 9 Applications not compared",
        ),
        (
            replace(UPGRADE, not_compared=unknown("a/web"), applications=9),
            "3 of 9 clusters change · 3 errors · 1 of 9 Applications not compared",
        ),
        (Comparison(("a",), not_compared=unknown("b")), "no change found in 1 cluster · 1 cluster cannot be read"),
        (
            Comparison(("charts",), charts=("a", "b", "c"), added=(OneSided("c", 2),), applications=3),
            "1 chart added (2 objects), 2 unchanged",
        ),
    ],
)
def test_nothing_changes_only_if_everything_is_known(made: Comparison, expected: str) -> None:
    assert headline(made) == expected
    assert outputs(made)["changed"] == str("nothing changes" not in expected).lower()
    assert outputs(made)["in-short"] == report(made, version="1").summary["in_short"] == expected
    assert bool(outputs(made)["clusters"] or outputs(made)["charts"]) is made.differs


def test_outputs_name_clusters_that_may_change() -> None:
    made = replace(UPGRADE, removed=TWO_GONE[:1], added=TWO_GONE[1:], not_compared=unknown("h/web"))
    assert outputs(made) | {"in-short": ""} == {
        "changed": "true",
        "clusters": "a b c y x h",
        "charts": "",
        "not-compared": "1",
        "in-short": "",
    }


def test_counts_agree_wherever_they_are_shown() -> None:
    warning = RULES["change/host-access"].at(None, "it uses the host's network", subject="d/web Deployment web")
    stray = RULES["settings/weakened"].at(".kubeaid-ci.yaml", "fail-on is lowered", subject="fail-on")
    hushed = warning.suppressed("known")
    made = replace(
        UPGRADE, findings=(*UPGRADE.findings, warning, hushed, stray), removed=TWO_GONE, not_compared=unknown("e/web")
    )
    shown = report(made, version="1")
    rows = shown.table.rows if shown.table else ()
    sums = [sum(int(row[column] or 0) for row in rows) for column in range(2, 9)]
    counts = outcome.counts(shown)
    assert sums[:2] == [counts["errors"], counts["warnings"]]
    assert sums[2:5] == [shown.summary[f"objects_{action}"] for action in ("added", "removed", "modified")]
    assert sums[6] == shown.summary["applications_not_compared"] == 1
    assert f"{counts['errors']} errors, {counts['warnings']} to review" in headline(made)
    assert {row[0]: row[1] for row in rows} == {
        **dict.fromkeys("abc", "changed"),
        "d": "unchanged",
        "e": "not compared",
        "x": "removed (5 objects)",
        "y": "removed (7 objects)",
        "(no cluster)": "",
    }


def test_an_application_that_is_not_compared_is_named_with_its_reason_wherever_people_read() -> None:
    made = Comparison(("a",), not_compared=unknown("a/web"), applications=1)
    for text in (comment(made, about="x", limit=65_536), FORMATS["markdown"](report(made, version="1"))):
        assert "`a/web`: it fails" in text


def test_an_image_is_shown_once_with_short_digests() -> None:
    digest = f"sha256:{'0123456789abcdef' * 4}"
    changes = [
        ImageChange("a", "redis:7.2.11", "redis:8.6.4"),
        ImageChange("b", "redis:8.2.3", "redis:8.6.4"),
        ImageChange("c", None, "redis:8.6.4"),
        ImageChange("a", f"quay.io/cilium/cilium:v1@{digest}", f"quay.io/cilium/cilium:v2@{digest[::-1]}"),
        ImageChange("a", None, "ghcr.io/new/thing"),
        ImageChange("a", "ghcr.io/old/thing:1", None),
        ImageChange("b", "ghcr.io/old/thing:1", None),
    ]
    assert [line.text() for line in image_lines(changes)] == [
        "docker.io/library/redis 7.2.11, 8.2.3 → 8.6.4 (new in some clusters)",
        "new ghcr.io/new/thing latest",
        "removed ghcr.io/old/thing 1",
        f"quay.io/cilium/cilium v1@sha256:0123456789ab → v2@{digest[::-1].partition(':')[0]}:{digest[::-1].partition(':')[2][:12]}",
    ]


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


def test_the_text_has_a_row_for_each_cluster_and_the_fields() -> None:
    lines = FORMATS["text"](report(UPGRADE, version="1")).splitlines()
    assert lines[0] == headline(UPGRADE)
    assert lines[1] == effect(UPGRADE)
    titles = "CLUSTER RESULT ERRORS TO REVIEW ADDED REMOVED MODIFIED IMAGES NOT COMPARED"
    assert " ".join(lines[2].split()) == titles
    assert [line.split() for line in lines[3:6]] == [[name, "changed", "1", "1", "2", "1"] for name in "abc"]
    assert "web: 1 removed, 2 modified in each of 3 clusters — a, b, c:" in lines
    assert "  registry.example.com/web 1.0.0 → 1.1.0" in lines
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
    assert text.index("3 of 9 clusters change") < text.index("**error**") < text.index("<details>")
    assert "| **error** | `web` | `PersistentVolumeClaim n/data` |" in text
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
    assert "and 50 more fields" in FORMATS["markdown"](report(made, version="1"))


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


def test_findings_are_counted_although_nothing_changes() -> None:
    unused = RULES["chart/values-unknown"].at("values.yaml", "x is not used by the chart", subject="one/web")
    assert headline(Comparison(("one",), findings=(unused,))) == "nothing changes in 1 cluster · 1 to review"


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


@pytest.mark.parametrize(
    ("known", "new", "text"),
    [
        (0, 0, ""),
        (1, 0, "1 finding silenced, 0 of them new in this change"),
        (2, 1, "3 findings silenced, 1 of them new in this change, which count until the merge"),
    ],
)
def test_a_comment_counts_the_findings_that_settings_silence(known: int, new: int, text: str) -> None:
    said = comment(compared([WEB], [NEWER]), about="x", limit=65_536, silenced=Silenced(known, new))
    assert ("silenced" in said) is bool(text)
    assert f"{text}." in said
