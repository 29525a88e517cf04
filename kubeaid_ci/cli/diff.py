"""``kubeaid-ci diff``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci.cli.diff_options import about_change, comparing, diff_options, end
from kubeaid_ci.cli.environment import is_from_environment
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import Baseline, new_only_option, revision_of_base
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, refuse_kubeaid_ref, resolve
from kubeaid_ci.cli.posting import comment_place
from kubeaid_ci.cli.shared_options import app_option, clusters_argument
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kubeaid_ci.cli.repositories import Repositories
    from kubeaid_ci.diff.comparison import Revisions
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.git.revision import TreeRevision

_DEFAULT_REF = "pinned"
_CONFIG, _KUBEAID = "k8s", "argocd-helm-charts"
_NO_REF = (
    "an upgrade is from what each Application pins to --upgrade-to, and a change of the KubeAid repo is from --base"
    " to --head; to compare two KubeAid revisions pass --of kubeaid --base OLD --head NEW"
)


@command()
@clusters_argument
@click.option("--base", metavar="REF", help="The revision before the change; REF... is the merge base with REF.")
@click.option("--head", metavar="REF", help="The revision after the change (default: the work tree).")
@click.option("--upgrade-to", metavar="REV", help="Rehearse an upgrade to this KubeAid revision instead.")
@click.option(
    "--of",
    type=click.Choice(["config", "kubeaid"]),
    help="The repo that --base and --head are revisions of (default: the one in the current folder).",
)
@app_option
@click.option("--no-monitoring", is_flag=True, help="Do not build the monitoring at other KubeAid revisions.")
@new_only_option
@diff_options
@common_options
@kubeaid_ref_option(_DEFAULT_REF)
@click.pass_context
def diff(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    *,
    base: str | None,
    head: str | None,
    upgrade_to: str | None,
    of: str | None,
    apps: tuple[str, ...],
    no_monitoring: bool,
    new_only: bool,
    **values: Any,
) -> None:
    """Show what a change of the config repo or the KubeAid repo, or an upgrade, does to clusters (default: all).

    Both sides are rendered and compared object by object. A change of the config repo is compared at the KubeAid
    revisions that its Applications pin; a change of the KubeAid repo as if all clusters used it.

    \b
    Example: kubeaid-ci diff --base origin/main --kubeaid ../KubeAid
             kubeaid-ci diff staging --upgrade-to 31.1.1 --kubeaid ../KubeAid --comment
    """
    from kubeaid_ci.cli.ending import revisions_of_change
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.diff.diff import diff_clusters

    base = _base(ctx, base, alone=not upgrade_to, more=bool(head or of))
    options = resolve(ctx, values, kubeaid_ref=_DEFAULT_REF, base=base, base_of=of)
    of = of or ("config" if upgrade_to else _here(options))
    if upgrade_to or of == "kubeaid":
        refuse_kubeaid_ref(ctx, values, _NO_REF)
    place = comment_place(values, options, of=of)
    repositories = both_folders(options, beside=options.kubeaid if of == "kubeaid" else None)
    before, after = _upgrade(upgrade_to) if upgrade_to else _sides(repositories, of, str(base), head)
    with Progress(quiet=options.quiet) as progress:
        comparison = diff_clusters(
            repositories.config,
            repositories.kubeaid,
            before=before,
            after=after,
            clusters=clusters,
            apps=apps,
            monitoring=not no_monitoring,
            **comparing(values, options, progress),
        )
        baseline = None
        if new_only:
            findings = _findings_before(before, repositories, clusters, options)
            baseline = Baseline(base or "the pinned revisions", findings)
    about = f"the upgrade to KubeAid {upgrade_to}" if upgrade_to else about_change(str(base))
    end(
        ctx,
        comparison,
        options,
        values,
        command="diff",
        about=about,
        place=place,
        baseline=baseline,
        revisions=partial(revisions_of_change, options, repositories, before, after),
    )


def _findings_before(
    before: "Revisions", repositories: "Repositories", clusters: "Sequence[str]", options: Options
) -> "Iterable[Finding]":
    """Return the findings of rendering clusters before the change."""
    from kubeaid_ci.baseline.at_base import of_clusters
    from kubeaid_ci.render.render import render_clusters

    run = partial(
        render_clusters,
        repositories.config,
        repositories.kubeaid,
        kubeaid_ref=before.kubeaid,
        **options.run_arguments,
    )

    def findings_at(revision: "TreeRevision", names: "Sequence[str]") -> "Sequence[Finding]":
        return run(clusters=names, config_ref=revision).findings

    return of_clusters(repositories.config, before.config, clusters, findings_at)


def _base(ctx: click.Context, base: str | None, *, alone: bool, more: bool) -> str | None:
    """Return the revision before a change. `alone` is false if --upgrade-to is set, which excludes other revisions."""
    base = base if alone or not is_from_environment(ctx, "base") else None
    if bool(base) != alone or (not alone and more):
        raise click.UsageError("give --base REF (and --head REF), or only --upgrade-to REV", ctx)
    return base


def _here(options: Options) -> str:
    """Return the name of the repository that the current folder is in."""
    here = Path.cwd().resolve()
    sought = (("config", options.config_repo, _CONFIG), ("kubeaid", options.kubeaid, _KUBEAID))
    found = [
        name
        for name, folder, inside in sought
        if folder and here.is_relative_to(Path(folder).resolve()) and (Path(folder) / inside).is_dir()
    ]
    if len(found) != 1:
        raise UserError(
            f"the current folder is {'both repositories' if found else 'neither repository'}, so --base is"
            " ambiguous; add --of config or --of kubeaid"
        )
    return found[0]


def _upgrade(revision: str) -> "tuple[Revisions, Revisions]":
    """Return both sides of an upgrade from what each Application pins."""
    from kubeaid_ci.diff.comparison import Revisions

    return Revisions(), Revisions(kubeaid=revision)


def _sides(repositories: "Repositories", of: str, base: str, head: str | None) -> "tuple[Revisions, Revisions]":
    """Return both sides of a change of the repository `of`. A change of the config repo keeps the KubeAid revision."""
    from kubeaid_ci.diff.comparison import Revisions
    from kubeaid_ci.git.revision import WORK_TREE, parse_tree_revision

    root = repositories.config if of == "config" else repositories.kubeaid
    after = parse_tree_revision(head or WORK_TREE)
    before = revision_of_base(root, base, after)
    if of == "config":
        return Revisions(before, repositories.kubeaid_ref), Revisions(after, repositories.kubeaid_ref)
    return Revisions(kubeaid=before), Revisions(kubeaid=after)
