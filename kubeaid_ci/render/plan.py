"""The render plan of an Application: its sources as tasks, or the reason why a source is unknown.

The files of plain manifests are chosen as in `getPotentiallyValidManifests` of Argo CD 3.5.
"""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kubeaid_ci.argocd import UnsupportedError, directory_manifests, kustomization, source_overrides
from kubeaid_ci.argocd.application import Application, DirectorySource, HelmSource, Parameter, Source
from kubeaid_ci.argocd.build_environment import BuildEnvironment, UnknownVariableError
from kubeaid_ci.config_repo.general_settings import Addresses
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.links import Refused
from kubeaid_ci.git.tree import EXECUTABLE, FOLDER, REGULAR, tree_id
from kubeaid_ci.globs import argocd
from kubeaid_ci.helm.chart_files import LinkError
from kubeaid_ci.helm.release_name import check_release_name
from kubeaid_ci.k8s.strict_fields import text
from kubeaid_ci.render.kustomize_plan import kustomize_task
from kubeaid_ci.render.rendering import Failure, SourcePlan
from kubeaid_ci.render.repositories import LocalRepositories, Place, RevisionMissingError, UnavailableError
from kubeaid_ci.render.rules import SUBFOLDERS_NOT_READ
from kubeaid_ci.render.task import ChartTask, FilesAt, FolderTask, Note, Task
from kubeaid_ci.render.value_files import ValueFiles
from kubeaid_ci.suggestion import near_names


@dataclass(frozen=True, slots=True)
class Part:
    """One source of an Application: its task, or the finding instead. `plan` is None if the source cannot be read.

    `remark` is a finding that leaves it its objects.
    """

    what: Task | Note
    plan: SourcePlan | None = None
    remark: Note | None = None

    @property
    def revision(self) -> str | None:
        """The revision of its repository."""
        return self.plan.revision if self.plan else None

    @property
    def chart(self) -> str:
        """The name of its chart's folder; empty for plain manifests."""
        return self.plan.chart if self.plan else ""


