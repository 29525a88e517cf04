"""The options of a comparison."""

from dataclasses import dataclass

from kubeaid_ci.diff.comparison import Revisions


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """Both sides of a comparison, its clusters and Applications by name (none: all), and what it shows.

    The fields are the parameters of `diff_clusters`.
    """

    before: Revisions
    after: Revisions
    clusters: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    monitoring: bool = True
    noise: bool = False
    diffs: bool = False
    contents: bool = True
