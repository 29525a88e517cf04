"""``kubeaid-ci charts lint``."""

from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from kubeaid_ci.model.version import Version


@click.command("lint")
@click.argument("charts", nargs=-1, metavar="[CHART]...")
@click.option(
    "--kubernetes", metavar="OLDEST[..NEWEST]", help="Versions that clusters run (default: those of the settings)."
)
@click.option("--ref", default="worktree", show_default=True, metavar="REF", help="The revision to look at.")
@common_options
@click.pass_context
def charts_lint(ctx: click.Context, /, charts: tuple[str, ...], kubernetes: str | None, ref: str, **given: Any) -> None:
    """Lint umbrella charts (default: all): Helm's linter, rendering, removed APIs, structure.

    \b
    Example: kubeaid-ci charts lint --kubernetes 1.30..1.34 --kubeaid ../KubeAid
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.progress import Progress
    from kubeaid_ci.commands.repositories import charts_folder
    from kubeaid_ci.jobs.charts_lint import lint_charts
    from kubeaid_ci.report.charts import lint

    options = resolve(ctx, given)
    kubeaid, ref = charts_folder(options, ref)
    with Progress(quiet=options.quiet) as progress:
        found = lint_charts(
            kubeaid,
            charts=charts,
            ref=ref,
            kubernetes=_versions(kubernetes),
            settings=options.settings,
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.rendered,
        )
    failure = 2 if any(one.rule.id == "chart/invalid" for one in found.findings) else 0
    done(ctx, lint(found, version=__version__), options, failure=failure)


def _versions(text: str | None) -> "tuple[Version, ...]":
    from kubeaid_ci.model.version import Version

    found = tuple(Version.parse(part) for part in text.split("..")) if text else ()
    if any(version.prerelease for version in found):
        raise UserError(f"--kubernetes {text}: write a version such as 1.34, or two of them as 1.30..1.34")
    return found
