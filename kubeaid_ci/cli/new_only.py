"""``--new-only --base REF``: report only the findings that a base revision does not have."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.cli.environment import is_from_environment

if TYPE_CHECKING:
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.git.revision import TreeRevision

_F = TypeVar("_F", bound=Callable[..., Any])


FindingsAt = Callable[[Any, Sequence[str]], "Iterable[Finding]"]
"""Returns the findings of a job at a revision, for the clusters or charts of these names (none: all)."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A base revision as the user named it, and its findings."""

    ref: str
    findings: "Iterable[Finding]"


def new_only_option(function: _F) -> _F:
    """Add ``--new-only`` to a command that has a ``--base`` of its own."""
    return click.option(
        "--new-only", is_flag=True, help="Report only findings that --base does not have; count the others."
    )(function)


def new_only_options(function: _F) -> _F:
    """Add ``--new-only`` and ``--base`` to a command."""
    base = click.option(
        "--base", metavar="REF", help="The revision to compare with (--new-only). REF... is the merge base."
    )
    return new_only_option(base(function))


def base_to_subtract(ctx: click.Context, base: str | None, *, new_only: bool, base_is_used: bool = False) -> str | None:
    """Return the revision whose findings are subtracted, or None if every finding counts.

    `base_is_used` is true if ``--base`` has another effect as well. Raises `UsageError` for one option without the
    other.
    """
    if new_only and not base:
        raise click.UsageError("--new-only needs a revision to compare with: add --base REF", ctx)
    if base and not new_only and not base_is_used and not is_from_environment(ctx, "base"):
        raise click.UsageError(f"--base {base} has no effect without --new-only", ctx)
    return base if new_only else None


def clusters_baseline(
    config_repo: Path, base: str | None, clusters: Sequence[str], findings_at: FindingsAt
) -> Baseline | None:
    """Return the findings of clusters at the base to subtract; None if there is no base."""
    if base is None:
        return None
    from kubeaid_ci.baseline.at_base import of_clusters

    return Baseline(base, of_clusters(config_repo, revision_of_base(config_repo, base), clusters, findings_at))


def charts_baseline(
    kubeaid: Path,
    base: str | None,
    charts: Sequence[str],
    findings_at: FindingsAt,
    *,
    head: "TreeRevision",
) -> Baseline | None:
    """Return the findings of charts at the base to subtract; None if there is no base. `head` is after the change."""
    if base is None:
        return None
    from kubeaid_ci.baseline.at_base import of_charts

    return Baseline(base, of_charts(kubeaid, revision_of_base(kubeaid, base, head), charts, findings_at))


def revision_of_base(root: Path, base: str, head: "TreeRevision | None" = None) -> "TreeRevision":
    """Return the revision that ``--base`` names. ``REF...`` is where `head` (default: the work tree) left it."""
    from kubeaid_ci.baseline import merge_base
    from kubeaid_ci.git.revision import WORK_TREE

    return merge_base.before(root, base, head or WORK_TREE)
