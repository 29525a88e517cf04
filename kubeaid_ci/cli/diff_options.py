"""The options of every command that compares, and how such a command ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.new_only import Baseline
from kubeaid_ci.cli.options import Options
from kubeaid_ci.cli.publish_options import reach_options, wishes
from kubeaid_ci.cli.terminal import notice
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.findings.finding import Severity

if TYPE_CHECKING:
    from kubeaid_ci.ci.comment import Place
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.diff.comparison import Comparison

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
    click.option("--comment-on", type=click.IntRange(min=1), metavar="N", help="The same, on change request number N."),
)


def diff_options(function: _F) -> _F:
    """Add the options of comparing to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return reach_options(function)


def comment_place(given: dict[str, Any], options: Options, *, of: str) -> "Place | None":
    """Return the change request to comment on, if requested. Fails before the work is done, not after it."""
    if not given["comment"] and given["comment_on"] is None:
        return None
    from kubeaid_ci.ci.comment import place
    from kubeaid_ci.cli.repositories import kubeaid_target

    repository = options.config_repo if of == "config" else kubeaid_target(options)
    return place(repository, wishes(dict(given), options.settings.publish), given["comment_on"])


def comparing(given: dict[str, Any], options: Options, progress: "Progress") -> dict[str, Any]:
    """The arguments that the jobs of both commands take from the options."""
    return {
        "noise": given["show_noise"],
        "diffs": given["unified"],
        "settings": options.settings,
        "jobs": options.jobs,
        "cache": options.cache,
        "progress": progress.rendered,
    }


def about_change(base: str) -> str:
    """Return the title of the change in a comment."""
    return f"this change since it left {base[:-3]}" if base.endswith("...") else f"this change since {base}"


def end(
    ctx: click.Context,
    comparison: "Comparison",
    options: Options,
    given: dict[str, Any],
    *,
    command: str,
    about: str,
    place: "Place | None",
    baseline: Baseline | None = None,
    revisions: Callable[[], dict[str, Any]] | None = None,
) -> NoReturn:
    """Comment if requested, show the report, exit."""
    from kubeaid_ci.cli.ending import conclude, judge
    from kubeaid_ci.cli.provenance import of_options
    from kubeaid_ci.diff.report import outputs, report

    known_revisions = cache(revisions or partial(of_options, options))
    judged = judge(comparison.findings, options, baseline=baseline)
    comparison = replace(comparison, findings=judged.findings)
    differs = given["exit_code"] and comparison.differs
    unread = any(finding.key == "folder" for finding in comparison.findings)
    conclude(
        ctx,
        judged.of(report(comparison, version=__version__, command=command)),
        options,
        outputs=outputs(comparison),
        failure=2 if unread else int(differs),
        post=(lambda: _comment(comparison, options, place, command, (about, known_revisions()))) if place else None,
        revisions=known_revisions,
    )


def _comment(
    comparison: "Comparison", options: Options, place: "Place", command: str, compared: tuple[str, dict[str, Any]]
) -> int:
    """Return the exit code of a forge that does not take the comment: the report is worth showing anyway."""
    from kubeaid_ci.cli.provenance import run_address
    from kubeaid_ci.diff.comment_text import Silenced, comment
    from kubeaid_ci.findings import suppress
    from kubeaid_ci.report import provenance

    about, revisions = compared
    spoken = tuple(finding for finding in comparison.findings if finding.suppressed_by is None)
    after = suppress.apply(spoken, options.new_suppressions, today=date.today(), ran=())
    new = sum(finding.suppressed_by is not None for finding in after)
    silenced = Silenced(len(comparison.findings) - len(spoken), new)
    try:
        said = replace(comparison, findings=spoken)
        origin = provenance.line(revisions, version=__version__, made=datetime.now(UTC), run=run_address())
        text = comment(
            said, about=about, limit=place.limit, size=place.forge.body_size, silenced=silenced, origin=origin
        )
        worth_saying = comparison.differs or any(one.severity is not Severity.INFO for one in spoken)
        if others := place.say(command, text, only_anew=not worth_saying):
            notice(f"kubeaid-ci: {others} comments with our marker belong to another user, and were not changed")
    except OutsideError as error:
        notice(f"kubeaid-ci: error: cannot post the comment: {error}")
        return error.exit_code
    return 0
