"""What a change does to what charts give by themselves."""

import pytest

import kubeaid_ci
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.change import Action
from kubeaid_ci.model.comparison import Comparison
from kubeaid_ci.report.diff import headline
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
    assert headline(made) == "2 of 4 charts change: 2 objects modified"
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
        ("change/not-compared", "info", "charts/needy"),
        ("change/chart-added", "info", "charts/new"),
        ("change/chart-added", "info", "charts/newer"),
        ("change/render-broken", "error", "charts/one"),
        ("change/chart-gone", "warning", "charts/two"),
    ]
    assert "does not render with its default values: no" in made.findings[2].message


def test_names_and_revisions_that_are_not_there_are_refused(world):
    with pytest.raises(UserError, match="tow: no such chart; there are: two"):
        compared(world, "tow")
    with pytest.raises(UserError, match="no revision nope"):
        compared(world, base="nope")
