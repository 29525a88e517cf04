"""What to render for an Application: its sources as tasks, or why one cannot be looked at."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.at_hand import AtHand, NotAtHandError, Place, RevisionMissingError
from kubeaid_ci.jobs.kustomize_plan import kustomize_task
from kubeaid_ci.jobs.render_task import ChartTask, FilesAt, FolderTask, Note, Task
from kubeaid_ci.jobs.value_files import ValueFiles
from kubeaid_ci.model.addresses import Addresses
from kubeaid_ci.model.application import Application, Parameter, Source
from kubeaid_ci.model.release_name import check_release_name
from kubeaid_ci.model.rendering import Failure
from kubeaid_ci.model.tree import tree_id
from kubeaid_ci.plan import kustomization
from kubeaid_ci.plan.chart_files import LinkError
from kubeaid_ci.plan.patterns import compiled

_MANIFESTS = (".yaml", ".yml", ".json")
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Part:
    """One source of an Application: what to do, or what is to be said instead. `chart` is a folder's name."""

    what: Task | Note
    revision: str | None = None
    chart: str = ""


class FolderMissingError(UserError):
    """An Application names a folder that is not in the repository."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the cluster is able to run: as Helm is told of it."""

    kube_version: str
    api_versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the Applications of one cluster. `own` are the addresses of both repositories."""

    hand: AtHand
    own: Addresses
    capabilities: Capabilities

    def parts(self, application: Application, where: str) -> Iterator[Part]:
        """The sources in order; `where` is the file that the Application is in."""
        for source in application.sources:
            if source.ref and not source.path and not source.chart:
                continue  # only there for its values
            try:
                yield self._part(application, source, where)
            except NotAtHandError as reason:
                yield Part(Note(reason.rule, f"{reason}, so its objects are unknown", where))
            except LinkError as error:
                yield Part(Note("chart/symlink-escapes", str(error), source.path))
            except RevisionMissingError as error:
                yield Part(Note("build/pinned-revision-missing", str(error), where))
            except FolderMissingError as error:
                yield Part(Note("chart/render-failed", str(error), where, failure=Failure.GONE))
            except UserError as error:
                message = str(error).replace(f"{self.hand.config}/", "").replace(f"{self.hand.kubeaid}/", "")
                yield Part(Note("chart/render-failed", message, where))

    def _part(self, application: Application, source: Source, where: str) -> Part:
        place = self.hand.place(source, self.own, source.path)
        folder = posixpath.normpath(source.path) if source.path else ""
        folder = "" if folder == "." else folder
        below = place.below(folder)
        if not below or folder.startswith(".."):
            raise FolderMissingError(
                f"{source.shown_url} has no folder {source.path or '/'} at {place.revision};"
                " correct the Application's path, or remove the Application"
            )
        match source.tool or _tool(place, folder):
            case "helm":
                chart = folder.rpartition("/")[2]
                return Part(self._chart(application, source, place, folder, where), place.revision, chart)
            case "directory":
                return Part(_folder(source, place, folder), place.revision)
            case "kustomize":
                environment = _environment(application, source, self.capabilities)
                task = kustomize_task(
                    place,
                    folder,
                    source.kustomize,
                    hand=self.hand,
                    substituted=lambda text: _substituted(text, environment),
                )
                return Part(task, place.revision)
            case other:
                raise NotAtHandError(f"{source.path} is made by {other}, which is not followed")

    def _chart(self, application: Application, source: Source, place: Place, folder: str, where: str) -> ChartTask:
        said = source.helm
        name = said.release_name or application.name
        check_release_name(name)
        environment = _environment(application, source, self.capabilities)
        files = ValueFiles(
            self.hand, self.own, application, where, place, folder, lambda text: _substituted(text, environment)
        )
        return ChartTask(
            at=place.at,
            folder=folder,
            tree=place.chart_tree(folder),
            name=name,
            namespace=said.namespace or application.namespace or "default",
            kube_version="v" + (said.kube_version or self.capabilities.kube_version).removeprefix("v"),
            api_versions=said.api_versions or self.capabilities.api_versions,
            layers=tuple(files.layers(said, application.sources.index(source))),
            parameters=_last_of_each(said.parameters, environment),
            file_parameters=tuple(Parameter(one.name, files.text(one.value)) for one in said.file_parameters),
            skip_crds=said.skip_crds,
            skip_tests=said.skip_tests,
            skip_schema_validation=said.skip_schema_validation,
            where=where if said.parameters or said.file_parameters else "",
        )


def _tool(place: Place, folder: str) -> str:
    """What ArgoCD takes a folder for, where the Application does not say."""
    inside = f"{folder}/" if folder else ""
    if f"{inside}Chart.yaml" in place.files.files:
        return "helm"
    return "kustomize" if any(f"{inside}{name}" in place.files.files for name in kustomization.FILES) else "directory"


def _folder(source: Source, place: Place, folder: str) -> FolderTask:
    said = source.directory
    include = compiled(said.include, where="directory.include", across=True) if said.include else None
    exclude = compiled(said.exclude, where="directory.exclude", across=True) if said.exclude else None
    entries = {}
    for path, entry in sorted(place.below(folder).items()):
        inside = path[len(folder) + 1 :] if folder else path
        if (not said.recurse and "/" in inside) or entry.is_link:
            continue
        if (include and not include.fullmatch(inside)) or (exclude and exclude.fullmatch(inside)):
            continue
        if inside.endswith(".jsonnet"):
            raise NotAtHandError(f"{path} is jsonnet, which ArgoCD evaluates and this does not")
        if inside.endswith(_MANIFESTS):
            entries[path] = entry
    at = FilesAt(place.at.root, place.at.ref, place.at.folders)
    return FolderTask(at, tuple(entries), tree_id(entries) if entries else "")


def _last_of_each(parameters: tuple[Parameter, ...], environment: Mapping[str, str]) -> tuple[Parameter, ...]:
    by_name = {(one.name, one.is_text): one for one in parameters}
    return tuple(Parameter(one.name, _substituted(one.value, environment), one.is_text) for one in by_name.values())


def _environment(application: Application, source: Source, capabilities: Capabilities) -> dict[str, str]:
    """The variables of ArgoCD's build environment that do not depend on when and where it runs."""
    return {
        "ARGOCD_APP_NAME": application.name,
        "ARGOCD_APP_NAMESPACE": application.namespace,
        "ARGOCD_APP_PROJECT_NAME": application.project,
        "ARGOCD_APP_SOURCE_PATH": source.path,
        "ARGOCD_APP_SOURCE_REPO_URL": source.url,
        "ARGOCD_APP_SOURCE_TARGET_REVISION": source.revision,
        "KUBE_VERSION": capabilities.kube_version.removeprefix("v"),
    }


def _substituted(text: str, environment: Mapping[str, str]) -> str:
    """Variables replaced as ArgoCD does: an unknown one is nothing, ``$$`` is a dollar sign."""
    return _VARIABLE.sub(lambda found: "$" if found[1] else environment.get(found[2] or found[3], ""), text)
