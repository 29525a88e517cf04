"""``kubeaid-ci bundle restore``."""

from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.bundle_options import bundle_options, refuse_repositories
from kubeaid_ci.cli.options import common_options, resolve


@click.command("restore")
@bundle_options
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to restore into; it must not exist or be empty.",
)
@common_options
@click.pass_context
def bundle_restore(
    ctx: click.Context,
    /,
    bundles: tuple[Path, ...],
    into: Path,
    allowed_signers: Path | None,
    *,
    require_signature: bool,
    **common: Any,
) -> None:
    """Verify a bundle and restore it into a new folder. The network is not used.

    The folder gets both repositories as clones with the same commits, tags, branches and origins, and the wheels,
    images and locks. If one byte is wrong, nothing is restored.

    \b
    Example: kubeaid-ci bundle restore platform.tar --into /srv/platform
             kubeaid-ci bundle restore platform.tar week-2.tar --into /srv/platform
    """
    from kubeaid_ci.bundle.report import report
    from kubeaid_ci.bundle.restore import restore_bundle
    from kubeaid_ci.cli.ending import done

    refuse_repositories(ctx)
    options = resolve(ctx, common, needs_kubeaid=False)
    result = restore_bundle(bundles, into, allowed_signers=allowed_signers, require_signature=require_signature)
    done(ctx, report(result, version=__version__), options)
