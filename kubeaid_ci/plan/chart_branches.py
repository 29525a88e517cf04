"""Which branch brings which chart updates. The names never change, so that the next run finds them again."""

from collections.abc import Iterable

from kubeaid_ci.plan.branches import part

CHARTS = "kubeaid-ci/charts"
GROUPS = "kubeaid-ci/chart-groups"
NEW = "kubeaid-ci/new-charts"
SIGHTS = "kubeaid-ci/first-seen"


def branch(chart: str, group: str | None, *, is_new: bool = False) -> str:
    """The branch of an umbrella chart, or of the group that it is updated with."""
    if is_new:
        return f"{NEW}/{part(chart)}"
    return f"{GROUPS}/{part(group)}" if group else f"{CHARTS}/{part(chart)}"


def left_over(heads: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The branches that were ours, and for which nothing is to be brought any more."""
    ours = {head for head in heads if head.startswith((f"{CHARTS}/", f"{GROUPS}/"))}
    return tuple(sorted(ours - set(wanted)))
