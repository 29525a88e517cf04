"""``kubeaid-ci diff``."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kubeaid_ci.cli.diff_options import about_change, diff_options, end
from kubeaid_ci.cli.environment import is_from_environment
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import Baseline, new_only_option, revision_of_base
from kubeaid_ci.cli.options import Options, common_options, kubeaid_ref_option, refuse_kubeaid_ref, resolve
from kubeaid_ci.cli.posting import comment_place
from kubeaid_ci.cli.shared_options import app_option, clusters_argument
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubeaid_ci.cli.repositories import Repositories
    from kubeaid_ci.diff.comparison import Revisions
    from kubeaid_ci.diff.shard import Shard
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.git.revision import TreeRevision

_DEFAULT_REF = "pinned"
_CONFIG, _KUBEAID = "k8s", "argocd-helm-charts"
_OF_ONE_SIDE = (
    "base", "head", "upgrade_to", "of", "apps", "shard", "no_monitoring", "new_only", "show_noise", "unified",
)  # fmt: skip
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
@click.option(
    "--shard",
    metavar="I/N",
    help="Compare only share I of N of the clusters. Write the part with --report json=FILE, merge with --merge.",
)
@click.option(
    "--merge",
    is_flag=True,
    help="Merge the parts of all shards: the arguments are their JSON reports, or a folder that has them.",
)
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
    shard: str | None,
    merge: bool,
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
             kubeaid-ci diff --base origin/main --shard 1/4 --report json=parts/1.json
             kubeaid-ci diff --merge parts --comment
    """
    from kubeaid_ci.ci.job import github
    from kubeaid_ci.cli.ending import revisions_of_change
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.diff.diff import compare_revisions, part_of
    from kubeaid_ci.diff.options import DiffOptions
    from kubeaid_ci.diff.shard import Inputs

    if merge:
        _merge(ctx, clusters, values)
    base = _base(ctx, base, alone=not upgrade_to, more=bool(head or of))
    options = resolve(ctx, values, kubeaid_ref=_DEFAULT_REF, base=base, base_of=of)
    share = _shard(ctx, shard, options, values, new_only=new_only) if shard else None
    of = of or ("config" if upgrade_to else _here(options))
    if upgrade_to or of == "kubeaid":
        refuse_kubeaid_ref(ctx, values, _NO_REF)
    place = comment_place(values, options, of=of)
    repositories = both_folders(options, beside=options.kubeaid if of == "kubeaid" else None)
    before, after = _upgrade(upgrade_to) if upgrade_to else _sides(repositories, of, str(base), head)
    scope = (clusters, apps, not no_monitoring, values["show_noise"], values["unified"])
    # Only pages, comments, the summary of a step and parts have the content of objects, which takes time.
    contents = options.output.shows_contents or bool(place) or bool(share) or github(os.environ)
    wanted = DiffOptions(before, after, *scope, contents=contents)
    with Progress(quiet=options.quiet) as progress:
        run = options.run(progress)
        compared = compare_revisions(repositories.config, repositories.kubeaid, wanted, run, shard=share)
        baseline = _baseline(base, before, repositories, clusters, options) if new_only else None
    inputs = Inputs(of, base or "", head or "", upgrade_to or "", str(options.kubeaid_ref), *scope)
    end(
        ctx,
        compared.comparison,
        options,
        values,
        command="diff",
        about=_about(upgrade_to, base),
        place=place,
        baseline=baseline,
        revisions=partial(revisions_of_change, options, repositories, before, after),
        part=part_of(compared, share, inputs) if share else None,
    )


def _about(upgrade_to: str | None, base: str | None) -> str:
    return f"the upgrade to KubeAid {upgrade_to}" if upgrade_to else about_change(str(base))


def _shard(ctx: click.Context, text: str, options: Options, values: dict[str, Any], *, new_only: bool) -> "Shard":
    """Return the shard. Raises `UsageError` for options that only the merge can follow."""
    from kubeaid_ci.diff.shard import Shard

    if new_only:
        raise click.UsageError("--new-only has no effect with --shard: findings of all shards are needed", ctx)
    if values["comment"] or values["comment_on"] is not None:
        raise click.UsageError("--comment has no effect with --shard: give it to diff --merge", ctx)
    if not options.output.writes_json:
        raise click.UsageError("--shard writes a part of a comparison: add --report json=FILE", ctx)
    return Shard.parse(text)


def _merge(ctx: click.Context, files: tuple[str, ...], values: dict[str, Any]) -> NoReturn:
    """Show the comparison that the parts in files are together."""
    from kubeaid_ci.diff.shard import merge_parts

    for name in _OF_ONE_SIDE:
        if ctx.params.get(name) and not is_from_environment(ctx, name):
            raise click.UsageError(f"--{name.replace('_', '-')} has no effect with --merge: the parts decide it", ctx)
    merged = merge_parts([Path(name) for name in files])
    inputs = merged.inputs
    options = resolve(ctx, values, kubeaid_ref=_DEFAULT_REF, base=inputs.base or None, base_of=inputs.of)
    end(
        ctx,
        merged.comparison,
        options,
        values,
        command="diff",
        about=_about(inputs.upgrade_to, inputs.base),
        place=comment_place(values, options, of=inputs.of),
        revisions=lambda: dict(merged.revisions),
    )


def _baseline(
    base: str | None, before: "Revisions", repositories: "Repositories", clusters: "Sequence[str]", options: Options
) -> Baseline:
    """Return the findings of rendering clusters before the change."""
    from kubeaid_ci.baseline.at_base import of_clusters
    from kubeaid_ci.render.fleet import open_fleet
    from kubeaid_ci.render.render import render_each

    run = options.run_arguments
    open_side = partial(open_fleet, repositories.config, repositories.kubeaid, kubeaid_ref=before.kubeaid, **run)

    def findings_at(revision: "TreeRevision", names: "Sequence[str]") -> "Sequence[Finding]":
        with open_side(clusters=names, config_ref=revision) as fleet:
            return render_each(fleet, lambda _: None)

    findings = of_clusters(repositories.config, before.config, clusters, findings_at)
    return Baseline(base or "the pinned revisions", findings)


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
    around = [
        (name, Path(folder) / inside)
        for name, folder, inside in sought
        if folder and here.is_relative_to(Path(folder).resolve())
    ]
    found = [name for name, inside in around if inside.is_dir()]
    if not found and len(around) == 1:
        return around[0][0]  # the change removes the folder: the last cluster goes
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
