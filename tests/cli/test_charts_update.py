import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.helm.chart import CHARTS
from tests import repos
from tests.servers.charts import Charts
from tests.servers.http import Reply
from tests.updates import publish, umbrella, vendored

ROOT = str(Path(kubeaid_ci.__file__).parents[1])


@pytest.fixture
def charts():
    made = Charts()
    with made.server:
        yield made


@pytest.fixture
def root(tmp_path, charts):
    publish(charts, "web", "1.0.0")
    made = umbrella(tmp_path / "kubeaid", charts, "web")
    publish(charts, "web", "1.1.0", {"values.yaml": "replicas: 2\n"})
    return made


@pytest.fixture
def run(tmp_path, root):
    """Runs ``kubeaid-ci charts`` as a program, in an environment of its own."""

    def call(*arguments, stderr=subprocess.PIPE, **env):
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "HOME": str(tmp_path / "home"), "COLUMNS": "200"}
        clean |= {"KUBEAID_CI_KUBEAID": str(root), "GIT_CONFIG_NOSYSTEM": "1", **env}
        argv = [sys.executable, "-m", "kubeaid_ci", "charts", *map(str, arguments)]
        return subprocess.run(argv, stdout=subprocess.PIPE, stderr=stderr, text=True, env=clean, cwd=tmp_path)

    return call


def test_what_is_outdated_is_no_failure_unless_it_is_asked_for(run, root):
    done = run("outdated", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["command"]) == (0, "charts outdated")
    assert told["summary"] == {"charts": 1, "current": 0, "outdated": 1, "held": 0, "unknown": 0}
    assert list(told["results"][0]) == [
        "chart", "subchart", "status", "current", "newest", "latest", "step", "held", "released", "first_seen",
        "app_version", "kube_version", "deprecated", "repository", "group", "links", "error",
    ]  # fmt: skip
    assert run("outdated", "--fail-on", "info").returncode == 1
    (root / ".kubeaid-ci.yaml").write_text("charts:\n  web: {allow: patch}\n")
    held = run("outdated")
    assert held.returncode == 0
    assert "web/web  1.0.0    -       1.1.0   -         a minor step, and patch is allowed" in held.stdout


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("outdated", "charts checked: 1 of 1"),
        ("lint", "rendered 1 of 1"),
        ("update", "charts checked: 1 of 1"),
        ("update", "charts rendered: 1 of 1"),
    ],
)
def test_progress_is_shown_on_a_terminal(run, command, shown):
    terminal, stderr = pty.openpty()
    done = run(command, stderr=stderr)
    os.close(stderr)
    assert done.returncode == 0
    assert shown in os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert shown not in run(command).stderr


def test_a_chart_is_updated_and_shown(run, root):
    done = run("update")
    assert done.returncode == 0
    assert "web/web  updated  1.0.0  1.1.0  minor  2 modified" in done.stdout
    assert "charts.ledger.yaml" in done.stdout
    again = run("update", "--format", "json")
    told = json.loads(again.stdout)
    assert (told["command"], told["results"][0]["status"]) == ("charts update", "up-to-date")
    assert told["summary"] == {
        "charts": 1,
        "added": 0,
        "updated": 0,
        "up_to_date": 1,
        "skipped": 0,
        "refused": 0,
        "failed": 0,
    }


def test_a_dry_run_says_would_and_writes_nothing(run, root, charts, tmp_path):
    publish(charts, "api", "2.0.0")
    before = repos.snapshot(root)
    done = run("update", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "dry run: nothing was written\n")
    assert "web/web  would update  1.0.0  1.1.0  minor  2 modified" in done.stdout
    assert "would also be written:" in done.stdout
    assert "would add 0, would update 1" in done.stdout
    done = run("add", "api", "--repository", charts.server.url, "--dry-run", "--format", "json")
    parsed = json.loads(done.stdout)
    assert (parsed["summary"]["would_add"], parsed["summary"]["dry_run"]) == (1, True)
    assert parsed["results"][0]["dry_run"] is True
    assert repos.snapshot(root) == before


@pytest.mark.parametrize("name", ["sarif", "junit", "codeclimate", "json", "markdown", "html"])
def test_a_refused_update_is_in_every_report(run, root, tmp_path, name):
    repos.write(vendored(root, "web", "web"), {"values.yaml": "replicas: 9\n"})
    assert run("update", "--report", f"{name}={tmp_path}/report").returncode == 1
    assert "web is not updated: web/web differs from the published web 1.0.0" in (tmp_path / "report").read_text()
    assert run("update", "--fail-on", "never").returncode == 0


