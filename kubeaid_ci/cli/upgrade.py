"""``kubeaid-ci upgrade``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import Options, common_options, refuse_kubeaid_ref, resolve
from kubeaid_ci.cli.publish_options import (
    chart_publish_options,
    chosen_publish_options,
    print_previews,
    refuse_without_effect,
    scan_note,
    scan_report_option,
)
from kubeaid_ci.cli.shared_options import app_option, clusters_argument
from kubeaid_ci.settings.publish import PublishOptions

if TYPE_CHECKING:
    from kubeaid_ci.upgrade.result import Upgrades
    from kubeaid_ci.upgrade.shadow import Shadow

_NO_REF = "an upgrade is from what each Application pins to --to"


@command(idle=("kubeaid_ref",))
@clusters_argument
@click.option("--to", metavar="REV", help="The KubeAid revision: a tag, latest, a range such as 32.*, a commit.")
@app_option
@click.option(
    "--wave", metavar="NAME|next", help="The clusters of a wave of the settings, or of the next one that is due."
)
@click.option("--accept-dangers", is_flag=True, help="Upgrade despite errors of the rehearsal.")
@click.option(
    "--kubeaid-address",
    "addresses",
    multiple=True,
    metavar="URL",
    help="Another address of the KubeAid repo, such as an old name; repeatable.",
)
@click.option(
    "--shadow",
    metavar="NAME",
    help="Copy the one cluster to k8s/NAME at the revision, and list what both clusters would claim.",
)
@scan_report_option
@click.option("--publish", is_flag=True, help="Do not change the checkout; open or update change requests.")
@click.option("--together", is_flag=True, help="With --publish: one change request for all clusters.")
@chart_publish_options
@common_options
@click.pass_context
def upgrade(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    to: str | None,
    apps: tuple[str, ...],
    wave: str | None,
    accept_dangers: bool,
    addresses: tuple[str, ...],
    shadow: str | None,
    scan_reports: tuple[Path, ...],
    publish: bool,
    together: bool,
    **values: Any,
) -> None:
    """Move clusters (default: all) to another KubeAid revision.

    Sets the revision of every KubeAid source, the version labels and the general settings, and builds the monitoring.
    The upgrade is rehearsed first, as diff --upgrade-to does; if that has errors, nothing is written.

    \b
    Example: kubeaid-ci upgrade staging --to latest --kubeaid ../KubeAid --dry-run
             kubeaid-ci upgrade --to 32.5.0 --publish
             kubeaid-ci upgrade prod --to 32.5.0 --shadow prod-blue
    """
    from kubeaid_ci.cli.progress import Progress

    _check_usage(ctx)
    note = scan_note(ctx, scan_reports, publish=publish)
    refuse_kubeaid_ref(ctx, values, _NO_REF)
    options = resolve(ctx, values)
    forge = values.get("forge") or options.settings.publish.forge
    refuse_without_effect(ctx, publish=publish, forge=forge, others=("dry_run",))
    asked = chosen_publish_options(values, options.settings.publish) if publish else None
    dry_run = bool(values.get("dry_run"))
    which: dict[str, Any] = {"clusters": clusters, "apps": apps, "wave": wave}
    how: dict[str, Any] = {"to": to, "accept_dangers": accept_dangers, "kubeaid_addresses": addresses}
    with Progress(quiet=options.quiet) as progress:
        how |= {"progress": progress.rendered, **options.run_arguments}
        if shadow is not None:
            copied = _copy(options, shadow, clusters[0], dry_run=dry_run, **how)
        elif asked:
            upgrades = _publish(options, asked, together=together, scan_note=note, **which, **how)
        else:
            upgrades = _write(options, dry_run=dry_run, **which, **how)
    if shadow is not None:
        _end_shadow(ctx, options, copied)
    if asked:
        print_previews(asked)
    _end(ctx, options, upgrades)


def _check_usage(ctx: click.Context) -> None:
    """Raise for options that are missing or have no effect together."""
    chosen = ctx.params
    if not chosen["to"]:
        raise click.UsageError("name the revision with --to, for example --to latest", ctx)
    if chosen["wave"] and chosen["clusters"]:
        raise click.UsageError("name clusters or a wave, not both", ctx)
    if chosen["shadow"] is not None:
        for name in ("apps", "wave", "together", "publish", "scan_reports"):
            if chosen[name]:
                flag = name.removesuffix("s").replace("_", "-")
                raise click.UsageError(f"--{flag} has no effect with --shadow", ctx)
        if len(chosen["clusters"]) != 1:
            raise click.UsageError("name the one cluster that --shadow copies", ctx)
    if chosen["together"] and not chosen["publish"]:
        raise click.UsageError("--together has no effect without --publish", ctx)


def _copy(options: Options, name: str, cluster: str, *, dry_run: bool, **how: Any) -> "Shadow":
    """Copy a cluster as a shadow cluster."""
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.upgrade.shadow_job import shadow_cluster

    folders = both_folders(options, keep=not dry_run)
    return shadow_cluster(folders.config, folders.kubeaid, cluster=cluster, name=name, dry_run=dry_run, **how)


def _write(options: Options, *, dry_run: bool, **how: Any) -> "Upgrades":
    """Upgrade the clusters of a checkout."""
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.upgrade.job import upgrade_clusters

    folders = both_folders(options, keep=not dry_run)
    return upgrade_clusters(folders.config, folders.kubeaid, dry_run=dry_run, **how)


def _publish(options: Options, asked: PublishOptions, **how: Any) -> "Upgrades":
    """Open or update change requests with the upgrades."""
    from kubeaid_ci.cli.repositories import kubeaid_folder, publish_address
    from kubeaid_ci.upgrade.publish import publish_upgrades

    kubeaid, _ = kubeaid_folder(options)
    return publish_upgrades(publish_address(options), kubeaid, options=asked, **how)


def _end(ctx: click.Context, options: Options, upgrades: "Upgrades") -> NoReturn:
    """Report upgrades, and exit. A refused cluster fails the run."""
    from kubeaid_ci.cli.ending import conclude, judge
    from kubeaid_ci.upgrade.report import outputs, report

    judged = judge(upgrades.findings, options)
    result = judged.of(report(upgrades, judged.findings, version=__version__))
    failure = max((1 if upgrades.refused else 0, *upgrades.codes))
    conclude(ctx, result, options, outputs=outputs(upgrades), failure=failure)


def _end_shadow(ctx: click.Context, options: Options, shadow: "Shadow") -> NoReturn:
    """Report a shadow cluster, and exit."""
    from kubeaid_ci.cli.ending import conclude, judge
    from kubeaid_ci.upgrade.shadow_report import outputs, report

    judged = judge(shadow.findings, options)
    result = judged.of(report(shadow, judged.findings, version=__version__))
    conclude(ctx, result, options, outputs=outputs(shadow), failure=1 if shadow.is_refused else 0)
