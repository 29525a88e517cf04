"""``kubeaid-ci bundle create``, ``verify`` and ``restore``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, refuse_idle, refuse_kubeaid_ref, resolve
from kubeaid_ci.cli.shared_options import clusters_argument, reaching_registries, registry_options

_F = TypeVar("_F", bound=Callable[..., Any])

_READ_OPTIONS = (
    click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE...", type=click.Path(path_type=Path)),
    click.option(
        "--allowed-signers",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The SSH keys that may sign, in the format of ssh-keygen; a signature is then required.",
    ),
    click.option("--require-signature", is_flag=True, help="Fail if the bundle has no signature of a known key."),
)
# A bundle is read as it is, whatever the repositories are.
_IDLE = ("config_repo", "kubeaid", "kubeaid_ref", "no_cache", "jobs")


@command("create", idle=("kubeaid_ref",))
@clusters_argument
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The bundle to write: a new folder, or a file that ends with .tar.",
)
@click.option(
    "--since",
    type=click.Path(path_type=Path),
    metavar="BUNDLE",
    help="Leave out what this bundle has; both are needed to restore.",
)
@click.option(
    "--wheels",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Take the wheels from this folder (default: download those of the installed packages).",
)
@click.option("--no-wheels", is_flag=True, help="Leave out the Python packages of this program.")
@click.option(
    "--images",
    type=click.Choice(["copy", "list", "none"]),
    default="list",
    show_default=True,
    help="Copy every image with skopeo, only list them, or leave them out.",
)
@click.option("--sign", type=click.Choice(["ssh", "gpg"]), help="Sign the manifest.")
@click.option("--signing-key", metavar="KEY", help="The key to sign with (default: user.signingKey of Git).")
@registry_options
@common_options
@click.pass_context
def bundle_create(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    out: Path,
    since: Path | None,
    wheels: Path | None,
    images: str,
    sign: str | None,
    signing_key: str | None,
    no_wheels: bool,
    **values: Any,
) -> None:
    """Pack everything that a site without internet needs to rebuild clusters (default: all).

    A bundle has the commits that are checked out in both repositories and every revision that Applications pin, as
    Git bundles, the Python packages of this program with their hashes, and a manifest with a checksum of every
    file. The same input gives the same manifest.

    \b
    Example: kubeaid-ci bundle create --out platform.tar --kubeaid ../KubeAid
             kubeaid-ci bundle create --out full.tar --images copy
             kubeaid-ci bundle create --out week-2.tar --since platform.tar --sign ssh
    """
    from kubeaid_ci.bundle.create import BundleOptions, create_bundle
    from kubeaid_ci.bundle.images import ImageContent
    from kubeaid_ci.bundle.report import report
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import both_folders

    if wheels and no_wheels:
        raise click.UsageError("--wheels and --no-wheels contradict each other; leave one out", ctx)
    if signing_key and not sign:
        raise click.UsageError("--signing-key has no effect without --sign", ctx)
    refuse_kubeaid_ref(ctx, values, "a bundle has every revision that Applications pin")
    options = resolve(ctx, values)
    content = BundleOptions(
        since,
        ImageContent(images),
        wheels=False if no_wheels else wheels,
        sign=sign,
        signing_key=signing_key,
        **reaching_registries(values, options.settings.upstreams),
    )
    repositories = both_folders(options)
    with Progress(quiet=options.quiet) as progress:
        result = create_bundle(
            repositories.config,
            repositories.kubeaid,
            out,
            clusters=clusters,
            options=content,
            progress=progress.rendered,
            **options.run_arguments,
        )
    ran = () if clusters else ("bundle",)
    done(ctx, report(result, version=__version__), options, outputs={"digest": result.digest}, ran=ran)


def _bundle_options(function: _F) -> _F:
    """Add the bundles and the options about their signatures."""
    for option in reversed(_READ_OPTIONS):
        function = option(function)
    return function


def _refuse_repositories(ctx: click.Context) -> None:
    """Raise for options about repositories, which have no effect."""
    refuse_idle(ctx, _IDLE, "on a bundle, which is read as it is")


@command("verify", idle=_IDLE)
@_bundle_options
@common_options
@click.pass_context
def bundle_verify(
    ctx: click.Context,
    /,
    bundles: tuple[Path, ...],
    allowed_signers: Path | None,
    *,
    require_signature: bool,
    **values: Any,
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

    _refuse_repositories(ctx)
    options = resolve(ctx, values, needs_kubeaid=False)
    result = verify_bundle(bundles, allowed_signers=allowed_signers, require_signature=require_signature)
    done(ctx, report(result, version=__version__), options)


@command("restore", idle=_IDLE)
@_bundle_options
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
    **values: Any,
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

    _refuse_repositories(ctx)
    options = resolve(ctx, values, needs_kubeaid=False)
    result = restore_bundle(bundles, into, allowed_signers=allowed_signers, require_signature=require_signature)
    done(ctx, report(result, version=__version__), options)
