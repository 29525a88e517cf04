"""CI for GitOps Kubernetes platforms: builds, verifies and compares what Argo CD syncs.

Every job is a plain function. The names in `__all__` are stable. They are loaded on first use, so that importing the
package (and starting the command line) stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubeaid_ci.bundle.create import BundleOptions as BundleOptions
    from kubeaid_ci.bundle.create import create_bundle as create_bundle
    from kubeaid_ci.bundle.restore import restore_bundle as restore_bundle
    from kubeaid_ci.bundle.result import BundleResult as BundleResult
    from kubeaid_ci.bundle.verify import verify_bundle as verify_bundle
    from kubeaid_ci.errors import KubeaidCiError as KubeaidCiError
    from kubeaid_ci.errors import OutsideError as OutsideError
    from kubeaid_ci.errors import UserError as UserError
    from kubeaid_ci.fleet_check.job import check_clusters as check_clusters
    from kubeaid_ci.images.inventory import ImageInventory as ImageInventory
    from kubeaid_ci.images.listing import list_chart_images as list_chart_images
    from kubeaid_ci.images.listing import list_images as list_images
    from kubeaid_ci.jobs.build import build_clusters as build_clusters
    from kubeaid_ci.jobs.charts_add import add_chart as add_chart
    from kubeaid_ci.jobs.charts_diff import diff_charts as diff_charts
    from kubeaid_ci.jobs.charts_lint import lint_charts as lint_charts
    from kubeaid_ci.jobs.charts_list import ChartList as ChartList
    from kubeaid_ci.jobs.charts_list import list_charts as list_charts
    from kubeaid_ci.jobs.charts_offer import ChartPublication as ChartPublication
    from kubeaid_ci.jobs.charts_outdated import outdated_charts as outdated_charts
    from kubeaid_ci.jobs.charts_publish import publish_charts as publish_charts
    from kubeaid_ci.jobs.charts_publish import publish_new_chart as publish_new_chart
    from kubeaid_ci.jobs.charts_render import render_charts as render_charts
    from kubeaid_ci.jobs.charts_update import update_charts as update_charts
    from kubeaid_ci.jobs.charts_upstream import upstream_charts as upstream_charts
    from kubeaid_ci.jobs.charts_verify import verify_charts as verify_charts
    from kubeaid_ci.jobs.clusters import Clusters as Clusters
    from kubeaid_ci.jobs.clusters import list_clusters as list_clusters
    from kubeaid_ci.jobs.diff import diff_clusters as diff_clusters
    from kubeaid_ci.jobs.doctor import doctor as doctor
    from kubeaid_ci.jobs.publish import Publication as Publication
    from kubeaid_ci.jobs.publish import publish as publish
    from kubeaid_ci.jobs.render import render_clusters as render_clusters
    from kubeaid_ci.model.build import BuildResult as BuildResult
    from kubeaid_ci.model.build import Builds as Builds
    from kubeaid_ci.model.chart_update import Updates as Updates
    from kubeaid_ci.model.chart_verdict import Verification as Verification
    from kubeaid_ci.model.check import Checks as Checks
    from kubeaid_ci.model.checkup import Checkup as Checkup
    from kubeaid_ci.model.comparison import Comparison as Comparison
    from kubeaid_ci.model.comparison import Revisions as Revisions
    from kubeaid_ci.model.finding import Finding as Finding
    from kubeaid_ci.model.finding import Rule as Rule
    from kubeaid_ci.model.finding import Severity as Severity
    from kubeaid_ci.model.linting import Lint as Lint
    from kubeaid_ci.model.manifest import Manifest as Manifest
    from kubeaid_ci.model.manifest import ObjectId as ObjectId
    from kubeaid_ci.model.outlook import Outlooks as Outlooks
    from kubeaid_ci.model.policy import ChartPolicy as ChartPolicy
    from kubeaid_ci.model.publication import PublishOptions as PublishOptions
    from kubeaid_ci.model.rendering import RenderedApp as RenderedApp
    from kubeaid_ci.model.rendering import Renderings as Renderings
    from kubeaid_ci.model.version import Version as Version
    from kubeaid_ci.settings import Settings as Settings

__version__ = "0.1.0"

_PLACES = {
    "kubeaid_ci.bundle.create": (
        "BundleOptions",
        "create_bundle",
    ),
    "kubeaid_ci.bundle.restore": ("restore_bundle",),
    "kubeaid_ci.bundle.result": ("BundleResult",),
    "kubeaid_ci.bundle.verify": ("verify_bundle",),
    "kubeaid_ci.errors": (
        "KubeaidCiError",
        "OutsideError",
        "UserError",
    ),
    "kubeaid_ci.fleet_check.job": ("check_clusters",),
    "kubeaid_ci.images.inventory": ("ImageInventory",),
    "kubeaid_ci.images.listing": (
        "list_chart_images",
        "list_images",
    ),
    "kubeaid_ci.jobs.build": ("build_clusters",),
    "kubeaid_ci.jobs.charts_add": ("add_chart",),
    "kubeaid_ci.jobs.charts_diff": ("diff_charts",),
    "kubeaid_ci.jobs.charts_lint": ("lint_charts",),
    "kubeaid_ci.jobs.charts_list": (
        "ChartList",
        "list_charts",
    ),
    "kubeaid_ci.jobs.charts_offer": ("ChartPublication",),
    "kubeaid_ci.jobs.charts_outdated": ("outdated_charts",),
    "kubeaid_ci.jobs.charts_publish": (
        "publish_charts",
        "publish_new_chart",
    ),
    "kubeaid_ci.jobs.charts_render": ("render_charts",),
    "kubeaid_ci.jobs.charts_update": ("update_charts",),
    "kubeaid_ci.jobs.charts_upstream": ("upstream_charts",),
    "kubeaid_ci.jobs.charts_verify": ("verify_charts",),
    "kubeaid_ci.jobs.clusters": (
        "Clusters",
        "list_clusters",
    ),
    "kubeaid_ci.jobs.diff": ("diff_clusters",),
    "kubeaid_ci.jobs.doctor": ("doctor",),
    "kubeaid_ci.jobs.publish": (
        "Publication",
        "publish",
    ),
    "kubeaid_ci.jobs.render": ("render_clusters",),
    "kubeaid_ci.model.build": (
        "BuildResult",
        "Builds",
    ),
    "kubeaid_ci.model.chart_update": ("Updates",),
    "kubeaid_ci.model.chart_verdict": ("Verification",),
    "kubeaid_ci.model.check": ("Checks",),
    "kubeaid_ci.model.checkup": ("Checkup",),
    "kubeaid_ci.model.comparison": (
        "Comparison",
        "Revisions",
    ),
    "kubeaid_ci.model.finding": (
        "Finding",
        "Rule",
        "Severity",
    ),
    "kubeaid_ci.model.linting": ("Lint",),
    "kubeaid_ci.model.manifest": (
        "Manifest",
        "ObjectId",
    ),
    "kubeaid_ci.model.outlook": ("Outlooks",),
    "kubeaid_ci.model.policy": ("ChartPolicy",),
    "kubeaid_ci.model.publication": ("PublishOptions",),
    "kubeaid_ci.model.rendering": (
        "RenderedApp",
        "Renderings",
    ),
    "kubeaid_ci.model.version": ("Version",),
    "kubeaid_ci.settings": ("Settings",),
}
_MODULES = {name: module for module, names in _PLACES.items() for name in names}

__all__ = ["__version__", *_MODULES]  # noqa: PLE0604 - the names that are loaded on first use

if not TYPE_CHECKING:  # with it, a type checker would accept any name

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return getattr(import_module(_MODULES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
