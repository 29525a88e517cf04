"""The options of every command that compares, and how such a command ends."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.new_only import Baseline
from kubeaid_ci.cli.options import Options
from kubeaid_ci.cli.posting import post_comment
from kubeaid_ci.cli.publish_options import reach_options
from kubeaid_ci.cli.shared_options import with_options

if TYPE_CHECKING:
    from kubeaid_ci.ci.comment import Place
    from kubeaid_ci.diff.comparison import Comparison
    from kubeaid_ci.diff.shard import Part

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--show-noise", is_flag=True, help="Also show the differences that noise rules hide."),
    click.option("--unified", is_flag=True, help="Show a unified diff of each object."),
    click.option("--exit-code", is_flag=True, help="Exit with 1 if something differs."),
    click.option(
        "--comment",
        is_flag=True,
        help="Post the result as a comment on the job's change request. Later runs update the same comment.",
    ),
    click.option(
        "--comment-on",
        type=click.IntRange(min=1),
        metavar="N",
        help="Post the comment on change request number N instead.",
    ),
)


def diff_options(function: _F) -> _F:
    """Add the options of comparing to a command."""
    return with_options(_OPTIONS, reach_options(function))


def about_change(base: str) -> str:
    """Return the title of the change in a comment."""
    return f"this change since it left {base[:-3]}" if base.endswith("...") else f"this change since {base}"


def end(
    ctx: click.Context,
    comparison: "Comparison",
    options: Options,
    values: dict[str, Any],
    *,
    command: str,
    about: str,
    place: "Place | None",
    baseline: Baseline | None = None,
    revisions: Callable[[], dict[str, Any]] | None = None,
    part: "Part | None" = None,
) -> NoReturn:
    """Comment if requested, show the report, exit. `part` is set if the comparison is that of one shard."""
    from kubeaid_ci.cli.ending import conclude, judge, revisions_of_command
    from kubeaid_ci.diff.report import outputs, report

    known_revisions = cache(revisions or partial(revisions_of_command, options))
    judged = judge(comparison.findings, options, baseline=baseline)
    comparison = replace(comparison, findings=judged.findings)
    differs = values["exit_code"] and comparison.differs
    unread = any(finding.key == "folder" for finding in comparison.findings)
    made = report(comparison, version=__version__, command=command)
    if part is not None:
        opening = f"shard {part.shard}: {len(part.clusters)} of {len(part.fleet)} clusters"
        summary = {"shard": str(part.shard), **made.summary}
        made = replace(made, summary=summary, opening=(opening, *made.opening), shard=part.plain())
    conclude(
        ctx,
        judged.of(made),
        options,
        outputs=outputs(comparison),
        failure=2 if unread else int(differs),
        post=(lambda: post_comment(comparison, options, place, command, (about, known_revisions()))) if place else None,
        revisions=known_revisions,
    )
