"""Files of a cluster that nothing uses."""

import fnmatch
import re
from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

VALUES_FILE_UNUSED = Rule(
    "gitops/values-file-unused",
    Severity.INFO,
    "No Application uses this values file, so edits of it have no effect. Remove it, or name it in valueFiles.",
)
FOLDER_UNUSED = Rule(
    "gitops/folder-unused",
    Severity.INFO,
    "No Application deploys the manifests of this folder, so they only look as if they ran. Remove the folder, or add "
    "an Application for it.",
)
OUTSIDE_ROOT = Rule(
    "gitops/application-outside-root",
    Severity.WARNING,
    "The root Application does not hold this Application, so only a person can apply it, and later edits have no "
    "effect. Move the file to argocd-apps/templates, or remove it.",
)
RULES = (VALUES_FILE_UNUSED, FOLDER_UNUSED, OUTSIDE_ROOT)

_YAML = (".yaml", ".yml")
_CHART = ("Chart.yaml", "values.yaml", "requirements.yaml")
_PARTS_OF_CHART = ("templates", "charts", "crds")
# Applied by the installers of KubeAid, not by Argo CD.
_INSTALLED = ("kubeone",)
_SECRETS = "sealed-secrets"
_KIND = re.compile(r"^kind:\s*[\"']?[A-Z]\w+", re.MULTILINE)
_APPLICATION = re.compile(r"^kind:\s*[\"']?Application[\"']?\s*$", re.MULTILINE)


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield values files, folders and Applications that nothing uses."""
    label, home = state.cluster.label, f"{state.cluster.path}/argocd-apps"
    for path in _unused_values(state, context, home):
        message = "no Application of the cluster uses this values file"
        yield VALUES_FILE_UNUSED.at(path, message, subject=label, key="values")
    for folder in _unused_folders(state, context):
        message = f"no Application of the cluster deploys {folder}/"
        yield FOLDER_UNUSED.at(folder, message, subject=label, key="folder")
    applied = {app.path for app in state.apps}
    for path in context.files.paths:
        outside = not path.startswith((f"{home}/templates/", f"{state.cluster.output}/")) and path not in applied
        if outside and path.endswith(_YAML) and _APPLICATION.search(text := context.files.text(path) or ""):
            if "argoproj.io/" not in text or "\nspec:" not in text:
                continue
            line = places.text_line(text, r"^kind:\s*[\"']?Application")
            message = "the root Application does not hold this Application"
            yield OUTSIDE_ROOT.at(path, message, subject=label, line=line, key="outside")


def _unused_values(state: ClusterState, context: CheckContext, home: str) -> Iterator[str]:
    used = {layer.path for app in state.apps for source in app.sources for layer in source.values}
    named = list(_named(state))
    templates = "\n".join(_without_comments(context.files.below(f"{home}/templates").text_of_all()))
    for path in context.files.below(home).paths:
        inside = path.removeprefix(f"{home}/")
        if not path.endswith(_YAML) or inside in _CHART or inside.partition("/")[0] in _PARTS_OF_CHART:
            continue
        is_named = any(_is_file(name, path, inside) for name in named)
        if (
            path not in used
            and not is_named
            and path not in templates
            and not _APPLICATION.search(context.files.text(path) or "")
        ):
            yield path


def _named(state: ClusterState) -> Iterator[str]:
    """Yield the values files that Applications name, without the reference to a source."""
    for app in state.apps:
        for source in app.application.sources if app.application else ():
            for file in (*source.helm.value_files, *(parameter.value for parameter in source.helm.file_parameters)):
                yield re.sub(r"^\$[^/]*/", "", file).lstrip("/")


def _is_file(name: str, path: str, inside: str) -> bool:
    if name.startswith("k8s/"):
        return fnmatch.fnmatchcase(path, name)
    return fnmatch.fnmatchcase(inside.rpartition("/")[2], name.rpartition("/")[2])


def _without_comments(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _unused_folders(state: ClusterState, context: CheckContext) -> Iterator[str]:
    home = state.cluster.path
    sources = [source for app in state.apps if app.application for source in app.application.sources]
    deployed = {source.path for source in sources if source.path}
    used = deployed | {layer.path for app in state.apps for plan in app.sources for layer in plan.values}
    used |= {name for name in _named(state) if name.startswith("k8s/")}
    names = {app.app for app in state.apps}
    folders = {path.removeprefix(f"{home}/").partition("/")[0] for path in context.files.paths if path.count("/") > 2}
    for folder in sorted(folders - {"argocd-apps", *_INSTALLED}):
        if folder == _SECRETS and "secrets" not in names:
            continue
        path = f"{home}/{folder}"
        if any(_overlap(path, one) for one in used) or not _has_manifests(context, path):
            continue
        yield path


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _has_manifests(context: CheckContext, folder: str) -> bool:
    files = context.files.below(folder)
    return any(path.endswith(_YAML) and _KIND.search(files.text(path) or "") for path in files.paths)
