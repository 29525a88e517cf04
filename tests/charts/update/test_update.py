import os
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pytest

from kubeaid_ci import documents
from kubeaid_ci.charts.ledger import ledger
from kubeaid_ci.charts.ledger.ledger import LEDGER
from kubeaid_ci.charts.update import folder as chart_folder
from kubeaid_ci.charts.update import job
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Severity
from kubeaid_ci.helm import lock_digest
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings
from kubeaid_ci.settings.policy import ChartPolicy, Step
from tests import repos, umbrellas
from tests.archives import tgz
from tests.servers.charts import Charts, chart
from tests.servers.http import Fault, Reply
from tests.umbrellas import metadata
from tests.updates import files, outcomes, publish, rules, umbrella, update, vendored


@pytest.fixture
def charts():
    made = Charts()
    with made.server:
        yield made


@pytest.fixture
def root(tmp_path, charts):
    """One umbrella chart, of which a newer release is there."""
    publish(charts, "web", "1.0.0", {"old.yaml": "gone\n"})
    umbrella(tmp_path, charts, "web")
    publish(charts, "web", "1.1.0", {"new.yaml": "here\n", "values.yaml": "replicas: 2\n"})
    return tmp_path


def tree(root, name="web"):
    return repos.snapshot(vendored(root, name, name))


def version(root, umbrella_name="web", number=0):
    said = documents.load((root / CHARTS / umbrella_name / "Chart.yaml").read_text(), where="x")
    return said["dependencies"][number]["version"]


def entries(root):
    return ledger.parse((root / LEDGER).read_text(), where="l").entries


def test_the_vendored_tree_becomes_what_is_published(root, charts):
    found = update(root)
    assert (outcomes(found), rules(found)) == ([("web", "updated")], [])
    about = documents.dump({"apiVersion": "v2", "name": "web", "version": "1.1.0"}).encode()
    published = files("web", {"new.yaml": "here\n", "values.yaml": "replicas: 2\n"})
    assert tree(root) == {"Chart.yaml": about, **published}
    assert version(root) == "1.1.0"
    (one,) = found.results[0].subcharts
    assert (one.before, one.after, one.step) == ("1.0.0", "1.1.0", Step.MINOR)
    assert (one.files.added, one.files.removed, one.files.modified) == (1, 1, 2)
    assert [(value.path, value.before, value.after) for value in one.values] == [("replicas", "1", "2")]
    entry = entries(root)["web/web"]
    assert (entry.version, entry.repository, entry.url) == (
        "1.1.0",
        charts.server.url,
        f"{charts.server.url}/web-1.1.0.tgz",
    )
    assert entry.sha256 == entry.index_digest
    assert umbrellas.said(umbrellas.verify(root)) == []
    assert outcomes(update(root)) == [("web", "up-to-date")]


def test_the_lock_is_as_helm_writes_it_and_the_same_each_time(root):
    commit_time = repos.git(root, "log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ")
    update(root)
    text = (root / CHARTS / "web/Chart.lock").read_text()
    lock = documents.load(text, where="l")
    declared = documents.load((root / CHARTS / "web/Chart.yaml").read_text(), where="x")["dependencies"]
    assert lock["digest"] == lock_digest.digest(declared, lock["dependencies"])
    assert [one["version"] for one in lock["dependencies"]] == ["1.1.0"]
    assert lock["generated"].endswith("Z")
    assert len(lock["generated"]) == len(commit_time)
    repos.git(root, "checkout", "--quiet", "HEAD", "--", CHARTS)
    os.unlink(root / LEDGER)
    update(root)
    assert (root / CHARTS / "web/Chart.lock").read_text() == text


def test_charts_of_version_v1_keep_their_lock_where_it_is(tmp_path, charts):
    publish(charts, "web", "1.0.0")
    umbrella(tmp_path, charts, "web")
    path = tmp_path / CHARTS / "web/Chart.yaml"
    path.write_text(path.read_text().replace("v2", "v1"))
    publish(charts, "web", "1.1.0")
    update(tmp_path)
    assert (tmp_path / CHARTS / "web/requirements.lock").exists()
    assert not (tmp_path / CHARTS / "web/Chart.lock").exists()


