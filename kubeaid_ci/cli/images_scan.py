"""``kubeaid-ci images scan``."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.environment import PathList
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import Baseline, base_to_subtract, new_only_options, revision_of_base
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, resolve
from kubeaid_ci.cli.shared_options import clusters_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import Repositories
    from kubeaid_ci.git.revision import TreeRevision
    from kubeaid_ci.images.model import ImageInventory
    from kubeaid_ci.scan.gate import Gate
    from kubeaid_ci.scan.model import Scan

_SEVERITIES = ("critical", "high", "medium", "low")


@command("scan")
@clusters_argument
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
@click.option(
    "--severity",
    type=click.Choice(_SEVERITIES),
    help="Exit with 1 if a vulnerability has at least this severity (default: high).",
)
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
    **values: Any,
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
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.git.revision import WORK_TREE
    from kubeaid_ci.scan.report import report
    from kubeaid_ci.scan.scan import scan_images

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    options = resolve(ctx, values, kubeaid_ref="pinned", base=subtracted, base_of="config")
    repositories, started = both_folders(options), datetime.now(UTC)
    with Progress(quiet=options.quiet) as progress:
        run = partial(
            scan_images,
            gate=_gate(options, severity, fixable_only=fixable_only, require_scan=require_scan),
            reports=scan_reports,
            scanner=scanner,
            offline=offline_database,
            jobs=options.jobs,
            progress=partial(progress.counted, "scanned"),
        )
        inventory, digests = _inventory(options, repositories, clusters, progress, WORK_TREE)
        result = run(inventory, digests=digests)
        baseline = None
        if subtracted:
            revision = revision_of_base(repositories.config, subtracted)
            inventory, digests = _inventory(options, repositories, (), progress, revision)
            baseline = Baseline(subtracted, run(inventory, digests=digests).findings)
    if gitlab_report is not None:
        _write_gitlab(gitlab_report, result, started)
    outputs = {"not-scanned": str(len(result.not_scanned))}
    failure = 0 if all(path.exists() for path in scan_reports) else 2
    done(ctx, report(result, version=__version__), options, outputs=outputs, baseline=baseline, failure=failure)


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


def _inventory(
    options: Options,
    repositories: "Repositories",
    clusters: "Sequence[str]",
    progress: "Progress",
    revision: "TreeRevision",
) -> "tuple[ImageInventory, dict[str, str]]":
    """Return the images of clusters at a revision of the config repo, and the digests of the lock file there."""
    from kubeaid_ci.images.list import list_images
    from kubeaid_ci.images.lock import locked_digests

    how = options.fleet_arguments(repositories, progress)
    inventory = list_images(repositories.config, repositories.kubeaid, clusters=clusters, config_ref=revision, **how)
    return inventory, locked_digests(repositories.config, revision)


def _write_gitlab(path: Path, result: "Scan", started: datetime) -> None:
    from kubeaid_ci.runtime.files import write_atomically
    from kubeaid_ci.scan.gitlab import render

    write_atomically(path, render(result, started=started, ended=datetime.now(UTC)).encode())
