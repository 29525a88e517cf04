"""The branches of chart updates. Their names never change, so that the next run finds them again.

`prefix` is that of `branches.prefix`: it distinguishes branches to different bases.
"""

from collections.abc import Iterable

from kubeaid_ci.publishing.branches import PREFIX, part


def branch(chart: str, group: str | None, *, is_new: bool = False, prefix: str = PREFIX) -> str:
    """Return the branch of an umbrella chart, or of the group that it is updated with."""
    if is_new:
        return f"{prefix}/new-charts/{part(chart)}"
    return f"{prefix}/chart-groups/{part(group)}" if group else f"{prefix}/charts/{part(chart)}"


def first_seen(*, prefix: str = PREFIX) -> str:
    """Return the branch that records when releases were first seen."""
    return f"{prefix}/first-seen"


def looked_at(prefix: str) -> tuple[str, ...]:
    """Return the names and patterns of the branches that may be left over."""
    return (f"{prefix}/charts/*", f"{prefix}/chart-groups/*", first_seen(prefix=prefix))


def left_over(heads: Iterable[str], wanted: Iterable[str], *, prefix: str = PREFIX) -> tuple[str, ...]:
    """Return our branches that no update needs any more."""
    ours = {head for head in heads if head.startswith((f"{prefix}/charts/", f"{prefix}/chart-groups/"))}
    return tuple(sorted(ours - set(wanted)))
