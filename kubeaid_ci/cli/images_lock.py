"""``kubeaid-ci images lock``."""

from functools import partial
from typing import Any

import click

from kubeaid_ci.cli import completion
from kubeaid_ci.cli.options import common_options, kubeaid_ref_option
from kubeaid_ci.cli.upstream_options import registry_options


@click.command("lock")
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option(
    "--charts", "of_charts", is_flag=True, help="Lock the images of all umbrella charts with their default values."
)
@click.option("--check", is_flag=True, help="Write nothing; fail if the lock file would change.")
@registry_options
@common_options
@kubeaid_ref_option("pinned; with --charts worktree")
@click.pass_context
def images_lock(
    ctx: click.Context, /, clusters: tuple[str, ...], *, of_charts: bool, check: bool, **values: Any
) -> None:
    """Look up the digest of every image tag at its registry, and write images.lock.yaml.

    The file is in the config repo, with --charts in the KubeAid repo. A tag that names another digest than before is
    reported. If a registry does not answer, the old entries stay and the exit code is 3.

    \b
    Example: kubeaid-ci images lock --kubeaid ../KubeAid
             kubeaid-ci images lock --check
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.images_list import inventory, options_for
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import lock_folder
    from kubeaid_ci.cli.upstream_options import reaching_registries
    from kubeaid_ci.images.lock_report import lock_report
    from kubeaid_ci.images.locking import image_registries, lock_images

    options = options_for(ctx, values, clusters, of_charts=of_charts)
    folder = lock_folder(options, of_charts=of_charts)
    with Progress(quiet=options.quiet) as progress:
        found = inventory(options, clusters, of_charts=of_charts, progress=progress.rendered)
        with image_registries(**reaching_registries(values, options.settings.upstreams)) as look_up:
            counted = partial(progress.counted, "digests")
            lock = lock_images(folder, found, resolve=look_up, is_whole=not clusters, check=check, progress=counted)
    failure = 3 if lock.is_incomplete else 1 if check and lock.is_changed else 0
    done(ctx, lock_report(lock), options, repository=str(folder), failure=failure)