class FolderMissingError(UserError):
    """An Application names a folder that is not in the repository."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of the cluster, as passed to Helm."""

    kube_version: str
    api_versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the Applications of one cluster. `own` are the addresses of both repositories."""

    repositories: LocalRepositories
    own: Addresses
    capabilities: Capabilities

    def parts(self, application: Application, where: str, instance: str) -> Iterator[Part]:
        """Yield the sources in order; `where` is the file that the Application is in.

        `instance` is the name of the Application in files and variables: ``<namespace>_<name>`` outside Argo CD's own
        namespace.
        """
        for at, source in enumerate(application.sources):
            if source.ref and not source.path and not source.chart:
                continue  # only there for its values
            unread = SourcePlan(source, path=source.path)
            try:
                yield self._part(application, at, where, instance)
            except UnavailableError as reason:
                yield Part(Note(reason.rule, f"{reason}, so its objects are unknown", where), unread)
            except UnsupportedError as reason:
                yield Part(
                    Note(UnavailableError.rule, f"it uses {reason}, so its objects are unknown", where),
                    unread,
                )
            except UnknownVariableError as error:
                message = f"it uses ${error.name}, which only Argo CD knows when it syncs, so its objects are unknown"
                yield Part(Note(UnavailableError.rule, message, where), unread)
            except LinkError as error:
                yield Part(Note("chart/symlink-escapes", str(error), source.path), unread)
            except RevisionMissingError as error:
                yield Part(Note("build/pinned-revision-missing", str(error), where), unread)
            except FolderMissingError as error:
                yield Part(Note("chart/render-failed", str(error), where, failure=Failure.GONE), unread)
            except UserError as error:
                message = (
                    str(error).replace(f"{self.repositories.config}/", "").replace(f"{self.repositories.kubeaid}/", "")
                )
                yield Part(Note("chart/render-failed", message, where), unread)

    def _part(self, application: Application, at: int, where: str, instance: str) -> Part:
        source = application.sources[at]
        if source.tool == "hydrator":
            raise UnavailableError(
                f"Argo CD renders it and commits the objects to {source.revision or 'a branch'} before it syncs them"
            )
        place, folder = self._located(source)
        source = source_overrides.overridden(source, _override_files(place, folder, instance))
        environment = self._environment(application, source, instance)
        plan = SourcePlan(application.sources[at], self.repositories.name_of(place), folder, place.revision)
        tool = source.tool or tool_of(place, folder)
        place.refuse_submodules(folder, below=tool != "directory" or source.directory.recurse)
        match tool:
            case "helm":
                files = ValueFiles(self.repositories, self.own, application, where, place, folder, environment.expand)
                chart = self._chart(application, source.helm, files, at)
                return Part(chart, replace(plan, chart=folder.rpartition("/")[2], values=chart.layers))
            case "directory":
                task = folder_task(source.directory, place, folder)
                return Part(task, plan, None if source.tool else _unread(task, place, folder))
            case "kustomize":
                expand = environment.expand
                return Part(
                    kustomize_task(place, folder, source.kustomize, repositories=self.repositories, substituted=expand),
                    plan,
                )
            case other:
                raise UnavailableError(f"{source.path} is made by {other}, which is not followed")

    def _located(self, source: Source) -> tuple[Place, str]:
        """Return the repository of a source and its folder there."""
        if text(source.body, "path").startswith("/"):
            raise UserError(f"the path {source.body['path']} is absolute, which Argo CD refuses; write {source.path}")
        place = self.repositories.place(source, self.own, source.path)
        folder = posixpath.normpath(source.path) if source.path else ""
        folder = "" if folder == "." else folder
        if not place.below(folder):
            folder = _followed(place, folder, source)
            place = self.repositories.at_same_revision(place, folder)
        if not place.below(folder) or folder.startswith(".."):
            place.refuse_submodules(folder)
            raise FolderMissingError(
                f"{source.shown_url} has no folder {source.path or '/'} at {place.revision}{_near(place, folder)};"
                " correct the Application's path, or remove the Application"
            )
        return place, folder

    def _environment(self, application: Application, source: Source, instance: str) -> BuildEnvironment:
        return BuildEnvironment.of(
            app=instance,
            namespace=application.namespace,
            project=application.project,
            revision=self.repositories.synced_commit(source, self.own),
            url=source.url,
            path=text(source.body, "path"),
            target_revision=source.revision,
        )

    def _chart(self, application: Application, helm: HelmSource, files: ValueFiles, at: int) -> ChartTask:
        name = helm.release_name or application.name
        check_release_name(name)
        has_parameters = helm.parameters or helm.file_parameters
        return ChartTask(
            at=files.place.at,
            folder=files.folder,
            tree=files.place.chart_tree(files.folder),
            name=name,
            namespace=helm.namespace or application.namespace or "default",
            kube_version="v" + (helm.kube_version or self.capabilities.kube_version).removeprefix("v"),
            api_versions=helm.api_versions or self.capabilities.api_versions,
            layers=tuple(files.layers(helm, at)),
            parameters=_last_of_each(helm.parameters, files.substituted),
            file_parameters=tuple(
                Parameter(parameter.name, files.text(parameter.value)) for parameter in helm.file_parameters
            ),
            skip_crds=helm.skip_crds,
            skip_tests=helm.skip_tests,
            skip_schema_validation=helm.skip_schema_validation,
            where=files.where if has_parameters else "",
        )


def _near(place: Place, folder: str) -> str:
    """Return the folders next to a missing one that have a similar name, as a question."""
    above, name = posixpath.split(folder)
    start = len(above) + 1 if above else 0
    inside = (path[start:].partition("/") for path in place.below(above))
    return near_names(name, {first for first, separator, _ in inside if separator}).rstrip("?")


def _followed(place: Place, folder: str, source: Source) -> str:
    """Return the folder that a path through links leads to, the path itself if it leads to none.

    Raises `UserError` if the path itself is a link: Argo CD looks for files without following it.
    """
    real = place.files.real(folder)
    if isinstance(real, Refused) or place.files.mode(real) != FOLDER:
        return folder
    above, name = posixpath.split(folder)
    parent = place.files.real(above)
    is_link = isinstance(parent, str) and place.files.target(posixpath.join(parent, name)) is not None
    if is_link and not source.tool:
        raise UserError(f"{folder} is a link, in which Argo CD finds no files; write path: {real}")
    return real


def _override_files(place: Place, folder: str, instance: str) -> Iterator[tuple[str, str]]:
    """Return the files that override the settings of a source, each with its text."""
    for name in source_overrides.names(instance):
        path = posixpath.join(folder, name)
        real = place.files.real(path)
        if isinstance(real, Refused):
            if not real.is_broken:
                raise UserError(f"{path}: a link that {real.reason}, so Argo CD refuses the Application")
        elif place.files.mode(real) != FOLDER:
            yield path, place.read(path)


def tool_of(place: Place, folder: str) -> str:
    """Return what Argo CD takes a folder for if the Application sets no tool: the last file by name decides."""
    inside = f"{folder}/" if folder else ""
    tool = "directory"
    for path in sorted(place.below(folder)):
        name = path.removeprefix(inside)
        if "/" in name:
            continue
        if name.endswith("Chart.yaml"):
            tool = "helm"
        elif name in kustomization.FILES:
            tool = "kustomize"
    return tool


def _last_of_each(parameters: tuple[Parameter, ...], expand: Callable[[str], str]) -> tuple[Parameter, ...]:
    by_name = {(parameter.name, parameter.is_text): parameter for parameter in parameters}
    return tuple(
        Parameter(parameter.name, expand(parameter.value), parameter.is_text) for parameter in by_name.values()
    )


def folder_task(source: DirectorySource, place: Place, folder: str) -> FolderTask:
    """Return the files of a folder that are read as manifests, links to files in the repository included.

    Raises `UnavailableError` for jsonnet, and `UserError` for a link that leads out of the repository.
    """
    found = {path: real for path in _chosen(source, place, folder) if (real := _real(place, path))}
    for path, real in found.items():
        if path.endswith(".jsonnet") and not _is_skipped(place, real):
            raise UnavailableError(f"{path} is jsonnet, which Argo CD evaluates and kubeaid-ci does not")
    found = {path: real for path, real in found.items() if not path.endswith(".jsonnet")}
    tops = sorted({real.split("/", 1)[0] for real in found.values()} | set(place.at.folders))
    tree = tree_id({path: place.files.files[real] for path, real in found.items()}) if found else ""
    return FolderTask(FilesAt(place.at.root, place.at.revision, tuple(tops)), tuple(found.items()), tree)


def _unread(task: FolderTask, place: Place, folder: str) -> Note | None:
    """Return a finding about subfolders that are not read, if the folder looks like a chart or has nothing else."""
    start = len(folder) + 1 if folder else 0
    inside = (path[start:] for path in place.below(folder))
    nested = sorted(path for path in inside if "/" in path and path.endswith(directory_manifests.ENDINGS))
    is_chart = any(path.startswith("templates/") for path in nested)
    if not nested or (task.files and not is_chart):
        return None
    message = (
        f"{folder or 'the top folder'} has no Chart.yaml, so Argo CD reads only the files in the folder itself and not"
        f" the {len(nested)} below, such as {nested[0]}"
    )
    return Note(SUBFOLDERS_NOT_READ.id, message, folder)


def _chosen(source: DirectorySource, place: Place, folder: str) -> list[str]:
    """Return the paths with an ending of manifests that the patterns choose, in the order of a walk."""
    include = argocd.gobwas(source.include) if source.include else None
    exclude = argocd.gobwas(source.exclude) if source.exclude else None
    start = len(folder) + 1 if folder else 0
    chosen = []
    for path in sorted(place.below(folder), key=lambda path: path.split("/")):
        inside = path[start:]
        if not inside.endswith(directory_manifests.ENDINGS) or (not source.recurse and "/" in inside):
            continue
        if (include is None or include.fullmatch(inside)) and (exclude is None or not exclude.fullmatch(inside)):
            chosen.append(path)
    return chosen


def _real(place: Place, path: str) -> str | None:
    """Return the regular file that a path leads to; None if it leads to nothing, or to something else."""
    real = place.files.real(path)
    if isinstance(real, Refused):
        if real.is_broken:
            return None
        raise UserError(f"{path}: a link that {real.reason}, so Argo CD refuses the Application; replace it by a file")
    return real if place.files.mode(real) in (REGULAR, EXECUTABLE) else None


def _is_skipped(place: Place, path: str) -> bool:
    return directory_manifests.is_skipped(directory_manifests.text_of(place.files.read(path)))
