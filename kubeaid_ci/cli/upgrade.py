"""``kubeaid-ci upgrade``."""

from pathlib import Path
from typing import Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.options import common_options, refuse_kubeaid_ref, resolve
from kubeaid_ci.cli.publish_options import (
    GroupedCommand,
    chart_publish_options,
    print_previews,
    refuse_without_effect,
    scan_note,
    scan_report_option,
    wishes,
)

_NO_REF = "an upgrade is from what each Application pins to --to"


@click.command(cls=GroupedCommand)
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option("--to", metavar="REV", help="The KubeAid revision: a tag, latest, a range such as 32.*, a commit.")
@click.option(
    "--app",
    "apps",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.applications,
    help="Only this Application; repeatable.",
)
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
    **common: Any,
) -> None:
    """Move clusters (default: all) to another KubeAid revision.

    Sets the revision of every KubeAid source, the version labels and the general settings, and builds the monitoring.
    The upgrade is rehearsed first, as diff --upgrade-to does; if that has errors, nothing is written.

    \b
    Example: kubeaid-ci upgrade staging --to latest --kubeaid ../KubeAid --dry-run
             kubeaid-ci upgrade --to 32.5.0 --publish
             kubeaid-ci upgrade prod --to 32.5.0 --shadow prod-blue
    """
    from kubeaid_ci.cli.ending import conclude, judge
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.upgrade.report import outputs, report

    if not to:
        raise click.UsageError("name the revision with --to, for example --to latest", ctx)
    if shadow is not None:
        refused = {"app": apps, "wave": wave, "together": together, "publish": publish, "scan-report": scan_reports}
        _check_shadow(ctx, clusters, [name for name, value in refused.items() if value])
    if wave and clusters:
        raise click.UsageError("name clusters or a wave, not both", ctx)
    if together and not publish:
        raise click.UsageError("--together has no effect without --publish", ctx)
    note = scan_note(ctx, scan_reports, publish=publish)
    options = resolve(ctx, common)
    refuse_kubeaid_ref(ctx, common, _NO_REF)
    forge = common.get("forge") or options.settings.publish.forge
    refuse_without_effect(ctx, publish=publish, forge=forge, others=("dry_run",))
    asked = wishes(common, options.settings.publish) if publish else None
    same: dict[str, Any] = {
        "to": to,
        "clusters": clusters,
        "apps": apps,
        "wave": wave,
        "accept_dangers": accept_dangers,
        "kubeaid_addresses": addresses,
        "settings": options.settings,
        "jobs": options.jobs,
        "cache": options.cache,
    }
    with Progress(quiet=options.quiet) as progress:
        same["progress"] = progress.rendered
        if shadow is not None:
            copy = _shadow(options, shadow, clusters[0], dry_run=bool(common.get("dry_run")), **same)
        elif asked:
            made = _publish(options, asked, together=together, scan_note=note, **same)
        else:
            made = _write(options, dry_run=bool(common.get("dry_run")), **same)
    if shadow is not None:
        _conclude_shadow(ctx, copy, options)
    if asked:
        print_previews(asked)
    judged = judge(made.findings, options)
    failure = max((1 if made.refused else 0, *made.codes))
    final = judged.of(report(made, judged.findings, version=__version__))
    conclude(ctx, final, options, outputs=outputs(made), failure=failure)


def _check_shadow(ctx: click.Context, clusters: tuple[str, ...], refused: list[str]) -> None:
    if refused:
        raise click.UsageError(f"--{refused[0]} has no effect with --shadow", ctx)
    if len(clusters) != 1:
        raise click.UsageError("name the one cluster that --shadow copies", ctx)


def _shadow(options: Any, name: str, cluster: str, *, dry_run: bool, **same: Any) -> Any:
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.upgrade.shadow_job import shadow_cluster

    config_repo, (kubeaid, _) = config_folder(options, keep=not dry_run), kubeaid_folder(options)
    same = {key: value for key, value in same.items() if key not in ("clusters", "apps", "wave")}
    return shadow_cluster(config_repo, kubeaid, cluster=cluster, name=name, dry_run=dry_run, **same)


def _conclude_shadow(ctx: click.Context, made: Any, options: Any) -> NoReturn:
    from kubeaid_ci.cli.ending import conclude, judge
    from kubeaid_ci.upgrade.shadow_report import outputs, report

    judged = judge(made.findings, options)
    final = judged.of(report(made, judged.findings, version=__version__))
    conclude(ctx, final, options, outputs=outputs(made), failure=1 if made.is_refused else 0)


def _write(options: Any, *, dry_run: bool, **same: Any) -> Any:
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.upgrade.job import upgrade_clusters

    config_repo, (kubeaid, _) = config_folder(options, keep=not dry_run), kubeaid_folder(options)
    return upgrade_clusters(config_repo, kubeaid, dry_run=dry_run, **same)


def _publish(options: Any, asked: Any, **same: Any) -> Any:
    from kubeaid_ci.cli.repositories import kubeaid_folder, publish_address
    from kubeaid_ci.upgrade.publish import publish_upgrades

    kubeaid, _ = kubeaid_folder(options)
    return publish_upgrades(publish_address(options), kubeaid, wishes=asked, **same)
