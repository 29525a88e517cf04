import ast
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import kubeaid_ci
from kubeaid_ci.build import promtool
from kubeaid_ci.build.built_files import Task
from kubeaid_ci.build.cluster import build_cluster
from kubeaid_ci.build.result import Builds, BuildStatus
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.source_files import FolderRef
from kubeaid_ci.git.tree import Action
from kubeaid_ci.repositories.kubeaid import KubeAid
from tests import repos
from tests.repos import Repos, vars_file

UNCHANGED, CHANGED, FAILED = BuildStatus.UNCHANGED, BuildStatus.CHANGED, BuildStatus.FAILED


@pytest.fixture
def two(tmp_path: Path) -> Repos:
    kubeaid = repos.kubeaid(tmp_path / "kubeaid", "v0.17.0", "v0.18.0")
    texts = {"one": vars_file(), "two.example.com:two": vars_file(platform="'aks'")}
    return Repos(kubeaid, repos.config(tmp_path / "config", texts))


@pytest.fixture
def build(tmp_path: Path, two: Repos):
    def run(*clusters: str, **options) -> Builds:
        options.setdefault("cache", tmp_path / "cache")
        return kubeaid_ci.build_clusters(two.config, two.kubeaid, clusters=clusters, **options)

    return run


def statuses(builds: Builds) -> list[BuildStatus]:
    return [result.status for result in builds.results]


def test_first_build_writes_every_field_as_a_file_and_the_second_changes_nothing(build, two):
    first, second = build(), build()
    assert statuses(first) == [CHANGED, CHANGED]
    assert statuses(second) == [UNCHANGED, UNCHANGED]
    output = two.config / "k8s/one/kube-prometheus"
    assert sorted(repos.snapshot(output)) == [
        "general-rules.yaml",
        "prometheus-prometheus.yaml",
        "setup/0namespace-namespace.yaml",
    ]
    assert (output / "setup/0namespace-namespace.yaml").read_text() == (
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: monitoring\n"
    )


def test_cluster_is_named_by_its_vars_file_and_chosen_by_either_name(build):
    by_name, by_folder = build("two"), build("two.example.com")
    assert [one.results[0].cluster for one in (by_name, by_folder)] == ["two", "two"]
    assert [one.results[0].dir for one in (by_name, by_folder)] == ["two.example.com"] * 2


def test_unknown_cluster_is_refused_with_the_nearest_names(build):
    with pytest.raises(UserError, match="no such cluster; did you mean two"):
        build("twoo")


def test_empty_name_of_a_cluster_is_shown_as_such(build):
    with pytest.raises(UserError, match=r"^'': no such cluster; "):
        build("")


def test_folder_that_is_no_cluster_is_refused_with_the_reason_by_its_path_too(build, two):
    repos.write(two.config, {"k8s/notes/README.md": "text"})
    for name in ("notes", "k8s/notes/"):
        with pytest.raises(UserError, match=r"^k8s/notes: no argocd-apps/ and no "):
            build(name)


def test_unchanged_files_keep_their_time_and_stale_ones_go(build, two):
    build("two")
    output = two.config / "k8s/two.example.com/kube-prometheus"
    before = (output / "general-rules.yaml").stat()
    (output / "left-over.yaml").write_text("a: 1\n")
    repos.write(two.config, {"k8s/two.example.com/two-vars.jsonnet": vars_file(replicas="3")})
    result = build("two").results[0]
    assert (output / "general-rules.yaml").stat().st_mtime_ns == before.st_mtime_ns
    assert result.written == ("k8s/two.example.com/kube-prometheus/prometheus-prometheus.yaml",)
    assert result.removed == (
        "k8s/two.example.com/kube-prometheus/aks-only.yaml",
        "k8s/two.example.com/kube-prometheus/left-over.yaml",
    )
    assert not (output / "aks-only.yaml").exists()


