"""The findings that clusters have at a base revision, for ``--new-only``."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kubeaid_ci.baseline import at_base
from kubeaid_ci.check.job import check_clusters
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.snapshot import WORKTREE


def of_check(
    config_repo: str | os.PathLike[str], kubeaid: str | os.PathLike[str], base: str, names: Sequence[str], **check: Any
) -> Iterable[Finding]:
    """Return the findings of checking clusters at a base revision of the config repo.

    `base` may be ``worktree``. `names` are clusters or their folders (none: all), `check` are options of
    `check_clusters`. Raises `UserError` for an unknown revision.
    """
    root = Path(config_repo).resolve()
    if base == WORKTREE:
        return check_clusters(root, kubeaid, clusters=names, **check).findings
    commit, present = at_base.clusters_at(root, base, names)
    if not present:
        return ()
    return check_clusters(root, kubeaid, clusters=present if names else (), config_ref=commit, **check).findings