def test_other_dependencies_and_nested_charts_of_ours_stay(tmp_path, charts):
    """Several dependencies, one by an alias, one a link to a chart of ours, one in two umbrella charts."""
    for name in ("web", "db"):
        publish(charts, name, "1.0.0")
    umbrella(tmp_path, charts, "app", "web 1.0.0 alias=front", "db 1.0.0")
    umbrella(tmp_path, charts, "web", "web 1.0.0")
    chart_yaml = tmp_path / CHARTS / "app/Chart.yaml"
    chart_yaml.write_text(
        chart_yaml.read_text() + "  - name: own\n    version: '0.1.0'\n    repository: file://../own\n"
    )
    umbrellas.umbrella(tmp_path, "own", {"Chart.yaml": metadata("own", "0.1.0"), "templates/a.yaml": ""})
    (tmp_path / CHARTS / "app/charts/own").symlink_to("../../own")
    publish(charts, "web", "v1.2.0")
    found = update(tmp_path)
    assert (outcomes(found), rules(found)) == ([("app", "updated"), ("web", "updated")], [])
    assert [version(tmp_path, "app", number) for number in range(3)] == ["v1.2.0", "1.0.0", "0.1.0"]
    assert os.readlink(tmp_path / CHARTS / "app/charts/own") == "../../own"
    lock = documents.load((tmp_path / CHARTS / "app/Chart.lock").read_text(), where="l")
    assert [one["version"] for one in lock["dependencies"]] == ["v1.2.0", "1.0.0", "0.1.0"]
    assert charts.paths().count("/web-v1.2.0.tgz") == 1


def test_the_asked_version_is_taken_and_not_the_newest(root, charts):
    """The old script took the newest whatever version was asked for."""
    publish(charts, "web", "1.0.1")
    publish(charts, "web", "2.0.0")
    assert update(root, "web", to="1.0.1").results[0].subcharts[0].after == "1.0.1"
    assert (version(root), entries(root)["web/web"].version) == ("1.0.1", "1.0.1")
    assert outcomes(update(root, "web", to="1.0.1")) == [("web", "up-to-date")]
    assert outcomes(update(root, "web", to="1.0.0")) == [("web", "updated")]


@pytest.mark.parametrize(
    ("names", "to", "message"),
    [
        ([], "1.1.0", "chosen are app/db, app/web, web/web"),
        (["app"], "1.1.0", "name one chart to update, as umbrella/chart"),
        (["web"], "newest", "--to newest: not a version; name one release"),
        (["web"], "^1", r"--to \^1: not a version; name one release"),
    ],
)
def test_a_version_that_cannot_be_meant_is_refused(root, charts, names, to, message):
    publish(charts, "db", "1.0.0")
    umbrella(root, charts, "app", "db 1.0.0", "web 1.0.0")
    with pytest.raises(UserError, match=message):
        update(root, *names, to=to)


def test_a_version_that_is_not_there_changes_nothing(root):
    before = repos.snapshot(root)
    with pytest.raises(UserError, match=r"--to 9.9.9: web has no such version; near versions: 1.1.0, 1.0.0"):
        update(root, "web", to="9.9.9")
    assert repos.snapshot(root) == before


def test_a_chart_that_is_to_be_skipped_is_not_touched(root, charts):
    """The old script updated the charts that it was told to skip."""
    before = repos.snapshot(root)
    assert outcomes(update(root, skip=["web"])) == []
    policies = {"web": ChartPolicy(pin=Version.parse("1.0.0"))}
    assert outcomes(update(root, policies=policies)) == [("web", "up-to-date")]
    assert repos.snapshot(root) == before
    with pytest.raises(UserError, match="wbe: no such chart; did you mean web"):
        update(root, skip=["wbe"])