def test_changes_name_objects_and_fields(build, two):
    build("two")
    repos.write(two.config, {"k8s/two.example.com/two-vars.jsonnet": vars_file(replicas="3")})
    changes = build("two", check=True).results[0].changes
    assert [(change.action, change.kind, change.name) for change in changes] == [
        (Action.REMOVED, "ConfigMap", "aks"),
        (Action.MODIFIED, "Prometheus", "k8s"),
    ]
    assert changes[1].fields == ("spec.replicas",)


def test_modes_follow_the_umask(build, two):
    old = os.umask(0o027)
    try:
        build("one")
    finally:
        os.umask(old)
    output = two.config / "k8s/one/kube-prometheus"
    assert oct(output.stat().st_mode & 0o777) == "0o750"
    assert oct((output / "general-rules.yaml").stat().st_mode & 0o777) == "0o640"


def test_check_writes_nothing_and_finds_stale_and_hand_edited_manifests(build, two):
    build()
    rules = two.config / "k8s/one/kube-prometheus/general-rules.yaml"
    rules.write_text(rules.read_text().replace("Watchdog", "Guard"))
    before = repos.snapshot(two.config)
    builds = build(check=True)
    assert statuses(builds) == [CHANGED, UNCHANGED]
    assert [finding.rule.id for finding in builds.findings] == ["build/stale"]
    assert repos.snapshot(two.config) == before
    assert builds.results[0].changes[0].fields == (
        "spec.groups[general].rules[Guard]",
        "spec.groups[general].rules[Watchdog]",
    )


def test_hand_edit_that_is_no_yaml_any_more_is_built_over(build, two):
    build()
    rules = two.config / "k8s/one/kube-prometheus/general-rules.yaml"
    good = rules.read_bytes()
    rules.write_text("{{ not yaml\n")
    assert statuses(build()) == [CHANGED, UNCHANGED]
    assert rules.read_bytes() == good


def test_one_cluster_that_fails_keeps_its_manifests_and_stops_no_other(build, two):
    build()
    before = repos.snapshot(two.config / "k8s/one/kube-prometheus")
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(platform="'amiga'")})
    repos.write(two.config, {"k8s/two.example.com/two-vars.jsonnet": vars_file(replicas="3")})
    builds = build()
    assert statuses(builds) == [FAILED, CHANGED]
    assert repos.snapshot(two.config / "k8s/one/kube-prometheus") == before
    assert 'platform must be one of: kops, kubeadm, gke, eks, aks (got: "amiga")' in builds.results[0].error


def test_missing_library_names_the_releases_that_are_there(build, two):
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(kube_prometheus_version="'v9.9.9'")})
    (finding,) = build("one").findings
    assert finding.rule.id == "build/library-missing"
    assert (
        "v9.9.9: not vendored: build/kube-prometheus/libraries/v9.9.9 does not exist; available: v0.17.0, v0.18.0"
        in finding.message
    )


def test_every_engine_gives_the_same_bytes(build, two):
    seen = []
    for engine in ("rjsonnet", "gojsonnet", "jsonnet"):
        build("one", engine=engine, cache=False)
        seen.append(repos.snapshot(two.config / "k8s/one"))
    assert seen[0] == seen[1] == seen[2]


def test_cross_check_finds_no_difference_between_engines_that_agree(build):
    assert build("one", cross_check=True).findings == ()


def test_cross_check_reports_files_on_which_the_engines_differ(build, two):
    # Later versions of gojsonnet spell numbers in YAML in another way than the pinned one.
    more = f"{{ extra: {_config_map('std.manifestYamlDoc(0.1)')} }}"
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=more)})
    (finding,) = build("one", cross_check=True).findings
    assert finding.rule.id == "build/engines-differ"
    assert finding.path == "k8s/one/kube-prometheus/extra.yaml"
    # So does the original implementation, which is the reference.
    assert finding.message == "rjsonnet and gojsonnet give different manifests; jsonnet agrees with rjsonnet"


