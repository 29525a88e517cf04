"""``kubeaid-ci charts render``."""

import sys
from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.helm_options import helm_option, helm_version
from kubeaid_ci.cli.options import common_options, refuse_kubeaid_ref, resolve


@click.command("render")
@click.argument("charts", nargs=-1, metavar="[CHART]...", shell_complete=completion.charts)
@click.option(
    "--values",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Values that override the chart's defaults.",
)
@helm_option
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write each object to a file in DIR.")
@common_options
@click.option(
    "--format", "fmt", type=click.Choice(["yaml", "text", "json", "markdown"]), help="Output format (default: yaml)."
)
@click.pass_context
def charts_render(
    ctx: click.Context,
    /,
    charts: tuple[str, ...],
    values: Path | None,
    helm: str | None,
    out: Path | None,
    **given: Any,
) -> None:
    """Render umbrella charts (default: all) with their default values, or with those of a file.

    \b
    Example: kubeaid-ci charts render traefik --values my-values.yaml --kubeaid ../KubeAid
             kubeaid-ci charts render traefik --helm 3.19
    """
    from kubeaid_ci.charts import complete_rules
    from kubeaid_ci.charts.render import render_charts
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.manifests import show
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import kubeaid_folder
    from kubeaid_ci.render.report import report

    options = resolve(ctx, given)
    if options.kubeaid_ref == "pinned":
        refuse_kubeaid_ref(ctx, given, "charts belong to no cluster, so no revision is pinned; name one")
    kubeaid, ref = kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        renderings = render_charts(
            kubeaid,
            charts=charts,
            ref="worktree" if ref == "pinned" else ref,
            values=values.read_text(encoding="utf-8", errors="replace") if values else "",
            values_name=str(values or ""),
            settings=options.settings,
            helm=helm_version(helm),
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.rendered,
        )
    printed = show(renderings.manifests, fmt=given["fmt"], out=out)
    told = report(renderings, command="charts render", version=__version__)
    ran = () if charts or values else complete_rules.RENDER
    done(ctx, told, options, ran=ran, stdout=sys.stderr if printed else None, failure=2 if renderings.failed else 0)