def test_nothing_to_update_changes_nothing(tmp_path, charts):
    """The old script failed then, with changed files left behind."""
    publish(charts, "web", "1.0.0")
    umbrella(tmp_path, charts, "web")
    before = repos.snapshot(tmp_path)
    found = update(tmp_path)
    assert (outcomes(found), rules(found), found.written) == ([("web", "up-to-date")], [], ())
    assert repos.snapshot(tmp_path) == before


def test_a_dead_or_empty_upstream_is_a_failure_and_stops_no_other(root, charts):
    """The old script tried version "" of it, and went on as if all was well for months."""
    publish(charts, "dead", "1.0.0")
    publish(charts, "empty", "1.0.0")
    umbrella(root, charts, "dead", "dead 1.0.0")
    umbrella(root, charts, "empty", "empty 1.0.0")
    dead = root / CHARTS / "dead/Chart.yaml"
    dead.write_text(dead.read_text().replace(charts.server.url, "http://127.0.0.1:1"))
    charts.entries["empty"] = []
    before = repos.snapshot(root / CHARTS / "empty")
    found = update(root)
    assert outcomes(found) == [("dead", "failed"), ("empty", "failed"), ("web", "updated")]
    assert repos.snapshot(root / CHARTS / "empty") == before


def _truncated(charts):
    charts.files["/web-1.1.0.tgz"] = charts.files["/web-1.1.0.tgz"][:-30]


def _second_top(charts):
    evil = tgz(("evil/Chart.yaml", b"name: evil\n"), chart=b"apiVersion: v2\nname: web\nversion: 1.1.0\n")
    charts.files["/web-1.1.0.tgz"] = evil


def _link(charts):
    import tarfile

    from tests.archives import entry

    charts.files["/web-1.1.0.tgz"] = tgz(entry("web/x", tarfile.SYMTYPE, linkname="/etc/passwd"))


def _wrong_version(charts):
    charts.files["/web-1.1.0.tgz"] = chart("web", "6.6.6")
    charts.entries["web"][1].pop("digest")


def _wrong_digest(charts):
    charts.entries["web"][1]["digest"] = "0" * 64


def _unrenderable(charts):
    charts.entries["web"].pop()
    publish(charts, "web", "1.1.0", {"templates/web.yaml": "{{ fail `no` }}"})


def _missing(charts):
    del charts.files["/web-1.1.0.tgz"]


BAD = {
    "a truncated archive": (_truncated, "refused", "chart/update-refused chart/unsafe-archive"),
    "an archive with a second chart in it": (_second_top, "refused", "chart/update-refused chart/unsafe-archive"),
    "an archive with a link in it": (_link, "refused", "chart/update-refused chart/unsafe-archive"),
    "an archive of another version": (_wrong_version, "refused", "chart/update-refused chart/version-mismatch"),
    "an archive that the index does not promise": (
        _wrong_digest,
        "refused",
        "chart/update-refused chart/digest-mismatch",
    ),
    "an archive that does not render": (_unrenderable, "refused", "chart/update-refused chart/render-failed"),
    "an archive that is not there": (_missing, "failed", "chart/unverifiable"),
}


@pytest.mark.parametrize(("harm", "status", "rule"), BAD.values(), ids=BAD)
def test_a_bad_archive_changes_nothing_and_stops_no_other(root, charts, harm, status, rule):
    """The old script removed the chart first and unpacked then; what was in the archive was committed."""
    publish(charts, "api", "1.0.0")
    umbrella(root, charts, "api")
    publish(charts, "api", "1.1.0")
    harm(charts)
    before = repos.snapshot(root / CHARTS / "web")
    found = update(root)
    assert outcomes(found) == [("api", "updated"), ("web", status)]
    assert [name for name, _ in rules(found)] == rule.split()
    assert any(one.severity is Severity.ERROR for one in found.findings) is (status == "refused")
    assert repos.snapshot(root / CHARTS / "web") == before
    assert list(entries(root)) == ["api/api"]
    assert sorted(path.name for path in root.iterdir()) == [".git", CHARTS, LEDGER]


