"""``kubeaid-ci sbom``."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, kubeaid_ref_option, resolve
from kubeaid_ci.cli.shared_options import clusters_argument


@command()
@clusters_argument
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The CycloneDX JSON file to write."
)
@common_options
@kubeaid_ref_option("pinned")
@click.pass_context
def sbom(ctx: click.Context, /, clusters: tuple[str, ...], out: Path, **values: Any) -> None:
    """Write the software bill of materials of clusters (default: all) as CycloneDX 1.6 JSON.

    Lists every chart with licence and maintainers, and every image with its digest from images.lock.yaml, and which
    cluster and Application each belongs to. The same input gives the same bytes.

    \b
    Example: kubeaid-ci sbom --out sbom.json --kubeaid ../KubeAid
             kubeaid-ci sbom staging --out staging.json --kubeaid ../KubeAid
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.images_list import failure_of_unknown
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.sbom.report import report
    from kubeaid_ci.sbom.sbom import create_sbom

    options = resolve(ctx, values, kubeaid_ref="pinned")
    repositories = both_folders(options)
    with Progress(quiet=options.quiet) as progress:
        how = options.fleet_arguments(repositories, progress)
        result = create_sbom(repositories.config, repositories.kubeaid, clusters=clusters, out=out, **how)
    done(ctx, report(result, version=__version__), options, failure=partial(failure_of_unknown, result.unknown))
