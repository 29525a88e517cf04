"""Every command in checkouts that hold every trick at once: nothing runs, nothing leaves, the verdict is the same."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

import kubeaid_ci
from kubeaid_ci.cli.main import cli as program
from tests import repos
from tests.renders import World, application, helm
from tests.servers.http import Reply, Server
from tests.umbrellas import FILES

SOURCE = Path(kubeaid_ci.__file__).parents[1]
TOKEN, SECRET = "canary-token-4711", "canary-of-a-file-outside"
TOKENS = dict.fromkeys(
    (
        *("KUBEAID_CI_TOKEN", "KUBEAID_CI_GIT_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "GITEA_TOKEN"),
        *("CI_JOB_TOKEN", "API_TOKEN_GITHUB"),
    ),
    TOKEN,
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "clusters": (),
    "build": ("--check",),
    "render": (),
    "diff": ("--base", "main"),
    "publish": ("--dry-run", "--forge", "none", "--config-repo", "PUBLISHED"),
    "doctor": ("--forge", "none"),
    "images list": (),
    "images lock": ("--check",),
    "images mirror": ("--to", "127.0.0.1:1/m", "--dry-run"),
    "images overrides": ("--to", "mirror.example.org/m"),
    "images scan": (),
    "check": ("--new-only", "--base", "main"),
    "upgrade": ("--to", "main", "--dry-run"),
    "sbom": ("--out", "OUT.json"),
    "bundle create": ("--out", "OUT.tar", "--images", "none", "--no-wheels"),
    "charts list": (),
    "charts verify": ("--offline", "--base", "main"),
    "charts lint": (),
    "charts render": (),
    "charts diff": ("--base", "main"),
    "charts outdated": (),
    "charts update": ("--dry-run",),
    "charts add": ("new", "--repository", "https://127.0.0.1:1/", "--dry-run"),
}
ELSEWHERE = {"demo", "rules", "bundle verify", "bundle restore"}
"""Commands that read no repository under review."""
JSON = {"clusters", "build", "diff", "charts list", "charts verify", "charts lint", "charts diff"}
FORBIDDEN = ("\x1b", "\u3164", "\n::error title=forged", "\n##[error")


@dataclass
class Place:
    """Two checkouts, on a branch `change` next to `main`, and what may not be touched."""

    world: World
    outside: Path
    ran: Path
    server: Server

    @property
    def published(self) -> Path:
        """The config repo as a bare repository, whose branch `main` is the change."""
        return self.world.folder / "published.git"

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        home = self.world.folder / "home"
        clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(home), "RAN": str(self.ran)}
        options = ["--kubeaid", str(self.world.kubeaid), "--no-cache"]
        places = {"PUBLISHED": self.published.as_uri()} | {
            name: str(self.world.folder / name) for name in ("OUT.json", "OUT.tar")
        }
        named = [places.get(argument, argument) for argument in arguments]
        return subprocess.run(
            [sys.executable, "-P", "-m", "kubeaid_ci", *named, *options],
            capture_output=True,
            text=True,
            env=clean | {"KUBEAID_CI_CACHE": str(self.world.folder / "cache")} | env,
            cwd=self.world.config,
            timeout=300,
        )


def made(folder: Path, server: Server) -> Place:
    world = World(folder)
    web = {**FILES, "templates/deployment.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n"}
    world.chart("web", {f"charts/web/{path}": text for path, text in web.items() if not path.endswith(".png")})
    repos.kubeaid(world.kubeaid)
    world.cluster("one", {"a.yaml": application("a", source=helm("web", "HEAD"))})
    repos.write(world.config, {"k8s/one/one-vars.jsonnet": repos.vars_file()})
    outside = folder / "outside"
    repos.write(outside, {"secret.txt": f"password: {SECRET}\n", "values.yaml": f"name: {SECRET}\n"})
    (folder / "home").mkdir()
    repos.git(folder, "init", "--quiet", "--bare", "published.git")
    place = Place(world, outside, folder / "ran", server)
    commit(place, "base")
    for checkout in (world.config, world.kubeaid):
        repos.git(checkout, "branch", "-M", "main")
        repos.git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")
        repos.git(checkout, "checkout", "-qb", "change")
    return place


def commit(place: Place, message: str) -> None:
    for checkout in (place.world.config, place.world.kubeaid):
        # What Git itself would run here is not what is tested.
        repos.git(checkout, "-c", "core.hooksPath=/dev/null", "add", "--all", "--force", ".")
        repos.git(checkout, "commit", "--quiet", "--allow-empty", "-m", message)
    repos.git(place.world.config, "push", "--quiet", "--force", str(place.published), "HEAD:refs/heads/main")


def poison(place: Place, reviewed: Path) -> None:
    """Put every trick into both checkouts, and settings into the one that is under review: the other's are trusted."""
    for checkout in (place.world.config, place.world.kubeaid):
        modules(place, checkout)
        programs(place, checkout)
        bare_repository(place, checkout)
        links(place, checkout)
    settings(place, reviewed)
    names(place)
    commit(place, "change")
    for checkout in (place.world.config, place.world.kubeaid):
        # After the commit, so that Git does not apply them to it.
        repos.write(checkout, {".gitattributes": "* filter=x diff=x merge=x ident working-tree-encoding=UTF-16\n"})
        repos.write(checkout, {".git/info/exclude": ""})