def test_a_repository_that_goes_down_in_the_middle_leaves_each_chart_updated_or_untouched(root, charts):
    for name in ("api", "zoo"):
        publish(charts, name, "1.0.0")
        umbrella(root, charts, name)
        publish(charts, name, "1.1.0")
    charts.server.inject("GET", "/web-1.1.0", Fault.HALF, times=9)
    assert outcomes(update(root)) == [("api", "updated"), ("web", "failed"), ("zoo", "updated")]
    assert (version(root), tree(root)["old.yaml"]) == ("1.0.0", b"gone\n")


def test_a_chart_that_did_not_render_before_may_be_updated(tmp_path, charts):
    bad = {"templates/web.yaml": "{{ required `host` .Values.host }}"}
    publish(charts, "web", "1.0.0", bad)
    umbrella(tmp_path, charts, "web")
    publish(charts, "web", "1.1.0", bad)
    assert outcomes(update(tmp_path)) == [("web", "updated")]


def test_an_edit_that_nobody_declared_stops_the_update(root):
    """The old script overwrote edits without a word, and several were lost."""
    repos.write(vendored(root, "web", "web"), {"values.yaml": "replicas: 7\n"})
    before = repos.snapshot(root)
    found = update(root)
    assert outcomes(found) == [("web", "refused")]
    assert rules(found) == [("chart/update-refused", "web"), ("chart/file-modified", "web/web")]
    assert "values.yaml differs from the published web 1.0.0" in found.findings[1].message
    assert "declare it as a patch" in found.results[0].error
    assert repos.snapshot(root) == before
    assert outcomes(update(root, overwrite=True)) == [("web", "updated")]


def test_an_edit_stops_the_update_also_where_the_ledger_took_it_for_reviewed(root):
    repos.write(vendored(root, "web", "web"), {"extra.yaml": "x\n"})
    umbrellas.verify(root, update_ledger=True)
    assert rules(update(root)) == [("chart/update-refused", "web"), ("chart/file-added", "web/web")]


def test_an_edit_since_the_review_stops_the_update_without_asking_upstream(root, charts):
    update(root)
    publish(charts, "web", "1.2.0")
    repos.write(vendored(root, "web", "web"), {"extra.yaml": "x\n"})
    found = update(root)
    assert "web/web differs from what the ledger records" in found.results[0].error
    assert charts.paths().count("/web-1.0.0.tgz") == 2


def _no_archive(charts):
    del charts.files["/web-1.0.0.tgz"]


def _no_entry(charts):
    charts.entries["web"] = [one for one in charts.entries["web"] if one["version"] != "1.0.0"]
    _no_archive(charts)


@pytest.mark.parametrize("gone", [_no_archive, _no_entry])
def test_a_copy_that_is_no_longer_published_is_replaced_if_the_ledger_records_it(root, charts, gone):
    gone(charts)
    before = repos.snapshot(root)
    found = update(root)
    assert (outcomes(found), rules(found)) == ([("web", "refused")], [("chart/update-refused", "web")])
    assert "record it with `charts verify --offline --update-ledger`, or discard it with --overwrite" in (
        found.findings[0].message
    )
    assert repos.snapshot(root) == before
    umbrellas.verify(root, update_ledger=True)
    repos.write(vendored(root, "web", "web"), {"values.yaml": "replicas: 9\n"})
    assert outcomes(update(root)) == [("web", "refused")]
    repos.git(root, "checkout", "--quiet", "HEAD", "--", CHARTS)
    found = update(root)
    assert (outcomes(found), rules(found)) == ([("web", "updated")], [("chart/unverifiable", "web/web")])
    assert found.findings[0].severity is Severity.WARNING
    assert "edits in it were reviewed and are replaced" in found.results[0].subcharts[0].notes[0]


def test_a_copy_that_cannot_be_compared_now_is_not_replaced(root, charts):
    umbrellas.verify(root, update_ledger=True)
    charts.server.inject("GET", "/web-1.0.0", Reply(503), times=9)
    found = update(root)
    assert (outcomes(found), rules(found)) == ([("web", "failed")], [("chart/unverifiable", "web/web")])


