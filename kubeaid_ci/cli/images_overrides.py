"""``kubeaid-ci images overrides``."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, kubeaid_ref_option
from kubeaid_ci.cli.shared_options import clusters_argument, of_charts_option


@command("overrides")
@clusters_argument
@of_charts_option
@click.option("--to", "mirror", metavar="REGISTRY", help="The mirror, such as registry.example.com/mirror.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the values files, a Kyverno policy and containerd's hosts.toml to DIR.",
)
@common_options
@kubeaid_ref_option("pinned; with --charts worktree")
@click.pass_context
def images_overrides(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    of_charts: bool,
    mirror: str | None,
    out: Path | None,
    **values: Any,
) -> None:
    """Find Helm values that make Applications take their images from a mirror, and prove them by rendering again.

    A use of an image is proven if the Application, rendered with the values, has the mirrored image in each place and
    nothing else changes. What cannot be moved is listed with its reason.

    \b
    Example: kubeaid-ci images overrides --to registry.example.com/mirror --out overrides
             kubeaid-ci images overrides --charts --to registry.example.com/mirror --kubeaid ../KubeAid
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.images_list import failure_of_unknown, options_for
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import both_folders, charts_at_kubeaid_ref
    from kubeaid_ci.images.overrides import override_chart_images, override_files, override_images
    from kubeaid_ci.images.report import override_report
    from kubeaid_ci.runtime.files import write_folder

    options = options_for(ctx, values, clusters, of_charts=of_charts)
    target = mirror or options.settings.images.mirror
    if target is None:
        raise click.UsageError("name the mirror with --to REGISTRY, or set images.mirror in the settings", ctx)
    with Progress(quiet=options.quiet) as progress:
        if of_charts:
            kubeaid, revision = charts_at_kubeaid_ref(options)
            how = options.run_arguments
            found = override_chart_images(kubeaid, target, ref=revision, progress=progress.rendered, **how)
        else:
            repositories = both_folders(options)
            fleet = options.fleet_arguments(repositories, progress)
            found = override_images(repositories.config, repositories.kubeaid, target, clusters=clusters, **fleet)
    if out:
        write_folder(out, override_files(found))
    ran = () if clusters else ("image",)
    done(ctx, override_report(found), options, ran=ran, failure=partial(failure_of_unknown, found.unknown))
