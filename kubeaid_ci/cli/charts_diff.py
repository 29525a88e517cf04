"""``kubeaid-ci charts diff``."""

from typing import Any

import click

from kubeaid_ci.cli import completion
from kubeaid_ci.cli.diff_options import about_change, comment_place, comparing, diff_options, end
from kubeaid_ci.cli.helm_options import helm_option, helm_version
from kubeaid_ci.cli.options import common_options, refuse_kubeaid_ref, resolve


@click.command("diff")
@click.argument("charts", nargs=-1, metavar="[CHART]...", shell_complete=completion.charts)
@click.option(
    "--base", required=True, metavar="REF", help="The revision before the change; REF... is the merge base with REF."
)
@click.option("--head", metavar="REF", help="The revision after it (default: the work tree).")
@helm_option
@diff_options
@common_options
@click.pass_context
def charts_diff(
    ctx: click.Context, /, charts: tuple[str, ...], base: str, head: str | None, helm: str | None, **given: Any
) -> None:
    """Diff umbrella charts (default: all), rendered with their default values, between two revisions.

    \b
    Example: kubeaid-ci charts diff --base origin/master
             kubeaid-ci charts diff traefik --base 26.1.0 --head 31.1.1 --kubeaid ../KubeAid
    """
    from kubeaid_ci.baseline import merge_base
    from kubeaid_ci.charts.diff import diff_charts
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import kubeaid_folder

    options = resolve(ctx, given, base=base, base_of="kubeaid")
    refuse_kubeaid_ref(ctx, given, "the charts are those of --base and --head")
    place = comment_place(given, options, of="kubeaid")
    kubeaid, _ = kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        comparison = diff_charts(
            kubeaid,
            base=merge_base.before(kubeaid, base, head or "worktree"),
            head=head or "worktree",
            charts=charts,
            helm=helm_version(helm),
            **comparing(given, options, progress),
        )
    end(ctx, comparison, options, given, command="charts diff", about=about_change(base), place=place)