PATCH = "--- a/values.yaml\n+++ b/values.yaml\n@@ -1 +1,2 @@\n replicas: {}\n+ours: true\n"


def declare(root, text):
    repos.write(root, {"patches/web/ours.patch": text})
    umbrellas.verify(root, update_ledger=True)
    path = root / LEDGER
    path.write_text(path.read_text().replace("first_seen:", "patches: [patches/web/ours.patch]\n    first_seen:"))


def test_declared_patches_are_put_on_again(root, charts):
    repos.write(vendored(root, "web", "web"), {"values.yaml": "replicas: 1\nours: true\n"})
    declare(root, PATCH.format(1))
    charts.entries["web"].pop()
    publish(charts, "web", "1.1.0", {"new.yaml": "here\n"})
    found = update(root)
    assert (outcomes(found), rules(found)) == ([("web", "updated")], [])
    assert tree(root)["values.yaml"] == b"replicas: 1\nours: true\n"
    assert entries(root)["web/web"].patches == ("patches/web/ours.patch",)
    assert umbrellas.said(umbrellas.verify(root)) == []


def test_a_patch_that_no_longer_fits_stops_the_update_with_the_conflict(root):
    repos.write(vendored(root, "web", "web"), {"values.yaml": "replicas: 1\nours: true\n"})
    declare(root, PATCH.format(1))
    before = repos.snapshot(root)
    found = update(root)
    assert rules(found) == [("chart/update-refused", "web"), ("chart/patch-does-not-apply", "web/web")]
    assert "patches/web/ours.patch does not apply" in found.findings[1].message
    assert repos.snapshot(root) == before


def test_a_declared_chart_that_is_not_vendored_is_vendored(tmp_path, charts):
    """The old script ended at such a chart."""
    publish(charts, "web", "1.0.0")
    umbrellas.umbrella(tmp_path, "web", {"Chart.yaml": metadata("web", "0.1.0", f"web 1.0.0 {charts.server.url}")})
    found = update(tmp_path)
    assert outcomes(found) == [("web", "updated")]
    assert found.results[0].subcharts[0].before == ""
    assert "templates/web.yaml" in tree(tmp_path)


def test_archives_elsewhere_stay_and_one_beside_the_chart_is_refused(root):
    """The old script removed every .tgz in the repository."""
    repos.write(root, {"docs/sample.tgz": "x"})
    assert outcomes(update(root)) == [("web", "updated")]
    assert (root / "docs/sample.tgz").exists()
    repos.write(root / CHARTS / "web/charts", {"web-1.1.0.tgz": "x"})
    found = update(root, "web", to="1.0.0")
    assert (outcomes(found), rules(found)) == ([("web", "refused")], [("chart/update-refused", "web")])
    assert "web/charts/web-1.1.0.tgz is a packed chart; unpack it or remove it" in found.results[0].error


def test_a_chart_that_is_our_own_by_the_ledger_is_left_alone(root):
    umbrellas.verify(root, update_ledger=True)
    path = root / LEDGER
    path.write_text(path.read_text().replace("origin: upstream", "origin: fork of web"))
    found = update(root)
    assert (outcomes(found), rules(found)) == ([("web", "skipped")], [("chart/unverifiable", "web/web")])
    assert [finding.severity.value for finding in found.findings] == ["info"]
    for options in ({}, {"to": "1.1.0"}):
        found = update(root, "web", **options)
        assert (outcomes(found), rules(found)) == ([("web", "refused")], [("chart/update-refused", "web")])


def test_the_version_follows_the_charts_and_the_list_of_apps_stays(root, charts):
    apps, changelog = "build/kube-prometheus/lib/default_kubeaid_apps_vars.yaml", "## KubeAid Release Version 3.1.4\n"
    listed = "kubeaid_apps:\n  - gone\n"
    repos.write(root, {apps: listed, "VERSION": "3.1.4\n", "CHANGELOG.md": changelog})
    found = update(root)
    assert found.written == (LEDGER, "VERSION")
    assert (root / apps).read_text() == listed
    assert (root / "VERSION").read_text() == "3.2.0\n"
    publish(charts, "web", "2.0.0")
    update(root)
    assert (root / "VERSION").read_text() == "4.0.0\n"
    assert (root / "CHANGELOG.md").read_text() == changelog


