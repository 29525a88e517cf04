"""``kubeaid-ci charts render`` and ``charts diff``, and the version of Helm that they render with."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.diff_options import about_change, comparing, diff_options, end
from kubeaid_ci.cli.new_only import revision_of_base
from kubeaid_ci.cli.options import common_options, refuse_kubeaid_ref, refuse_pinned, resolve
from kubeaid_ci.cli.posting import comment_place
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from kubeaid_ci.semver.version import Version

helm_option = click.option(
    "--helm",
    metavar="VERSION",
    help="Render as this Helm version does, e.g. 3.19 (default: that of the clusters in the settings, if they have the"
    " same, else the newest).",
)


def helm_version(text: str | None) -> "Version | None":
    """Return the version of an option. Raises `UserError` if it is invalid, or older than all known versions."""
    from kubeaid_ci.semver.version import Version

    if text is None:
        return None
    try:
        version = Version.parse(text)
    except UserError as error:
        raise UserError(f"--helm: {error}; write a version such as 3.19 or 4.2.1") from error
    if version.release[0] not in (3, 4):
        raise UserError(f"--helm {text}: only Helm 3 and 4 are known; write a version such as 3.19 or 4.2.1")
    return version


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
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.render import render_charts
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.render import manifest_writer
    from kubeaid_ci.cli.repositories import charts_at_kubeaid_ref
    from kubeaid_ci.render.report import report

    options = resolve(ctx, given)
    refuse_pinned(ctx, options, given)
    kubeaid, revision = charts_at_kubeaid_ref(options)
    with Progress(quiet=options.quiet) as progress:
        renderings = render_charts(
            kubeaid,
            charts=charts,
            ref=revision,
            values=values.read_text(encoding="utf-8", errors="replace") if values else "",
            values_name=str(values or ""),
            settings=options.settings,
            helm=helm_version(helm),
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.rendered,
        )
    with manifest_writer(fmt=given["fmt"], out=out) as written:
        for app in renderings.apps:
            written.add(app)
    told = report(renderings, command="charts render", version=__version__)
    ran = () if charts or values else rules.RENDER_RULES
    stdout = sys.stderr if written.prints else None
    done(ctx, told, options, ran=ran, stdout=stdout, failure=2 if renderings.failed else 0)


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
    from kubeaid_ci.charts.diff import diff_charts
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import kubeaid_folder
    from kubeaid_ci.git.revision import WORK_TREE, parse_tree_revision

    options = resolve(ctx, given, base=base, base_of="kubeaid")
    refuse_kubeaid_ref(ctx, given, "the charts are those of --base and --head")
    place = comment_place(given, options, of="kubeaid")
    kubeaid, _ = kubeaid_folder(options)
    after = parse_tree_revision(head or WORK_TREE)
    with Progress(quiet=options.quiet) as progress:
        comparison = diff_charts(
            kubeaid,
            base=revision_of_base(kubeaid, base, after),
            head=after,
            charts=charts,
            helm=helm_version(helm),
            **comparing(given, options, progress),
        )
    end(ctx, comparison, options, given, command="charts diff", about=about_change(base), place=place)
