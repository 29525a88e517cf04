"""`charts verify` against a chart repository on loopback."""

import json
import socket
from pathlib import Path

import pytest

from kubeaid_ci.charts.ledger.ledger import LEDGER
from tests import repos, umbrellas
from tests.servers.charts import Charts
from tests.servers.world import SECRET
from tests.umbrellas import FILES

PLAIN = {path: text.encode() for path, text in FILES.items() if path != "Chart.yaml"}


@pytest.fixture
def charts():
    served = Charts()
    with served.server:
        yield served


def publish(charts: Charts, version: str = "1.2.3", **changes: bytes) -> dict[str, bytes]:
    """Put the chart of `umbrellas.web` into the repository; gives its files."""
    data = charts.add("web", version, {**PLAIN, **changes})
    assert data
    return {"Chart.yaml": f"apiVersion: v2\nname: web\nversion: {version}\n".encode(), **PLAIN}


@pytest.fixture
def root(tmp_path, charts) -> Path:
    """A KubeAid repo that vendors what the repository publishes."""
    return umbrellas.recorded(umbrellas.web(tmp_path / "kubeaid", publish(charts), upstream=charts.server.url))


def test_an_untouched_chart_is_identical_and_a_second_run_downloads_nothing(run, root, charts):
    for _ in range(2):
        done = run("verify", "--kubeaid", root)
        assert done.returncode == 0
        assert done.stderr == ""
        assert done.stdout.endswith("charts 1, identical 1, different 0, unverifiable 0, local 0\n")
    assert charts.paths().count("/web-1.2.3.tgz") == 2
    assert all("if-none-match" in one.headers for one in charts.seen[2:])


def test_a_tampered_chart_is_an_alarm_though_the_ledger_was_edited_along(run, root, charts):
    repos.write(umbrellas.vendored(root), {"templates/evil.yaml": "kind: Pod\n"})
    (root / LEDGER).unlink()
    umbrellas.recorded(root)
    assert run("verify", "--offline", "--kubeaid", root).returncode == 0
    done = run("verify", "-q", "--kubeaid", root)
    assert (done.returncode, done.stderr) == (1, "")
    assert "error chart/file-added: templates/evil.yaml is not in the published web 1.2.3" in done.stdout


def test_what_upstream_publishes_goes_into_the_ledger(run, root, charts):
    done = run("verify", "--update-ledger", "--kubeaid", root)
    assert "recorded what 127.0.0.1 publishes as web/web 1.2.3" in done.stdout
    assert f"url: {charts.server.url}/web-1.2.3.tgz" in (root / LEDGER).read_text()