def test_cross_check_reports_manifests_that_only_one_engine_gives(build, two):
    more = f"{{ [if std.manifestYamlDoc(0.1) != '0.1' then 'extra']: {_config_map(1)} }}"
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=more)})
    (finding,) = build("one", cross_check=True).findings
    assert finding.path == "k8s/one/kube-prometheus/extra.yaml"
    assert finding.message.endswith("; jsonnet agrees with rjsonnet")


@pytest.mark.parametrize("committed", ["0.005", "0.00500000000000000010"])
def test_every_change_of_text_is_a_change_even_if_the_number_is_equal(build, two, committed):
    more = f"{{ extra: {_config_map(0.005)}, next: {_config_map(0.1)} }}"
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=more)})
    build("one")
    extra = two.config / "k8s/one/kube-prometheus/extra.yaml"
    expected = extra.read_bytes()
    extra.write_bytes(expected.replace(b"0.0050000000000000001", committed.encode()))
    (result,) = build("one", check=True).results
    assert result.written == ("k8s/one/kube-prometheus/extra.yaml",)
    build("one")
    assert extra.read_bytes() == expected


def _config_map(value) -> str:
    return f"{{ apiVersion: 'v1', kind: 'ConfigMap', metadata: {{ name: 'x' }}, data: {{ v: '' + {value} }} }}"


def test_jsonnet_that_rjsonnet_lacks_is_built_with_gojsonnet(build, two):
    more = "{ extra: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: std.trim('  x ') } } }"
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=more)})
    assert statuses(build("one")) == [CHANGED]
    assert "name: x\n" in (two.config / "k8s/one/kube-prometheus/extra.yaml").read_text()


def test_library_runs_from_a_five_line_script_without_a_main_guard(two, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from kubeaid_ci import build_clusters\n"
        f"builds = build_clusters({str(two.config)!r}, {str(two.kubeaid)!r}, cache=False)\n"
        "for result in builds.results:\n"
        "    print(result.cluster, result.status)\n"
        "print(len(builds.findings))\n"
    )
    root = str(Path(kubeaid_ci.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
        check=True,
    )
    assert done.stdout == "one changed\ntwo changed\n0\n"


def test_modules_beside_an_untrusted_config_repo_are_not_run(build, two, monkeypatch):
    repos.write(two.config, {"json.py": "raise SystemExit('loaded')", "rjsonnet.py": "raise SystemExit('loaded')"})
    monkeypatch.chdir(two.config)
    assert statuses(build("one")) == [CHANGED]


@pytest.mark.skipif(promtool.find() is None, reason="promtool (Debian: prometheus) is not installed")
def test_validate_finds_rules_that_prometheus_refuses_and_objects_without_a_name(build, two):
    mixin = "build/kube-prometheus/libraries/v0.17.0/vendor/mixin/main.libsonnet"
    repos.write(two.kubeaid, {mixin: repos.MIXIN.replace("vector(1)", "sum(")})
    more = "{ nameless: { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } }"
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(more=more)})
    assert build("one").findings == ()
    found = {(finding.rule.id, finding.path) for finding in build("one", validate=True).findings}
    assert found == {
        ("build/rules-invalid", "k8s/one/kube-prometheus/general-rules.yaml"),
        ("build/object-invalid", "k8s/one/kube-prometheus/nameless.yaml"),
    }


