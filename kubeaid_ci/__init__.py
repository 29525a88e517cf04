"""CI for GitOps Kubernetes platforms: builds, verifies and compares what Argo CD syncs.

Every job is a plain function. The names in `__all__` are stable. They are loaded on first use, so that importing the
package (and starting the command line) stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubeaid_ci.build.build import build_clusters as build_clusters
    from kubeaid_ci.build.result import BuildResult as BuildResult
    from kubeaid_ci.build.result import Builds as Builds
    from kubeaid_ci.bundle.create import BundleOptions as BundleOptions
    from kubeaid_ci.bundle.create import create_bundle as create_bundle
    from kubeaid_ci.bundle.restore import restore_bundle as restore_bundle
    from kubeaid_ci.bundle.result import BundleResult as BundleResult
    from kubeaid_ci.bundle.verify import verify_bundle as verify_bundle
    from kubeaid_ci.charts.diff import diff_charts as diff_charts
    from kubeaid_ci.charts.lint import Lint as Lint
    from kubeaid_ci.charts.lint import lint_charts as lint_charts
    from kubeaid_ci.charts.list import ChartList as ChartList
    from kubeaid_ci.charts.list import list_charts as list_charts
    from kubeaid_ci.charts.render import render_charts as render_charts
    from kubeaid_ci.charts.update.add import add_chart as add_chart
    from kubeaid_ci.charts.update.offer import ChartPublication as ChartPublication
    from kubeaid_ci.charts.update.outdated import OutdatedCharts as OutdatedCharts
    from kubeaid_ci.charts.update.outdated import outdated_charts as outdated_charts
    from kubeaid_ci.charts.update.publish import publish_charts as publish_charts
    from kubeaid_ci.charts.update.publish import publish_new_chart as publish_new_chart
    from kubeaid_ci.charts.update.result import Updates as Updates
    from kubeaid_ci.charts.update.update import update_charts as update_charts
    from kubeaid_ci.charts.verify.upstream import upstream_charts as upstream_charts
    from kubeaid_ci.charts.verify.verdict import Verification as Verification
    from kubeaid_ci.charts.verify.verify import verify_charts as verify_charts
    from kubeaid_ci.check.check import check_clusters as check_clusters
    from kubeaid_ci.check.result import Checks as Checks
    from kubeaid_ci.checkup.doctor import doctor as doctor
    from kubeaid_ci.checkup.result import Checkup as Checkup
    from kubeaid_ci.clusters.clusters import Clusters as Clusters
    from kubeaid_ci.clusters.clusters import list_clusters as list_clusters
    from kubeaid_ci.diff.comparison import Comparison as Comparison
    from kubeaid_ci.diff.comparison import Revisions as Revisions
    from kubeaid_ci.diff.diff import diff_clusters as diff_clusters
    from kubeaid_ci.errors import KubeaidCiError as KubeaidCiError
    from kubeaid_ci.errors import OutsideError as OutsideError
    from kubeaid_ci.errors import UserError as UserError
    from kubeaid_ci.findings.finding import Finding as Finding
    from kubeaid_ci.findings.finding import Rule as Rule
    from kubeaid_ci.findings.finding import Severity as Severity
    from kubeaid_ci.git.revision import Commit as Commit
    from kubeaid_ci.git.revision import Pinned as Pinned
    from kubeaid_ci.git.revision import Revision as Revision
    from kubeaid_ci.git.revision import WorkTree as WorkTree
    from kubeaid_ci.images.list import list_chart_images as list_chart_images
    from kubeaid_ci.images.list import list_images as list_images
    from kubeaid_ci.images.lock import image_registries as image_registries
    from kubeaid_ci.images.lock import lock_images as lock_images
    from kubeaid_ci.images.mirror import mirror_images as mirror_images
    from kubeaid_ci.images.model import ImageInventory as ImageInventory
    from kubeaid_ci.images.overrides import override_chart_images as override_chart_images
    from kubeaid_ci.images.overrides import override_images as override_images
    from kubeaid_ci.images.result import ImageLock as ImageLock
    from kubeaid_ci.images.result import ImageMirror as ImageMirror
    from kubeaid_ci.images.result import ImageOverrides as ImageOverrides
    from kubeaid_ci.k8s.manifest import Manifest as Manifest
    from kubeaid_ci.k8s.manifest import ObjectId as ObjectId
    from kubeaid_ci.publishing.publish import Publication as Publication
    from kubeaid_ci.publishing.publish import publish as publish
    from kubeaid_ci.render.cluster_state import ClusterState as ClusterState
    from kubeaid_ci.render.fleet import Fleet as Fleet
    from kubeaid_ci.render.fleet import open_fleet as open_fleet
    from kubeaid_ci.render.render import render_clusters as render_clusters
    from kubeaid_ci.render.rendering import RenderedApp as RenderedApp
    from kubeaid_ci.render.rendering import Renderings as Renderings
    from kubeaid_ci.sbom.model import Sbom as Sbom
    from kubeaid_ci.sbom.sbom import create_sbom as create_sbom
    from kubeaid_ci.scan.gate import Gate as Gate
    from kubeaid_ci.scan.model import Scan as Scan
    from kubeaid_ci.scan.scan import scan_images as scan_images
    from kubeaid_ci.semver.version import Version as Version
    from kubeaid_ci.settings import Settings as Settings
    from kubeaid_ci.settings.policy import ChartPolicy as ChartPolicy
    from kubeaid_ci.settings.publish import PublishOptions as PublishOptions
    from kubeaid_ci.upgrade.job import upgrade_clusters as upgrade_clusters
    from kubeaid_ci.upgrade.publish import publish_upgrades as publish_upgrades
    from kubeaid_ci.upgrade.result import Upgrades as Upgrades
    from kubeaid_ci.upgrade.shadow import Shadow as Shadow
    from kubeaid_ci.upgrade.shadow_job import shadow_cluster as shadow_cluster

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
    "kubeaid_ci.check.check": ("check_clusters",),
    "kubeaid_ci.git.revision": (
        "Commit",
        "Pinned",
        "Revision",
        "WorkTree",
    ),
    "kubeaid_ci.images.model": ("ImageInventory",),
    "kubeaid_ci.images.list": (
        "list_chart_images",
        "list_images",
    ),
    "kubeaid_ci.images.lock": (
        "image_registries",
        "lock_images",
    ),
    "kubeaid_ci.images.mirror": ("mirror_images",),
    "kubeaid_ci.images.result": (
        "ImageLock",
        "ImageMirror",
        "ImageOverrides",
    ),
    "kubeaid_ci.images.overrides": (
        "override_chart_images",
        "override_images",
    ),
    "kubeaid_ci.build.build": ("build_clusters",),
    "kubeaid_ci.charts.update.add": ("add_chart",),
    "kubeaid_ci.charts.diff": ("diff_charts",),
    "kubeaid_ci.charts.lint": (
        "Lint",
        "lint_charts",
    ),
    "kubeaid_ci.charts.list": (
        "ChartList",
        "list_charts",
    ),
    "kubeaid_ci.charts.update.offer": ("ChartPublication",),
    "kubeaid_ci.charts.update.outdated": (
        "OutdatedCharts",
        "outdated_charts",
    ),
    "kubeaid_ci.charts.update.publish": (
        "publish_charts",
        "publish_new_chart",
    ),
    "kubeaid_ci.charts.render": ("render_charts",),
    "kubeaid_ci.charts.update.update": ("update_charts",),
    "kubeaid_ci.charts.verify.upstream": ("upstream_charts",),
    "kubeaid_ci.charts.verify.verify": ("verify_charts",),
    "kubeaid_ci.clusters.clusters": (
        "Clusters",
        "list_clusters",
    ),
    "kubeaid_ci.diff.diff": ("diff_clusters",),
    "kubeaid_ci.checkup.doctor": ("doctor",),
    "kubeaid_ci.publishing.publish": (
        "Publication",
        "publish",
    ),
    "kubeaid_ci.render.cluster_state": ("ClusterState",),
    "kubeaid_ci.render.fleet": (
        "Fleet",
        "open_fleet",
    ),
    "kubeaid_ci.render.render": ("render_clusters",),
    "kubeaid_ci.build.result": (
        "BuildResult",
        "Builds",
    ),
    "kubeaid_ci.charts.update.result": ("Updates",),
    "kubeaid_ci.charts.verify.verdict": ("Verification",),
    "kubeaid_ci.check.result": ("Checks",),
    "kubeaid_ci.checkup.result": ("Checkup",),
    "kubeaid_ci.diff.comparison": (
        "Comparison",
        "Revisions",
    ),
    "kubeaid_ci.findings.finding": (
        "Finding",
        "Rule",
        "Severity",
    ),
    "kubeaid_ci.k8s.manifest": (
        "Manifest",
        "ObjectId",
    ),
    "kubeaid_ci.settings.policy": ("ChartPolicy",),
    "kubeaid_ci.settings.publish": ("PublishOptions",),
    "kubeaid_ci.render.rendering": (
        "RenderedApp",
        "Renderings",
    ),
    "kubeaid_ci.sbom.sbom": ("create_sbom",),
    "kubeaid_ci.sbom.model": ("Sbom",),
    "kubeaid_ci.scan.gate": ("Gate",),
    "kubeaid_ci.scan.model": ("Scan",),
    "kubeaid_ci.scan.scan": ("scan_images",),
    "kubeaid_ci.semver.version": ("Version",),
    "kubeaid_ci.settings": ("Settings",),
    "kubeaid_ci.upgrade.job": ("upgrade_clusters",),
    "kubeaid_ci.upgrade.publish": ("publish_upgrades",),
    "kubeaid_ci.upgrade.result": ("Upgrades",),
    "kubeaid_ci.upgrade.shadow_job": ("shadow_cluster",),
    "kubeaid_ci.upgrade.shadow": ("Shadow",),
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
