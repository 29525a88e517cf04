"""The monitoring manifests of clusters as they will be once they are built at another KubeAid revision."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeaid_ci.build.build import with_any_engine
from kubeaid_ci.build.built_files import Files, Sources, Task, cached_files, evaluate
from kubeaid_ci.build.evaluation import Evaluation, Refused
from kubeaid_ci.cache.cache import Cache
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.diff.pair import Pair
from kubeaid_ci.diff.rules import LIBRARY_GONE, NOT_COMPARED, RENDER_BROKEN
from kubeaid_ci.diff.unknown import Apps
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git.revision import Pinned, Revision
from kubeaid_ci.k8s import api
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.k8s.rendered import as_json
from kubeaid_ci.k8s.scopes import Scopes
from kubeaid_ci.render.renderer import Renderer
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.render.results import placed
from kubeaid_ci.render.task import Bodies, as_lines, from_lines
from kubeaid_ci.repositories.kubeaid import KubeAid, resolve
from kubeaid_ci.runtime.workers import Crashed, Done, Pool

_FORMAT = 3
_LIBRARY_MISSING = "build/library-missing"


@dataclass(frozen=True, slots=True)
class Build:
    """The result of building one cluster: objects by the path of their file below its output, or the error.

    Equal digests mean equal builds. None if no cache is used.
    """

    manifests: tuple[Manifest, ...] = ()
    refused: Finding | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds clusters of a config repo in memory. `root` is the KubeAid repo."""

    config: Path
    root: Path
    pool: Pool
    cache: Cache | None
    bodies: Bodies = field(default_factory=dict)
    keeps_files: bool = False
    """True if the cache gets the files as `build` writes them."""

    def at(self, ref: Revision, clusters: Sequence[Cluster]) -> dict[str, KubeAid | Finding]:
        """Return the KubeAid files at a revision, by folder of the cluster; findings if it builds nothing."""
        try:
            return dict(resolve(self.root, ref, self.config, tuple(clusters)))
        except UserError as error:
            message = str(error).replace(f"{self.root}: ", "")
            return {
                cluster.dir: LIBRARY_GONE.at(cluster.vars_file, message, subject=cluster.label) for cluster in clusters
            }

    def built(
        self, clusters: Sequence[Cluster], sides: Sequence[Mapping[str, KubeAid | Finding]]
    ) -> list[dict[str, Build]]:
        """Return what each cluster gives by folder, with the KubeAid files of each side; all in parallel."""
        done: list[dict[str, Build]] = [{} for _ in sides]
        tasks: list[tuple[Task, dict[str, Build]]] = []
        shared = Sources()
        for builds, sources in zip(done, sides, strict=True):
            for cluster in clusters if sources else ():
                match sources[cluster.dir]:
                    case Finding() as finding:
                        builds[cluster.dir] = Build(refused=finding)
                    case source:
                        task = self._task(cluster, source)
                        if known := _known(task, shared, self.bodies):
                            builds[cluster.dir] = known
                        else:
                            tasks.append((task, builds))
        for outcome in with_any_engine(self.pool, _built, [task for task, _ in tasks]):
            task, builds = tasks[outcome.number]
            builds[task.cluster.dir] = _outcome(outcome)
        return done

    def lost(self, cluster: Cluster, ref: Revision, refused: Finding) -> Finding:
        """Return the finding about a build that fails after the change; `ref` is the revision before it."""
        if refused.rule.id not in (_LIBRARY_MISSING, LIBRARY_GONE.id):
            message = f"the monitoring cannot be built: {refused.message}"
            return replace(refused, rule=RENDER_BROKEN, severity=RENDER_BROKEN.severity, message=message)
        if self._had_library(cluster, ref) is False:
            message = f"{refused.message}; it was missing before, too"
            return replace(refused, rule=LIBRARY_GONE, severity=Severity.WARNING, message=message)
        return replace(refused, rule=LIBRARY_GONE, severity=LIBRARY_GONE.severity)

    def _had_library(self, cluster: Cluster, ref: Revision) -> bool | None:
        """Return whether the library existed before; None if the cluster's former revision is not known."""
        source = self.at(ref, [cluster])[cluster.dir]
        if isinstance(source, Finding):
            return None
        # Taken whole: a pool that is left in the middle kills its workers.
        [outcome] = list(self.pool.map(_finds_library, [self._task(cluster, source)]))
        return outcome.value if isinstance(outcome, Done) else None

    def _task(self, cluster: Cluster, source: KubeAid) -> Task:
        return Task(str(self.config), cluster, source, "rjsonnet", cache=self.cache, only_compared=not self.keeps_files)


@contextmanager
def builder_of(config: Path, root: Path, renderer: Renderer, *, keeps_files: bool = False) -> Iterator[Builder]:
    """Yield a builder with its own workers: Helm and jsonnet in one process exceed the address-space limit."""
    pool = Pool(renderer.pool.jobs, renderer.pool.limits, lasting=True)
    try:
        yield Builder(config, root, pool, renderer.cache, renderer.bodies, keeps_files)
    finally:
        pool.close()


def with_monitoring(pairs: Sequence[Pair], builder: Builder, before: Revision, after: Revision) -> list[Pair]:
    """Return the pairs with the monitoring as it is built at two KubeAid revisions, which hold for all clusters."""
    names = {pair.cluster.dir: _monitoring_apps(pair) for pair in pairs}
    clusters = [pair.cluster for pair in pairs if names[pair.cluster.dir]]
    old_files = {} if isinstance(before, Pinned) or not clusters else builder.at(before, clusters)
    new_files = {} if isinstance(after, Pinned) or not clusters else builder.at(after, clusters)
    changed = [
        cluster for cluster in clusters if not _is_same_tree(old_files.get(cluster.dir), new_files.get(cluster.dir))
    ]
    old, new = builder.built(changed, [old_files, new_files])
    return [
        _rebuilt_pair(
            pair, names[pair.cluster.dir], builder, before, (old.get(pair.cluster.dir), new.get(pair.cluster.dir))
        )
        for pair in pairs
    ]


