"""``kubeaid-ci images scan``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.environment import PathList
from kubeaid_ci.cli.new_only import Baseline, base_to_subtract, new_only_options, revision_of_base
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, resolve
from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.images.model import ImageInventory
    from kubeaid_ci.scan.gate import Gate
    from kubeaid_ci.scan.model import Scan

_SEVERITIES = ("critical", "high", "medium", "low")


@click.command("scan")
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option(
    "--from",
    "scan_reports",
    multiple=True,
    type=PathList(path_type=Path),
    metavar="FILE",
    help="Read this report of trivy, grype or trivy-operator and run no scanner; repeatable.",
)
@click.option(
    "--scanner",
    type=click.Choice(["auto", "trivy", "grype", "none"]),
    default="auto",
    show_default=True,
    help="The scanner to run.",
)
@click.option("--offline-database", is_flag=True, help="Use the scanner's database as it is.")
@click.option("--severity", type=click.Choice(_SEVERITIES), help="Fail from this severity on (default: high).")
@click.option("--fixable-only", is_flag=True, help="Ignore vulnerabilities that have no fixed version yet.")
@click.option("--require-scan", is_flag=True, help="Fail if an image is not scanned.")
@click.option(
    "--gitlab-report",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write GitLab's container scanning report.",
)
@new_only_options
@common_options
@kubeaid_ref_option("pinned")
@click.pass_context
def images_scan(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    scan_reports: tuple[Path, ...],
    scanner: str,
    offline_database: bool,
    severity: str | None,
    fixable_only: bool,
    require_scan: bool,
    gitlab_report: Path | None,
    base: str | None,
    new_only: bool,
    **common: Any,
) -> None:
    """Report vulnerabilities of the images of clusters (default: all).

    Runs trivy or grype if one is installed, or reads reports that exist. A vulnerability fails the run if it reaches
    the gate and is not accepted under scan.allow in the settings. An image without a report is listed as not scanned,
    never as clean.

    \b
    Example: kubeaid-ci images scan --from trivy.json --kubeaid ../KubeAid
             kubeaid-ci images scan staging --severity critical --fixable-only
             kubeaid-ci images scan --new-only --base origin/main --from reports.json
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.scan.report import report

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    options = resolve(ctx, common, kubeaid_ref="pinned", base=subtracted, base_of="config")
    started = datetime.now(UTC)
    how: dict[str, Any] = {
        "reports": scan_reports,
        "scanner": scanner,
        "offline": offline_database,
        "jobs": options.jobs,
    }
    gate = _gate(options, severity, fixable_only=fixable_only, require_scan=require_scan)
    with Progress(quiet=options.quiet) as progress:
        result = _scan(options, clusters, gate, progress, how)
        known = None
        if subtracted:
            revision = revision_of_base(config_folder(options), subtracted)
            before = _scan(options, (), gate, progress, how, revision=revision)
            known = Baseline(subtracted, before.findings)
    if gitlab_report is not None:
        _write_gitlab(gitlab_report, result, started)

    outputs = {"not-scanned": str(len(result.not_scanned))}
    done(ctx, report(result, version=__version__), options, outputs=outputs, baseline=known)


def _gate(options: Options, severity: str | None, *, fixable_only: bool, require_scan: bool) -> "Gate":
    """Return the gate of the command line, completed by the settings."""
    from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity
    from kubeaid_ci.scan.gate import Gate

    own = options.settings.scan
    return Gate(
        VulnerabilitySeverity(severity or own.severity or VulnerabilitySeverity.HIGH),
        fixable_only=fixable_only or bool(own.fixable_only),
        require_scan=require_scan or bool(own.require_scan),
        allow=own.allow,
    )


def _scan(
    options: Options,
    clusters: "Sequence[str]",
    gate: "Gate",
    progress: "Progress",
    how: dict[str, Any],
    *,
    revision: TreeRevision = WORK_TREE,
) -> "Scan":
    """Scan the images of clusters as they are, or at a revision of the config repo."""
    from functools import partial

    from kubeaid_ci.scan.scan import scan_images

    inventory, digests = _inventory(options, clusters, progress, revision)
    return scan_images(inventory, digests=digests, gate=gate, progress=partial(progress.counted, "scanned"), **how)


def _inventory(
    options: Options, clusters: "Sequence[str]", progress: "Progress", revision: TreeRevision
) -> "tuple[ImageInventory, dict[str, str]]":
    from kubeaid_ci.images.list import list_images
    from kubeaid_ci.images.lock import locked_digests

    config_repo, (kubeaid, kubeaid_ref) = config_folder(options), kubeaid_folder(options)
    inventory = list_images(
        config_repo,
        kubeaid,
        clusters=clusters,
        kubeaid_ref=kubeaid_ref,
        config_ref=revision,
        settings=options.settings,
        jobs=options.jobs,
        cache=options.cache,
        progress=progress.rendered,
    )
    return inventory, locked_digests(config_repo, revision)


def _write_gitlab(path: Path, result: "Scan", started: datetime) -> None:
    from kubeaid_ci.runtime.files import write_atomically
    from kubeaid_ci.scan.gitlab import render

    write_atomically(path, render(result, started=started, ended=datetime.now(UTC)).encode())
