"""What a hostile or mistaken vars file can do: one clear message, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.build import evaluation, output
from kubeaid_ci.build.result import BuildStatus
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from tests import repos
from tests.repos import Repos, vars_file

ROOT = str(Path(kubeaid_ci.__file__).parents[1])


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    texts = {"bad": vars_file(), "good": vars_file()}
    return Repos(repos.kubeaid(tmp_path / "kubeaid"), repos.config(tmp_path / "config", texts))


@pytest.fixture
def only_finding(two: Repos):
    """Builds a bad and a good cluster: the good one must come out well, and the bad one as one finding."""

    def run(text: str | bytes, **options) -> Finding:
        repos.write(two.config, {"k8s/bad/bad-vars.jsonnet": text})
        builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False, **options)
        bad, good = builds.results
        assert bad.status is BuildStatus.FAILED
        assert good.status is not BuildStatus.FAILED
        (finding,) = builds.findings
        assert bad.error == finding.message
        assert not (two.config / "k8s/bad/kube-prometheus").exists()
        return finding

    return run


def test_syntax_error_names_line_and_shows_the_lines_around(only_finding):
    finding = only_finding("{\n  platform: 'kops'\n  replicas: 1,\n}\n")
    assert (finding.path, finding.line) == ("k8s/bad/bad-vars.jsonnet", 3)
    assert ">    3 |   replicas: 1," in finding.message
    assert "     2 |   platform: 'kops'" in finding.message


def test_vars_that_are_no_object(only_finding):
    assert "must give an object, not an array" in only_finding("[1, 2]").message


def test_missing_import_names_the_file_that_is_not_there(only_finding):
    finding = only_finding("{\n  a: import 'common.libsonnet',\n}\n")
    assert finding.line == 2
    assert finding.message.startswith("import 'common.libsonnet': no such file")


def test_failing_assert_is_shown_in_full_after_what_the_check_of_the_vars_found(two):
    repos.write(two.config, {"k8s/bad/bad-vars.jsonnet": vars_file(platform="'amiga'")})
    checked, finding = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False).findings
    assert (checked.line, checked.message[:25]) == (2, "unknown platform 'amiga';")
    assert 'platform must be one of: kops, kubeadm, gke, eks, aks (got: "amiga")' in finding.message
    assert "Vars validation failed:" in finding.message
    assert "\t" not in finding.message


def test_unknown_variable_that_nothing_uses_is_found_all_the_same(only_finding):
    finding = only_finding("local region = 'eu';\n{\n  platform: 'kops',\n  unused:: regoin,\n}\n")
    assert (finding.line, finding.path) == (4, "k8s/bad/bad-vars.jsonnet")
    assert "regoin" in finding.message
    assert "did you mean region?" in finding.message


def test_missing_field_says_what_was_meant(only_finding):
    finding = only_finding("local settings = { retention: '7d' };\n{ prometheus: { retention: settings.retentoin } }\n")
    assert finding.line == 2
    assert "did you mean retention?" in finding.message


def test_infinite_recursion(only_finding):
    finding = only_finding("{ platform: 'kops', a: self.b, b: self.a }")
    assert finding.path == "k8s/bad/bad-vars.jsonnet"
    assert len(finding.message.splitlines()) < 10


def test_endless_calls(only_finding):
    finding = only_finding("local f(x) = 1 + f(x + 1);\n{ platform: 'kops', a: f(0) }")
    assert finding.line in (1, 2)
    assert len(finding.message.splitlines()) < 10


def test_brackets_nested_until_the_engine_crashes(only_finding):
    for engine in ("rjsonnet", "gojsonnet"):
        finding = only_finding("{ platform: 'kops', a: " + "[" * 50_000 + "]" * 50_000 + " }", engine=engine)
        assert finding.subject == "bad"
        assert len(finding.message) < 1000


def test_file_that_runs_for_ever_is_stopped(only_finding):
    text = "local f(n) = if n < 2 then 1 else f(n - 1) + f(n - 2);\n{ platform: 'kops', a: f(60) }"
    # Long enough for the other cluster, however busy the machine is.
    finding = only_finding(text, timeout=8)
    assert "took more than 8 seconds" in finding.message


def test_result_of_many_megabytes_is_refused(only_finding, monkeypatch):
    text = vars_file(more="{ big: { a: std.repeat('x', 200 * 1024 * 1024) } }")
    finding = only_finding(text)
    assert "MiB" in finding.message


def test_not_a_number_is_refused(only_finding):
    finding = only_finding(vars_file(more="{ nan: { a: std.log(-1) } }"))
    assert "nan" in finding.message.lower() or "not a number" in finding.message.lower()


@pytest.mark.parametrize(
    "path",
    ["../../../../../../../../etc/hostname", "/etc/hostname", "../../../outside.txt", "../../.git/config"],
)
@pytest.mark.parametrize("word", ["import", "importstr", "importbin"])
def test_import_that_leaves_the_repositories_is_refused(only_finding, two, path, word):
    repos.write(two.config, {"../outside.txt": "secret", ".git/config": "token"})
    finding = only_finding(f"{{ platform: 'kops', a: {word} '{path}' }}")
    assert "refused" in finding.message
    assert "secret" not in finding.message
    assert "token" not in finding.message


def test_import_through_a_link_that_leaves_the_repositories_is_refused(only_finding, two):
    repos.write(two.config, {"../outside.txt": "secret"})
    (two.config / "k8s/bad/inside.txt").symlink_to(two.config.parent / "outside.txt")
    finding = only_finding("{ platform: 'kops', a: importstr 'inside.txt' }")
    assert "refused" in finding.message


def test_import_within_the_config_repo_is_fine(two):
    repos.write(two.config, {"common.libsonnet": "{ replicas: 7 }"})
    repos.write(two.config, {"k8s/bad/bad-vars.jsonnet": "(import '../../common.libsonnet') + " + vars_file()})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, clusters=["bad"], cache=False)
    assert builds.findings == ()
    assert "replicas: 7" in (two.config / "k8s/bad/kube-prometheus/prometheus-prometheus.yaml").read_text()


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/etc/x", "a//b", "a/../b", ".", "a/", "a\\\\b", "a\\nb", "", "\\u0000"]
)
def test_field_that_is_no_safe_file_name_is_refused(only_finding, two, name):
    before = repos.snapshot(two.config.parent)
    finding = only_finding(vars_file(more=f'{{ "{name}": {{}} }}'))
    assert "no safe file name" in finding.message
    changed = {path for path in repos.snapshot(two.config.parent) if path not in before}
    assert all(path.startswith("config/k8s/good/kube-prometheus/") for path in changed)


@pytest.mark.parametrize("release", ["'../..'", "'v0.17.0/vendor'", "5", "''", "'.'"])
def test_release_that_is_no_plain_name_is_refused(only_finding, release):
    assert only_finding(vars_file(kube_prometheus_version=release)).rule.id == "build/library-missing"


def test_no_release_names_those_that_are_there(only_finding):
    finding = only_finding("{ platform: 'kops' }")
    assert finding.rule.id == "build/library-missing"
    assert "the vars set no kube_prometheus_version" in finding.message
    assert "v0.17.0" in finding.message


def test_library_without_vendor(only_finding, two):
    repos.write(two.kubeaid, {"build/kube-prometheus/libraries/v0.18.0/jsonnetfile.json": "{}"})
    finding = only_finding(vars_file(kube_prometheus_version="'v0.18.0'"))
    assert "v0.18.0 has no folder vendor" in finding.message


def test_byte_order_mark_and_windows_line_ends_are_fine(two):
    text = b"\xef\xbb\xbf" + vars_file().replace("\n", "\r\n").encode()
    repos.write(two.config, {"k8s/bad/bad-vars.jsonnet": text})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    assert builds.findings == ()
    assert repos.snapshot(two.config / "k8s/bad/kube-prometheus") == repos.snapshot(
        two.config / "k8s/good/kube-prometheus"
    )


def test_file_that_is_no_utf8_is_named(only_finding):
    assert "not UTF-8" in only_finding(b"{ platform: 'k\xff' }").message


def test_two_vars_files_are_an_error_of_that_folder_that_names_both(two):
    repos.write(two.config, {"k8s/bad/other-vars.jsonnet": vars_file()})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    assert [result.cluster for result in builds.results] == ["good"]
    (finding,) = builds.findings
    assert "bad-vars.jsonnet and other-vars.jsonnet" in finding.message


def test_folder_without_vars_is_no_cluster(two):
    repos.write(two.config, {"k8s/docs/README.md": "hello"})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    assert [result.cluster for result in builds.results] == ["bad", "good"]
    assert builds.findings == ()


def test_no_config_repo_at_all(tmp_path, two):
    with pytest.raises(UserError, match="no folder k8s/"):
        kubeaid_ci.build_clusters(tmp_path, two.kubeaid)


def test_no_kubeaid_repo_at_all(two):
    with pytest.raises(UserError, match="not a KubeAid checkout"):
        kubeaid_ci.build_clusters(two.config, two.config)


def test_output_that_is_a_link_is_refused(only_finding, two, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (two.config / "k8s/bad/kube-prometheus").symlink_to(tmp_path / "elsewhere")
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    assert "is a link" in builds.results[0].error
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_file_of_gigabytes_among_the_built_manifests_is_refused(two):
    kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    os.truncate(two.config / "k8s/bad/kube-prometheus/prometheus-prometheus.yaml", 1 << 33)
    bad, good = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False, check=True).results
    assert "prometheus-prometheus.yaml: is larger than 64 MiB; delete it" in bad.error
    assert good.status is BuildStatus.UNCHANGED


def test_file_in_the_place_of_the_output_is_refused_and_kept(two):
    repos.write(two.config, {"k8s/bad/kube-prometheus": "notes\n"})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    assert "k8s/bad/kube-prometheus: is a file; move it elsewhere" in builds.results[0].error
    assert (two.config / "k8s/bad/kube-prometheus").read_text() == "notes\n"


_BUILD = """
import sys
from kubeaid_ci import build_clusters
for result in build_clusters(sys.argv[1], sys.argv[2], cache=False).results:
    print(result.cluster, result.status, result.error)
