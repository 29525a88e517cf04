"""``kubeaid-ci build``."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.new_only import Baseline, base_to_subtract, new_only_options, revision_of_base
from kubeaid_ci.cli.options import common_options, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.build.result import Builds
    from kubeaid_ci.findings.finding import Finding

# With --check every rule of the family looked at every cluster.
_RAN = ("build",)


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option("--engine", type=click.Choice(["rjsonnet", "gojsonnet", "jsonnet"]), help="The jsonnet engine.")
@click.option("--cross-check", is_flag=True, help="Evaluate with a second engine and report differences.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if committed manifests are stale.")
@click.option("--validate", is_flag=True, help="Check the built rules with promtool, and every object.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300,
    metavar="SECONDS",
    show_default=True,
    help="Build timeout for each cluster.",
)
@new_only_options
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
    base: str | None,
    new_only: bool,
    **given: Any,
) -> None:
    """Build the kube-prometheus manifests of clusters (default: all) into k8s/<dir>/kube-prometheus/.

    \b
    Example: kubeaid-ci build staging --config-repo ../kubernetes-config --kubeaid ../KubeAid
             kubeaid-ci build --check --kubeaid-ref pinned --new-only --base origin/main
    """
    from kubeaid_ci.build.build import build_clusters
    from kubeaid_ci.build.report import outputs, report
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    if subtracted and not check:
        raise click.UsageError("--new-only is for --check: a build writes what it builds", ctx)
    options = resolve(ctx, given, base=subtracted, base_of="config")
    config_repo, (kubeaid, kubeaid_ref) = config_folder(options, keep=not check), kubeaid_folder(options)
    same: dict[str, Any] = {
        "kubeaid_ref": kubeaid_ref,
        "kubeaid_addresses": options.settings.repositories.kubeaid,
        "engine": engine or options.settings.engine or "rjsonnet",
        "validate": validate,
        "cross_check": cross_check,
        "jobs": options.jobs,
        "cache": options.cache,
        "timeout": timeout,
    }
    known = None
    with Progress(quiet=options.quiet, rows_follow=True) as progress:
        builds = build_clusters(config_repo, kubeaid, clusters=clusters, check=check, progress=progress.told, **same)
        if subtracted:
            from kubeaid_ci.baseline.at_base import of_build

            dirs = [result.dir for result in builds.results] if clusters else ()
            revision = revision_of_base(config_repo, subtracted)
            known = Baseline(subtracted, of_build(config_repo, kubeaid, revision, dirs, **same))
    told = report(builds, version=__version__, check=check)
    ran = _RAN if check else ()
    failure = partial(_failure, builds)
    done(ctx, told, options, ran=ran, outputs=outputs(builds), failure=failure, baseline=known)


def _failure(builds: "Builds", findings: "Sequence[Finding]") -> int:
    """Return 2 if a reported finding is about a cluster that could not be built, or a folder that could not be read."""
    failed = {result.cluster for result in builds.failed}
    wrong = any(finding.key == "folder" for finding in findings)
    return 2 if wrong or any(finding.subject in failed for finding in findings) else 0
