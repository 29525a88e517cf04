"""``kubeaid-ci images list``."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, refuse_pinned, resolve
from kubeaid_ci.cli.shared_options import clusters_argument, of_charts_option

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.images.model import ImageInventory


@command("list")
@clusters_argument
@of_charts_option
@common_options
@kubeaid_ref_option("pinned; with --charts worktree")
@click.pass_context
def images_list(ctx: click.Context, /, clusters: tuple[str, ...], *, of_charts: bool, **values: Any) -> None:
    """List every image of clusters (default: all) with every Application, object and field that names it.

    Images are read from pods, custom resources, arguments, environment variables and ConfigMaps. With --charts no
    config repo is needed.

    \b
    Example: kubeaid-ci images list staging --kubeaid ../KubeAid
             kubeaid-ci images list --charts --kubeaid ../KubeAid --format json
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.images.report import list_report

    options = options_for(ctx, values, clusters, of_charts=of_charts)
    with Progress(quiet=options.quiet) as progress:
        found = inventory(options, clusters, of_charts=of_charts, progress=progress)
    ran = () if clusters else ("image",)
    done(ctx, list_report(found), options, ran=ran, failure=partial(failure_of_unknown, found.unknown))


def options_for(ctx: click.Context, values: dict[str, Any], clusters: "Sequence[str]", *, of_charts: bool) -> Options:
    """Return the common options of a command about images of clusters or charts. Raise for options that contradict."""
    if of_charts and clusters:
        raise click.UsageError("--charts is about the images of charts, so no cluster can be named", ctx)
    options = resolve(ctx, values, kubeaid_ref="worktree" if of_charts else "pinned")
    if of_charts:
        refuse_pinned(ctx, options, values)
    return options


def inventory(
    options: Options, clusters: "Sequence[str]", *, of_charts: bool, progress: "Progress"
) -> "ImageInventory":
    """Return the images of clusters, or of charts with their default values, by the common options."""
    from kubeaid_ci.cli.repositories import both_folders, charts_at_kubeaid_ref
    from kubeaid_ci.images.list import list_chart_images, list_images

    if of_charts:
        kubeaid, revision = charts_at_kubeaid_ref(options)
        return list_chart_images(kubeaid, ref=revision, progress=progress.rendered, **options.run_arguments)
    repositories = both_folders(options)
    how = options.fleet_arguments(repositories, progress)
    return list_images(repositories.config, repositories.kubeaid, clusters=clusters, **how)


def failure_of_unknown(unknown: "Collection[str]", findings: "Sequence[Finding]") -> int:
    """Return 2 if a reported error that is not suppressed leaves the images of one of these Applications unknown."""
    errors = (finding for finding in findings if finding.severity == "error" and not finding.suppressed_by)
    return 2 if any(finding.subject in unknown for finding in errors) else 0