def modules(place: Place, checkout: Path) -> None:
    """Modules named like Python's own, the libraries that we use and the files that Python and pip look for."""
    text = "import os\nopen(os.environ.get('RAN', '/dev/null'), 'a').write(__file__ + '\\n')\nraise SystemExit(9)\n"
    libraries = ["click", "rich", "yaml", "requests", "urllib3", "git", "github", "gitlab", "helm_python", "deepdiff"]
    named = [*sys.stdlib_module_names, *libraries, "sitecustomize", "usercustomize", "conftest", "setup"]
    repos.write(checkout, {f"{name}.py": text for name in named})
    repos.write(checkout, {"pip/__init__.py": text, "pip/__main__.py": text})
    repos.write(checkout, {"kubeaid_ci/__init__.py": text, "kubeaid_ci/__main__.py": text, "venv/__main__.py": text})
    repos.write(
        checkout, {"pip.conf": "[global]\nindex-url = http://127.0.0.1:1/\n", "x.pth": "import sitecustomize\n"}
    )


def programs(place: Place, checkout: Path) -> None:
    """Programs named like those that we start, and hooks."""
    script = '#!/bin/sh\necho "$0" >> "$RAN"\ncat\n'
    for name in (
        "git",
        "helm",
        "kustomize",
        "kubectl",
        "promtool",
        "ssh",
        "sh",
        "pwn.sh",
        "hooks/pre-commit",
        "bin/git",
    ):
        repos.write(checkout, {name: script})
        (checkout / name).chmod(0o755)


def bare_repository(place: Place, checkout: Path) -> None:
    """A folder shaped like a bare repository that starts programs, and a submodule that points outside."""
    config = (
        "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = ./pwn.sh\nhooksPath = hooks\n"
        'pager = ./pwn.sh\nsshCommand = ./pwn.sh\n[filter "x"]\nclean = ./pwn.sh\nsmudge = ./pwn.sh\n'
        '[diff "x"]\ntextconv = ./pwn.sh\ncommand = ./pwn.sh\n'
    )
    files = {"HEAD": "ref: refs/heads/main\n", "config": config, "refs/heads/.keep": "", "objects/.keep": ""}
    repos.write(checkout, {f"evil/{path}": text for path, text in files.items()})
    repos.write(checkout, {".gitmodules": f'[submodule "x"]\npath = x\nurl = {place.outside}\nupdate = !./pwn.sh\n'})


