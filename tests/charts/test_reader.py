import pytest

from kubeaid_ci.charts import reader
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.git.snapshot import open_snapshot
from kubeaid_ci.helm.chart import CHARTS, Charts, RepositoryKind, nested
from tests import repos, umbrellas
from tests.umbrellas import metadata


def read(root, cache=None) -> Charts:
    with open_snapshot(root, WORK_TREE, [CHARTS]) as snapshot:
        return reader.read(snapshot, cache=cache)


def test_an_umbrella_chart_is_read_with_all_that_is_vendored_in_it(tmp_path):
    (chart,) = read(umbrellas.web(tmp_path)).charts
    assert (chart.folder, chart.name, chart.version, chart.file) == ("web", "web", "0.1.0", f"{CHARTS}/web/Chart.yaml")
    (dependency,) = chart.dependencies
    assert (dependency.name, dependency.version, dependency.kind) == ("web", "1.2.3", RepositoryKind.HTTP)
    assert (dependency.path, dependency.line) == (chart.file, 5)
    assert [(holder.name, one.folder, one.version) for holder, one in nested(chart)] == [("web", "web", "1.2.3"), ("web", "inner", "0.1.0")]  # fmt: skip


def test_the_tree_of_a_vendored_chart_is_the_one_that_git_names(tmp_path):
    repos.commit(umbrellas.web(tmp_path))
    (chart,) = read(tmp_path).charts
    path = f"{CHARTS}/web/charts/web"
    assert chart.subchart("web").tree == repos.git(tmp_path, "rev-parse", f"HEAD:{path}")
    assert chart.subchart("web").chart.subcharts[0].tree == repos.git(
        tmp_path, "rev-parse", f"HEAD:{path}/charts/inner"
    )


@pytest.mark.parametrize(
    ("repository", "kind"),
    [
        ("https://charts.example.com", "http"),
        ("HTTP://charts.example.com", "http"),
        ("oci://ghcr.io/x", "oci"),
        ("file://../x", "file"),
        ("", "none"),
        ("@alias", "none"),
    ],
)
def test_the_kind_of_a_repository_is_its_scheme(repository, kind):
    assert RepositoryKind.of(repository).value == kind


def test_a_link_to_another_umbrella_is_followed_once(tmp_path):
    umbrellas.umbrella(tmp_path, "addons", {"Chart.yaml": metadata("addons", "0.3.0")})
    umbrellas.umbrella(tmp_path, "web", {"Chart.yaml": metadata("web", "0.1.0"), "charts/.keep": ""})
    (tmp_path / CHARTS / "web/charts/addons").symlink_to("../../addons")
    (tmp_path / CHARTS / "addons/charts").mkdir()
    (tmp_path / CHARTS / "addons/charts/web").symlink_to("../../web")
    found = read(tmp_path)
    assert found.bad == ()
    (one,) = found.charts[1].subcharts
    assert (one.is_link, one.target, one.name, one.version, one.tree) == (True, "../../addons", "addons", "0.3.0", None)


def test_names_that_helm_passes_over_are_no_charts(tmp_path):
    files = {"Chart.yaml": metadata("web", "0.1.0"), "charts/_old/Chart.yaml": metadata("old", "1.0.0"), "charts/README.md": "x", "charts/.git/x": "", "charts/a-1.0.0.tgz": "x"}  # fmt: skip
    (chart,) = read(umbrellas.umbrella(tmp_path, "web", files)).charts
    assert chart.subcharts == ()
    assert chart.archives == ("a-1.0.0.tgz",)


def test_requirements_and_their_lock_count_for_old_charts(tmp_path):
    files = {
        "Chart.yaml": "apiVersion: v1\nname: old\nversion: 0.1.0\n",
        "requirements.yaml": "dependencies:\n- {name: web, version: 1.2.3, repository: 'https://charts.example.com'}\n",
        "requirements.lock": "dependencies: []\ndigest: sha256:abc\n",
    }
    (chart,) = read(umbrellas.umbrella(tmp_path, "old", files)).charts
    assert chart.dependencies[0].path.endswith("requirements.yaml")
    assert chart.lock.digest == "sha256:abc"
    assert len(chart.lock.accepted) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a\n", "a list instead of a mapping"),
        ("name: [", "not valid YAML"),
        ("name: x\ndependencies: 3\n", "dependencies: a number '3' instead of a list"),
        ("name: x\nx: &a [1]\ny: " + "#" * 1_100_000, "larger than 1 MiB"),
        (b"name: \xff", "not UTF-8"),
    ],
)
def test_a_chart_that_cannot_be_read_is_told_and_stops_no_other(tmp_path, text, reason):
    umbrellas.web(tmp_path)
    umbrellas.umbrella(tmp_path, "bad", {"Chart.yaml": text})
    found = read(tmp_path)
    assert [chart.folder for chart in found.charts] == ["web"]
    assert found.bad[0].path == f"{CHARTS}/bad"
    assert reason in found.bad[0].reason


def test_charts_in_charts_without_end_are_refused(tmp_path):
    files = {"charts/a/" * depth + "Chart.yaml": metadata("a", "1.0.0") for depth in range(30)}
    found = read(umbrellas.umbrella(tmp_path, "deep", files))
    assert "nested deeper than 20" in found.bad[0].reason


def test_what_was_read_is_kept_and_a_damaged_cache_counts_as_none(tmp_path):
    root, cache = umbrellas.web(tmp_path / "r"), tmp_path / "cache"
    first = read(root, cache)
    (kept,) = (path for path in cache.rglob("*") if path.is_file())
    assert read(root, cache) == first
    for damage in (b"", b"x\n{}", kept.read_bytes()[:-3]):
        kept.write_bytes(damage)
        assert read(root, cache) == first
    umbrellas.umbrella(root, "web", {"Chart.yaml": metadata("web", "0.2.0")})
    assert read(root, cache).charts[0].version == "0.2.0"


def test_metadata_may_be_a_link_within_the_repository_and_nowhere_else(tmp_path):
    root = umbrellas.web(tmp_path)
    umbrellas.umbrella(root, "linked", {"x": ""})
    (root / CHARTS / "linked/Chart.yaml").symlink_to("../web/Chart.yaml")
    umbrellas.umbrella(root, "out", {"x": ""})
    (root / CHARTS / "out/Chart.yaml").symlink_to("/etc/passwd")
    found = read(root)
    assert [chart.folder for chart in found.charts] == ["linked", "web"]
    assert "leads to no file of the repository" in found.bad[0].reason
