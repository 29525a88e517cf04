"""``kubeaid-ci render``."""

import sys
from pathlib import Path
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...")
@click.option("--app", "apps", multiple=True, metavar="NAME", help="Only this Application; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write a file for each object into DIR.")
@common_options
@click.option(
    "--format", "fmt", type=click.Choice(["yaml", "text", "json", "markdown"]), help="What to print (default: yaml)."
)
@click.pass_context
def render(
    ctx: click.Context, /, clusters: tuple[str, ...], apps: tuple[str, ...], out: Path | None, **given: Any
) -> None:
    """Render every object that ArgoCD would apply to clusters (default: all).

    The objects go to standard output as YAML, each below a line that says where it is from, and
    what there is to say of them to standard error. With --out they go into files, and with another
    --format only the report is printed.

    \b
    Example: kubeaid-ci render staging --kubeaid-ref pinned --kubeaid ../KubeAid
             kubeaid-ci render staging --app traefik --out rendered
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.manifests import show
    from kubeaid_ci.commands.progress import Progress
    from kubeaid_ci.commands.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.jobs.render import render_clusters
    from kubeaid_ci.report.render import report

    options = resolve(ctx, given)
    config_repo, (kubeaid, kubeaid_ref) = config_folder(options), kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        renderings = render_clusters(
            config_repo,
            kubeaid,
            clusters=clusters,
            apps=apps,
            kubeaid_ref=kubeaid_ref,
            settings=options.settings,
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.rendered,
        )
    printed = show(renderings.manifests, fmt=given["fmt"], out=out)
    told = report(renderings, command="render", version=__version__)
    wrong = any(finding.key == "folder" for finding in renderings.findings)
    done(ctx, told, options, stdout=sys.stderr if printed else None, failure=2 if renderings.failed or wrong else 0)
