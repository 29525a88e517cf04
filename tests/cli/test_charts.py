import json
import re

import pytest

from kubeaid_ci.charts.ledger.ledger import LEDGER
from tests import repos, umbrellas


@pytest.fixture
def root(tmp_path):
    return umbrellas.recorded(umbrellas.web(tmp_path / "kubeaid"))


def test_an_untouched_repository_exits_with_0_and_says_little(run, root):
    done = run("verify", "--offline", "--kubeaid", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "charts verify: no findings; charts 1, identical 1, different 0, unverifiable 0, local 0\n"


def test_a_tampered_chart_exits_with_1_and_shows_the_difference(run, root):
    repos.write(umbrellas.vendored(root), {"values.yaml": "replicas: 1\nscript: \u0430\n"})
    done = run("verify", "--offline", "--kubeaid", root)
    assert done.returncode == 1
    assert "web/web  1.2.3    different  1 modified" in done.stdout
    assert "holds U+0430 CYRILLIC SMALL LETTER A" in done.stdout
    assert "error chart/file-modified: values.yaml differs from what the ledger records" in done.stdout


def test_every_report_carries_the_alarm_and_what_to_do(run, root, tmp_path):
    repos.write(umbrellas.vendored(root), {"templates/evil.yaml": "kind: Pod\n```\n</details>@team\n"})
    reports = {name: tmp_path / name for name in ("json", "markdown", "sarif", "junit", "codeclimate", "html")}
    run("verify", "--offline", "--kubeaid", root, *(f"--report={name}={path}" for name, path in reports.items()))
    for path in reports.values():
        assert "chart/file-added" in path.read_text()
    told = json.loads(reports["json"].read_text())
    assert told["command"] == "charts verify"
    assert told["summary"] == {"charts": 1, "identical": 0, "different": 1, "unverifiable": 0, "local": 0}
    assert list(told["results"][0]) == [
        "chart",
        "subchart",
        "version",
        "repository",
        "status",
        "upstream_digest",
        "files",
        "effects",
    ]
    assert told["results"][0]["files"][0] | {"diff": ""} == {
        "path": "templates/evil.yaml",
        "change": "added",
        "diff": "",
    }
    for name in ("sarif", "markdown"):
        assert "Remove the file, or declare it as a patch" in reports[name].read_text()
    page = reports["markdown"].read_text()
    assert page.index("chart/file-added") < page.index("````diff")


def test_the_list_shows_what_is_declared_and_vendored(run, root):
    done = run("list", "--kubeaid", root, "--format", "json")
    (line,) = json.loads(done.stdout)["results"]
    assert line["chart"] == "web"
    assert line["ledger"] == "recorded"
    assert "recorded" in run("list", "web", "--kubeaid", root, "--ref", "HEAD").stdout


def test_the_ledger_is_written_on_demand(run, tmp_path):
    root = umbrellas.web(tmp_path / "new")
    done = run("verify", "--offline", "--kubeaid", root, "--update-ledger")
    assert done.returncode == 0
    assert "added web/web 1.2.3" in done.stdout
    assert re.search(r'first_seen: "\d{4}-\d{2}-\d{2}"', (root / LEDGER).read_text())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "--offline", "wob"], "wob: no such chart; did you mean web?"),
        (["verify", "--offline", "--ref", "nowhere"], "no revision nowhere"),
        (["verify", "--offline", "--accept", "web/web"], "give one with --reason"),
        (["verify", "--offline", "--kubeaid-ref", "pinned"], "charts belong to no cluster"),
        (["list", "--kubeaid", "."], "name a KubeAid repo with --kubeaid"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_is_wrong(run, root, arguments, message):
    done = run(*arguments, env={"KUBEAID_CI_KUBEAID": str(root)})
    assert done.returncode == 2
    assert message in done.stderr


def test_a_chart_or_a_ledger_that_cannot_be_read_exits_with_2(run, root):
    umbrellas.umbrella(root, "bad", {"Chart.yaml": "["})
    done = run("verify", "--offline", "--kubeaid", root)
    assert done.returncode == 2
    assert "chart/invalid" in done.stdout
    (root / LEDGER).write_text("charts: 3\n")
    done = run("verify", "--offline", "--kubeaid", root)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{LEDGER}:1: charts: expected keys with values" in done.stderr


def test_kubernetes_versions_come_from_the_settings(run, root):
    (root / ".kubeaid-ci.yaml").write_text("clusters:\n  one:\n    kubernetes-version: v1.20.1\n")
    chart = umbrellas.vendored(root) / "Chart.yaml"
    chart.write_text(chart.read_text() + "kubeVersion: '>=1.25.0'\n")
    done = run("verify", "--offline", "--kubeaid", root, "--accept", "web/web", "--reason", "test")
    assert "web 1.2.3 wants Kubernetes >=1.25.0, a cluster runs v1.20.1" in done.stdout


def suppression(rule, subject="nope/nope"):
    return f"suppress:\n- rule: {rule}\n  subject: '{subject}'\n  reason: old\n"


@pytest.mark.parametrize(
    ("rule", "arguments", "is_reported"),
    [
        ("chart/file-modified", ("verify", "--offline"), True),
        ("chart/subchart-missing", ("verify", "--offline"), True),
        ("chart/upstream-republished", ("verify", "--offline"), False),
        ("chart/ledger-changed", ("verify", "--offline"), False),
        ("chart/file-modified", ("verify", "--offline", "web"), False),
        ("chart/file-modified", ("verify", "--offline", "--new-only", "--base", "HEAD"), False),
        ("chart/invalid", ("list",), True),
        ("chart/invalid", ("list", "web"), False),
        ("chart/lint", ("lint",), True),
        ("chart/lint", ("lint", "web"), False),
        ("chart/file-modified", ("lint",), False),
        ("chart/render-failed", ("render",), True),
        ("chart/render-failed", ("render", "web"), False),
    ],
)
def test_an_unused_suppression_is_reported_by_the_commands_that_could_match_it(run, root, rule, arguments, is_reported):
    repos.write(umbrellas.vendored(root), {"templates/deployment.yaml": "", "charts/inner/templates/job.yaml": ""})
    repos.write(root, {".kubeaid-ci.yaml": suppression(rule)})
    repos.commit(root)
    done = run(*arguments, "--kubeaid", root, "--format", "json", "--fail-on", "never")
    unused = [one for one in json.loads(done.stdout)["findings"] if one["rule"] == "suppression-unused"]
    assert [one["subject"] for one in unused] == [rule] * is_reported, done.stderr


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("*", "matches nothing (* does not match a /, ** does): chart/file-modified for *"),
        ("other/*", "matches nothing: chart/file-modified for other/*"),
    ],
)
def test_an_unused_glob_says_that_a_star_does_not_match_a_slash(run, root, subject, said):
    repos.write(umbrellas.vendored(root), {"values.yaml": "replicas: 2\n"})
    repos.write(root, {".kubeaid-ci.yaml": suppression("chart/file-modified", subject)})
    done = run("verify", "--offline", "--kubeaid", root, "--format", "json")
    (unused,) = [one for one in json.loads(done.stdout)["findings"] if one["rule"] == "suppression-unused"]
    assert unused["message"].startswith(said)


@pytest.mark.parametrize("arguments", [("list", "--ref", "HEAD"), ("verify", "--offline", "--base", "HEAD")])
def test_a_repository_without_a_commit_is_said_to_have_none(run, tmp_path, arguments):
    root = umbrellas.web(tmp_path / "kubeaid")
    repos.git(root, "init", "--quiet")
    done = run(*arguments, "--kubeaid", root)
    assert done.returncode == 2
    assert "no commit yet" in done.stderr
