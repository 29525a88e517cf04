"""``kubeaid-ci build``."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import Baseline, base_to_subtract, new_only_options, revision_of_base
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.shared_options import clusters_argument, engine_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.build.result import Builds
    from kubeaid_ci.cli.repositories import Repositories
    from kubeaid_ci.findings.finding import Finding

# With --check every rule of the family looked at every cluster.
_RAN = ("build",)


@command()
@clusters_argument
@engine_option
@click.option(
    "--cross-check",
    is_flag=True,
    help="Evaluate with a second engine and report differences, with the answer of jsonnet.",
)
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
    **values: Any,
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
    from kubeaid_ci.cli.repositories import both_folders

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    if subtracted and not check:
        raise click.UsageError("--new-only is for --check: a build writes what it builds", ctx)
    options = resolve(ctx, values, base=subtracted, base_of="config")
    repositories = both_folders(options, keep=not check)
    how: dict[str, Any] = {
        "kubeaid_ref": repositories.kubeaid_ref,
        "kubeaid_addresses": options.settings.repositories.kubeaid,
        "engine": engine or options.settings.engine or "rjsonnet",
        "validate": validate,
        "cross_check": cross_check,
        "jobs": options.jobs,
        "cache": options.cache,
        "timeout": timeout,
    }
    with Progress(quiet=options.quiet, rows_follow=True) as progress:
        builds = build_clusters(
            repositories.config, repositories.kubeaid, clusters=clusters, check=check, progress=progress.built, **how
        )
        dirs = [result.dir for result in builds.results] if clusters else ()
        baseline = _baseline(repositories, subtracted, dirs, how) if subtracted else None
    done(
        ctx,
        report(builds, version=__version__, check=check),
        options,
        ran=_RAN if check else (),
        outputs=outputs(builds),
        failure=partial(_failure, builds),
        baseline=baseline,
    )


def _baseline(repositories: "Repositories", base: str, dirs: "Sequence[str]", how: dict[str, Any]) -> Baseline:
    """Return the findings of ``build --check`` at the base for these folders (none: all)."""
    from kubeaid_ci.baseline.at_base import of_build

    revision = revision_of_base(repositories.config, base)
    return Baseline(base, of_build(repositories.config, repositories.kubeaid, revision, dirs, **how))


def _failure(builds: "Builds", findings: "Sequence[Finding]") -> int:
    """Return 2 if a reported finding is about a cluster that could not be built, or a folder that could not be read."""
    failed = {result.cluster for result in builds.failed}
    wrong = any(finding.key == "folder" for finding in findings)
    return 2 if wrong or any(finding.subject in failed for finding in findings) else 0
