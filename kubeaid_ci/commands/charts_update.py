"""``kubeaid-ci charts update``."""

from typing import Any

import click

from kubeaid_ci.commands.options import common_options, resolve
from kubeaid_ci.commands.publish_options import publish_options


@click.command("update")
@click.argument("charts", nargs=-1, metavar="[CHART]...")
@click.option("--to", metavar="VERSION", help="The version to go to, whatever the policy says; of one chart.")
@click.option("--skip", multiple=True, metavar="CHART", help="A chart to leave alone; repeatable.")
@click.option("--overwrite", is_flag=True, help="Give up edits of vendored charts that nobody declared.")
@click.option("--publish", is_flag=True, help="Write nothing here, and open or update change requests.")
@publish_options
@common_options
@click.pass_context
def charts_update(
    ctx: click.Context,
    /,
    charts: tuple[str, ...],
    *,
    to: str | None,
    skip: tuple[str, ...],
    overwrite: bool,
    publish: bool,
    **given: Any,
) -> None:
    """Take vendored charts (default: all) to their newest allowed release.

    A chart is updated as a whole or stays as it was. One that was edited here, whose archive is not the
    promised one, or that no longer renders, is refused, and stops no other.

    With --publish each chart comes as a change request, which tells what it does: to every cluster where
    --config-repo names a config repo. Tokens come from the environment only.

    \b
    Example: kubeaid-ci charts update traefik argo-cd --kubeaid ../KubeAid
             kubeaid-ci charts update argo-cd --to 10.4.0
             kubeaid-ci charts update --publish --config-repo ../kubernetes-config --kubeaid .
    """
    from kubeaid_ci.commands import charts_offered
    from kubeaid_ci.commands.repositories import checkout_folder
    from kubeaid_ci.jobs.charts_publish import publish_charts
    from kubeaid_ci.jobs.charts_update import update_charts

    options = resolve(ctx, given)
    asked = charts_offered.wishes_of(options, given, publish=publish)
    same: dict[str, Any] = {
        "charts": charts,
        "to": to,
        "skip": skip,
        "overwrite": overwrite,
        "settings": options.settings,
        "jobs": options.jobs,
        "cache": options.cache,
    }
    if asked is None:
        charts_offered.written(ctx, options, update_charts(checkout_folder(options), **same), command="charts update")
    config = charts_offered.config_repo(options)
    found = publish_charts(charts_offered.address(options), config_repo=config, wishes=asked, **same)
    charts_offered.offered(ctx, options, found, asked, command="charts update")
