"""``kubeaid-ci clusters``."""

import os
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion, gitlab
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.terminal import notice, print_documents

# GitHub refuses a matrix with more jobs.
_MOST_JOBS = 256


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@common_options
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["text", "json", "markdown", "matrix", "gitlab-child"]),
    help="Output format.",
)
@click.option(
    "--shards",
    type=click.IntRange(1, _MOST_JOBS),
    metavar="N",
    help="Split the clusters among at most N jobs of the matrix.",
)
@click.option("--runner-image", metavar="IMAGE", help="With gitlab-child: container image of the jobs.")
@click.option(
    "--runner-tags",
    metavar="TAGS",
    callback=gitlab.tags,
    help="With gitlab-child: runner tags, comma-separated.",
)
@click.pass_context
def clusters(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    shards: int | None,
    runner_image: str | None,
    runner_tags: tuple[str, ...],
    **given: Any,
) -> None:
    """List the clusters of a config repo: name, folder, platform, versions, KubeAid revision, Applications.

    The format matrix prints the JSON for a GitHub strategy.matrix: a job for each cluster, or with --shards
    a job for each share of them. gitlab-child prints a pipeline for GitLab that builds each cluster in a
    job of its own and then publishes, with the settings of this job.

    Example: kubeaid-ci clusters --config-repo ../kubernetes-config
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.clusters import report
    from kubeaid_ci.clusters.clusters import list_clusters
    from kubeaid_ci.clusters.gitlab_pipeline import child_pipeline
    from kubeaid_ci.report.outcome import place

    options = resolve(ctx, given, needs_kubeaid=False)
    variables = gitlab.handed_on(os.environ, options, clusters) if options.fmt == "gitlab-child" else {}
    kubeaid = kubeaid_folder(options)[0] if options.kubeaid else None
    found = list_clusters(
        config_folder(options), clusters=clusters, kubeaid=kubeaid, settings=options.settings, jobs=options.jobs
    )
    if options.verbose:
        for reason in found.skipped:
            notice(reason)
    failure = 2 if found.findings else 0
    outputs = report.outputs(found.clusters, shards=shards)
    if options.fmt in ("matrix", "gitlab-child"):
        for finding in found.findings:
            notice(f"{place(finding)}: {finding.message}")
    if options.fmt == "matrix":
        print_documents(outputs["matrix"] + "\n")
        ctx.exit(failure)
    if options.fmt == "gitlab-child":
        print_documents(child_pipeline(found.clusters, variables=variables, image=runner_image, tags=runner_tags))
        ctx.exit(failure)
    told = report.report(found.clusters, found.findings, version=__version__)
    done(ctx, told, options, outputs=outputs, failure=failure)
