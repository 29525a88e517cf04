"""``kubeaid-ci sbom``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.options import common_options, kubeaid_ref_option, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.sbom.model import Sbom


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The CycloneDX JSON file to write."
)
@common_options
@kubeaid_ref_option("pinned")
@click.pass_context
def sbom(ctx: click.Context, /, clusters: tuple[str, ...], out: Path, **common: Any) -> None:
    """Write the software bill of materials of clusters (default: all) as CycloneDX 1.6 JSON.

    Lists every chart with licence and maintainers, and every image with its digest from images.lock.yaml, and which
    cluster and Application each belongs to. The same input gives the same bytes.

    \b
    Example: kubeaid-ci sbom --out sbom.json --kubeaid ../KubeAid
             kubeaid-ci sbom staging --out staging.json --kubeaid ../KubeAid
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.sbom.report import report
    from kubeaid_ci.sbom.sbom import create_sbom

    options = resolve(ctx, common, kubeaid_ref="pinned")
    config_repo, (kubeaid, kubeaid_ref) = config_folder(options), kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        result = create_sbom(
            config_repo,
            kubeaid,
            clusters=clusters,
            kubeaid_ref=kubeaid_ref,
            out=out,
            settings=options.settings,
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.rendered,
        )
    done(ctx, report(result, version=__version__), options, failure=partial(_failure, result))


def _failure(result: "Sbom", findings: "Sequence[Finding]") -> int:
    """Return 2 if an error that is not suppressed leaves the images of an Application unknown."""
    errors = (finding for finding in findings if finding.severity == "error" and not finding.suppressed_by)
    return 2 if any(finding.subject in result.unknown for finding in errors) else 0
