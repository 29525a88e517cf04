"""``kubeaid-ci publish`` as a program, against a played forge: what it prints, writes and exits with."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import kubeaid_ci
from tests import repos
from tests.publishing.test_publish_faults import assert_never_shown, assert_nowhere_on_disk
from tests.repos import vars_file
from tests.servers.git import git
from tests.servers.http import Fault, Reply, Request
from tests.servers.world import BRANCH, SECRET, World

ROOT = str(Path(kubeaid_ci.__file__).parents[1])
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, github: World) -> Run:
    """Publishes two clusters to the played GitHub; nothing that it prints may hold the token."""
    kubeaid = repos.kubeaid(tmp_path / "kubeaid")
    repos.commit(kubeaid)
    files = {f"k8s/{name}/{name}-vars.jsonnet": vars_file() for name in ("one", "two")}
    github.forge.repo.commit("main", {"k8s/prod/old.yaml": None, **files}, "Two clusters")
    forge = ["--forge", "github", "--forge-url", github.forge.api_url]
    repositories = ["--config-repo", github.forge.git_url, "--kubeaid", str(kubeaid)]

    (tmp_path / "tmp").mkdir()
    places = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}

    def call(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, "COLUMNS": "200", **places}
        done = subprocess.run(
            [sys.executable, "-m", "kubeaid_ci", "publish", *repositories, *forge, *arguments],
            capture_output=True,
            text=True,
            env=clean | {"KUBEAID_CI_TOKEN": SECRET, **(env or {})},
            cwd=tmp_path,
        )
        assert_never_shown((done.stdout + done.stderr).encode())
        return done

    return call


def test_outcome_is_printed_with_number_and_address_and_told_to_the_ci_system(
    run: Run, github: World, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    done = run("--format", "json", env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(output)})
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    url = f"{github.forge.server.url}/acme/config/pull/1"
    assert result == {
        "clusters": ["one", "two"],
        "outcome": "created",
        "number": 1,
        "url": url,
        "branch": BRANCH,
        "base": "main",
        "head": github.forge.repo.head(BRANCH),
        "messages": [],
        "dry_run": False,
        "title": "build(kube-prometheus): rebuild the manifests of 2 clusters",
        "labels": [],
        "reviewers": [],
        "team_reviewers": [],
        "assignees": [],
        "milestone": None,
        "draft": False,
        "auto_merge": False,
    }
    told = output.read_text()
    assert f"\n{url}\n" in told
    assert "\ncreated\n" in told


def test_dry_run_says_so_and_leaves_text_and_patch_in_a_folder(run: Run, github: World, tmp_path: Path) -> None:
    done = run("--dry-run")
    assert done.returncode == 0, done.stderr
    (preview,) = (tmp_path / "tmp").glob("kubeaid-ci-preview-*")
    assert f"dry run, so nothing was pushed; texts and patches are in {preview}" in done.stderr
    assert sorted(path.name for path in preview.iterdir()) == [
        "kubeaid-ci-kube-prometheus.md",
        "kubeaid-ci-kube-prometheus.patch",
    ]
    assert "would create 1" in done.stdout
    assert "would create" in done.stdout
    assert not re.search(r"(?<!would )created?\b", done.stdout)
    assert github.forge.server.writes() == []


SHOWN = (
    "title: Rebuild it",
    "base: main",
    "draft: yes",
    "labels: ci, monitoring",
    "reviewers: alice, bob",
    "milestone: v1",
)


def test_dry_run_shows_what_a_reviewer_sees_first(run: Run, tmp_path: Path) -> None:
    asked = [
        "--title",
        "Rebuild it",
        "--labels",
        "ci,monitoring",
        "--reviewers",
        "alice,bob",
        "--draft",
        "--milestone",
        "v1",
    ]
    text = run("--dry-run", *asked, "--preview", "out").stdout
    assert [line for line in SHOWN if line not in text] == []
    page = (tmp_path / "out/kubeaid-ci-kube-prometheus.md").read_text()
    assert page.startswith("# Rebuild it\n")
    assert [
        value for value in ("`main`", "`yes`", "`ci`, `monitoring`", "`alice`, `bob`", "`v1`") if value not in page
    ] == []
    told = json.loads(run("--dry-run", *asked, "--format", "json").stdout)
    (result,) = told["results"]
    assert (result["title"], result["draft"], result["labels"]) == ("Rebuild it", True, ["ci", "monitoring"])
    assert (told["summary"]["would_create"], told["summary"]["dry_run"]) == (1, True)


def test_preview_belongs_to_one_run(run: Run, github: World, tmp_path: Path) -> None:
    mine = tmp_path / "out/notes.md"
    repos.write(tmp_path, {"out/notes.md": "mine", "out/kubeaid-ci-notes.md": "mine too"})
    assert "texts and patches are in out" in run("--dry-run", "--per-cluster", "--preview", "out").stderr
    run("--dry-run", "--preview", "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "notes.md", "kubeaid-ci-notes.md", "kubeaid-ci-kube-prometheus.md", "kubeaid-ci-kube-prometheus.patch"
    }  # fmt: skip
    everything = {f"k8s/{name}/{name}-vars.jsonnet": None for name in ("one", "two")}
    github.forge.repo.commit("main", {**everything, "k8s/keep": ""}, "Gone")
    nothing = run("--dry-run", "--preview", "out")
    assert "dry run: nothing to publish" in nothing.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"notes.md", "kubeaid-ci-notes.md"}
    assert mine.read_text() == "mine"


def test_dry_run_with_nothing_to_push_names_no_folder_that_is_not_there(
    run: Run, github: World, tmp_path: Path
) -> None:
    run()
    git(github.forge.repo.folder, "update-ref", "refs/heads/main", f"refs/heads/{BRANCH}")
    done = run("--dry-run")
    assert done.returncode == 0, done.stderr
    assert "dry run: nothing to publish, so there is no preview" in done.stderr
    assert list((tmp_path / "tmp").glob("kubeaid-ci-preview-*")) == []


def test_refusing_forge_exits_with_3_and_shows_no_token_even_with_tracebacks(run: Run, github: World) -> None:
    echo = Reply(422, {"message": f"no: {SECRET}", "errors": [{"message": f"again {SECRET}"}]})
    github.forge.server.inject("POST", "/pulls$", echo, times=9)
    done = run("--debug")
    assert done.returncode == 3
    assert "HTTP 422: no: ***: again ***" in done.stderr
    assert "Traceback" in done.stderr


def test_token_is_on_no_disk_and_in_no_argument_while_it_is_used(run: Run, github: World, tmp_path: Path) -> None:
    looked: list[str] = []

    def look_around(request: Request) -> None:
        looked.append(request.path.rpartition("/")[2])
        for words in arguments().values():
            assert_never_shown(b"\0".join(words))
        assert_nowhere_on_disk(tmp_path)

    github.forge.server.chance = look_around
    assert run("--labels", "ci").returncode == 0
    assert {"git-upload-pack", "git-receive-pack", "pulls", "labels"} <= set(looked)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_run_that_is_killed_while_it_pushes_leaves_the_remote_alone_and_the_next_heals(
    run: Run, github: World, tmp_path: Path
) -> None:
    before = github.forge.repo.branches()
    killed: list[int] = []

    def kill(request: Request) -> Fault | None:
        if request.verb != "POST" or not request.path.endswith("receive-pack"):
            return None
        if not killed:
            killed.append(publisher(tmp_path))
            os.kill(killed[0], signal.SIGKILL)
        # The program that pushes lives on for a moment, and sends it all once more.
        return Fault.MIDDLE

    github.forge.server.chance = kill
    assert run().returncode == -signal.SIGKILL
    while any(github.forge.git_url.encode() in words for words in arguments().values()):
        time.sleep(0.01)
    github.forge.server.chance = None
    assert github.forge.repo.branches() == before
    assert_nowhere_on_disk(tmp_path)
    assert run().returncode == 0
    assert github.the_change().number == 1


def publisher(folder: Path) -> int:
    """The process that publishes from here."""
    for number, words in arguments().items():
        with suppress(OSError):
            if b"kubeaid_ci" in words and Path(f"/proc/{number}/cwd").resolve() == folder:
                return number
    raise AssertionError("no such process")


def arguments() -> dict[int, list[bytes]]:
    """The arguments of every process of this machine."""
    found = {}
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it may have ended meanwhile
            found[int(process.parent.name)] = process.read_bytes().split(b"\0")
    return found


def test_one_branch_that_is_refused_is_a_finding_and_the_others_are_done(run: Run, github: World) -> None:
    github.forge.repo.hook("update", f'case "$1" in */{BRANCH}/one) exit 1;; esac')
    done = run("--per-cluster", "--format", "json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert [result["clusters"] for result in told["results"]] == [["two"]]
    assert [(each["rule"], each["subject"]) for each in told["findings"]] == [("publish/failed", f"{BRANCH}/one")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--author", "nobody"], "not an author"),
        (["--base", "nowhere"], "has no branch nowhere to propose to; its default branch is main"),
        (["--title", "x", "three"], "three: no such cluster; there are: one, two"),
        (["--preview", "kubeaid/build"], "cannot be written"),
    ],
)
def test_wrong_options_exit_with_2_and_publish_nothing(
    run: Run, github: World, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "kubeaid" / "build" / "kubeaid-ci-kube-prometheus.md").mkdir(parents=True)
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert github.forge.server.writes() == []
