"""A GitLab to run the templates against, with four projects, and checkouts in which `gitlab-ci-local` runs them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests import repos
from tests.servers.git import BareRepo, backend, git
from tests.servers.gitlab import GitLab
from tests.servers.http import Reply, Request

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "glpat-S3cretT0kenThatMustNeverShow"
JOB_TOKEN = "glcbt-64_J0bT0ken"
BRANCH = "kubeaid-ci/kube-prometheus"
VERSION = "1.0.0"
TEMPLATES = sorted(path.stem for path in (ROOT / "gitlab-ci-templates").glob("*.yml"))
_OPTIONS = (
    "--force-shell-executor",
    "--shell-isolation",
    "--no-artifacts-to-source",
    "--no-color",
    # GitLab itself takes an empty list of tags.
    "--ignore-schema-paths=#/definitions/tags/minItems",
    "--ignore-predefined-vars=CI_PIPELINE_SOURCE,GITLAB_CI",
)
_TOOL = Path("node_modules/.bin/gitlab-ci-local")


def tool() -> Path | None:
    """Where `npm ci --prefix tests/node-gitlab` put it."""
    places = [os.environ.get("KUBEAID_CI_TEST_NODE_GITLAB", ""), ROOT / "tests" / "node-gitlab"]
    return next((Path(place) / _TOOL for place in places if place and (Path(place) / _TOOL).is_file()), None)


def missing() -> str:
    """What it takes to run the templates and is not here; empty where all is."""
    found = {"Node 20": _node(), "rsync": shutil.which("rsync"), "gitlab-ci-local": tool()}
    return ", ".join(name for name, place in found.items() if place is None)


def _node() -> str | None:
    place = shutil.which("node")
    version = subprocess.run([place, "--version"], capture_output=True, text=True).stdout if place else ""
    return place if version and int(version.removeprefix("v").partition(".")[0]) >= 20 else None


class Site(GitLab):
    """`acme/config` and `acme/kubeaid` ask for a token; the mirror of this project, `acme/kubeaid-ci`, is public."""

    def _handle(self, request: Request) -> Reply:
        if request.path.startswith("/acme/kubeaid-ci.git/"):
            return backend(self.root, request)
        if raw := re.fullmatch(r"/acme/kubeaid-ci/-/raw/([^/]+)/(.+)", request.path):
            return Reply(200, self.mirror.show(*raw.groups()).encode(), {"Content-Type": "text/plain"})
        return super()._handle(request)

    def open_projects(self) -> None:
        self.mirror = self.project("kubeaid-ci", {path: (ROOT / path).read_text("utf-8") for path in _published()})
        git(self.mirror.folder, "tag", VERSION, "main")
        self.kubeaid = self.project("kubeaid", {})

    def project(self, name: str, files: Mapping[str, str | None]) -> BareRepo:
        repo = BareRepo.make(self.root / f"acme/{name}.git", dict(files) or {"README.md": f"{name}\n"})
        git(repo.folder, "config", "uploadpack.allowAnySHA1InWant", "true")
        return repo

    def checkout(self, repo: BareRepo, folder: Path, *, user: str = "") -> "Checkout":
        """A clone as the runner makes it; with `user`, that of the job's token, which is then in its origin."""
        git(folder.parent, "clone", "-q", str(repo.folder), str(folder))
        at = f"{user}:{JOB_TOKEN}@" if user else ""
        address = self.server.url.replace("://", f"://{at}")
        git(folder, "remote", "set-url", "origin", f"{address}/acme/{repo.folder.name}")
        return Checkout(folder, folder.parent / "home")


def _published() -> list[str]:
    return [f"{folder}/{name}.yml" for folder in ("gitlab-ci-templates", "templates") for name in TEMPLATES]


@dataclass
class Done:
    """What a pipeline printed, and where its jobs left their artifacts."""

    code: int
    output: str
    folder: Path

    def artifact(self, job: str, path: str) -> str:
        return (self.folder / ".gitlab-ci-local" / "artifacts" / job / path).read_text("utf-8")

    def artifacts(self, job: str) -> set[str]:
        root = self.folder / ".gitlab-ci-local" / "artifacts" / job
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def jobs(self) -> dict[str, str]:
        """How each job ended, those of a child pipeline among them."""
        lines = re.findall(r"^ (PASS|WARN|FAIL)  (?:\[.*?\] -> )?(\S.*?)(?: {2,}.*)?$", self.output, re.MULTILINE)
        return {
            name.strip(): word for word, name in lines if not name.startswith("downstream pipeline is experimental")
        }


@dataclass
class Checkout:
    """A project's files, and the variables of its CI/CD settings."""

    folder: Path
    home: Path
    settings: dict[str, str] = field(default_factory=lambda: {"KUBEAID_CI_TOKEN": TOKEN, "CI_JOB_TOKEN": JOB_TOKEN})

    def pipeline(self, *includes: Mapping[str, Any], **jobs: Mapping[str, Any]) -> None:
        """Write and track the `.gitlab-ci.yml` that includes templates and has jobs beside theirs."""
        named = {name.replace("_", "-"): dict(job) for name, job in jobs.items()}
        text = yaml.safe_dump({"include": [dict(one) for one in includes], **named}, sort_keys=False)
        self.write({".gitlab-ci.yml": text})

    def write(self, files: Mapping[str, str]) -> None:
        repos.write(self.folder, files)
        git(self.folder, "add", "--all")

    def listed(self, source: str, **variables: str) -> set[str]:
        """The jobs that the pipeline of an event would have."""
        done = self.run("--list-csv", "--no-json-schema-validation", source=source, **variables)
        assert done.code == 0, done.output
        return {line.partition(";")[0] for line in done.output.splitlines() if ";" in line} - {"name"}

    def run(self, *options: str, source: str = "push", **variables: str) -> Done:
        """Run the pipeline of an event as `gitlab-ci-local` does, in an environment that has nothing else."""
        repos.write(self.home, {".gitlab-ci-local/variables.yml": yaml.safe_dump({"global": self.settings})})
        given = {"CI_PIPELINE_SOURCE": source, **variables}
        said = [part for name, value in given.items() for part in ("--variable", f"{name}={value}")]
        unset = [] if source != "merge_request_event" else ["--unset-variable", "CI_COMMIT_BRANCH"]
        command = [str(tool()), *_OPTIONS, *said, *unset, *options]
        env = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        done = subprocess.run(command, cwd=self.folder, env=env, stdout=-1, stderr=-2, text=True, timeout=600)
        return Done(done.returncode, done.stdout, self.folder)
