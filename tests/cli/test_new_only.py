"""``--new-only --base REF``: what the base has is counted, what is new is reported, a second edit is never hidden."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import renders, repos, umbrellas
from tests.cli.conftest import ROOT
from tests.renders import application, helm
from tests.repos import vars_file

Edit = Callable[[Path], object]
VALUES = "argocd-helm-charts/web/charts/web/values.yaml"
UMBRELLA = "argocd-helm-charts/web/Chart.yaml"
BUILT = "k8s/one/kube-prometheus/general-rules.yaml"


@dataclass(frozen=True)
class Case:
    """A repository that is `known` to have a fault at the base, a `change`, and the exit code with --new-only."""

    known: Edit
    change: Edit
    code: int
    rule: str = ""


def nothing(_: Path) -> None:
    """Change nothing."""


def put(name: str, text: str) -> Edit:
    return lambda root: repos.write(root, {name: text})


def edit(name: str, old: str, new: str) -> Edit:
    def change(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return change


def both(*edits: Edit) -> Edit:
    return lambda root: [change(root) for change in edits]


def drop(name: str) -> Edit:
    return lambda root: shutil.rmtree(root / name)


def link(name: str, target: str) -> Edit:
    def change(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)

    return change


def call(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    places = {"HOME": str(folder / "home"), "KUBEAID_CI_CACHE": str(folder / "cache")}
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "COLUMNS": "200", **places}
    argv = [sys.executable, "-m", "kubeaid_ci", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, env=env, cwd=folder, check=False)


def check(case: Case, root: Path, folder: Path, *arguments: object) -> None:
    """Commit the known fault, make the change, and run the command with --new-only."""
    case.known(root)
    repos.commit(root, "known")
    case.change(root)
    report = folder / "report.json"
    done = call(*arguments, "--new-only", "--base", "HEAD", "--report", f"json={report}", folder=folder)
    assert done.returncode == case.code, (done.stdout, done.stderr)
    told = json.loads(report.read_text())
    rules = {finding["rule"] for finding in told["findings"]}
    assert case.rule in rules if case.rule else not rules
    if case.change is nothing:
        assert told["summary"]["known"] > 0
        assert "known at HEAD not shown" in done.stdout + done.stderr
    # Everything is reported without the option.
    assert call(*arguments, folder=folder).returncode != 0


VERIFY = {
    "untouched": Case(edit(VALUES, "replicas: 1", "replicas: 2"), nothing, 0),
    "another file": Case(
        edit(VALUES, "replicas: 1", "replicas: 2"),
        edit("argocd-helm-charts/web/charts/web/crds/web.yaml", "kind", "  kind"),
        1,
        "chart/file-modified",
    ),
    "same file once more": Case(
        edit(VALUES, "replicas: 1", "replicas: 2"), edit(VALUES, "replicas: 2", "replicas: 3"), 1, "chart/file-modified"
    ),
    "its mode": Case(
        edit(VALUES, "replicas: 1", "replicas: 2"), lambda root: (root / VALUES).chmod(0o755), 1, "chart/file-modified"
    ),
    "added file once more": Case(
        put("argocd-helm-charts/web/charts/web/templates/x.yaml", "a: 1\n"),
        put("argocd-helm-charts/web/charts/web/templates/x.yaml", "a: 2\n"),
        1,
        "chart/file-added",
    ),
    "lines above": Case(
        edit(UMBRELLA, "1.2.3", "9.9.9"), edit(UMBRELLA, "apiVersion", "# a comment\n\napiVersion"), 0
    ),
    "other declared version": Case(
        edit(UMBRELLA, "1.2.3", "9.9.9"), edit(UMBRELLA, "9.9.9", "8.8.8"), 1, "chart/version-mismatch"
    ),
    "missing chart from elsewhere": Case(
        both(
            put("argocd-helm-charts/more/Chart.yaml", umbrellas.metadata("more", "0.1.0", "db 1.0.0 https://a.example.com")),
        ),
        edit("argocd-helm-charts/more/Chart.yaml", "a.example.com", "b.example.com"),
        1,
        "chart/subchart-missing",
    ),
    "undeclared chart with other content": Case(
        put("argocd-helm-charts/web/charts/own/Chart.yaml", umbrellas.metadata("own", "0.1.0")),
        put("argocd-helm-charts/web/charts/own/templates/x.yaml", "kind: Pod\n"),
        1,
        "chart/subchart-undeclared",
    ),
    "packed chart with other content": Case(
        put("argocd-helm-charts/web/charts/own-1.0.0.tgz", "one"),
        put("argocd-helm-charts/web/charts/own-1.0.0.tgz", "two"),
        1,
        "chart/subchart-undeclared",
    ),
    "escaping link elsewhere": Case(
        link("argocd-helm-charts/web/x.yaml", "../../../../../a"),
        link("argocd-helm-charts/web/x.yaml", "../../../../../b"),
        1,
        "chart/symlink-escapes",
    ),
}  # fmt: skip


LINTED = "argocd-helm-charts/web/templates/x.yaml"
LINT = {
    "untouched": Case(put(LINTED, "{{ fail `no` }}\n"), nothing, 0),
    "lines above": Case(put(LINTED, "{{ fail `no` }}\n"), put(LINTED, "# a\n# b\n{{ fail `no` }}\n"), 0),
    "other failure": Case(
        put(LINTED, "{{ fail `no` }}\n"), put(LINTED, "{{ fail `never` }}\n"), 1, "chart/render-failed"
    ),
    "other chart": Case(
        put(LINTED, "{{ fail `no` }}\n"),
        both(
            put("argocd-helm-charts/more/Chart.yaml", umbrellas.metadata("more", "0.1.0")),
            put("argocd-helm-charts/more/templates/x.yaml", "{{ fail `no` }}\n"),
        ),
        1,
        "chart/render-failed",
    ),
    "removed API": Case(
        put(LINTED, "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: a}\n"),
        put("argocd-helm-charts/web/templates/y.yaml", "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: b}\n"),
        1,
        "chart/deprecated-api",
    ),
    "unreadable chart": Case(put("argocd-helm-charts/bad/Chart.yaml", "[\n"), nothing, 0),
    "another unreadable chart": Case(
        put("argocd-helm-charts/bad/Chart.yaml", "[\n"), put("argocd-helm-charts/worse/Chart.yaml", "[\n"), 2, "chart/invalid"
    ),
}  # fmt: skip
UNKNOWN = vars_file(kube_prometheus_version="'v9.9.9'")
BUILD = {
    "untouched": Case(edit(BUILT, "Watchdog", "Cat"), nothing, 0),
    "lines of the vars file": Case(
        edit(BUILT, "Watchdog", "Cat"), put("k8s/one/one-vars.jsonnet", f"// a comment\n{vars_file()}"), 0
    ),
    "same file once more": Case(edit(BUILT, "Watchdog", "Cat"), edit(BUILT, "Cat", "Dog"), 1, "build/stale"),
    "another file": Case(
        edit(BUILT, "Watchdog", "Cat"), drop("k8s/one/kube-prometheus/setup"), 1, "build/stale"
    ),
    "vars that build something else": Case(
        edit(BUILT, "Watchdog", "Cat"), put("k8s/one/one-vars.jsonnet", vars_file(replicas="2")), 1, "build/stale"
    ),
    "another cluster": Case(
        edit(BUILT, "Watchdog", "Cat"), edit(BUILT.replace("one", "two"), "Watchdog", "Cat"), 1, "build/stale"
    ),
    "new cluster": Case(edit(BUILT, "Watchdog", "Cat"), put("k8s/three/three-vars.jsonnet", vars_file()), 1, "build/stale"),
    "cluster that cannot be built": Case(put("k8s/one/one-vars.jsonnet", UNKNOWN), nothing, 0),
    "another reason": Case(
        put("k8s/one/one-vars.jsonnet", UNKNOWN), put("k8s/one/one-vars.jsonnet", "{ error 'no' }"), 2, "build/vars-invalid"
    ),
    "same error elsewhere": Case(
        put("k8s/one/one-vars.jsonnet", "{ a: self.b }"),
        put("k8s/one/one-vars.jsonnet", "{\n  a: 1,\n  c: self.b }"),
        2,
        "build/vars-invalid",
    ),
    "error below a new line": Case(
        put("k8s/one/one-vars.jsonnet", "{ a: self.b }"), put("k8s/one/one-vars.jsonnet", "// new\n{ a: self.b }"), 0
    ),
    "another cluster that cannot be built": Case(
        put("k8s/one/one-vars.jsonnet", UNKNOWN), put("k8s/two/two-vars.jsonnet", UNKNOWN), 2, "build/library-missing"
    ),
    "folder with two vars files": Case(put("k8s/one/two-vars.jsonnet", "{}"), nothing, 0),
}  # fmt: skip
WRONG = application("web", source=helm("gone"))
RENDER = {
    "untouched": Case(put("k8s/one/argocd-apps/templates/web.yaml", WRONG), nothing, 0),
    "another reason": Case(
        put("k8s/one/argocd-apps/templates/web.yaml", WRONG),
        put("k8s/one/argocd-apps/templates/web.yaml", application("web", source=helm("lost"))),
        2,
        "chart/render-failed",
    ),
    "another Application": Case(
        put("k8s/one/argocd-apps/templates/web.yaml", WRONG),
        put("k8s/one/argocd-apps/templates/api.yaml", application("api", source=helm("gone"))),
        2,
        "chart/render-failed",
    ),
    "new cluster": Case(
        put("k8s/one/argocd-apps/templates/web.yaml", WRONG),
        lambda root: shutil.copytree(root / "k8s/one", root / "k8s/two"),
        2,
        "chart/render-failed",
    ),
}


@pytest.fixture
def umbrella(tmp_path: Path) -> Path:
    """A KubeAid repo whose one vendored chart is in the ledger."""
    return umbrellas.recorded(umbrellas.web(tmp_path / "kubeaid"))


@pytest.mark.parametrize("name", VERIFY)
def test_verify(name: str, umbrella: Path, tmp_path: Path) -> None:
    arguments = ("charts", "verify", "--offline", "--fail-on", "info", "--kubeaid", umbrella)
    check(VERIFY[name], umbrella, tmp_path, *arguments)


@pytest.mark.parametrize("name", LINT)
def test_lint(name: str, umbrella: Path, tmp_path: Path) -> None:
    shutil.rmtree(umbrella / "argocd-helm-charts/web/charts")
    own = umbrellas.metadata("web", "0.1.0", more="icon: https://example.com/icon.png\n")
    repos.write(umbrella, {UMBRELLA: own, "argocd-helm-charts/web/values.yaml": "{}\n"})
    arguments = ("charts", "lint", "--fail-on", "warning", "--kubernetes", "1.34", "--kubeaid", umbrella)
    check(LINT[name], umbrella, tmp_path, *arguments)


@pytest.mark.parametrize("name", BUILD)
def test_build(name: str, tmp_path: Path) -> None:
    kubeaid = repos.kubeaid(tmp_path / "kubeaid")
    config = repos.config(tmp_path / "config", {"one": vars_file(), "two": vars_file()})
    arguments = ("build", "--config-repo", config, "--kubeaid", kubeaid)
    assert call(*arguments, folder=tmp_path).returncode == 0
    check(BUILD[name], config, tmp_path, *arguments, "--check")


@pytest.mark.parametrize("name", RENDER)
def test_render(name: str, tmp_path: Path) -> None:
    world = renders.World(tmp_path)
    world.chart("web")
    world.cluster("one", {"web.yaml": application("web")})
    world.commit()
    arguments = ("render", "--format", "text", "--config-repo", world.config, "--kubeaid", world.kubeaid)
    check(RENDER[name], world.config, tmp_path, *arguments)


def test_diff_reports_changes_and_no_finding_of_the_base(tmp_path: Path) -> None:
    world = renders.World(tmp_path)
    world.chart("web")
    world.cluster("one", {"web.yaml": application("web")})
    put("k8s/broken/a-vars.jsonnet", "{}")(world.config)
    put("k8s/broken/b-vars.jsonnet", "{}")(world.config)
    world.commit()
    arguments = ("diff", "--base", "HEAD", "--of", "config", "--config-repo", world.config, "--kubeaid", world.kubeaid)
    assert call(*arguments, folder=tmp_path).returncode == 2
    done = call(*arguments, "--new-only", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 known at HEAD not shown" in done.stdout


def test_named_charts_and_clusters_that_the_base_lacks_have_no_findings_there(umbrella: Path, tmp_path: Path) -> None:
    put("argocd-helm-charts/new/Chart.yaml", umbrellas.metadata("new", "0.1.0", "db 1.0.0 https://a.example.com"))(
        umbrella
    )
    arguments = ("charts", "verify", "--offline", "new", "--kubeaid", umbrella, "--new-only", "--base", "HEAD")
    assert call(*arguments, folder=tmp_path).returncode == 1
    kubeaid = repos.kubeaid(tmp_path / "kubeaid2")
    config = repos.config(tmp_path / "config", {"one": vars_file()})
    repos.commit(config)
    put("k8s/new/new-vars.jsonnet", vars_file())(config)
    arguments = (
        "build",
        "--check",
        "new",
        "--config-repo",
        config,
        "--kubeaid",
        kubeaid,
        "--new-only",
        "--base",
        "HEAD",
    )
    assert call(*arguments, folder=tmp_path).returncode == 1


def test_base_may_be_the_merge_base(umbrella: Path, tmp_path: Path) -> None:
    repos.git(umbrella, "checkout", "-q", "-b", "feature")
    edit(VALUES, "replicas: 1", "replicas: 2")(umbrella)
    repos.commit(umbrella, "fault on the branch")
    arguments = ("charts", "verify", "--offline", "--kubeaid", umbrella, "--new-only", "--base")
    assert call(*arguments, "feature...", folder=tmp_path).returncode == 0
    assert call(*arguments, "main...", folder=tmp_path).returncode == 1


def test_checkout_of_the_base_leaves_the_repository_alone(tmp_path: Path) -> None:
    kubeaid = repos.kubeaid(tmp_path / "kubeaid")
    config = repos.config(tmp_path / "config", {"one": vars_file()})
    repos.commit(config)
    put("k8s/one/note.txt", "mine")(config)
    repos.git(config, "add", "k8s/one/note.txt")
    before = (repos.git(config, "status", "--porcelain"), repos.git(config, "for-each-ref"), repos.snapshot(config))
    call(
        "build",
        "--check",
        "--config-repo",
        config,
        "--kubeaid",
        kubeaid,
        "--new-only",
        "--base",
        "HEAD",
        folder=tmp_path,
    )
    after = (repos.git(config, "status", "--porcelain"), repos.git(config, "for-each-ref"), repos.snapshot(config))
    assert before == after


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["charts", "verify", "--offline", "--new-only"],
            "--new-only needs a revision to compare with: add --base REF",
        ),
        (["charts", "lint", "--base", "HEAD"], "--base HEAD has no effect without --new-only"),
        (["build", "--new-only", "--base", "HEAD"], "--new-only is for --check"),
        (["charts", "lint", "--new-only", "--base", "nowhere"], "has no revision nowhere"),
        (["charts", "verify", "--issue", "--new-only", "--base", "HEAD"], "an issue is about all charts"),
    ],
)
def test_wrong_use_exits_with_2(arguments: list[str], message: str, umbrella: Path, tmp_path: Path) -> None:
    done = call(*arguments, "--kubeaid", umbrella, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
