"""``--new-only --base REF``: report only the findings that a base revision does not have."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.cli.environment import is_from_environment

if TYPE_CHECKING:
    from kubeaid_ci.findings.finding import Finding

_F = TypeVar("_F", bound=Callable[..., Any])


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
