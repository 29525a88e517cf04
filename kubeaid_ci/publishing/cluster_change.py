"""The effect of a rebuild on one cluster, for reviewers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeaid_ci.build.result import BuildResult
from kubeaid_ci.compare.manifests import AlertChange
from kubeaid_ci.git.tree import Action


@dataclass(frozen=True, slots=True)
class ClusterChange:
    """One cluster's rebuild. The previous revision is None if it is unknown.

    `images_added` and `images_removed` are image references; `files` are all files of the commit, with what it does to
    each; `diffs` are unified diffs by path.
    """

    result: BuildResult
    release_before: str | None = None
    revision_before: str | None = None
    alerts: tuple[AlertChange, ...] = ()
    images_added: tuple[str, ...] = ()
    images_removed: tuple[str, ...] = ()
    files: tuple[tuple[str, Action], ...] = ()
    diffs: Mapping[str, str] = field(default_factory=dict)