def test_new_files_that_git_would_drop_are_told(root, charts):
    repos.write(root, {".gitignore": "new.yaml\n"})
    found = update(root)
    assert outcomes(found) == [("web", "updated")]
    assert rules(found) == [("chart/dropped-by-gitignore", "web")]
    assert found.findings[0].path.endswith("web/charts/web/new.yaml")


def test_new_files_that_a_checkout_changes_are_told(root, charts):
    publish(charts, "web", "1.2.0", {".gitattributes": "*.yaml text eol=crlf\n"})
    found = update(root)
    assert outcomes(found) == [("web", "updated")]
    assert set(rules(found)) == {("chart/changed-by-gitattributes", "web/web")}
    assert ".gitattributes sets " in found.findings[0].message


def test_an_archive_from_another_host_is_told(root, charts):
    update(root)
    path = root / LEDGER
    path.write_text(path.read_text().replace("host: 127.0.0.1", "host: charts.example.com"))
    publish(charts, "web", "1.2.0")
    found = update(root)
    assert outcomes(found) == [("web", "updated")]
    assert [(one.rule.id, one.severity.value) for one in found.findings] == [("chart/repository-changed", "warning")]
    assert "came from charts.example.com, and now comes from 127.0.0.1" in found.results[0].subcharts[0].notes[0]


def test_a_ledger_that_cannot_be_written_leaves_the_chart_as_it_was(root):
    (root / LEDGER).mkdir()
    before = repos.snapshot(root)
    found = update(root)
    assert outcomes(found) == [("web", "refused")]
    assert LEDGER in found.results[0].error
    assert repos.snapshot(root) == before


def test_a_kill_before_the_version_is_written_loses_no_step(tmp_path, charts):
    """The first run takes a major step and is killed before VERSION is written; the second run takes a minor one."""
    for name in ("traefik", "whoami"):
        publish(charts, name, "1.0.0")
        umbrella(tmp_path, charts, name)
    changelog = "## KubeAid Release Version 32.5.0\n"
    repos.write(tmp_path, {"VERSION": "32.5.0\n", "CHANGELOG.md": changelog})
    repos.commit(tmp_path)
    publish(charts, "traefik", "2.0.0")
    update(tmp_path)
    assert (tmp_path / "VERSION").read_text() == "33.0.0\n"
    (tmp_path / "VERSION").write_text("32.5.0\n")
    publish(charts, "whoami", "1.1.0")
    found = update(tmp_path, "whoami")
    assert (tmp_path / "VERSION").read_text() == "33.0.0\n"
    assert found.written == (LEDGER, "VERSION")
    (tmp_path / "VERSION").write_text("32.6.0\n")
    found = update(tmp_path)
    assert (outcomes(found), found.written) == ([("traefik", "up-to-date"), ("whoami", "up-to-date")], ("VERSION",))
    assert (tmp_path / "VERSION").read_text() == "33.0.0\n"


@pytest.mark.parametrize("folder", ["a folder without Git", "a repository without a commit"])
def test_without_a_commit_the_step_is_that_of_the_run(tmp_path, charts, folder):
    publish(charts, "web", "1.0.0")
    umbrella(tmp_path, charts, "web")
    shutil.rmtree(tmp_path / ".git")
    if folder != "a folder without Git":
        repos.git(tmp_path, "init", "--quiet")
    repos.write(tmp_path, {"VERSION": "3.1.4\n", "CHANGELOG.md": "## KubeAid Release Version 3.1.4\n"})
    publish(charts, "web", "2.0.0")
    assert outcomes(update(tmp_path)) == [("web", "updated")]
    assert (tmp_path / "VERSION").read_text() == "4.0.0\n"


