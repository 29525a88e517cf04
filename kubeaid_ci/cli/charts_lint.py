"""``kubeaid-ci charts lint``."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import base_to_subtract, charts_baseline, new_only_options
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.shared_options import charts_argument, helm_version, ref_option
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.semver.version import Version


_MOST_VERSIONS = 2


@command("lint")
@charts_argument
@click.option(
    "--kubernetes", metavar="OLDEST[..NEWEST]", help="Versions that clusters run (default: those of the settings)."
)
@click.option(
    "--helm",
    multiple=True,
    metavar="VERSION",
    help="Render as this Helm version does, e.g. 3.19; repeatable (default: those of clusters in the settings, else the"
    " newest).",
)
@ref_option
@new_only_options
@common_options
@click.pass_context
def charts_lint(
    ctx: click.Context,
    /,
    charts: tuple[str, ...],
    *,
    kubernetes: str | None,
    helm: tuple[str, ...],
    ref: str,
    base: str | None,
    new_only: bool,
    **values: Any,
) -> None:
    """Lint umbrella charts (default: all): Helm's linter, rendering, removed APIs, duplicate objects.

    Structure (what is declared, locked and vendored) is checked by `charts verify`.

    \b
    Example: kubeaid-ci charts lint --kubernetes 1.30..1.34 --kubeaid ../KubeAid
             kubeaid-ci charts lint --new-only --base origin/master
    """
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.lint import lint_charts
    from kubeaid_ci.charts.report import lint
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import charts_folder

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    options = resolve(ctx, values, base=subtracted, base_of="kubeaid")
    kubeaid, revision = charts_folder(options, ref)
    with Progress(quiet=options.quiet) as progress:
        run = partial(
            lint_charts,
            kubeaid,
            kubernetes=_versions(kubernetes),
            helm=[version for text in helm if (version := helm_version(text))],
            progress=progress.rendered,
            **options.run_arguments,
        )
        result = run(charts=charts, ref=revision)
        known = charts_baseline(
            kubeaid, subtracted, charts, lambda at, names: run(charts=names, ref=at).findings, head=revision
        )
    ran = () if charts or new_only else rules.LINT_RULES
    done(ctx, lint(result, version=__version__), options, ran=ran, failure=_failure, baseline=known)


def _failure(findings: "Sequence[Finding]") -> int:
    """Return 2 if a chart cannot be read."""
    return 2 if any(finding.rule.id == "chart/invalid" for finding in findings) else 0


def _versions(text: str | None) -> "tuple[Version, ...]":
    """Return the versions of ``--kubernetes``: one, or the oldest and the newest. Raises `UserError`."""
    from kubeaid_ci.semver.version import Version

    if not text:
        return ()
    advice = "write a version such as 1.34, or two of them as 1.30..1.34"
    try:
        versions = tuple(Version.parse(part) for part in text.split(".."))
    except UserError as error:
        raise UserError(f"--kubernetes {text}: {error}; {advice}") from error
    if len(versions) > _MOST_VERSIONS or any(version.prerelease for version in versions):
        raise UserError(f"--kubernetes {text}: {advice}")
    return versions
