"""``kubeaid-ci bundle verify``."""

from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.bundle_options import bundle_options, refuse_repositories
from kubeaid_ci.cli.options import common_options, resolve


@click.command("verify")
@bundle_options
@common_options
@click.pass_context
def bundle_verify(
    ctx: click.Context,
    /,
    bundles: tuple[Path, ...],
    allowed_signers: Path | None,
    *,
    require_signature: bool,
    **common: Any,
) -> None:
    """Verify every byte of a bundle, and its signature if it has one. The network is not used.

    Finds files that differ, are missing or were added, links and paths that leave the bundle. Name a bundle and its
    increments in order, the oldest first.

    \b
    Example: kubeaid-ci bundle verify platform.tar
             kubeaid-ci bundle verify platform.tar week-2.tar --allowed-signers signers
    """
    from kubeaid_ci.bundle.report import report
    from kubeaid_ci.bundle.verify import verify_bundle
    from kubeaid_ci.cli.ending import done

    refuse_repositories(ctx)
    options = resolve(ctx, common, needs_kubeaid=False)
    result = verify_bundle(bundles, allowed_signers=allowed_signers, require_signature=require_signature)
    done(ctx, report(result, version=__version__), options)