KILL = """
import os, sys
from pathlib import Path
from tests.updates import update

# Every call by which something on disk changes or is about to; the process dies before number N of them.
calls, last = 0, int(sys.argv[1])

def counted(module, name):
    real = getattr(module, name)
    def call(*arguments, **options):
        global calls
        path = next((str(one) for one in arguments if isinstance(one, str | os.PathLike)), "")
        if watching in path:
            calls += 1
            if calls == last:
                os._exit(9)
        return real(*arguments, **options)
    setattr(module, name, call)

watching = sys.argv[2]
import shutil
from kubeaid_ci.charts.update import folder as chart_folder
from kubeaid_ci.charts.update import job
for name in ("rename", "write_bytes", "replace", "unlink"):
    counted(Path, name)
for name in ("copytree", "copy2", "rmtree"):
    counted(shutil, name)
counted(chart_folder, "exchange")
job.trials = lambda *_, **__: {}  # rendering writes nothing here, and takes most of the time
update(Path(sys.argv[2]))
"""


def _killed(root, number):
    """Update, killed before write number `number`. True if it was killed."""
    script = [sys.executable, "-c", KILL, str(number), str(root)]
    return subprocess.run(script, env={**os.environ, "PYTHONPATH": "."}).returncode == 9


def _files(root):
    files = repos.snapshot(root)
    return {path: data for path, data in files.items() if not path.startswith(".git/")}


def test_a_kill_before_any_write_leaves_old_or_new_and_the_next_run_completes_the_update(root, monkeypatch):
    monkeypatch.setattr(job, "trials", lambda *_, **__: {})
    repos.write(root, {"VERSION": "3.1.4\n", "CHANGELOG.md": "## KubeAid Release Version 3.1.4\n"})
    repos.commit(root)
    old = _files(root)
    assert not _killed(root, 0)
    new = _files(root)
    assert new != old
    for number in range(1, 100):
        repos.git(root, "reset", "--quiet", "--hard")
        repos.git(root, "clean", "--quiet", "-ffdx")
        if not _killed(root, number):
            break
        now = _files(root)
        changed = {path for path in {*old, *new} if old.get(path) != new.get(path)}
        assert now.keys() <= {*old, *new}
        assert all(now.get(path) in (old.get(path), new.get(path)) for path in changed)
        charts_now = {path: data for path, data in now.items() if path.startswith(CHARTS)}
        assert charts_now in (
            {path: data for path, data in old.items() if path.startswith(CHARTS)},
            {path: data for path, data in new.items() if path.startswith(CHARTS)},
        )
        update(root)
        assert _files(root) == new
        assert not chart_folder.staging(root).exists()
    assert number > 15


@pytest.mark.parametrize("where", ["index", "archive"])
def test_a_deprecated_release_is_vendored_with_a_warning(tmp_path, charts, where):
    publish(charts, "web", "1.0.0")
    umbrella(tmp_path, charts, "web")
    publish(charts, "web", "1.1.0", **({"deprecated": True} if where == "index" else {}))
    if where == "archive":
        republish(charts, "web", "1.1.0", deprecated=True)
    found = update(tmp_path)
    assert (outcomes(found), rules(found)) == ([("web", "updated")], [("chart/deprecated", "web/web")])
    assert [one.severity for one in found.findings] == [Severity.WARNING]
    assert found.findings[0].message == "web/web 1.1.0 is deprecated by its publisher"


@pytest.mark.parametrize(("kube_version", "warned"), [(">=1.31.0-0", True), (">=1.29.0-0", False), (None, False)])
def test_a_release_that_excludes_the_clusters_kubernetes_is_vendored_with_a_warning(
    tmp_path, charts, kube_version, warned
):
    publish(charts, "web", "1.0.0")
    umbrella(tmp_path, charts, "web")
    publish(charts, "web", "1.1.0")
    if kube_version:
        republish(charts, "web", "1.1.0", kubeVersion=kube_version)
    found = update(tmp_path, "web", to="1.1.0", settings=Settings(kubernetes_version=Version.parse("1.30.4")))
    assert outcomes(found) == [("web", "updated")]
    assert rules(found) == ([("chart/subchart-kube-version", "web/web")] if warned else [])
    if warned:
        assert found.findings[0].message == f"web/web 1.1.0 wants Kubernetes {kube_version}, a cluster runs 1.30.4"
        assert found.findings[0].severity is Severity.WARNING


