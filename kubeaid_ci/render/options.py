"""The options of a run that renders."""

import os
from dataclasses import dataclass, field

from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The settings, workers, cache, time limit and progress of a run: parameters of every function that renders.

    `jobs` is the number of workers (None: one for each core). `cache` is a folder, true for the user's cache, or false.
    `timeout` is in seconds for one chart, or for the monitoring of one cluster.
    """

    settings: Settings = field(default_factory=Settings)
    jobs: int | None = None
    cache: bool | str | os.PathLike[str] = True
    timeout: float = 300.0
    progress: Progress | None = None
