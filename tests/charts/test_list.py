from kubeaid_ci import list_charts
from kubeaid_ci.helm.chart import CHARTS
from tests import repos, umbrellas
from tests.umbrellas import UPSTREAM, metadata


def test_every_dependency_and_every_vendored_chart_has_a_line(tmp_path):
    root = umbrellas.recorded(umbrellas.web(tmp_path))
    repos.write(umbrellas.vendored(root), {"values.yaml": "changed"})
    lock = "dependencies: []\ndigest: sha256:0\n"
    declared = [
        f"db 1.x {UPSTREAM}",
        f"gone 1.0.0 oci://{UPSTREAM[8:]}",
        "addons 0.1.0 file://../addons",
        f"packed 1.0.0 {UPSTREAM}",
    ]
    files = {
        "Chart.yaml": metadata("app", "0.1.0", *declared),
        "Chart.lock": lock,
        "charts/db/Chart.yaml": metadata("db", "1.4.0"),
        "charts/extra/Chart.yaml": metadata("extra", "2.0.0"),
        "charts/packed-1.0.0.tgz": "x",
    }
    umbrellas.umbrella(root, "app", files)
    umbrellas.umbrella(root, "addons", {"Chart.yaml": metadata("addons", "0.1.0")})
    (root / CHARTS / "app/charts/addons").symlink_to("../../addons")
    found = list_charts(root, cache=False)
    lines = {
        f"{one.chart}/{one.subchart}": (one.declared, one.vendored, one.kind, one.state, one.lock, one.ledger)
        for one in found.lines
    }
    assert lines == {
        "addons/": ("", "", "", "", "none", "none"),
        "app/db": ("1.x", "1.4.0", "http", "vendored", "stale", "missing"),
        "app/gone": ("1.0.0", "", "oci", "missing", "stale", "none"),
        "app/addons": ("0.1.0", "0.1.0", "file", "linked", "stale", "none"),
        "app/packed": ("1.0.0", "", "http", "packed", "stale", "none"),
        "app/extra": ("", "2.0.0", "none", "undeclared", "stale", "missing"),
        "web/web": ("1.2.3", "1.2.3", "http", "vendored", "none", "different"),
    }
    assert [one.chart for one in list_charts(root, ref="HEAD", cache=False).lines] == ["web"]
    assert [one.ledger for one in list_charts(root, ref="HEAD", cache=False).lines] == ["recorded"]


def test_two_versions_of_one_chart_are_two_lines(tmp_path):
    lines = list_charts(umbrellas.two_versions(tmp_path), cache=False).lines
    said = [(one.subchart, one.alias, one.declared, one.vendored, one.state) for one in lines]
    assert said == [("web-1", "old", "1.0.0", "1.0.0", "vendored"), ("web-2", "new", "2.0.0", "2.0.0", "vendored")]


def test_a_chart_that_cannot_be_read_is_told(tmp_path):
    umbrellas.umbrella(umbrellas.web(tmp_path), "bad", {"Chart.yaml": "["})
    found = list_charts(tmp_path, cache=False)
    assert [one.rule.id for one in found.findings] == ["chart/invalid"]
    assert [one.chart for one in list_charts(tmp_path, charts=["web"], cache=False).lines] == ["web"]