def test_a_server_that_does_not_answer_exits_with_3_and_hides_no_alarm(run, root, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    umbrellas.umbrella(
        root,
        "app",
        {
            "Chart.yaml": umbrellas.metadata("app", "0.1.0", f"db 1.0.0 {nobody}"),
            "charts/db/Chart.yaml": umbrellas.metadata("db", "1.0.0"),
        },
    )
    umbrellas.recorded(root)
    done = run("verify", "--kubeaid", root, "--format", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["summary"]["unverifiable"] == 1
    assert run("verify", "--kubeaid", root, "--fail-on", "warning").returncode == 3
    repos.write(umbrellas.vendored(root), {"values.yaml": "x: 1\n"})
    done = run("verify", "--kubeaid", root)
    assert done.returncode == 3
    assert "chart/file-" in done.stdout


def test_a_mirror_is_asked_in_place_of_the_declared_repository(run, tmp_path, charts):
    files = publish(charts)
    root = umbrellas.recorded(umbrellas.web(tmp_path / "kubeaid", files))
    mirror = f"--mirror={umbrellas.UPSTREAM}={charts.server.url}"
    done = run("verify", "--update-ledger", mirror, "--kubeaid", root)
    assert done.returncode == 0
    assert f"url: {umbrellas.UPSTREAM}/web-1.2.3.tgz" in (root / LEDGER).read_text()
    (root / ".kubeaid-ci.yaml").write_text(
        f"upstreams:\n  mirrors:\n    {umbrellas.UPSTREAM}: {charts.server.url}\n  allow: [charts.corp]\n"
    )
    done = run("verify", "--kubeaid", root)
    assert (done.returncode, "identical 1" in done.stdout, "warning" in done.stdout) == (0, True, False)


def test_a_change_that_silences_its_own_alarm_fails_all_the_same(run, root):
    repos.write(umbrellas.vendored(root), {"templates/evil.yaml": "kind: Pod\n"})
    silent = "fail-on: never\nsuppress:\n"
    for rule in ("chart/file-added", "chart/suppression-changed"):
        silent += f'- {{rule: {rule}, subject: "**", reason: quiet}}\n'
    (root / ".kubeaid-ci.yaml").write_text(silent)
    done = run("verify", "--offline", "--base", "HEAD", "--kubeaid", root)
    assert done.returncode == 1
    assert "warning chart/suppression-changed: chart/file-added is silenced for ** from now on: quiet" in done.stdout
    assert "error chart/suppression-changed: runs fail on never from now on, and not on error" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mirror", "https://a.example.com"], "is not PREFIX=ADDRESS"),
        (["--mirror", "https://a.example.com=ftp://b"], "is not PREFIX=ADDRESS"),
        (["--ca-bundle", "nowhere.pem"], "nowhere.pem: no such file"),
    ],
)
def test_wrong_ways_to_reach_upstreams_are_told(run, root, arguments, message):
    done = run("verify", "--kubeaid", root, *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_misspelled_setting_names_the_nearest(run, root):
    (root / ".kubeaid-ci.yaml").write_text("upstreams:\n  mirors: {}\n")
    done = run("verify", "--kubeaid", root)
    assert "did you mean mirrors?" in done.stderr


def test_offline_asks_nobody_and_loads_nothing_of_http(run, root, charts):
    charts.seen.clear()
    done = run("verify", "--offline", "--kubeaid", root, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    assert charts.seen == []
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert loaded.isdisjoint({"requests", "urllib3", "http.client", "ssl", "helm_python"})


def test_one_archive_for_two_umbrellas_is_asked_for_once(run, root, charts):
    files = {path.relative_to(root / "argocd-helm-charts/web").as_posix(): path.read_bytes()
             for path in (root / "argocd-helm-charts/web").rglob("*") if path.is_file()}  # fmt: skip
    umbrellas.umbrella(root, "web-too", files)
    umbrellas.recorded(root)
    charts.seen.clear()
    assert "identical 2" in run("verify", "--kubeaid", root).stdout
    assert sorted(charts.paths()) == ["/index.yaml", "/web-1.2.3.tgz"]


@pytest.fixture
def nightly(run, root, github):
    """Runs the nightly verification of a checkout whose origin is a played forge."""
    repos.git(root, "remote", "add", "origin", github.forge.git_url)
    where = ["--issue", "--forge", "github", "--forge-url", github.forge.api_url, "--kubeaid", root]
    return lambda *more: run("verify", *where, *more, env={"KUBEAID_CI_TOKEN": SECRET})


def test_an_alarm_keeps_one_issue_until_the_charts_are_clean(nightly, root, github):
    assert nightly().stderr.endswith("issue none\n")
    repos.write(umbrellas.vendored(root), {"templates/evil.yaml": "# @everyone fixes #1\nkind: Pod\n"})
    for outcome in ("created", "unchanged"):
        done = nightly()
        assert done.returncode == 1
        assert f"issue {outcome}: {github.forge.server.url}/acme/config/issues/" in done.stderr
    (ticket,) = github.forge.tickets.values()
    assert ticket.title == "Vendored charts: web/web"
    assert "templates/evil.yaml" in ticket.body
    assert "fixes #1" not in ticket.body
    repos.write(umbrellas.vendored(root), {"templates/more.yaml": "kind: Pod\n"})
    assert "issue updated" in nightly().stderr
    (umbrellas.vendored(root) / "templates/evil.yaml").unlink()
    (umbrellas.vendored(root) / "templates/more.yaml").unlink()
    assert "issue closed" in nightly().stderr
    assert ticket.state == "closed"


def test_what_could_not_be_asked_leaves_the_issue_open(nightly, root, github, charts):
    evil = umbrellas.vendored(root) / "templates/evil.yaml"
    evil.write_text("kind: Pod\n")
    nightly()
    evil.unlink()
    charts.index = b"broken: ["
    assert "issue unchanged" in nightly().stderr
    assert [ticket.state for ticket in github.forge.tickets.values()] == ["open"]


def test_a_forge_that_fails_costs_no_finding(nightly, root, github):
    repos.write(umbrellas.vendored(root), {"values.yaml": "x: 1\n"})
    github.forge.rights.clear()
    done = nightly()
    assert done.returncode == 3
    assert "chart/file-modified" in done.stdout
    assert "is not accepted" in done.stderr
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["web"], "an issue is about all charts"),
        (["--offline"], "an issue is about all charts"),
        (["--forge", "none"], "no forge to keep an issue on"),
    ],
)
def test_an_issue_needs_the_whole_run_and_a_forge(nightly, arguments, message):
    done = nightly(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
