"""The content of objects in reports: added ones whole, changed ones with context, without secrets, within limits."""

import json
from dataclasses import replace
from typing import Any

import pytest

from kubeaid_ci.compare.display import MOST_CONTENT_LINES
from kubeaid_ci.diff import cache
from kubeaid_ci.diff.clusters import compare_clusters
from kubeaid_ci.diff.comment_text import comment
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.contents import Contents, left_out
from kubeaid_ci.diff.groups import groups
from kubeaid_ci.diff.report import report, sections
from kubeaid_ci.report.blocks import Listing
from kubeaid_ci.report.formats import FORMATS
from tests.compare.rendered import at, changed, container, obj, workload

WEB = workload(pod={"containers": [container()]})
NEWER = changed(WEB, "spec", "template", "spec", "containers", 0, "image", to="registry.example.com/web:1.1.0")
CONFIG = obj("ConfigMap", "settings", data={"level": "debug", "colour": "green"})
PASSWORD = "cOrrect-h0rse-battery"


def compared(before: list[Any], after: list[Any], clusters: str = "a", **options: Any) -> Comparison:
    old, new = list(map(at, before)), list(map(at, after))
    return compare_clusters(dict.fromkeys(clusters, old), dict.fromkeys(clusters, new), **options)


def contents(comparison: Comparison) -> dict[str, str]:
    found = {}
    for section in sections(groups(comparison.changes)):
        for part in section.appendix:
            (block,) = part.blocks
            assert isinstance(block, Listing)
            found[part.title] = block.text
    return found


def test_an_added_object_has_its_content_and_a_modified_one_its_changed_lines() -> None:
    found = contents(compared([WEB], [NEWER, CONFIG], "ab"))
    assert list(found) == ["added ConfigMap n/settings", "modified Deployment n/x"]
    assert "data:\n  colour: green\n  level: debug\n" in found["added ConfigMap n/settings"]
    lines = found["modified Deployment n/x"].splitlines()
    assert [line for line in lines if line[0] in "+-"] == [
        "-      - image: registry.example.com/web:1.0.0",
        "+      - image: registry.example.com/web:1.1.0",
    ]
    assert lines[0].startswith("@@ ")
    assert 3 <= sum(line.startswith(" ") for line in lines) <= 6


@pytest.mark.parametrize("noise", [False, True])
def test_changed_lines_that_are_only_noise_are_left_out_unless_requested(noise: bool) -> None:
    labels = {"helm.sh/chart": "web-1.0.0", "app": "web"}
    old = changed(WEB, "metadata", "labels", to=labels)
    new = changed(NEWER, "metadata", "labels", to={**labels, "helm.sh/chart": "web-1.1.0"})
    (text,) = contents(compared([old], [new], noise=noise)).values()
    assert ("helm.sh/chart: web-1.0.0" in text) == noise
    assert "+      - image: registry.example.com/web:1.1.0" in text


def test_a_removed_object_is_only_named() -> None:
    made = compared([WEB, CONFIG], [WEB])
    assert contents(made) == {}
    assert "removed `ConfigMap n/settings`" in FORMATS["markdown"](report(made, version="1"))


def test_pages_have_the_content_folded_and_json_and_text_do_not() -> None:
    made = report(compared([WEB], [NEWER, CONFIG]), version="1")
    for name in ("markdown", "html"):
        page = FORMATS[name](made)
        assert "<summary>added ConfigMap n/settings" in page
        assert "colour: green" in page
    for name in ("json", "text"):
        assert "colour" not in FORMATS[name](made)
    (added, _) = json.loads(FORMATS["json"](made))["results"]
    assert "content" not in added


def test_the_comment_has_contents_last_and_leaves_out_those_that_do_not_fit() -> None:
    many = [obj("ConfigMap", f"c{number}", data={"text": "word " * 30 * number}) for number in range(40)]
    made = compared([WEB], [NEWER, *many])
    whole = comment(made, about="it", limit=1_000_000)
    assert (
        whole.index("## What it does") < whole.index("<summary>web: 40 added") < whole.index("<summary>added ConfigMap")
    )
    short = comment(made, about="it", limit=20_000)
    assert len(short) <= 20_000
    assert "<summary>web: 40 added" in short
    assert "<summary>added ConfigMap" in short
    assert "more sections did not fit here" in short