def test_an_unreachable_upstream_is_in_the_report_and_exits_with_3(run, root, charts, tmp_path):
    path = root / CHARTS / "web/Chart.yaml"
    path.write_text(path.read_text().replace(charts.server.url, "http://127.0.0.1:1"))
    assert "failed" not in run("update").stdout.partition("charts update:")[0]
    for arguments in (
        ["update"],
        ["update", "web", "--to", "1.1.0"],
        ["add", "x", "--repository", "http://127.0.0.1:1"],
    ):
        assert run(*arguments, "--report", f"sarif={tmp_path}/report").returncode == 3
        assert "cannot reach 127.0.0.1:1: connection refused; " in (tmp_path / "report").read_text()


def test_a_refused_chart_exits_with_1_and_says_what_to_do(run, root):
    repos.write(vendored(root, "web", "web"), {"values.yaml": "replicas: 9\n"})
    done = run("update")
    assert done.returncode == 1
    assert "an update would lose the difference; declare it as a patch in the ledger" in done.stdout
    assert "error chart/update-refused: web is not updated: web/web differs from the published web 1.0.0" in done.stdout
    assert "error chart/file-modified: values.yaml differs from the published web 1.0.0" in done.stdout
    assert run("update", "--overwrite").returncode == 0


def test_an_upstream_that_fails_exits_with_3_and_names_the_cause(run, charts):
    """The script before this hid the cause, and went on as if nothing was new."""
    charts.server.inject("GET", "/index.yaml", Reply(404, b""), times=9)
    done = run("update")
    assert done.returncode == 3
    assert "warning chart/unverifiable: web/web not updated: " in done.stdout
    assert "index.yaml: the server answered 404" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["update", "wbe"], "wbe: no such chart; did you mean web?"),
        (["update", "web", "--to", "9.9.9"], "--to 9.9.9: "),
        (["update", "--preview", "x"], "--preview has no effect without --publish; add --publish"),
        (["update", "--title", "X", "--reviewers", "bob"], "--reviewers, --title have no effect without --publish"),
        (["update", "--publish", "--forge", "none", "--auto-merge"], "--auto-merge has no effect with --forge none"),
        (["update", "--per-cluster"], "No such option '--per-cluster'"),
        (["add", "api", "--repository", "https://charts.example.com", "--draft"], "--draft has no effect without"),
        (["update", "--kubeaid-ref", "HEAD"], "leave out --kubeaid-ref HEAD"),
        (["update", "--kubeaid", "https://example.com/KubeAid.git"], "name one with --kubeaid PATH, or add --publish"),
        (["update", "--publish"], "not a checkout with a remote origin"),
        (["update", "--publish", "--config-repo", "kubeaid"], "kubeaid: not a config repo: it has no k8s/"),
        (["add", "web", "--repository", "https://charts.example.com"], "already exists"),
        (["add", "api", "--repository", "nowhere"], "not a chart repository"),
        (["outdated", "--update-ledger", "--ref", "HEAD"], "leave out --ref HEAD"),
    ],
)
def test_wrong_use_exits_with_2_and_changes_nothing(run, root, arguments, message):
    before = repos.snapshot(root)
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert repos.snapshot(root) == before


def test_updates_are_offered_as_branches_without_a_forge(run, root, tmp_path):
    remote = tmp_path / "remote.git"
    remote.mkdir()
    repos.git(remote, "init", "--quiet", "--bare", "--initial-branch=main")
    repos.git(root, "remote", "add", "origin", str(remote))
    repos.git(root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    before = repos.snapshot(root)
    preview = run("update", "--publish", "--forge", "none", "--dry-run")
    assert preview.returncode == 0
    assert "/kubeaid-ci-preview-" in preview.stderr
    assert "web/web  would update  1.0.0  1.1.0  minor  2 modified  would create" in preview.stdout
    assert repos.git(remote, "branch", "--list") == "* main"
    done = run("update", "--publish", "--forge", "none", "--format", "json")
    (one,) = json.loads(done.stdout)["results"]
    assert (done.returncode, one["request"]["outcome"]) == (0, "created")
    assert one["request"]["branch"] == "kubeaid-ci/charts/web"
    added = run("add", "web", "--publish", "--forge", "none", "--repository", "https://charts.example.com")
    assert (added.returncode, repos.snapshot(root)) == (2, before)


def test_a_chart_is_added_and_shown(run, root, charts):
    publish(charts, "api", "2.0.0")
    done = run("add", "api", "--repository", charts.server.url)
    assert done.returncode == 0
    assert "api/api  added   -     2.0.0" in done.stdout
    assert (root / CHARTS / "api/charts/api/Chart.yaml").exists()
