"""``kubeaid-ci check``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import base_to_subtract, clusters_baseline, new_only_options
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, resolve
from kubeaid_ci.cli.posting import update_issue
from kubeaid_ci.cli.publish_options import chosen_publish_options, reach_options
from kubeaid_ci.cli.shared_options import clusters_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.check.result import Suggestion
    from kubeaid_ci.forge.interface import Forge


@command()
@clusters_argument
@click.option(
    "--rules",
    multiple=True,
    metavar="FAMILY|RULE",
    shell_complete=completion.rules,
    help="Only these rules, whatever the profile; repeatable or comma-separated.",
)
@click.option(
    "--suggest",
    metavar="FAMILY",
    shell_complete=completion.suggesting_families,
    help="Print what the family suggests, instead of the report.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write suggestions to files in DIR."
)
@click.option("--issue", is_flag=True, help="Keep one issue on the config repo's forge, open while there are errors.")
@new_only_options
@reach_options
@common_options
@kubeaid_ref_option("pinned")
@click.pass_context
def check(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    rules: tuple[str, ...],
    suggest: str | None,
    out: Path | None,
    *,
    base: str | None,
    issue: bool,
    new_only: bool,
    **values: Any,
) -> None:
    """Check clusters (default: all) as Git describes them, rendered as Argo CD renders them.

    Reports what is broken. With `check: profile: strict` in the settings file, or with --rules, it also reports what
    could be safer.

    \b
    Example: kubeaid-ci check --kubeaid ../KubeAid
             kubeaid-ci check staging --rules network,gitops/unpinned
             kubeaid-ci check --new-only --base origin/main
             kubeaid-ci check --issue --config-repo https://github.com/example/kubernetes-config.git
    """
    from kubeaid_ci.check.check import check_clusters
    from kubeaid_ci.check.issue import CLUSTERS
    from kubeaid_ci.check.report import outputs, report
    from kubeaid_ci.cli.ending import conclude, judge
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import both_folders

    if out and not suggest:
        raise click.UsageError("--out has no effect without --suggest", ctx)
    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    options = resolve(ctx, values, kubeaid_ref="pinned", base=subtracted, base_of="config")
    repositories = both_folders(options)
    names = [name for each in rules for name in each.replace(",", " ").split()]
    forge = _forge(options, values, is_partial=bool(clusters or names or new_only)) if issue else None
    with Progress(quiet=options.quiet) as progress:
        how = options.fleet_arguments(repositories, progress)
        run = partial(check_clusters, repositories.config, repositories.kubeaid, rules=names, **how)
        checks = run(clusters=clusters, suggest=suggest)
        baseline = clusters_baseline(
            repositories.config,
            subtracted,
            clusters,
            lambda revision, names: run(clusters=names, config_ref=revision).findings,
        )
    if suggest:
        _write_suggestions(checks.suggestions, out)
        ctx.exit(0)
    judged = judge(checks.findings, options, ran=() if clusters else checks.rules, baseline=baseline)
    result = judged.of(report(checks, judged.findings, version=__version__))
    post = partial(update_issue, forge, result, CLUSTERS) if forge else None
    conclude(ctx, result, options, outputs=outputs(result), post=post)


def _forge(options: Options, values: dict[str, Any], *, is_partial: bool) -> "Forge":
    from kubeaid_ci.errors import UserError
    from kubeaid_ci.publishing.issue import forge_of

    if is_partial:
        raise UserError("an issue is about all clusters and rules; leave out names, --rules and --new-only")
    return forge_of(options.config_repo, chosen_publish_options(values, options.settings.publish))


def _write_suggestions(suggestions: "Sequence[Suggestion]", out: Path | None) -> None:
    """Print suggestions, each below a comment with its path, or write them to files."""
    from kubeaid_ci.cli.terminal import notice, print_documents
    from kubeaid_ci.runtime.files import write_atomically

    if not suggestions:
        notice("nothing to suggest for these clusters")
    if out is None:
        print_documents("".join(f"# {suggestion.path}\n{suggestion.text}" for suggestion in suggestions))
        return
    for suggestion in suggestions:
        path = out / suggestion.path
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, suggestion.text.encode())
