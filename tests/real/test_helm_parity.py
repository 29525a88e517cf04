"""Every chart of a real KubeAid checkout (`KUBEAID_CHECKOUT`) as real helm programs render it.

A chart that neither renders counts as equal. Values that the chart makes up at each render are left out.
"""

import base64
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kubeaid_ci.charts.render import chart_sources
from kubeaid_ci.git.revision import Commit
from kubeaid_ci.helm.version import rules_name
from kubeaid_ci.k8s.manifest import objects
from kubeaid_ci.render.fleet import open_renderer
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.task import ChartTask, Outcome
from kubeaid_ci.settings import Settings
from tests import helm_binaries, repos
from tests.helm_binaries import needs_helm
from tests.helm_versions import printed, version_of

pytestmark = [pytest.mark.real, needs_helm]

COMMIT = "5f50b3d3374480006dc9754a8f458d8dade98df4"
_JOBS = 2
MIN_RENDERED = 100
"""Of the 124 charts the others want values that only clusters have, or lack a subchart."""


@pytest.fixture(scope="module")
def kubeaid(tmp_path_factory) -> Path:
    checkout = Path(os.environ["KUBEAID_CHECKOUT"])
    folder = tmp_path_factory.mktemp("parity") / "kubeaid"
    repos.git(checkout, "clone", "--quiet", "--shared", "--no-checkout", str(checkout), str(folder))
    repos.git(folder, "checkout", "--quiet", "--detach", COMMIT)
    return folder


@pytest.mark.parametrize("program", helm_binaries.programs(), ids=version_of)
def test_every_chart_renders_as_this_helm_does(kubeaid, program):
    rules = rules_name(version_of(program))
    sources = chart_sources(kubeaid, Commit(COMMIT), Settings()).values()
    tasks = [replace(task, helm=rules) for task in sources if isinstance(task, ChartTask)]
    with open_renderer(RunOptions(jobs=_JOBS, cache=False)) as renderer:
        renderer.render(tasks)
        outcomes = [renderer.outcomes[task] for task in tasks]
    with ThreadPoolExecutor(_JOBS) as threads:
        printed_by_helm = list(threads.map(partial(real, kubeaid, program), tasks))
    found = [compared(*three) for three in zip(tasks, outcomes, printed_by_helm, strict=True)]
    assert [line for _, lines in found for line in lines] == []
    assert sum(rendered for rendered, _ in found) >= MIN_RENDERED


def compared(task: ChartTask, made: Outcome, theirs: list[Any] | None) -> tuple[bool, list[str]]:
    """Whether both render a chart, and how the results differ."""
    if made.failed or theirs is None:
        # This program renders without a subchart that is declared and missing, and reports it.
        is_equal = bool(made.failed) == (theirs is None)
        is_reported = any(note.rule == "chart/subchart-missing" for note in made.notes)
        which = "helm" if made.failed else "this program"
        return False, [] if is_equal or is_reported else [f"{task.folder}: only {which} renders it"]
    ours = sorted((one.body for one in made.objects), key=identity)
    if len(ours) != len(theirs):
        return True, [f"{task.folder}: {len(ours)} objects, and {len(theirs)} of helm"]
    pairs = zip(ours, sorted(theirs, key=identity), strict=True)
    return True, [
        f"{task.folder}: {identity(one)} {where}" for one, other in pairs for where in differences(one, other)
    ]


def real(kubeaid: Path, program: Path, task: ChartTask) -> list[Any] | None:
    """The objects of a helm program, None if it refuses the chart."""
    versions = [part for one in task.api_versions for part in ("--api-versions", one)]
    made = helm_binaries.run(
        "template", kubeaid / task.folder, "--name-template", task.name, "--namespace", task.namespace,
        "--kube-version", task.kube_version, "--include-crds", *versions, program=program,
    )  # fmt: skip
    if made.returncode:
        return None
    return [one.body for path, body in printed(made.stdout) for one in objects(path, body)]


def identity(body: Any) -> tuple[str, str, str]:
    about = body.get("metadata") or {}
    return str(body.get("kind")), str(about.get("namespace")), str(about.get("name"))


def decoded(text: str) -> bytes:
    """Return what a text is in Base64, as in a Secret; empty if it is not Base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """The places where two values differ, but for what varies."""
    if isinstance(ours, str) and ("(varies)" in ours or b"(varies)" in decoded(ours)):
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}, key=str):
            if key in ours and key in theirs:
                yield from differences(ours[key], theirs[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}: only of {'this program' if key in ours else 'helm'}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif type(ours) is not type(theirs) or ours != theirs:
        yield f"{path}: {ours!r:.80} and {theirs!r:.80} of helm"
