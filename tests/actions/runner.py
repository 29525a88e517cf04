"""Runs workflows with the small runner in ``tests/node``, which is GitHub's own parser and evaluator inside."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kubeaid_ci

ROOT = Path(kubeaid_ci.__file__).parents[1]
NODE = ROOT / "tests" / "node"
NAME = "Obmondo/kubeaid-ci"


def missing() -> str | None:
    """Why no workflow can be run or parsed here; nothing where they can."""
    if shutil.which("node") is None:
        return "there is no node on PATH"
    if not (NODE / "node_modules" / "@actions").is_dir():
        return "GitHub's parser is not there: run `npm ci --prefix tests/node`"
    return None


@dataclass(frozen=True)
class Step:
    """`raw` is what its program printed, unmasked."""

    id: str
    name: str
    outcome: str
    raw: str
    summary: str


@dataclass(frozen=True)
class Job:
    id: str
    result: str
    steps: tuple[Step, ...]
    name: str = ""
    rights: dict[str, str] | None = None
    concurrency: dict[str, Any] | None = None
    workspace: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    def step(self, name: str) -> Step:
        """The step of a name; where an action and its own step share it, the latter."""
        return [step for step in self.steps if step.name == name][-1]


@dataclass(frozen=True)
class Run:
    """What became of a workflow. `used` are the actions of others that something stood in for."""

    result: str
    jobs: tuple[Job, ...]
    log: str
    annotations: tuple[dict[str, str], ...]
    used: tuple[str, ...]

    def job(self, id_: str) -> Job:
        return next(job for job in self.jobs if job.id == id_)

    @property
    def results(self) -> dict[str, str]:
        return {job.id: job.result for job in self.jobs}


@dataclass
class Runner:
    """A machine that runs workflows. `folder` is its disk, `path` its programs, `installed` what earlier jobs
    installed, `root` the checkout of our actions."""

    folder: Path
    installed: Path
    path: str
    github: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict)
    app_token: str = ""
    root: Path = ROOT
    runs: int = 0

    def run(self, workflow: str, **more: Any) -> Run:
        """Run the text of a workflow; what does not even start raises `AssertionError` with GitHub's words."""
        self.runs += 1
        here = self.folder / f"run-{self.runs}"
        here.mkdir(parents=True)
        (here / "workflow.yml").write_text(workflow)
        request = {
            "root": str(self.root),
            "name": NAME,
            "workflow": str(here / "workflow.yml"),
            "folder": str(here),
            "store": str(self.folder / "store"),
            "installed": str(self.installed),
            "github": {"run_id": str(self.runs), **self.github, **more.pop("github", {})},
            "vars": more.pop("vars", {}),
            "inputs": more.pop("inputs", {}),
            "secrets": {**self.secrets, **more.pop("secrets", {})},
            "app": {"token": self.app_token},
            "machine": {"HOME": str(self.folder / "home"), **more.pop("machine", {})},
        }
        assert not more, f"no such thing to run with: {list(more)}"
        env = {**os.environ, "PATH": self.path}
        command = ["node", str(NODE / "runner.mjs")]
        done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        jobs = [Job(**{**job, "steps": tuple(Step(**step) for step in job["steps"])}) for job in told["jobs"]]
        return Run(told["result"], tuple(jobs), told["log"], tuple(told["annotations"]), tuple(told["used"]))
