import pytest

from kubeaid_ci.git.tree import GITLINK, LINK, REGULAR, Entry
from kubeaid_ci.helm.chart_files import LinkError, chart_files


def repository(*paths, links=(), modules=()):
    files = {path: Entry(REGULAR, path) for path in paths}
    return files | {path: Entry(LINK, path) for path in links} | {path: Entry(GITLINK, path) for path in modules}


def test_a_link_in_charts_to_another_chart_is_that_chart():
    files = repository("c/web/Chart.yaml", "c/add/Chart.yaml", "c/add/templates/a.yaml", links=["c/web/charts/add"])
    found = chart_files(files, {"c/web/charts/add": "../../add"}, "c/web")
    assert {inside: path for inside, (path, _) in found.items()} == {
        "Chart.yaml": "c/web/Chart.yaml",
        "charts/add/Chart.yaml": "c/add/Chart.yaml",
        "charts/add/templates/a.yaml": "c/add/templates/a.yaml",
    }


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("c/web/charts/add", "/etc"),
        ("c/web/charts/add", "../../../../etc"),
        ("c/web/charts/add", "../../none"),
        ("c/web/charts/add", ""),
        ("c/web/templates/a.yaml", "../values.yaml"),
        ("c/web/templates", "../add/templates"),
    ],
)
def test_any_other_link_is_refused(link, target):
    files = repository("c/web/Chart.yaml", "c/add/Chart.yaml", "c/web/values.yaml", links=[link])
    with pytest.raises(LinkError, match="a chart may only hold links from charts/"):
        chart_files(files, {link: target}, "c/web")


def test_links_that_lead_in_a_circle_are_refused():
    files = repository("c/a/Chart.yaml", "c/b/Chart.yaml", links=["c/a/charts/b", "c/b/charts/a"])
    with pytest.raises(LinkError, match="leads back to a chart around it"):
        chart_files(files, {"c/a/charts/b": "../../b", "c/b/charts/a": "../../a"}, "c/a")


def test_other_repositories_within_hold_no_files():
    assert list(chart_files(repository("c/a/Chart.yaml", modules=["c/a/charts/x"]), {}, "c/a")) == ["Chart.yaml"]
