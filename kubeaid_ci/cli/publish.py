"""``kubeaid-ci publish``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.publish_options import (
    chosen_publish_options,
    print_previews,
    publish_options,
    refuse_without_effect,
)
from kubeaid_ci.cli.shared_options import clusters_argument, engine_option


@command()
@clusters_argument
@engine_option
@publish_options
@common_options
@click.pass_context
def publish(ctx: click.Context, /, clusters: tuple[str, ...], engine: str | None, **values: Any) -> None:
    """Build clusters (default: all) and open or update the change request that brings the result.

    The config repo is an address, or a checkout whose origin is published to. Builds start from the
    newest state of the base branch there; your checkout is not touched. Tokens come from the
    environment only: KUBEAID_CI_TOKEN, or the forge's usual variables.

    \b
    Example: kubeaid-ci publish --config-repo https://github.com/example/kubernetes-config.git --kubeaid .
             kubeaid-ci publish --dry-run
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import kubeaid_folder, publish_address
    from kubeaid_ci.publishing.publish import publish as job
    from kubeaid_ci.publishing.report import outputs, report

    options = resolve(ctx, values)
    forge = values.get("forge") or options.settings.publish.forge
    refuse_without_effect(ctx, publish=True, forge=forge)
    kubeaid, ref = kubeaid_folder(options)
    asked = chosen_publish_options(values, options.settings.publish)
    with Progress(quiet=options.quiet) as progress:
        published = job(
            publish_address(options),
            kubeaid,
            clusters=clusters,
            options=asked,
            kubeaid_ref=ref,
            kubeaid_addresses=options.settings.repositories.kubeaid,
            engine=engine or options.settings.engine or "rjsonnet",
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.built,
        )
    print_previews(asked)
    result = report(published.builds, published.results, published.findings, version=__version__)
    codes = [unpublished.error.exit_code for unpublished in published.failed] + [2] * bool(published.builds.failed)
    told_ci = outputs(published.builds, published.results)
    done(ctx, result, options, outputs=told_ci, failure=max(codes, default=0))