def test_a_comment_has_only_the_first_contents_whatever_the_forge_allows() -> None:
    many = [
        obj("ConfigMap", f"c{n:03}", data={f"key{line}": f"{n} {'x' * 60}" for line in range(100)}) for n in range(60)
    ]
    text = comment(compared([], many), about="it", limit=1_000_000)
    assert len(text) < 160_000
    assert text.rstrip().endswith("more objects are in the job's artifacts._")


@pytest.mark.parametrize("padding", [0, 370, 395, 100_000])
def test_no_content_holds_a_secret_even_where_a_long_line_is_cut(padding: int) -> None:
    secret = obj("Secret", "login", data={}, stringData={"password": PASSWORD})
    script = obj("ConfigMap", "script", data={"run": f"{'x ' * padding}--login {PASSWORD} {'y ' * 500_000}"})
    made = compared([WEB], [WEB, secret, script])
    for name in ("markdown", "html"):
        page = FORMATS[name](report(made, version="1"))
        assert PASSWORD[:8] not in page
        assert len(page) < 50_000
    assert f"password: (secret, {len(PASSWORD)} bytes)" in contents(made)["added Secret n/login"]


def test_a_changed_secret_is_marked_in_its_lines() -> None:
    old, new = (obj("Secret", "login", stringData={"password": word}) for word in (PASSWORD, PASSWORD[::-1]))
    found = contents(compared([old], [new]))["modified Secret n/login"]
    assert "-  password: (secret, 21 bytes)\n+  password: (secret, 21 bytes) (changed)" in found


def test_a_long_object_is_cut_and_the_rest_counted() -> None:
    long = obj("ConfigMap", "long", data={f"key{number:04}": "x" for number in range(1000)})
    lines = contents(compared([], [long]))["added ConfigMap n/long"].splitlines()
    assert len(lines) == MOST_CONTENT_LINES + 1
    assert lines[-1] == f"… {1006 - MOST_CONTENT_LINES} more lines"
    other = changed(long, "data", "key0500", to="other")
    assert "+  key0500: other" in contents(compared([long], [other]))["modified ConfigMap n/long"]


def test_very_large_objects_are_not_compared_by_line() -> None:
    old, new = (obj("ConfigMap", "huge", data={f"key{n}": word for n in range(5000)}) for word in "ab")
    found = contents(compared([old], [new]))["modified ConfigMap n/huge"]
    assert found == "… 5006 lines became 5006; show the diff with --unified\n"


def test_the_schema_of_a_kind_is_left_out() -> None:
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"type": "object", "title": "long"}}}
    crd = obj("CustomResourceDefinition", "things", api="apiextensions.k8s.io/v1", spec={"versions": [version]})
    (text,) = contents(compared([], [crd])).values()
    assert "schema: (left out)" in text
    assert "title" not in text
    other = changed(crd, "spec", "versions", 0, "schema", "openAPIV3Schema", "title", to="another")
    assert contents(compared([crd], [other])) == {}


def test_contents_that_differ_by_cluster_are_listed_once_each() -> None:
    sides = {
        cluster: list(map(at, [obj("ConfigMap", "host", data={"name": name})]))
        for cluster, name in (("a", "one"), ("b", "two"), ("c", "one"))
    }
    found = contents(compare_clusters(dict.fromkeys("abc", ()), sides))
    assert list(found) == ["added ConfigMap n/host (a, c)", "added ConfigMap n/host (b)"]


def test_contents_do_not_grow_with_the_number_of_clusters_or_beyond_the_limit() -> None:
    budget = Contents(most=1000)
    one = compared([], [obj("ConfigMap", "c", data={"text": "x" * 200})])
    (change,) = one.changes
    clusters = [
        budget.deduplicate(
            replace(one, changes=(replace(change, cluster=f"c{number}", content="".join([change.content, ""])),))
        )
        for number in range(109)
    ]
    assert len({id(made.changes[0].content) for made in clusters}) == 1
    assert sum(made.contents_left_out for made in clusters) == 0
    large = budget.deduplicate(replace(one, changes=(replace(change, content="y" * 1000),)))
    assert (large.changes[0].content, large.contents_left_out) == ("", 1)
    (section,) = left_out(large)
    assert section.title == "Not in this report: the content of 1 object"


def test_the_cache_keeps_contents() -> None:
    made = compared([WEB], [NEWER, CONFIG])
    again = cache.unpacked(cache.packed(made))
    assert again == made
    assert [change.content for change in again.changes] == [change.content for change in made.changes]
