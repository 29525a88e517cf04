"""Changes by rebuilt manifests in a clone of the config repo, for reviewers."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kubeaid_ci import documents
from kubeaid_ci.build.result import BuildResult
from kubeaid_ci.compare.images import image_changes
from kubeaid_ci.compare.manifests import AlertChange
from kubeaid_ci.compare.prometheus_rules import alerts
from kubeaid_ci.config_repo import versions as revision_plan
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.tree import Action
from kubeaid_ci.k8s.manifest import Manifest, objects

_RELEASE = re.compile(rb"kube_prometheus_version['\"]?\s*:{1,3}\s*['\"]([^'\"]+)['\"]")
_VARS_FILE = re.compile(r"/[^/]*-vars\.jsonnet")
_APPLICATION = "argocd-apps/templates/kube-prometheus.yaml"
_MOST_DIFF_LINES = 400


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


def cluster_changes(
    repository: Repository, results: Sequence[BuildResult], *, ignored: Collection[str]
) -> Mapping[str, ClusterChange]:
    """Return what was built over the newest commit of a clone, by the cluster's folder.

    The clone is one of our own: its index is written to. Files that Git is to `ignore` are not looked into.
    """
    paths = {one.dir: [path for path in (*one.written, *one.removed) if path not in ignored] for one in results}
    diffs = repository.diffs([path for each in paths.values() for path in each]) if results else {}
    with Blobs(repository.folder) as blobs:
        return {one.dir: _change(repository, blobs, one, paths[one.dir], diffs) for one in results}


def _change(
    repository: Repository, blobs: Blobs, result: BuildResult, paths: Sequence[str], diffs: Mapping[str, str]
) -> ClusterChange:
    committed = repository.files("HEAD", f"k8s/{result.dir}")
    old = _manifests((path, blobs.read(committed[path].id)) for path in paths if path in committed)
    new = _manifests((path, (repository.folder / path).read_bytes()) for path in paths if path in set(result.written))
    added, removed = image_changes(old, new)
    release, revision = _built_from(repository, result)
    return ClusterChange(
        result,
        release_before=release,
        revision_before=revision,
        alerts=alerts(old, new),
        images_added=added,
        images_removed=removed,
        files=tuple((path, _action(path, result, committed)) for path in sorted(paths)),
        diffs={path: _cut(diffs[path]) for path in paths if path in diffs},
    )


def _action(path: str, result: BuildResult, committed: Collection[str]) -> Action:
    if path in result.removed:
        return Action.REMOVED
    return Action.MODIFIED if path in committed else Action.ADDED


def _manifests(files: Iterable[tuple[str, bytes]]) -> list[Manifest]:
    found: list[Manifest] = []
    for path, data in files:
        try:
            parsed = documents.load_all(data, where=path)
        except UserError:
            continue  # edited manually and no longer valid YAML
        found += [manifest for one in parsed for manifest in objects(path, one)]
    return found


def _built_from(repository: Repository, result: BuildResult) -> tuple[str | None, str | None]:
    """Return the release and revision that the cluster named when its manifests were committed last."""
    folder = f"k8s/{result.dir}"
    commit = repository.last_change(f"{folder}/kube-prometheus")
    if commit is None:
        return None, None
    vars_files = [path for path in repository.files(commit, folder) if _VARS_FILE.fullmatch(path[len(folder) :])]
    release = _RELEASE.search((repository.show(commit, vars_files[0]) or b"") if len(vars_files) == 1 else b"")
    application = repository.show(commit, f"{folder}/{_APPLICATION}")
    return release and release[1].decode("utf-8", "replace"), _revision(application)


def _revision(application: bytes | None) -> str | None:
    try:
        found = documents.load_all(application or b"", where=_APPLICATION)
    except UserError:
        return None
    known = [revision_plan.pinned(one, ()) for one in found if isinstance(one, dict)]
    return next((one.revision for one in known if one), None)


def _cut(diff: str) -> str:
    lines = diff.split("\n")
    more = len(lines) - _MOST_DIFF_LINES
    return "\n".join([*lines[:_MOST_DIFF_LINES], f"… {more} more lines"]) if more > 0 else diff
