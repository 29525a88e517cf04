"""``kubeaid-ci charts render`` and ``charts diff``."""

import sys
from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.diff_options import about_change, diff_options, end
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import revision_of_base
from kubeaid_ci.cli.options import chosen_format, common_options, refuse_kubeaid_ref, refuse_pinned, resolve
from kubeaid_ci.cli.posting import comment_place
from kubeaid_ci.cli.shared_options import (
    charts_argument,
    helm_option,
    helm_version,
    manifest_format_option,
    manifests_option,
)


@command("render")
@charts_argument
@click.option(
    "--values",
    "values_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Values that override the chart's defaults.",
)
@helm_option
@manifests_option
@common_options
@manifest_format_option
@click.pass_context
def charts_render(
    ctx: click.Context,
    /,
    charts: tuple[str, ...],
    values_file: Path | None,
    helm: str | None,
    out: Path | None,
    **values: Any,
) -> None:
    """Render umbrella charts (default: all) with their default values, or with those of a file.

    \b
    Example: kubeaid-ci charts render traefik --values my-values.yaml --kubeaid ../KubeAid
             kubeaid-ci charts render traefik --helm 3.19
    """
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.render import render_charts
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.render import manifest_writer
    from kubeaid_ci.cli.repositories import charts_at_kubeaid_ref
    from kubeaid_ci.render.report import report

    options = resolve(ctx, values)
    refuse_pinned(ctx, options, values)
    kubeaid, revision = charts_at_kubeaid_ref(options)
    with Progress(quiet=options.quiet) as progress:
        renderings = render_charts(
            kubeaid,
            charts=charts,
            ref=revision,
            values=values_file.read_text(encoding="utf-8", errors="replace") if values_file else "",
            values_name=str(values_file or ""),
            helm=helm_version(helm),
            progress=progress.rendered,
            **options.run_arguments,
        )
    with manifest_writer(fmt=chosen_format(ctx, values), out=out) as written:
        for app in renderings.apps:
            written.add(app)
    result = report(renderings, command="charts render", version=__version__)
    ran = () if charts or values_file else rules.RENDER_RULES
    stdout = sys.stderr if written.prints else None
    done(ctx, result, options, ran=ran, stdout=stdout, failure=2 if renderings.failed else 0)


@command("diff", idle=("kubeaid_ref",))
@charts_argument
@click.option(
    "--base", required=True, metavar="REF", help="The revision before the change; REF... is the merge base with REF."
)
@click.option("--head", metavar="REF", help="The revision after the change (default: the work tree).")
@helm_option
@diff_options
@common_options
@click.pass_context
def charts_diff(
    ctx: click.Context, /, charts: tuple[str, ...], base: str, head: str | None, helm: str | None, **values: Any
) -> None:
    """Diff umbrella charts (default: all), rendered with their default values, between two revisions.

    \b
    Example: kubeaid-ci charts diff --base origin/master
             kubeaid-ci charts diff traefik --base 26.1.0 --head 31.1.1 --kubeaid ../KubeAid
    """
    from kubeaid_ci.charts.diff import diff_charts
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import kubeaid_folder
    from kubeaid_ci.git.revision import WORK_TREE, parse_tree_revision

    refuse_kubeaid_ref(ctx, values, "the charts are those of --base and --head")
    options = resolve(ctx, values, base=base, base_of="kubeaid")
    place = comment_place(values, options, of="kubeaid")
    kubeaid, _ = kubeaid_folder(options)
    after = parse_tree_revision(head or WORK_TREE)
    with Progress(quiet=options.quiet) as progress:
        comparison = diff_charts(
            kubeaid,
            base=revision_of_base(kubeaid, base, after),
            head=after,
            charts=charts,
            helm=helm_version(helm),
            noise=values["show_noise"],
            diffs=values["unified"],
            progress=progress.rendered,
            **options.run_arguments,
        )
    end(ctx, comparison, options, values, command="charts diff", about=about_change(base), place=place)
