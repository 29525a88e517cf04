import re

import pytest
from markdown_it import MarkdownIt

from kubeaid_ci.charts.update import request_text
from kubeaid_ci.charts.update.result import (
    ChartUpdate,
    FileCounts,
    LostValue,
    SubchartUpdate,
    UpdateStatus,
    ValueChange,
)
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.git.tree import Action
from kubeaid_ci.settings.policy import Step

NASTY = "fixes #1 @team </details> | `x` ![](https://evil.example.com/x.png)\n/merge"


def update(name="web", step=Step.MINOR, before="1.0.0", status=UpdateStatus.UPDATED, **more):
    one = SubchartUpdate(name, name, before, "1.1.0", "https://charts.example.com", step=step, **more)
    return ChartUpdate(name, status, (one,))


FILES = (
    ("VERSION", Action.MODIFIED),
    ("argocd-helm-charts/web/Chart.lock", Action.ADDED),
    ("argocd-helm-charts/web/charts/web/Chart.yaml", Action.MODIFIED),
    ("argocd-helm-charts/web/charts/web/templates/new.yaml", Action.ADDED),
    ("argocd-helm-charts/web/charts/web/templates/old.yaml", Action.REMOVED),
    ("charts.ledger.yaml", Action.MODIFIED),
)


def body(*updates, files=FILES, lost=(), clusters=None, limit=60_000):
    empty = Comparison(("default values",))
    return request_text.body(updates, files=files, defaults=empty, clusters=clusters, lost=lost, limit=limit)


@pytest.mark.parametrize(
    ("updates", "title"),
    [
        ([update()], "chore(minor update): Updated web from version 1.0.0 to 1.1.0"),
        (
            [update(step=Step.PATCH), update("api", Step.MAJOR)],
            "chore(major update): Updated web from version 1.0.0 to 1.1.0, api from version 1.0.0 to 1.1.0",
        ),
        ([update(before="", step=None)], "chore(patch update): Updated web to version 1.1.0"),
        ([update(before="", step=None, status=UpdateStatus.ADDED)], "chore(new): Added new helm chart web 1.1.0"),
    ],
)
def test_the_title_is_what_the_platforms_release_notes_sort_by(updates, title):
    assert request_text.title(updates) == title


def test_many_updates_are_counted_in_a_title_that_fits():
    title = request_text.title([update(f"chart-{number}") for number in range(30)])
    assert len(title) <= 200
    assert title.endswith(" and 26 more")
    assert request_text.title([update()], given="My\ntitle") == "My title"


def test_nothing_in_a_chart_calls_anybody_or_breaks_the_text():
    values = (ValueChange((NASTY,), Action.MODIFIED, NASTY, NASTY),)
    notes, counts = (NASTY,), FileCounts(1, 2, 3)
    one = update(app_before=NASTY, app_after=NASTY, changes=(NASTY,), values=values, notes=notes, files=counts)
    lost = [LostValue("one", "web", NASTY, "k8s/one/values.yaml", 3)]
    text = body(one, lost=lost)
    html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert "<img" not in html
    assert html.count("<details>") == html.count("</details>") == 3
    assert "@team" not in re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    assert "fixes #1" not in text
    assert not any(line.startswith("/merge") for line in text.splitlines())


def test_every_file_of_the_commit_is_listed():
    text = body(update())
    for row in (
        "| `VERSION` | modified |",
        "| `argocd-helm-charts/web/Chart.lock` | added |",
        "| `argocd-helm-charts/web/charts/web/` | 1 added, 1 removed, 1 modified |",
        "| `charts.ledger.yaml` | modified |",
    ):
        assert row in text
    assert "<summary>All 6 changed files</summary>" in text
    assert all(f"- {action} `{path}`" in text for path, action in FILES)


def test_many_files_are_listed_in_parts_and_the_overview_always_fits():
    many = tuple((f"argocd-helm-charts/web/charts/web/{number}.yaml", Action.MODIFIED) for number in range(450))
    text = body(update(), files=many)
    assert [f"All 450 changed files: {span}" in text for span in ("1 to 200", "201 to 400", "401 to 450")] == [True] * 3
    assert "| `argocd-helm-charts/web/charts/web/` | 450 modified |" in body(update(), files=many, limit=1000)


def test_what_matters_comes_before_what_is_long_and_the_text_fits():
    values = tuple(ValueChange((f"key{number}",), Action.ADDED, None, "x" * 100) for number in range(500))
    one = update(values=values, deprecated=True, links=("https://example.com/CHANGES.md",))
    text = body(
        one, lost=[LostValue("one", "web", "web.gone", "k8s/one/values.yaml", 3)], clusters=Comparison(("one",))
    )
    order = [
        "Deprecated",
        "<https://example.com/CHANGES.md>",
        "`web.gone`",
        "## What this update does",
        "default values: 500 new",
        "With default values: nothing changes",
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert "and 420 more" in text
    short = body(one, limit=2000)
    assert len(short) <= 2000
    assert "did not fit here" in short
    assert "**Deprecated by its publisher.**" in short


def test_labels_say_how_large_the_step_is_and_how_much_care_it_asks_for():
    empty = Comparison(("one",))
    assert request_text.labels([update()], [empty], []) == ("charts", "update-minor", "risk-low")
    assert request_text.labels([update(step=Step.MAJOR)], [empty], [])[1:] == ("update-major", "risk-medium")
    lost = [LostValue("one", "web", "x", "y")]
    assert request_text.labels([update()], [empty], lost)[-1] == "risk-medium"
