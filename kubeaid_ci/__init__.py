"""CI for GitOps Kubernetes platforms: builds, verifies and compares what ArgoCD syncs.

The jobs are plain functions; the names in `__all__` are stable. They are loaded on first use, so
that importing the package (and starting the command line) stays fast.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_JOBS = {
    "add_chart": "kubeaid_ci.jobs.charts_add",
    "build_clusters": "kubeaid_ci.jobs.build",
    "diff_charts": "kubeaid_ci.jobs.charts_diff",
    "diff_clusters": "kubeaid_ci.jobs.diff",
    "doctor": "kubeaid_ci.jobs.doctor",
    "lint_charts": "kubeaid_ci.jobs.charts_lint",
    "list_charts": "kubeaid_ci.jobs.charts_list",
    "list_clusters": "kubeaid_ci.jobs.clusters",
    "outdated_charts": "kubeaid_ci.jobs.charts_outdated",
    "publish": "kubeaid_ci.jobs.publish",
    "publish_charts": "kubeaid_ci.jobs.charts_publish",
    "publish_new_chart": "kubeaid_ci.jobs.charts_publish",
    "render_charts": "kubeaid_ci.jobs.charts_render",
    "render_clusters": "kubeaid_ci.jobs.render",
    "update_charts": "kubeaid_ci.jobs.charts_update",
    "upstream_charts": "kubeaid_ci.jobs.charts_upstream",
    "verify_charts": "kubeaid_ci.jobs.charts_verify",
}

__all__ = ["__version__", *_JOBS]  # noqa: PLE0604 - the names of the lazily loaded jobs


def __getattr__(name: str) -> Any:
    if name in _JOBS:
        return getattr(import_module(_JOBS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