def _monitoring_apps(pair: Pair) -> list[str]:
    """Return the Applications that apply the monitoring on both sides."""
    return [
        name
        for name, side in pair.before.items()
        if name in pair.after
        and (not pair.apps or name in pair.apps)
        and is_monitoring(side.app, pair.cluster)
        and is_monitoring(pair.after[name].app, pair.cluster)
    ]


def _is_same_tree(old: KubeAid | Finding | None, new: KubeAid | Finding | None) -> bool:
    return isinstance(old, KubeAid) and isinstance(new, KubeAid) and bool(old.tree) and old.tree == new.tree


def _rebuilt_pair(
    pair: Pair, names: Sequence[str], builder: Builder, ref: Revision, builds: tuple[Build | None, Build | None]
) -> Pair:
    """Return the pair with rebuilt Applications, or with the reason why a side cannot be built."""
    old, new = builds
    if new and new.refused:
        finding = builder.lost(pair.cluster, ref, new.refused)
    elif old and old.refused:
        message = f"the monitoring could not be built before: {old.refused.message}"
        finding = replace(old.refused, rule=NOT_COMPARED, severity=NOT_COMPARED.severity, message=message)
    else:
        before = _rebuilt_apps(pair.before, pair.cluster, names, old, pair.scopes[0])
        after = _rebuilt_apps(pair.after, pair.cluster, names, new, pair.scopes[1])
        return replace(pair, before=before, after=after)
    return replace(
        pair,
        findings=(replace(finding, subject=f"{pair.cluster.label}/{names[0]}"),),
        unbuilt=tuple((name, finding.message) for name in names),
    )


def _rebuilt_apps(apps: Apps, cluster: Cluster, names: Sequence[str], build: Build | None, scopes: Scopes) -> Apps:
    if build is None:
        return apps
    return {
        **apps,
        **{name: replace(apps[name], app=rebuilt(apps[name].app, cluster, build, scopes)) for name in names},
    }


def is_monitoring(app: RenderedApp, cluster: Cluster) -> bool:
    """Return whether an Application applies what is built for the cluster."""
    return any(manifest.path.startswith(f"{cluster.output}/") for manifest in app.manifests)


def rebuilt(app: RenderedApp, cluster: Cluster, build: Build, scopes: Scopes) -> RenderedApp:
    """Return the Application with other built manifests in place of the committed ones.

    `scopes` are those of the custom resources that the cluster's Applications define.
    """
    start = f"{cluster.output}/"
    own = [manifest for manifest in app.manifests if not manifest.path.startswith(start)]
    inside = [manifest.path.removeprefix(start) for manifest in app.manifests if manifest.path.startswith(start)]
    recursive = any("/" in path for path in inside)
    definitions = [manifest.body for manifest in build.manifests if manifest.key.kind == "CustomResourceDefinition"]
    scopes = {**scopes, **api.custom_scopes(definitions)}
    new = []
    for manifest in build.manifests:
        if recursive or "/" not in manifest.path:
            body = placed(manifest.body, app.namespace, scopes)
            new.append(Manifest(ObjectId.of(body, scopes=scopes), body, start + manifest.path, app.cluster, app.app))
    digest = _sha256(f"{app.digest} {build.digest}".encode()) if app.digest and build.digest else ""
    return replace(app, manifests=(*own, *new), digest=digest)


def _known(task: Task, sources: Sources, bodies: Bodies) -> Build | None:
    """Return what the cache has, where it proves that every input is as it was."""
    files = cached_files(task, sources)
    noted = task.cache.noted(_name(files)) if task.cache and files else None
    if noted is None:
        return None
    paths, objects = from_lines(noted, bodies)
    found = tuple(Manifest(ObjectId.of(body), body, path) for path, body in zip(paths, objects, strict=True))
    return Build(found, digest=_sha256(noted))


def _built(task: Task) -> Build:
    """Return the objects of one cluster. Runs in a worker."""
    try:
        return _evaluated(task, evaluate(task))
    except Refused as refused:
        return Build(refused=refused.finding)
    except UserError as error:
        message = str(error).replace(task.config + "/", "")
        return Build(refused=RENDER_BROKEN.at(task.cluster.vars_file, message, subject=task.cluster.label))


def _evaluated(task: Task, files: Files) -> Build:
    """Return the objects that were evaluated, kept as JSON: to read YAML takes a second."""
    found = tuple(files.manifests(files.digests))
    if not task.cache:
        return Build(found)
    data = as_lines([manifest.path for manifest in found], (as_json(manifest.body) for manifest in found))
    task.cache.note(_name(files), data)
    return Build(found, digest=_sha256(data))


def _name(files: Files) -> str:
    text = json.dumps([_FORMAT, sorted(files.digests.items())])
    return f"objects-{_sha256(text.encode())}"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _finds_library(task: Task) -> bool:
    """Return whether the release that the vars name is there. Runs in a worker."""
    try:
        evaluation = Evaluation.of(task.cluster, task.config, task.kubeaid.at, task.engine)
        evaluation.release(evaluation.vars())
    except (Refused, UserError):
        return False
    return True


def _outcome(outcome: Done[Task, Build] | Crashed[Task]) -> Build:
    match outcome:
        case Done(_, _, build):
            return build
        case Crashed(_, task, error):
            message = f"the evaluation did not end well: {error}"
            return Build(refused=RENDER_BROKEN.at(task.cluster.vars_file, message, subject=task.cluster.label))
