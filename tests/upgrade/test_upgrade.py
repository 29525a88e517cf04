"""Clusters are moved to another KubeAid revision in a checkout: rehearsed, refused, written whole."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kubeaid_ci
from kubeaid_ci import Severity, Upgrades, UserError, settings
from kubeaid_ci.upgrade import cluster_files, monitoring
from kubeaid_ci.upgrade.result import Monitoring, PlaceStatus, UpgradeStatus
from tests import repos
from tests.upgrade import platform
from tests.upgrade.platform import NEW, OLD, app, cluster

ROOT = Path(kubeaid_ci.__file__).parents[1]


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform.kubeaid(tmp_path_factory.mktemp("KubeAid"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def upgrade(kubeaid: Path, cache: Path, tmp_path: Path) -> Any:
    def run(*names: str, to: str = NEW, **options: Any) -> Upgrades:
        config = tmp_path / "config"
        return kubeaid_ci.upgrade_clusters(
            config, kubeaid, to=to, clusters=names, jobs=1, **{"cache": cache, **options}
        )

    return run


def changed(config: Path) -> list[str]:
    """The paths that differ from what is committed, new files too."""
    repos.git(config, "add", "--all")
    return repos.git(config, "diff", "--cached", "--no-renames", "--name-only").splitlines()


def statuses(made: Upgrades) -> dict[str, str]:
    return {one.cluster: one.status.value for one in made.clusters}


def test_a_cluster_moves_completely(upgrade: Any, kubeaid: Path, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", cluster("prod", {"web": app("web"), "db": app("db")}))
    made = upgrade()
    (one,) = made.clusters
    assert (one.status, one.monitoring, one.errors) == (UpgradeStatus.UPGRADED, Monitoring.REBUILT, 0)
    assert [edit.status for edit in one.sources] == [PlaceStatus.MOVED] * 2
    texts = {path: data for path, data in repos.snapshot(config).items() if "kube-prometheus/" not in path}
    left = {path for path, data in texts.items() if OLD.encode() in data}
    assert left == set()
    diff = repos.git(config, "diff", "-U0", "--", ".", ":!k8s/prod/kube-prometheus")
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert all(
        new == old.replace("-", "+", 1).replace(OLD, NEW) for old, new in zip(lines[::2], lines[1::2], strict=True)
    )
    assert sorted(one.written + one.removed) == sorted(changed(config))
    built = kubeaid_ci.build_clusters(config, kubeaid, kubeaid_ref="pinned", check=True, cache=False, jobs=1)
    assert [result.status.value for result in built.results] == ["unchanged"]
    before = repos.snapshot(config)
    again = upgrade()
    assert statuses(again) == {"prod": "unchanged"}
    assert repos.snapshot(config) == before
    assert [change.name for change in one.apps] == ["db", "web", "kube-prometheus"]
    assert one.apps[0].charts == ("engine 1.0.0 → 2.0.0",)
    assert [(image.before, image.after) for image in one.apps[0].images] == [
        ("registry.example.com/web:1.0.0", "registry.example.com/web:2.0.0")
    ]


def test_the_rehearsal_is_the_one_of_diff(upgrade: Any, kubeaid: Path, tmp_path: Path) -> None:
    config = platform.config(
        tmp_path / "config", cluster("prod", {"web": app("web"), "gone": app("gone", chart="gone")})
    )
    made = upgrade(accept_dangers=True, dry_run=True)
    assert changed(config) == []
    revisions = kubeaid_ci.Revisions
    compared = kubeaid_ci.diff_clusters(
        config, kubeaid, before=revisions(), after=revisions(kubeaid=NEW), cache=False, jobs=1
    )
    assert made.rehearsal == compared
    assert "successor: argocd-helm-charts/successor, which now wraps driver" in compared.findings[0].message


DANGERS: dict[str, dict[str, Any]] = {
    "change/chart-gone": {"apps": {"gone": app("gone", chart="gone")}},
    "change/values-refused": {
        "apps": {"strict": app("strict", chart="strict", extra="    helm: {valuesObject: {sizes: 3}}\n")}
    },
    "change/library-gone": {"apps": {}, "release": "v0.16.0"},
}


@pytest.mark.parametrize("rule", DANGERS)
def test_errors_of_the_rehearsal_refuse_the_upgrade(rule: str, upgrade: Any, tmp_path: Path) -> None:
    fields = {**DANGERS[rule], "apps": {"web": app("web"), **DANGERS[rule]["apps"]}}
    clean = cluster("clean", {"web": app("web")}, built=False)
    config = platform.config(tmp_path / "config", cluster("prod", **fields), clean)
    made = upgrade()
    assert statuses(made) == {"prod": "refused", "clean": "refused"}
    assert [one.rule.id for one in made.findings if one.severity == "error"] == [rule]
    assert changed(config) == []
    assert statuses(upgrade("clean")) == {"clean": "upgraded"}
    accepted = upgrade("prod", accept_dangers=True)
    assert statuses(accepted) == {"prod": "upgraded"}
    assert accepted.accepted
    assert {edit.status for edit in accepted.clusters[0].sources} == {PlaceStatus.MOVED}


def test_a_cluster_that_could_not_be_rehearsed_is_refused(upgrade: Any, tmp_path: Path) -> None:
    broken = {"k8s/prod/argocd-apps/templates/broken.yaml": '{{ fail "no such region" }}'}
    files = cluster("prod", {"web": app("web")}) | broken | cluster("dev", {"web": app("web")})
    config = platform.config(tmp_path / "config", files)
    made = upgrade()
    assert {one.cluster: (one.status.value, one.errors) for one in made.clusters} == {
        "dev": ("refused", 0),
        "prod": ("refused", 1),
    }
    (found,) = [one for one in made.findings if one.rule.id == "upgrade/not-rehearsed"]
    assert (found.subject, found.severity) == ("prod", Severity.ERROR)
    assert "no such region" in found.message
    assert changed(config) == []
    assert statuses(upgrade("dev")) == {"dev": "upgraded"}
    assert statuses(upgrade("prod", accept_dangers=True)) == {"prod": "upgraded"}


def test_a_monitoring_whose_release_is_gone_keeps_its_files_and_its_label(upgrade: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}, release="v0.16.0"))
    made = upgrade(accept_dangers=True)
    assert made.clusters[0].monitoring is Monitoring.KEPT
    assert sorted(changed(config)) == ["k8s/prod/argocd-apps/templates/web.yaml", "k8s/prod/kubeaid-cli.general.yaml"]
    assert "upgrade/monitoring-kept" in {one.rule.id for one in made.findings}
    assert "the next newer release is v0.17.0" in str([one.message for one in made.findings])


def test_a_suppressed_error_does_not_refuse(upgrade: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"gone": app("gone", chart="gone")}))
    text = "suppress:\n- {rule: change/chart-gone, subject: prod/gone, reason: it goes}\n"
    known = settings.parse(text, where="settings")
    assert statuses(upgrade(settings=known)) == {"prod": "upgraded"}


@pytest.mark.parametrize(("to", "name"), [("latest", NEW), ("1.*", OLD), (">=1 <3", NEW), (NEW, NEW), ("main", "main")])
def test_revisions_are_resolved_as_argo_cd_does(to: str, name: str, upgrade: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"web": app("web", revision="HEAD")}, built=False))
    made = upgrade(to=to)
    assert made.to == name
    assert ("upgrade/revision-moves" in {one.rule.id for one in made.findings}) == (to == "main")


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("2.0", "no such revision; did you mean 2.0.0?"),
        ("v9", "no such revision"),
        ("9.*", "no tag in this range"),
        ("HEAD", "does not name one revision"),
        ("worktree", "does not name one revision"),
        ("HEAD~1", "no such revision"),
        ("--help", "no such revision"),
    ],
)
def test_a_revision_that_does_not_exist_is_an_error(to: str, message: str, upgrade: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}))
    with pytest.raises(UserError, match=message.replace("?", r"\?")):
        upgrade(to=to)


def test_names_that_do_not_exist_are_errors(upgrade: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}))
    with pytest.raises(UserError, match="did you mean prod"):
        upgrade("prodd")
    with pytest.raises(UserError, match="did you mean web"):
        upgrade(apps=["wep"])


def test_only_named_applications_move(upgrade: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", cluster("prod", {"web": app("web"), "db": app("db")}))
    upgrade(apps=["db"])
    assert changed(config) == ["k8s/prod/argocd-apps/templates/db.yaml"]
    upgrade(apps=["kube-prometheus"])
    assert "k8s/prod/argocd-apps/templates/kube-prometheus.yaml" in changed(config)
    assert "k8s/prod/kubeaid-cli.general.yaml" not in changed(config)


def test_an_old_name_of_the_platform_counts_by_the_word_of_the_operator(upgrade: Any, tmp_path: Path) -> None:
    text = app("web").replace(platform.URL, "git@git.example.com:platform/k8id.git")
    config = platform.config(tmp_path / "config", cluster("prod", {"web": text}, built=False))
    made = upgrade()
    (found,) = [one for one in made.findings if one.rule.id == "upgrade/source-unknown"]
    assert found.line == 13
    assert changed(config) == ["k8s/prod/kubeaid-cli.general.yaml"]
    upgrade(kubeaid_addresses=["https://git.example.com/platform/k8id"])
    assert "k8s/prod/argocd-apps/templates/web.yaml" in changed(config)


def test_an_application_whose_file_is_elsewhere_is_named(upgrade: Any, tmp_path: Path) -> None:
    """Applications may come from a folder that clusters share: it is not the business of one of them."""
    shared = {
        "shared/web.yaml": app("web"),
        "k8s/prod/argocd-apps/templates/more.yaml": app("more")
        .replace(platform.URL, platform.CONFIG)
        .replace("argocd-helm-charts/web", "shared")
        .replace(f"targetRevision: {OLD}", "targetRevision: HEAD"),
    }
    platform.config(tmp_path / "config", cluster("prod", {}, built=False) | shared)
    made = upgrade()
    (found,) = [one for one in made.findings if one.rule.id == "upgrade/source-left"]
    assert (found.subject, found.path) == ("prod/web", "shared/web.yaml")


def test_a_downgrade_is_named(upgrade: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"web": app("web", revision=NEW)}, built=False))
    made = upgrade(to=OLD)
    assert "upgrade/downgrade" in {one.rule.id for one in made.findings}


def test_a_cluster_without_applications_has_nothing_to_move(upgrade: Any, tmp_path: Path) -> None:
    files = {"k8s/empty/argocd-apps/Chart.yaml": "apiVersion: v2\nname: root\nversion: 0.1.0\n"}
    config = platform.config(tmp_path / "config", files)
    assert statuses(upgrade()) == {"empty": "unchanged"}
    assert changed(config) == []


def test_local_edits_are_kept(upgrade: Any, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}, built=False))
    path = config / "k8s/prod/argocd-apps/templates/web.yaml"
    path.write_text(path.read_text().replace("name: web", "name: web # mine"))
    repos.write(config, {"k8s/prod/notes.txt": "mine\n"})
    upgrade()
    assert path.read_text() == app("web").replace("name: web", "name: web # mine", 1).replace(OLD, NEW)
    assert (config / "k8s/prod/notes.txt").read_text() == "mine\n"


def test_one_cluster_that_cannot_be_written_stops_no_other(
    upgrade: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [cluster(name, {"web": app("web")}, built=False) for name in ("a", "b")]
    config = platform.config(tmp_path / "config", *both)
    real = cluster_files.replace

    def edited_meanwhile(root: Path, folder: str, *arguments: Any, **options: Any) -> None:
        if folder == "k8s/a":
            repos.write(root, {"k8s/a/argocd-apps/templates/web.yaml": app("web", revision="1.5.0")})
        real(root, folder, *arguments, **options)

    monkeypatch.setattr(cluster_files, "replace", edited_meanwhile)
    made = upgrade()
    assert statuses(made) == {"a": "failed", "b": "upgraded"}
    assert (made.clusters[0].exit_code, made.clusters[0].written) == (2, ())
    assert "1.5.0" in (config / "k8s/a/argocd-apps/templates/web.yaml").read_text()
    assert "upgrade/failed" in {one.rule.id for one in made.findings}


KILLED = """
import os, signal, sys
from kubeaid_ci.charts.update import folder as chart_folder

