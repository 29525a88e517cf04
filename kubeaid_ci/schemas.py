"""The JSON Schema of every command that prints JSON, as published in docs/schemas."""

from collections.abc import Mapping
from types import UnionType

from kubeaid_ci.build.result import BuildResult
from kubeaid_ci.bundle.result import BundlePart
from kubeaid_ci.charts.lint import ChartLint
from kubeaid_ci.charts.list import ChartLine
from kubeaid_ci.charts.update.outdated import OutdatedResult
from kubeaid_ci.charts.update.result import ChartUpdate
from kubeaid_ci.charts.verify.verdict import ChartResult
from kubeaid_ci.check.result import ClusterCheck
from kubeaid_ci.checkup.result import Check
from kubeaid_ci.compare.difference import ObjectChange
from kubeaid_ci.config_repo.cluster import ClusterInfo
from kubeaid_ci.diff.shard import PlainShard
from kubeaid_ci.forge.change_request import Published
from kubeaid_ci.images.model import ListedImage
from kubeaid_ci.images.result import CopiedImage, ImageUse, LockedImage
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.report.json import dump
from kubeaid_ci.report.json_schema import document
from kubeaid_ci.report.rules import RuleEntry
from kubeaid_ci.sbom.model import SbomLine
from kubeaid_ci.scan.model import ScannedImage
from kubeaid_ci.upgrade.result import ClusterUpgrade
from kubeaid_ci.upgrade.shadow import ShadowCluster

RESULTS: Mapping[str, type | UnionType] = {
    "build": BuildResult,
    "bundle create": BundlePart,
    "bundle restore": BundlePart,
    "bundle verify": BundlePart,
    "charts add": ChartUpdate,
    "charts diff": ObjectChange,
    "charts lint": ChartLint,
    "charts list": ChartLine,
    "charts outdated": OutdatedResult,
    "charts render": RenderedApp,
    "charts update": ChartUpdate,
    "charts verify": ChartResult,
    "check": ClusterCheck,
    "clusters": ClusterInfo,
    "diff": ObjectChange,
    "doctor": Check,
    "images list": ListedImage,
    "images lock": LockedImage,
    "images mirror": CopiedImage,
    "images overrides": ImageUse,
    "images scan": ScannedImage,
    "publish": Published,
    "render": RenderedApp,
    "rules": RuleEntry,
    "sbom": SbomLine,
    "upgrade": ClusterUpgrade | ShadowCluster,
}
"""The class of the results by command, or the classes if options of the command decide."""


def file_name(command: str) -> str:
    """Return the name of the file with the schema of a command, such as ``charts-verify.json``."""
    return f"{command.replace(' ', '-')}.json"


def files() -> dict[str, str]:
    """Return the text of each file in docs/schemas by its name."""
    more = {"diff": {"shard": PlainShard}}
    return {file_name(name): dump(document(name, result, more.get(name))) for name, result in RESULTS.items()}
