"""``kubeaid-ci images mirror``."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, resolve
from kubeaid_ci.cli.repositories import lock_folder
from kubeaid_ci.cli.shared_options import clusters_argument, of_charts_option, reaching_registries, registry_options
from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import names_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.images.model import ImageInventory
    from kubeaid_ci.images.result import ImageMirror


@command("mirror")
@clusters_argument
@of_charts_option
@click.option("--to", metavar="REGISTRY|dir:PATH", help="The mirror, or a folder for an OCI layout.")
@click.option("--from", "layout", metavar="dir:PATH", help="Copy every image of an OCI layout, not those of clusters.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Copy nothing; write input for skopeo, regsync and hauler, and plain lists, to DIR.",
)
@click.option("--dry-run", is_flag=True, help="Copy nothing; show what would be copied.")
@registry_options
@common_options
@kubeaid_ref_option("pinned; with --charts worktree")
@click.pass_context
def images_mirror(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    of_charts: bool,
    to: str | None,
    layout: str | None,
    plan: Path | None,
    dry_run: bool,
    **values: Any,
) -> None:
    """Copy the images of clusters (default: all) to a mirror, all platforms, with their digests.

    Copies with skopeo, which must be installed. Images that the mirror has are skipped, so a run that was
    interrupted can be repeated. Digests come from images.lock.yaml if it has them. With --plan nothing is copied and no
    registry is contacted.

    \b
    Example: kubeaid-ci images mirror --to registry.example.com/mirror
             kubeaid-ci images mirror --to dir:images staging
             kubeaid-ci images mirror --to registry.example.com/mirror --plan plan
             kubeaid-ci images mirror --from dir:images --to registry.example.com/mirror
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.images_list import failure_of_unknown, inventory, options_for
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.images.mirror import mirror_images
    from kubeaid_ci.images.report import mirror_report

    if layout:
        _restore(ctx, layout, to, values, dry_run=dry_run, idle=bool(clusters or of_charts or plan))
    options = options_for(ctx, values, clusters, of_charts=of_charts)
    target = to or options.settings.images.mirror
    if target is None:
        raise click.UsageError(
            "name the mirror with --to REGISTRY or --to dir:PATH, or set images.mirror in the settings", ctx
        )
    if plan and dry_run:
        raise click.UsageError("--dry-run has no effect with --plan, which copies nothing", ctx)
    locked = _locked_digests(options, of_charts=of_charts)
    with Progress(quiet=options.quiet) as progress:
        found = inventory(options, clusters, of_charts=of_charts, progress=progress)
        if plan:
            result = _plan_only(found, target, locked, plan)
        else:
            with _copying(options, values, progress, dry_run=dry_run) as copying:
                result = mirror_images(found, target, locked=locked, **copying)
    failure = 3 if result.is_incomplete else partial(failure_of_unknown, found.unknown)
    # Those about tags and registries belong to `images list`.
    of_rendering = [finding for finding in found.findings if finding.rule.family != "image"]
    done(ctx, mirror_report(result, of_rendering), options, failure=failure)


def _restore(
    ctx: click.Context, layout: str, to: str | None, values: dict[str, Any], *, dry_run: bool, idle: bool
) -> NoReturn:
    """Copy the images of an OCI layout to a registry."""
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.images.mirror import restore_images
    from kubeaid_ci.images.report import mirror_report

    if idle:
        raise click.UsageError("--from copies all images of a layout; leave out clusters, --charts and --plan", ctx)
    if not layout.startswith("dir:") or to is None or to.startswith("dir:"):
        raise click.UsageError("with --from dir:PATH name the registry: --to REGISTRY", ctx)
    options = resolve(ctx, values, needs_kubeaid=False)
    with (
        Progress(quiet=options.quiet) as progress,
        _copying(options, values, progress, dry_run=dry_run) as copying,
    ):
        result = restore_images(layout.removeprefix("dir:"), to, **copying)
    done(ctx, mirror_report(result), options, failure=3 if result.is_incomplete else 0)


@contextmanager
def _copying(
    options: Options, values: dict[str, Any], progress: "Progress", *, dry_run: bool
) -> "Iterator[dict[str, Any]]":
    """Yield the arguments of a copy: how to look up tags, and how skopeo reaches registries."""
    from kubeaid_ci.images.lock import image_registries

    reaching = reaching_registries(values, options.settings.upstreams)
    with image_registries(**reaching) as look_up:
        yield {
            "resolve": look_up,
            "plain_http": reaching["plain_http"],
            "ca_bundle": reaching["ca_bundle"],
            "dry_run": dry_run,
            "progress": partial(progress.counted, "images"),
        }


def _locked_digests(options: Options, *, of_charts: bool) -> dict[str, str]:
    """Return the digests of the lock file in the checkout; empty if it has none, or the repository is an address."""
    from kubeaid_ci.images.lock import read_lock_file
    from kubeaid_ci.images.lock_file import LOCK

    name = options.kubeaid if of_charts else options.config_repo
    if name is None or (names_address(name) and not Path(name).exists()):
        return {}
    return read_lock_file(lock_folder(options, of_charts=of_charts) / LOCK)


def _plan_only(inventory: "ImageInventory", to: str, locked: dict[str, str], folder: Path) -> "ImageMirror":
    """Write the plan to a folder. Raises `UserError` if it holds something, or the mirror is not a registry."""
    from kubeaid_ci.images.mirror_names import Mirror
    from kubeaid_ci.images.mirror_plan import plan_files, plan_mirror
    from kubeaid_ci.images.result import CopiedImage, CopyStatus, ImageMirror
    from kubeaid_ci.runtime.files import write_folder

    if to.startswith("dir:"):
        raise UserError("--plan is for a registry; without --plan, --to dir:PATH makes an OCI layout")
    mirror = Mirror.parse(to)
    plan = plan_mirror(inventory, locked, mirror)
    write_folder(folder, plan_files(plan, mirror))
    images = (CopiedImage(item.image, item.target, item.digest, item.type, CopyStatus.PLANNED) for item in plan.items)
    return ImageMirror(to, tuple(images), plan)