count = int(sys.argv[1])
def watch(event, arguments):
    global count
    if event in ("os.rename", "open", "os.chmod", "shutil.copytree", "os.mkdir", "shutil.rmtree", "os.remove", "os.rmdir"):
        if "kubeaid-ci.new" in repr(arguments) or event in ("os.remove", "os.rmdir"):
            count -= 1
            if count == 0:
                os.kill(os.getpid(), signal.SIGKILL)
from kubeaid_ci.upgrade import job
from kubeaid_ci.upgrade import cluster_files
real = cluster_files.replace
def replace(*arguments, **options):
    sys.addaudithook(watch)
    real(*arguments, **options)
cluster_files.replace = replace
job.upgrade_clusters(sys.argv[2], sys.argv[3], to="2.0.0", cache=sys.argv[4], jobs=1)
"""


@pytest.mark.parametrize("step", [1, 9, 40, 48, 52, 54, 58, 64])
def test_a_kill_leaves_the_old_or_the_new_state(step: int, kubeaid: Path, cache: Path, tmp_path: Path) -> None:
    config = platform.config(tmp_path / "config", cluster("prod", {"web": app("web"), "db": app("db")}))
    before = repos.snapshot(config)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    argv = [sys.executable, str(script), str(step), str(config), str(kubeaid), str(cache)]
    done = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    killed = repos.snapshot(config)
    made = kubeaid_ci.upgrade_clusters(config, kubeaid, to=NEW, cache=cache, jobs=1)
    after = repos.snapshot(config)
    assert made.clusters[0].status.value == ("unchanged" if killed == after else "upgraded")
    assert killed in (before, after)
    assert not (config / ".git/kubeaid-ci.new").exists()


def test_the_build_of_the_rehearsal_is_the_one_that_is_written(
    upgrade: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Evaluating jsonnet twice would take a third more time than the rehearsal alone; also without a cache."""
    config = platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}))

    def no_second_build(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(monitoring, "build_clusters", no_second_build)
    made = upgrade(cache=False)
    assert made.clusters[0].monitoring is Monitoring.REBUILT
    assert "60d" in (config / "k8s/prod/kube-prometheus/prometheus-prometheus.yaml").read_text()


def test_the_result_is_json(upgrade: Any, tmp_path: Path) -> None:
    platform.config(tmp_path / "config", cluster("prod", {"web": app("web")}, built=False))
    report = json.loads(upgrade(dry_run=True).to_json())
    assert (report["command"], report["summary"]["sources_moved"]) == ("upgrade", 1)
    assert report["results"][0]["edits"][1]["chart"] == "argocd-helm-charts/web"
    assert report["results"][0]["dry_run"] is True
