"""``kubeaid-ci build``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve

# With --check every rule of the family looked at every cluster.
_RAN = ("build",)


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...")
@click.option("--engine", type=click.Choice(["rjsonnet", "gojsonnet", "jsonnet"]), help="The jsonnet engine.")
@click.option("--cross-check", is_flag=True, help="Evaluate with a second engine and report differences.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where committed manifests are stale.")
@click.option("--validate", is_flag=True, help="Check the built rules with promtool, and every object.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300,
    metavar="SECONDS",
    show_default=True,
    help="For a cluster.",
)
@common_options
@click.pass_context
def build(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    engine: str | None,
    *,
    cross_check: bool,
    check: bool,
    validate: bool,
    timeout: float,
    **given: Any,
) -> None:
    """Build the kube-prometheus manifests of clusters (default: all) into k8s/<dir>/kube-prometheus/.

    \b
    Example: kubeaid-ci build staging --config-repo ../kubernetes-config --kubeaid ../KubeAid
             kubeaid-ci build --check --kubeaid-ref pinned
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.progress import Progress
    from kubeaid_ci.commands.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.jobs.build import build_clusters
    from kubeaid_ci.report.build import outputs, report

    options = resolve(ctx, given)
    config_repo, (kubeaid, kubeaid_ref) = config_folder(options), kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        builds = build_clusters(
            config_repo,
            kubeaid,
            clusters=clusters,
            kubeaid_ref=kubeaid_ref,
            engine=engine or options.settings.engine or "rjsonnet",
            check=check,
            validate=validate,
            cross_check=cross_check,
            jobs=options.jobs,
            cache=options.cache,
            timeout=timeout,
            progress=progress.told,
        )
    told = report(builds, version=__version__, check=check)
    wrong = any(finding.key == "folder" for finding in builds.findings)
    failure = 2 if builds.failed or wrong else 0
    done(ctx, told, options, ran=_RAN if check else (), outputs=outputs(builds), failure=failure)
