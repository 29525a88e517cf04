"""Render results by task, and their cache keys."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import kubeaid_ci
from kubeaid_ci.helm import engine as helm
from kubeaid_ci.render.task import Bodies, KustomizeTask, Look, Outcome, Task

_FORMAT = 12


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """Outcomes by task; `cached` are those that were there already, `digests` name their content."""

    outcomes: dict[Task, Outcome] = field(default_factory=dict)
    cached: set[Task] = field(default_factory=set)
    digests: dict[Task, str] = field(default_factory=dict)
    bodies: Bodies = field(default_factory=dict)
    placed: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)
    """Objects in a namespace that they do not name, by the id of the object and the namespace."""

    def add(self, task: Task, packed: bytes) -> None:
        """Take in what a task gave."""
        self.outcomes[task] = Outcome.unpacked(packed, self.bodies)
        self.digests[task] = hashlib.sha256(packed).hexdigest()


def key(task: Task) -> str:
    """Names everything that the outcome depends on, and nothing else: not where the repository is."""
    inputs = asdict(task)
    del inputs["at"]
    if isinstance(task, KustomizeTask):
        inputs["program"] = task.program.version
    text = json.dumps([_FORMAT, kubeaid_ci.__version__, helm.engine(), inputs], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def look_key(look: Look) -> str:
    """Names the content of a chart that is read and not rendered."""
    return f"look {_FORMAT} {kubeaid_ci.__version__} {look.tree}"
