"""``kubeaid-ci bundle create``."""

from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.options import common_options, refuse_kubeaid_ref, resolve
from kubeaid_ci.cli.upstream_options import registry_options


@click.command("create")
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
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
    **common: Any,
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
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.cli.upstream_options import reaching_registries

    if wheels and no_wheels:
        raise click.UsageError("--wheels and --no-wheels contradict each other; leave one out", ctx)
    if signing_key and not sign:
        raise click.UsageError("--signing-key has no effect without --sign", ctx)
    refuse_kubeaid_ref(ctx, common, "a bundle has every revision that Applications pin")
    options = resolve(ctx, common)
    registries = reaching_registries(common, options.settings.upstreams)
    content = BundleOptions(
        since,
        ImageContent(images),
        **registries,
        wheels=False if no_wheels else wheels,
        sign=sign,
        signing_key=signing_key,
    )
    config_repo, (kubeaid, _) = config_folder(options), kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        result = create_bundle(
            config_repo,
            kubeaid,
            out,
            clusters=clusters,
            options=content,
            settings=options.settings,
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.rendered,
        )
    outputs = {"digest": result.digest}
    done(ctx, report(result, version=__version__), options, outputs=outputs, ran=() if clusters else ("bundle",))
