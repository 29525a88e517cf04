"""``kubeaid-ci images overrides``."""

from pathlib import Path
from typing import Any

import click

from kubeaid_ci.cli import completion
from kubeaid_ci.cli.options import common_options, kubeaid_ref_option


@click.command("overrides")
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option(
    "--charts",
    "of_charts",
    is_flag=True,
    allow_from_autoenv=False,
    help="For all umbrella charts with their default values.",
)
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
    from kubeaid_ci.cli.repositories import charts_at_kubeaid_ref, config_folder, kubeaid_folder
    from kubeaid_ci.images.overrides import override_chart_images, override_files, override_images
    from kubeaid_ci.images.report import override_report
    from kubeaid_ci.runtime.files import write_folder

    options = options_for(ctx, values, clusters, of_charts=of_charts)
    target = mirror or options.settings.images.mirror
    if target is None:
        raise click.UsageError("name the mirror with --to REGISTRY, or set images.mirror in the settings", ctx)
    with Progress(quiet=options.quiet) as progress:
        shared: dict[str, Any] = {
            "settings": options.settings,
            "jobs": options.jobs,
            "cache": options.cache,
            "progress": progress.rendered,
        }
        if of_charts:
            kubeaid, charts_revision = charts_at_kubeaid_ref(options)
            found = override_chart_images(kubeaid, target, ref=charts_revision, **shared)
        else:
            config, (kubeaid, revision) = config_folder(options), kubeaid_folder(options)
            found = override_images(config, kubeaid, target, clusters=clusters, kubeaid_ref=revision, **shared)
    if out:
        write_folder(out, override_files(found))
    ran = () if clusters else ("image",)
    done(ctx, override_report(found), options, ran=ran, failure=lambda all_: failure_of_unknown(found.unknown, all_))