"""


def test_unreadable_and_read_only_folders_are_said_plainly(two):
    (two.config / "k8s/good").chmod(0o555)
    (two.config / "k8s/bad/bad-vars.jsonnet").chmod(0o000)
    # To root permissions mean nothing, unless it gives that right up first.
    humble = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    argv = [*humble, sys.executable, "-c", _BUILD, two.config, two.kubeaid]
    done = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ROOT})
    assert done.returncode == 0, done.stderr
    bad, good = done.stdout.splitlines()
    assert bad.startswith("bad failed k8s/bad/bad-vars.jsonnet: cannot be read: Permission denied")
    assert good.startswith("good failed")
    assert "cannot be written: Permission denied; the old manifests stand" in good


def test_full_disk_leaves_the_old_manifests(two, monkeypatch):
    kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    before = repos.snapshot(two.config / "k8s/good")
    wanted = {"large.yaml": b"x" * 100_000, "general-rules.yaml": None}
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from kubeaid_ci.build import output\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        f"output.replace(Path(sys.argv[1]), {wanted!r})\n"
    )
    folder = two.config / "k8s/good/kube-prometheus"
    done = subprocess.run(
        [sys.executable, "-c", script, folder],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    assert "cannot be written: File too large; the old manifests stand" in done.stderr
    assert repos.snapshot(two.config / "k8s/good") == before


def test_kill_at_any_moment_leaves_the_old_or_the_new(two, tmp_path):
    folder = two.config / "k8s/good/kube-prometheus"
    old = {f"{n}.yaml": b"old\n" for n in range(60)}
    new = {f"{n}.yaml": b"new\n" for n in range(20, 90)}
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from kubeaid_ci.build import output\n"
        f"old, new = {old!r}, {new!r}\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    output.replace(Path(sys.argv[1]), new)\n"
        "    output.replace(Path(sys.argv[1]), old)\n"
    )
    output.replace(folder, old)
    seen = set()
    for attempt in range(25):
        process = subprocess.Popen(
            [sys.executable, "-c", script, folder],
            env=os.environ | {"PYTHONPATH": ROOT},
            stdout=subprocess.PIPE,
        )
        process.stdout.readline()
        time.sleep(attempt * 0.0013)  # a moment that differs from attempt to attempt
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        there = repos.snapshot(folder)
        assert there in (old, new)
        seen.add(there == old)
    assert kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False).findings == ()
    assert sorted(path.name for path in folder.parent.iterdir()) == ["good-vars.jsonnet", "kube-prometheus"]


def test_bound_on_the_result_is_what_the_message_says():
    assert evaluation.MOST_RESULT_BYTES == 64 * 1024 * 1024


def test_failing_assert_of_a_template_without_manifests_keeps_the_old_ones(two):
    kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    before = repos.snapshot(two.config)
    repos.write(two.kubeaid, {"build/kube-prometheus/common-template.jsonnet": "{ assert false : 'not here' }"})
    builds = kubeaid_ci.build_clusters(two.config, two.kubeaid, cache=False)
    assert [one.status for one in builds.results] == [BuildStatus.FAILED, BuildStatus.FAILED]
    assert "not here" in builds.findings[0].message
    assert repos.snapshot(two.config) == before