def links(place: Place, checkout: Path) -> None:
    """Links in the place of files that are read and of files that are written."""
    for name, target in {
        "kubeaid-ci-reports": place.outside,
        "outputs.env": place.outside / "secret.txt",
        ".kubeaid-ci": place.outside,
        "k8s/outside": place.outside,
        "k8s/two/kube-prometheus": place.outside,
        "argocd-helm-charts/evil/values.yaml": place.outside / "values.yaml",
        "argocd-helm-charts/outside": place.outside,
        "k8s/two/argocd-apps/templates/zero.yaml": Path("/dev/zero"),
        "k8s/two/argocd-apps/values.yaml": place.outside / "values.yaml",
        "k8s/two/two-vars.jsonnet": place.outside / "secret.txt",
        "k8s/two/kubeaid-cli.general.yaml": place.outside / "secret.txt",
        "charts.ledger.yaml": place.outside / "secret.txt",
    }.items():
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(target)


def settings(place: Place, checkout: Path) -> None:
    """Settings that silence everything and lead every token to a server of the author."""
    silent = [{"rule": rule, "subject": "**", "reason": "x"} for rule in ("build/stale", "chart/file-modified")]
    text: dict[str, Any] = {
        "fail-on": "never",
        "suppress": silent,
        "kubeaid": f"{place.server.url}/evil.git",
        "publish": {"forge": "gitea", "forge-url": f"{place.server.url}/api/v1"},
        "upstreams": {"allow": ["127.0.0.1"], "mirrors": {"https://charts.example.com": place.server.url}},
    }
    repos.write(checkout, {".kubeaid-ci.yaml": json.dumps(text)})


def names(place: Place) -> None:
    """Names that a terminal or a CI system would take for commands, or that nobody sees."""
    for name in ("::error title=forged::x", "##[error]x", "\x1b[2Jx", "\u3164x", "x\u202ey"):
        repos.write(
            place.world.config, {f"k8s/{name}/{name}-vars.jsonnet": "{}", f"k8s/{name}/argocd-apps/x.yaml": "a: ["}
        )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Place, Place]]:
    """A clean pair of checkouts, and the same with all tricks: in a change of the config repo, and one of KubeAid."""
    with Server(lambda _: Reply(404, {})) as server:
        clean, config, kubeaid = (made(tmp_path_factory.mktemp("place") / "work", server) for _ in range(3))
        poison(config, config.world.config)
        poison(kubeaid, kubeaid.world.kubeaid)
        yield clean, config, kubeaid


def every(group: click.Group, prefix: str = "") -> Iterator[str]:
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                yield from every(command, f"{prefix}{name} ")
            else:
                yield f"{prefix}{name}"


def test_the_list_of_commands_is_complete() -> None:
    assert set(every(program)) == {*COMMANDS, *ELSEWHERE}


def verdicts(done: subprocess.CompletedProcess[str]) -> set[tuple[str, str]]:
    """The findings at or above a warning, by rule and subject."""
    found = json.loads(done.stdout)["findings"]
    return {(one["rule"], one["subject"]) for one in found if one["severity"] != "info" and not one["suppressed_by"]}


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_runs_nothing_leaves_and_the_verdict_is_the_same(
    command: str, places: tuple[Place, Place, Place]
) -> None:
    clean, hostile = places[0], places[2 if command.startswith("charts") else 1]
    reviewed = hostile.world.kubeaid if command.startswith("charts") else hostile.world.config
    arguments = [*command.split(), *COMMANDS[command], *(["--format", "json"] if command in JSON else [])]
    outside = contents(hostile.outside)
    job = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_WORKSPACE": str(reviewed), **TOKENS}
    done = hostile.run(*arguments, **job)
    said = f"\n{done.stdout}\n{done.stderr}"
    assert done.returncode in (0, 1, 2, 3), said[-3000:]
    assert not hostile.ran.exists(), hostile.ran.read_text()
    assert hostile.server.seen == []
    assert contents(hostile.outside) == outside
    assert TOKEN not in said
    assert SECRET not in said
    assert [mark for mark in FORBIDDEN if mark in said] == []
    if command in JSON:
        before = clean.run(*arguments, GITHUB_ACTIONS="true", GITHUB_BASE_REF="main")
        assert before.returncode in (0, 1), before.stderr
        if done.stdout.startswith("{"):
            assert verdicts(before) <= verdicts(done)
        assert done.returncode >= before.returncode


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}
