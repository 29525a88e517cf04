"""Changes of an upgrade in each Application: revisions, charts, images."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeaid_ci.argocd.sync import object_options, option_value
from kubeaid_ci.compare.images import images
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.diff.clusters import image_steps
from kubeaid_ci.diff.comparison import Comparison, ImageChange
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.k8s.fields import mapping
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.fleet import States
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.upgrade.edits import ClusterEdits
from kubeaid_ci.upgrade.result import AppChange, PlaceKind, PlaceStatus, RevisionEdit

# https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/objectmeta.go: TotalAnnotationSizeLimitB
_LARGEST_ANNOTATION = 262_144
SYNC_ORDER = "kubeaid.io/sync-order"


@dataclass(frozen=True, slots=True)
class ChartVersions:
    """The dependencies of KubeAid charts at any revision, read through one program."""

    repository: Repository
    blobs: Blobs
    _commits: dict[str, str | None] = field(default_factory=dict)
    _known: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def changed(self, chart: str, before: str, after: str) -> Iterator[str]:
        """Yield the dependencies of a chart whose version changes, as ``name 1.0.0 → 1.1.0``."""
        old, new = self._at(before, chart), self._at(after, chart)
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                yield f"{name} {old.get(name, 'none')} → {new.get(name, 'none')}"

    def _at(self, revision: str, chart: str) -> Mapping[str, str]:
        """Return the versions of a chart's dependencies by name; empty if the chart does not exist."""
        key = (revision, chart.strip("/"))
        if key not in self._known:
            self._known[key] = _dependencies(self._text(*key))
        return self._known[key]

    def _text(self, revision: str, chart: str) -> bytes:
        if revision not in self._commits:
            is_default = revision == "HEAD"
            self._commits[revision] = (
                self.repository.default_branch() if is_default else self.repository.target(revision)
            )
        commit = self._commits[revision]
        if not commit or not chart or not chart.isprintable():
            return b""
        try:
            return self.blobs.read(f"{commit}:{chart}/Chart.yaml")
        except UserError:
            return b""  # the chart does not exist at that revision


@contextmanager
def chart_versions(kubeaid: Path) -> Iterator[ChartVersions]:
    """Yield the charts of a KubeAid repo; the program ends with the block."""
    with Blobs(kubeaid) as blobs:
        yield ChartVersions(Repository(kubeaid), blobs)


@dataclass(slots=True)
class ObjectFacts:
    """Facts about the objects of clusters for the announcement. The objects leave memory when they are compared.

    By the folder of a cluster and the name of an Application: `images` are the changes of images, `too_large` the
    objects that client-side apply cannot store, `sync_orders` the labels of the Applications before the change.
    """

    images: dict[tuple[str, str], tuple[ImageChange, ...]] = field(default_factory=dict)
    too_large: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    sync_orders: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, states: States) -> None:
        """Add a cluster before and after the change."""
        before, after = (_apps(state) for state in states)
        for (folder, name), app in after.items():
            old = before.get((folder, name))
            if old is not None and app.manifests:
                gone, new = images(old.manifests), images(app.manifests)
                self.images[folder, name] = tuple(image_steps(app.cluster, gone - new, new - gone))
            self.too_large[folder, name] = tuple(_too_large(app))
        for app in before.values():
            for name, order in _sync_orders(app):
                self.sync_orders[app.dir, name] = order


def app_changes(
    cluster: Cluster,
    edited: ClusterEdits,
    to: str,
    *,
    comparison: Comparison,
    facts: ObjectFacts,
    charts: ChartVersions,
) -> tuple[AppChange, ...]:
    """Return the Applications of a cluster that move, in order of their sync order and name."""
    by_app: dict[str, list[RevisionEdit]] = {}
    for edit in edited.edits:
        if edit.app and edit.status is not PlaceStatus.LEFT:
            by_app.setdefault(edit.app, []).append(edit)
    found = [
        AppChange(
            name,
            tuple(dict.fromkeys(edit.before or "" for edit in _sources(edits) or edits)),
            to,
            tuple(line for edit in _sources(edits) for line in charts.changed(edit.chart, edit.before or "HEAD", to)),
            facts.images.get((cluster.dir, name), ()),
            facts.sync_orders.get((cluster.dir, name)),
            facts.too_large.get((cluster.dir, name), ()),
        )
        for name, edits in by_app.items()
    ]
    built = [changed for changed in found if not _sources(by_app[changed.name])]
    if len(built) == 1:
        # What no other Application runs is in the monitoring that is built.
        others = {step for changed in found for step in changed.images}
        new = tuple(image for image in comparison.images if image.cluster == cluster.label and image not in others)
        found[found.index(built[0])] = replace(built[0], images=new)
    return tuple(sorted(found, key=lambda change: (change.sync_order is None, change.sync_order or 0, change.name)))


def _sources(edits: Iterable[RevisionEdit]) -> list[RevisionEdit]:
    """Return the edits of sources. The Application of the built monitoring has none: its source is the config repo."""
    return [edit for edit in edits if edit.kind is PlaceKind.SOURCE]


def _apps(state: ClusterState | None) -> Mapping[tuple[str, str], RenderedApp]:
    """Return the Applications of a cluster by its folder and their name without the namespace."""
    return {(app.dir, app.app.rpartition("/")[2]): app for app in state.apps} if state else {}


def _sync_orders(app: RenderedApp) -> Iterator[tuple[str, int]]:
    """Yield the Applications among the objects of one, each with its sync order."""
    for manifest in app.manifests:
        if manifest.key.kind == "Application":
            written = mapping(manifest.body, "metadata", "labels").get(SYNC_ORDER)
            if written is not None and str(written).strip().lstrip("-").isdigit():
                yield manifest.key.name, int(str(written))


def _too_large(app: RenderedApp) -> Iterator[str]:
    """Yield the objects that client-side apply stores in an annotation that cannot hold them."""
    if app.sync.option("ServerSideApply") == "true":
        return
    for manifest in app.manifests:
        options = object_options(manifest.body)
        if any(option_value(options, name) == "true" for name in ("ServerSideApply", "Replace")):
            continue
        if len(json.dumps(manifest.body, separators=(",", ":"))) > _LARGEST_ANNOTATION:
            yield str(manifest.key)


def _dependencies(data: bytes) -> Mapping[str, str]:
    declared = chart_yaml.read_if_valid(data).get("dependencies") or ()
    return {one.get("name", ""): one.get("version", "") for one in declared if one}
