"""``kubeaid-ci clusters``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve

# GitHub refuses a matrix with more jobs.
_MOST_JOBS = 256


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...")
@common_options
@click.option("--format", "fmt", type=click.Choice(["text", "json", "markdown", "matrix"]), help="What to print.")
@click.option(
    "--shards",
    type=click.IntRange(1, _MOST_JOBS),
    metavar="N",
    help="Let the matrix have at most N jobs, each with its share of the clusters.",
)
@click.pass_context
def clusters(ctx: click.Context, /, clusters: tuple[str, ...], shards: int | None, **given: Any) -> None:
    """List the clusters of a config repo: name, folder, platform, release, KubeAid revision, Applications.

    The format matrix prints the JSON for a GitHub strategy.matrix: a job for each cluster, or with --shards
    a job for each share of them.

    Example: kubeaid-ci clusters --config-repo ../kubernetes-config
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.jobs.clusters import list_clusters
    from kubeaid_ci.report import clusters as report

    options = resolve(ctx, given, needs_kubeaid=False)
    kubeaid = kubeaid_folder(options)[0] if options.kubeaid else None
    found = list_clusters(config_folder(options), clusters=clusters, kubeaid=kubeaid, jobs=options.jobs)
    if options.verbose:
        for reason in found.skipped:
            click.echo(reason, err=True)
    failure = 2 if found.findings else 0
    outputs = report.outputs(found.clusters, shards=shards)
    if options.fmt == "matrix":
        click.echo(outputs["matrix"])
        ctx.exit(failure)
    told = report.report(found.clusters, found.findings, version=__version__)
    done(ctx, told, options, outputs=outputs, failure=failure)
