"""``kubeaid-ci images lock``."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option
from kubeaid_ci.cli.publish_options import (
    chart_publish_options,
    chosen_publish_options,
    print_previews,
    refuse_without_effect,
)
from kubeaid_ci.cli.shared_options import clusters_argument, host_options, of_charts_option

if TYPE_CHECKING:
    from kubeaid_ci.forge.change_request import Published
    from kubeaid_ci.images.result import ImageLock


@command("lock")
@clusters_argument
@of_charts_option
@click.option("--check", is_flag=True, help="Write nothing; fail if the lock file would change.")
@click.option("--publish", is_flag=True, help="Do not change the checkout; open or update a change request.")
@host_options
@chart_publish_options
@common_options
@kubeaid_ref_option("pinned; with --charts worktree")
@click.pass_context
def images_lock(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    of_charts: bool,
    check: bool,
    publish: bool,
    **values: Any,
) -> None:
    """Look up the digest of every image tag at its registry, and write images.lock.yaml.

    The file is in the config repo, with --charts in the KubeAid repo. A tag that names another digest than before is
    reported. If a registry does not answer, the old entries stay and the exit code is 3.

    \b
    Example: kubeaid-ci images lock --kubeaid ../KubeAid
             kubeaid-ci images lock --check
             kubeaid-ci images lock --publish
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.images_list import options_for
    from kubeaid_ci.images.report import lock_outputs, lock_report

    if publish and (check or of_charts):
        raise click.UsageError("--publish is about the config repo; leave out --check and --charts", ctx)
    options = options_for(ctx, values, clusters, of_charts=of_charts)
    forge = values.get("forge") or options.settings.publish.forge
    refuse_without_effect(ctx, publish=publish, forge=forge)
    request = None
    if publish:
        lock, request = _publish(options, clusters, values)
    else:
        lock = _write(options, clusters, values, of_charts=of_charts, check=check)
    failure = 3 if lock.is_incomplete else 1 if check and lock.is_changed else 0
    done(ctx, lock_report(lock, request), options, outputs=lock_outputs(lock, request), failure=failure)


def _write(
    options: Options, clusters: tuple[str, ...], values: dict[str, Any], *, of_charts: bool, check: bool
) -> "ImageLock":
    from kubeaid_ci.cli.images_list import inventory
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import lock_folder
    from kubeaid_ci.cli.shared_options import reaching_registries
    from kubeaid_ci.images.lock import image_registries, lock_images

    folder = lock_folder(options, of_charts=of_charts)
    with Progress(quiet=options.quiet) as progress:
        found = inventory(options, clusters, of_charts=of_charts, progress=progress)
        with image_registries(**reaching_registries(values, options.settings.upstreams)) as look_up:
            counted = partial(progress.counted, "digests")
            return lock_images(folder, found, resolve=look_up, is_whole=not clusters, check=check, progress=counted)


def _publish(options: Options, clusters: tuple[str, ...], values: dict[str, Any]) -> "tuple[ImageLock, Published]":
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import kubeaid_folder, publish_address
    from kubeaid_ci.cli.shared_options import reaching_registries
    from kubeaid_ci.images.lock import image_registries
    from kubeaid_ci.images.lock_publish import LockOptions, publish_lock

    (kubeaid, ref), bundle = kubeaid_folder(options), values.get("ca_bundle")
    asked = chosen_publish_options(values, options.settings.publish)
    reaching = reaching_registries({**values, "ca_bundle": bundle}, options.settings.upstreams)
    with Progress(quiet=options.quiet) as progress, image_registries(**reaching) as look_up:
        lookup = LockOptions(look_up, ref, options.run(progress))
        lock, request = publish_lock(publish_address(options), kubeaid, lookup, clusters=clusters, options=asked)
    print_previews(asked)
    return lock, request
