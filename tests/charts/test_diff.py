"""What a change does to what charts give by themselves."""

import json
from dataclasses import replace

import pytest

import kubeaid_ci
from kubeaid_ci.cache import code_digest
from kubeaid_ci.charts import diff
from kubeaid_ci.diff.cache import packed, unpacked
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.counts import headline
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.tree import Action
from tests import repos
from tests.renders import CHART, World


@pytest.fixture
def world(tmp_path) -> World:
    made = World(tmp_path)
    for name in ("one", "two", "same"):
        made.chart(name)
    made.chart("needy", {"templates/a.yaml": '{{ required "say who" .Values.who }}'})
    repos.commit(made.kubeaid, tag="1.0.0")
    return made


def compared(world: World, *charts: str, **options) -> Comparison:
    options = {"cache": world.folder / "cache", "jobs": 1, "base": "1.0.0"} | options
    return kubeaid_ci.diff_charts(world.kubeaid, charts=charts, **options)


def test_nothing_is_rendered_where_nothing_changed(world):
    made = compared(world)
    assert (made.changes, made.findings) == ((), ())
    assert headline(made) == "nothing changes in 4 charts"
    assert not (world.folder / "cache").exists()


def test_each_chart_is_compared_for_itself(world):
    for name in ("one", "two"):
        repos.write(world.kubeaid, {f"argocd-helm-charts/{name}/values.yaml": "replicas: 2\nname: web\n"})
    made = compared(world)
    assert [(change.app, change.action) for change in made.changes] == [
        ("one", Action.MODIFIED),
        ("two", Action.MODIFIED),
    ]
    assert headline(made) == "2 of 4 charts change"
    assert [change.app for change in compared(world, "two").changes] == ["two"]


def test_charts_that_come_go_or_fail_are_a_line_each(world):
    repos.git(world.kubeaid, "rm", "-rq", "argocd-helm-charts/two")
    world.chart("new")
    world.chart("newer", {"templates/a.yaml": '{{ fail "no" }}'})
    repos.write(
        world.kubeaid,
        {
            "argocd-helm-charts/one/templates/web.yaml": "{{",
            "argocd-helm-charts/needy/templates/b.yaml": CHART["templates/web.yaml"],
        },
    )
    made = compared(world)
    assert made.changes == ()
    assert [(one.rule.id, one.severity, one.subject) for one in made.findings] == [
        ("change/not-compared", "warning", "charts/needy"),
        ("change/chart-added", "info", "charts/new"),
        ("change/chart-added", "info", "charts/newer"),
        ("change/render-broken", "error", "charts/one"),
        ("change/chart-gone", "warning", "charts/two"),
    ]
    assert [one.name for one in made.added] == ["new", "newer"]
    assert [one.name for one in made.removed] == ["two"]
    assert {one.app: one.partly for one in made.not_compared} == {"needy": False, "newer": False, "one": False}
    assert made.findings[0].message.endswith("; its source, its settings or files below its path change")
    assert "does not render with its default values: no" in made.findings[2].message


def test_names_and_revisions_that_are_not_there_are_refused(world):
    with pytest.raises(UserError, match="tow: no such chart; did you mean two"):
        compared(world, "tow")
    with pytest.raises(UserError, match="no revision nope"):
        compared(world, base="nope")


def changed(world: World) -> None:
    repos.write(world.kubeaid, {"argocd-helm-charts/one/values.yaml": "replicas: 2\nname: web\n"})
    repos.write(world.kubeaid, {"argocd-helm-charts/two/templates/web.yaml": "{{"})
    world.chart(
        "same", {"templates/bad.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: true}\n"}
    )


def test_a_comparison_is_kept_whole(world):
    changed(world)
    made = compared(world, noise=True, diffs=True)
    assert all((made.changes, made.findings, made.diffs))
    assert unpacked(packed(made)) == replace(made, helm="")  # the same for all charts
    assert b"\\ud800" in packed(unpacked(packed(made).replace(b"hostNetwork", b"\\ud800")))


def test_what_was_compared_before_is_neither_rendered_nor_compared_again(world, monkeypatch):
    changed(world)
    made = compared(world)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(diff, "_compared", None)
    assert compared(world, progress=lambda ended, known: told.append((ended, known))) == made
    assert told == []
    assert compared(world, "one").changes == made.changes[:1]


def test_a_comparison_counts_only_for_the_same_question_input_and_code(world, monkeypatch):
    changed(world)
    made = compared(world)
    assert compared(world, diffs=True).diffs
    repos.write(world.kubeaid, {"argocd-helm-charts/one/values.yaml": "replicas: 3\nname: web\n"})
    assert compared(world, "one").changes[0].fields[0].after == "3"
    assert compared(world, "two").findings == made.findings[-1:]
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(code_digest, "digest", lambda: "another")
    compared(world, progress=lambda ended, known: told.append((ended, known)))
    assert told[-1] == (3, 3)


def test_outcomes_of_both_sides_are_shared_with_other_commands(world):
    changed(world)
    compared(world)
    rendered = kubeaid_ci.render_charts(world.kubeaid, cache=world.folder / "cache", jobs=1)
    assert {app.app for app in rendered.apps if app.cached} == {"one", "two", "same"}


def test_a_side_that_ends_its_worker_is_told_and_the_other_is_known(world):
    deep = '{{ define "deep" }}{{ include "deep" (cat . . .) }}{{ end }}{{ include "deep" "xxxxxxxxxxxx" }}'
    repos.write(world.kubeaid, {"argocd-helm-charts/one/templates/deep.yaml": deep})
    repos.write(world.kubeaid, {"argocd-helm-charts/two/values.yaml": "replicas: 2\nname: web\n"})
    made = compared(world)
    assert [(one.rule.id, one.subject) for one in made.findings] == [("change/render-broken", "charts/one")]
    assert "did not end well" in made.findings[0].message
    assert [change.app for change in made.changes] == ["two"]
    assert json.loads(packed(made))["findings"][0]["rule"] == "change/render-broken"