def test_validate_without_promtool_says_what_was_not_checked(build, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(shutil.which("git"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (finding,) = build("one", validate=True).findings
    assert finding.severity == "warning"
    assert "not checked: promtool is not on PATH" in finding.message


class TestRevisions:
    @pytest.fixture
    def tagged(self, two: Repos) -> Repos:
        repos.commit(two.kubeaid, "first", tag="1.0.0")
        library = "build/kube-prometheus/libraries/v0.17.0/vendor/mixin/main.libsonnet"
        repos.write(two.kubeaid, {library: repos.MIXIN.replace("Watchdog", "NewDog")})
        repos.commit(two.kubeaid, "second", tag="2.0.0")
        return two

    def rules(self, two: Repos, folder: str) -> str:
        return (two.config / f"k8s/{folder}/kube-prometheus/general-rules.yaml").read_text()

    def pin(self, two: Repos, folder: str, text: str) -> None:
        repos.write(two.config, {f"k8s/{folder}/argocd-apps/templates/kube-prometheus.yaml": text})

    def test_a_revision_is_read_from_git_and_the_checkout_is_not_touched(self, build, tagged):
        repos.write(tagged.kubeaid, {"build/kube-prometheus/lib/default_vars.libsonnet": "broken {"})
        before = (repos.snapshot(tagged.kubeaid), repos.git(tagged.kubeaid, "worktree", "list"))
        result = build("one", kubeaid_ref="1.0.0").results[0]
        assert result.kubeaid_revision == "1.0.0"
        assert "Watchdog" in self.rules(tagged, "one")
        assert (repos.snapshot(tagged.kubeaid), repos.git(tagged.kubeaid, "worktree", "list")) == before

    def test_each_cluster_is_built_at_the_revision_that_it_pins(self, build, tagged):
        self.pin(tagged, "one", repos.application("HEAD", label="1.0.0"))
        self.pin(
            tagged,
            "two.example.com",
            repos.application("2.0.0", url="https://git.example.com/acme/KubeAid.git"),
        )
        builds = build(kubeaid_ref="pinned")
        assert [result.kubeaid_revision for result in builds.results] == ["1.0.0", "2.0.0"]
        assert "Watchdog" in self.rules(tagged, "one")
        assert "NewDog" in self.rules(tagged, "two.example.com")

    def test_a_cluster_that_pins_nothing_is_a_finding_and_stops_no_other(self, build, tagged):
        self.pin(tagged, "one", repos.application("HEAD"))
        self.pin(tagged, "two.example.com", repos.application("HEAD", label="2.0.0"))
        builds = build(kubeaid_ref="pinned")
        assert statuses(builds) == [FAILED, CHANGED]
        assert [finding.rule.id for finding in builds.findings] == ["build/pinned-revision-missing"]

    def test_a_pinned_revision_that_is_not_there_says_how_to_get_it(self, build, tagged):
        self.pin(tagged, "one", repos.application("HEAD", label="7.0.0"))
        (finding,) = build("one", kubeaid_ref="pinned").findings
        assert "has no revision 7.0.0" in finding.message
        assert "fetch --tags" in finding.message

    @pytest.mark.parametrize(
        ("revision", "used", "expected"),
        [
            ("1.*", "1.0.0", "Watchdog"),
            (">=1.0.0", "2.0.0", "NewDog"),
            ("refs/tags/1.0.0", "refs/tags/1.0.0", "Watchdog"),
            ("refs/heads/main", "refs/heads/main", "NewDog"),
        ],
    )
    def test_a_pinned_revision_may_be_a_range_or_the_full_name_of_a_ref(self, build, tagged, revision, used, expected):
        repos.git(tagged.kubeaid, "branch", "--force", "--move", "main")
        self.pin(tagged, "one", repos.application(f"'{revision}'", url="https://git.example.com/acme/KubeAid.git"))
        builds = build("one", kubeaid_ref="pinned")
        assert [(one.kubeaid_revision, one.status) for one in builds.results] == [(used, CHANGED)]
        assert expected in self.rules(tagged, "one")

    @pytest.mark.parametrize(
        ("revision", "message"),
        [("33.*", "has no tag in the range 33.*; fetch it"), ("{{ .Values.rev }}", "{{ .Values.rev }} is a template")],
    )
    def test_a_pinned_revision_that_cannot_be_resolved_says_why(self, build, tagged, revision, message):
        self.pin(tagged, "one", repos.application(f"'{revision}'", url="https://git.example.com/acme/KubeAid.git"))
        (finding,) = build("one", kubeaid_ref="pinned").findings
        assert (finding.rule.id, message in finding.message) == ("build/pinned-revision-missing", True)

    def test_unknown_revision_for_all_is_the_callers_fault(self, build, tagged):
        with pytest.raises(UserError, match=r"has no revision 9\.0\.0"):
            build(kubeaid_ref="9.0.0")

    def test_a_folder_without_git_has_no_revisions(self, build, two):
        with pytest.raises(UserError, match="not a Git repository"):
            build(kubeaid_ref="1.0.0")

    @pytest.mark.parametrize("target", ["v0.17.0", "v0.17.0/", "./v0.17.0", "../libraries/v0.17.0", "older"])
    @pytest.mark.parametrize("ref", ["worktree", "HEAD", "3.0.0", "pinned"])
    def test_a_release_may_be_a_link_at_every_kind_of_revision(self, build, tagged, target, ref):
        libraries = tagged.kubeaid / "build/kube-prometheus/libraries"
        (libraries / "older").symlink_to("v0.17.0")
        (libraries / "v0.16.0").symlink_to(target)
        repos.commit(tagged.kubeaid, tag="3.0.0")
        repos.write(tagged.config, {"k8s/one/one-vars.jsonnet": vars_file(kube_prometheus_version="'v0.16.0'")})
        self.pin(tagged, "one", repos.application("HEAD", label="3.0.0"))
        builds = build("one", kubeaid_ref=ref)
        assert statuses(builds) == [CHANGED]
        assert "NewDog" in self.rules(tagged, "one")

    @pytest.mark.parametrize("ref", ["worktree", "HEAD"])
    def test_a_release_that_links_out_of_the_repository_is_not_listed(self, build, tagged, ref):
        libraries = tagged.kubeaid / "build/kube-prometheus/libraries"
        (libraries / "v0.16.0").symlink_to("../../../../elsewhere")
        repos.write(tagged.kubeaid.parent / "elsewhere", {"vendor/mixin/main.libsonnet": repos.MIXIN})
        repos.commit(tagged.kubeaid, tag="3.0.0")
        repos.write(tagged.config, {"k8s/one/one-vars.jsonnet": vars_file(kube_prometheus_version="'v0.16.0'")})
        (finding,) = build("one", kubeaid_ref=ref).findings
        assert finding.rule.id == "build/library-missing"
        assert "available: v0.17.0, v0.18.0; the next newer release is v0.17.0" in finding.message

    def test_links_in_a_commit_are_followed_as_on_disk(self, build, tagged):
        vendor = tagged.kubeaid / "build/kube-prometheus/libraries/v0.17.0/vendor"
        # The import is resolved next to the link, so it does not find the file next to the link's target.
        repos.write(vendor, {"other.libsonnet": repos.MIXIN, "github.com/x/deep/other.libsonnet": "error 'not this'"})
        repos.write(vendor, {"github.com/x/deep/inner/main.libsonnet": "(import '../other.libsonnet')"})
        (vendor / "mixin/main.libsonnet").unlink()
        (vendor / "mixin").rmdir()
        (vendor / "mixin").symlink_to("github.com/x/deep/inner")
        repos.commit(tagged.kubeaid, tag="3.0.0")
        assert statuses(build("one")) == [CHANGED]
        worktree = self.rules(tagged, "one")
        (vendor / "mixin").unlink()
        assert statuses(build("one", kubeaid_ref="3.0.0", cache=False)) == [UNCHANGED]
        assert self.rules(tagged, "one") == worktree


def test_output_that_cannot_be_written_is_about_the_folder_and_not_about_the_vars_file(build, two):
    repos.write(two.config, {"k8s/one/.kube-prometheus.new": "a file where the new folder is made"})
    builds = build()
    assert statuses(builds) == [FAILED, CHANGED]
    (finding,) = builds.findings
    assert (finding.rule.id, finding.path) == ("build/output-unusable", "k8s/one/kube-prometheus")
    assert finding.message.startswith(
        "k8s/one/kube-prometheus: cannot be written: Not a directory; the old manifests stand"
    )


def as_nobody(action: Callable[[], str]) -> str:
    """Return what a function returns in a process of a user without any rights."""
    reader, writer = os.pipe()
    if not os.fork():
        try:
            os.setuid(65534)
            os.write(writer, action().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        found = answer.read()
    os.wait()
    return found


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another user")
@pytest.mark.parametrize(
    ("locked", "mode"),
    [("k8s/one", 0o555), ("k8s/one/kube-prometheus", 0o000), ("k8s/one/kube-prometheus/setup", 0o000)],
)
def test_missing_rights_are_about_the_folder(two, tmp_path, locked, mode):
    source = KubeAid(FolderRef(str(two.kubeaid)), None)
    task = Task(str(two.config), Cluster("one", "one", "k8s/one/one-vars.jsonnet"), source, "rjsonnet")
    # What is imported on use must be loaded: another user may not read where Python is.
    for number in ("1", "2", "3"):
        repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(replicas=number)})
        if number != "3":
            build_cluster(task)
    for place in (tmp_path, *tmp_path.parents):
        place.chmod(place.stat().st_mode | 0o055)
    (two.config / locked).chmod(mode)
    found = as_nobody(lambda: repr([(one.rule.id, one.path, one.message) for one in build_cluster(task).findings]))
    (two.config / locked).chmod(0o755)
    ((rule, path, message),) = ast.literal_eval(found)
    assert (rule, path) == ("build/output-unusable", "k8s/one/kube-prometheus"), message
    assert "Permission denied" in message


def test_unknown_release_is_named_in_the_result(build, two):
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": vars_file(kube_prometheus_version="'v0.71.0'")})
    builds = build("one")
    assert builds.results[0].release == "v0.71.0"
    assert builds.findings[0].message.startswith("v0.71.0: not vendored: ")


PIN = "git@git.example.com:acme/KubeAid.git"


def pinned(two: Repos, revision: str, *, label: str = "") -> None:
    url = {} if label else {"url": PIN}
    text = repos.application(revision, **url, label=label)
    repos.write(two.config, {"k8s/one/argocd-apps/templates/kube-prometheus.yaml": text})


@pytest.mark.parametrize("label", ["", "1.0.0"])
def test_stale_manifests_name_the_pinned_revision_if_it_is_another(build, two, label):
    repos.commit(two.kubeaid, tag="1.0.0")
    pinned(two, "HEAD" if label else "1.0.0", label=label)
    assert statuses(build("one")) == [CHANGED]
    assert build("one", check=True).findings == ()
    template = two.kubeaid / "build/kube-prometheus/lib/default_vars.libsonnet"
    template.write_text(template.read_text().replace("30d", "60d"))
    repos.commit(two.kubeaid, tag="2.0.0")
    (finding,) = build("one", check=True).findings
    assert "built from KubeAid 2.0.0, but the cluster pins 1.0.0" in finding.message
    assert "run kubeaid-ci build one --check --kubeaid-ref pinned" in finding.message
    assert statuses(build("one", check=True, kubeaid_ref="pinned")) == [UNCHANGED]


def test_stale_manifests_of_an_edited_checkout_of_the_pinned_revision_name_it_dirty(build, two):
    repos.commit(two.kubeaid, tag="1.0.0")
    pinned(two, "1.0.0")
    build("one")
    repos.write(two.kubeaid, {"build/kube-prometheus/new.jsonnet": "{}"})
    repos.write(two.config, {"k8s/one/kube-prometheus/prometheus-prometheus.yaml": "a: 1\n"})
    (finding,) = build("one", check=True).findings
    assert (
        "1 file to update, 0 to delete; built from KubeAid 1.0.0-dirty, but the cluster pins 1.0.0:" in finding.message
    )


def test_stale_manifests_of_the_pinned_files_name_one_revision_only(build, two):
    repos.commit(two.kubeaid, tag="1.0.0")
    pinned(two, "1.0.0")
    (finding,) = build("one", check=True).findings
    assert "pins" not in finding.message


def test_checkout_with_changes_is_named_dirty(build, two):
    repos.commit(two.kubeaid, tag="1.0.0")
    assert {one.kubeaid_revision for one in build(check=True).results} == {"1.0.0"}
    repos.write(two.kubeaid, {"README.md": "not below build/"})
    assert {one.kubeaid_revision for one in build(check=True).results} == {"1.0.0"}
    repos.write(two.kubeaid, {"build/kube-prometheus/new.jsonnet": "{}"})
    assert {one.kubeaid_revision for one in build().results} == {"1.0.0-dirty"}


ATTRIBUTES = ["*.yaml text eol=crlf", "*.yaml text working-tree-encoding=UTF-16", "* text=auto eol=crlf"]


@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_files_that_git_wrote_otherwise_are_compared_as_git_stores_them(build, two, tmp_path, attributes):
    repos.write(two.config, {".gitattributes": f"{attributes}\n*.jsonnet -text\n"})
    repos.commit(two.config)
    build()
    encoding = "utf-16" if "UTF-16" in attributes else "utf-8"
    for path in two.config.glob("k8s/*/kube-prometheus/**/*.yaml"):
        path.write_bytes(path.read_text().encode(encoding))
    repos.commit(two.config)
    clone = tmp_path / "clone"
    repos.git(tmp_path, "clone", "--quiet", str(two.config), str(clone))
    written = (clone / "k8s/one/kube-prometheus/general-rules.yaml").read_bytes()
    assert b"\r\n" in written or b"\0" in written
    checked = kubeaid_ci.build_clusters(clone, two.kubeaid, check=True, cache=tmp_path / "cache")
    assert (statuses(checked), checked.findings) == ([UNCHANGED, UNCHANGED], ())
    with (clone / "k8s/one/kube-prometheus/general-rules.yaml").open("ab") as file:
        file.write("# edited\r\n".encode("utf-16-le" if encoding == "utf-16" else "utf-8"))
    assert statuses(kubeaid_ci.build_clusters(clone, two.kubeaid, check=True, cache=tmp_path / "cache")) == [
        CHANGED,
        UNCHANGED,
    ]


def test_pointer_of_git_lfs_stands_for_its_file(build, two):
    build()
    path = two.config / "k8s/one/kube-prometheus/general-rules.yaml"
    data = path.read_bytes()
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    )
    path.write_text(pointer)
    assert statuses(build("one", check=True)) == [UNCHANGED]
    path.write_text(pointer.replace("size ", "size 1"))
    assert statuses(build("one", check=True)) == [CHANGED]


def test_vars_that_are_a_pointer_of_git_lfs_stop_no_other_cluster(build, two):
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": "version https://git-lfs.github.com/spec/v1\nsize 1\n"})
    builds = build()
    assert statuses(builds) == [FAILED, CHANGED]
    (finding,) = builds.findings
    assert "a Git LFS pointer" in finding.message
    assert finding.path == "k8s/one/one-vars.jsonnet"


def test_import_from_a_submodule_that_is_not_there_says_so(build, two):
    repos.write(two.config, {".gitmodules": '[submodule "lib"]\n\tpath = shared/lib\n\turl = ../lib.git\n'})
    repos.write(two.config, {"k8s/one/one-vars.jsonnet": "(import '../../shared/lib/base.libsonnet') + {}"})
    (finding,) = build("one").findings
    assert "shared/lib is a submodule, which is not checked out here" in finding.message