def republish(charts, name, version, **metadata):
    """Give a published version other metadata; an index may not tell it."""
    data = chart(name, version, files(name), **metadata)
    charts.files[f"/{name}-{version}.tgz"] = data
    charts.entries[name][-1]["digest"] = sha256(data).hexdigest()


def test_a_version_file_that_leads_out_of_the_checkout_is_left_alone(root, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "VERSION"
    outside.write_text("3.1.4\n")
    (root / "VERSION").symlink_to(outside)
    repos.write(root, {"CHANGELOG.md": "## KubeAid Release Version 3.1.4\n"})
    found = update(root)
    assert (outcomes(found), found.written) == ([("web", "updated")], (LEDGER,))
    assert outside.read_text() == "3.1.4\n"


@pytest.mark.parametrize(
    ("published", "taken"),
    [
        (["0.2.1-061.4221738", "0.2.0-n050.h2"], "0.2.0-n050.h2"),
        (["0.2.1-061.4221738"], "0.1.0"),
        (["0.2.0-n050.h2", "not-a-version"], "0.2.0-n050.h2"),
    ],
)
def test_an_index_entry_that_helm_skips_is_never_proposed(tmp_path, charts, published, taken):
    publish(charts, "web", "0.1.0")
    umbrella(tmp_path, charts, "web", "web 0.1.0")
    for one in published:
        publish(charts, "web", one)
    found = update(tmp_path, policies={"web": ChartPolicy(prereleases=True)})
    assert not [one for one in found.findings if one.severity is Severity.ERROR]
    assert version(tmp_path) == taken


def test_a_dry_run_returns_what_an_update_would_do_and_writes_nothing(root):
    repos.write(root, {"VERSION": "3.1.4\n", "CHANGELOG.md": "## KubeAid Release Version 3.1.4\n"})
    before = repos.snapshot(root)
    planned = update(root, dry_run=True)
    assert repos.snapshot(root) == before
    done = update(root)
    assert (planned.dry_run, done.dry_run) == (True, False)
    marked = tuple(replace(one, dry_run=True) for one in done.results)
    assert planned == replace(done, results=marked, dry_run=True)


def test_progress_counts_each_kind_of_work(root, charts):
    publish(charts, "api", "1.0.0")
    umbrella(root, charts, "api")
    counted = []
    update(root, progress=lambda *step: counted.append(step))
    assert [step for step in counted if step[1] == step[2]] == [
        ("charts checked", 2, 2),
        ("archives fetched", 1, 1),
        ("charts rendered", 1, 1),
        ("charts rendered", 1, 1),
    ]


def test_no_network_is_one_finding(root, charts):
    for name in ("api", "zoo"):
        publish(charts, name, "1.0.0")
        umbrella(root, charts, name)
    for port, name in enumerate(("api", "web", "zoo"), start=1):
        path = root / CHARTS / name / "Chart.yaml"
        path.write_text(path.read_text().replace(charts.server.url, f"http://127.0.0.1:{port}"))
    found = update(root)
    assert outcomes(found) == [("api", "failed"), ("web", "failed"), ("zoo", "failed")]
    (finding,) = found.findings
    assert finding.message == (
        "none of the 3 upstream hosts can be reached (connection refused); 3 charts not updated;"
        " check the network, the name server and the proxy"
    )


def test_helm_and_its_repositories_are_not_touched(root, home):
    """The old script removed all Helm repositories of whoever ran it."""
    repos.write(home, {".config/helm/repositories.yaml": "repositories: []\n"})
    update(root)
    assert repos.snapshot(home) == {".config/helm/repositories.yaml": b"repositories: []\n"}
