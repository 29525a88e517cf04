"""Settings of Argo CD that have no effect, or not the intended one: of Applications, AppProjects and objects."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

from kubeaid_ci.argocd.application import GROUP, Application
from kubeaid_ci.argocd.sync import CASCADING_FINALIZERS
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import at, mapping, mappings, text_map, texts
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

PROJECT_DEFAULT = Rule(
    "gitops/project-default",
    Severity.WARNING,
    "The project default allows every repository, cluster and kind, and KubeAid's alerts only watch the project "
    "kubeaid. Set spec.project to a project of the platform.",
)
FINALIZER_UNKNOWN = Rule(
    "gitops/finalizer-unknown",
    Severity.WARNING,
    "Argo CD does not know this finalizer, so deleting the Application neither deletes its objects nor ever ends. "
    "Use resources-finalizer.argocd.argoproj.io.",
)
SYNC_OPTION_UNKNOWN = Rule(
    "gitops/sync-option-unknown",
    Severity.WARNING,
    "Argo CD compares sync options by their exact text and ignores any other. Correct the spelling and the value.",
)
JSON_POINTER_INVALID = Rule(
    "gitops/json-pointer-invalid",
    Severity.WARNING,
    "A JSON pointer begins with a slash, and Argo CD ignores no difference by any other text. Write it like "
    "/spec/replicas.",
)
HOOK_UNKNOWN = Rule(
    "gitops/hook-unknown",
    Severity.WARNING,
    "Argo CD compares hook types and deletion policies by their exact text, so it applies this object as a plain one, "
    "or never deletes it. Correct the annotation that the message names.",
)
SYNC_WAVE_INVALID = Rule(
    "gitops/sync-wave-invalid",
    Severity.WARNING,
    "A sync wave that is not an integer counts as wave 0, so the object is applied too early or too late. Write an "
    "integer in quotes.",
)
PROJECT_ALLOWS_ALL = Rule(
    "gitops/project-allows-all",
    Severity.WARNING,
    "Anybody who may create an Application of this project may deploy anything from anywhere. Name the repositories, "
    "destinations and cluster-scoped kinds that it needs.",
    is_posture=True,
)
ORPHANS_UNMONITORED = Rule(
    "gitops/orphans-unmonitored",
    Severity.WARNING,
    "Argo CD looks for objects that are not in Git only in projects with orphanedResources, so they go unnoticed. "
    "Set orphanedResources with an ignore list for kube-root-ca.crt, Helm releases, certificate requests and policy "
    "reports.",
    is_posture=True,
)
RULES = (
    PROJECT_DEFAULT,
    FINALIZER_UNKNOWN,
    SYNC_OPTION_UNKNOWN,
    JSON_POINTER_INVALID,
    HOOK_UNKNOWN,
    SYNC_WAVE_INVALID,
    PROJECT_ALLOWS_ALL,
    ORPHANS_UNMONITORED,
)

_DELETION = tuple(f"{kind}-delete-finalizer.argocd.argoproj.io" for kind in ("pre", "post"))
_KNOWN_FINALIZERS = (*CASCADING_FINALIZERS, *_DELETION, *(f"{name}/cleanup" for name in _DELETION))
_OF_ARGO = ("argocd", "argoproj", "resources-finalizer")
_SWITCHES = (
    *("ApplyOutOfSyncOnly", "ClientSideApplyMigration", "CreateNamespace", "FailOnSharedResource", "Force"),
    *("PruneLast", "Replace", "RespectIgnoreDifferences", "ServerSideApply", "SkipDryRunOnMissingResource", "Validate"),
)
SYNC_OPTIONS = frozenset(
    (
        *(f"{name}={value}" for name in _SWITCHES for value in ("true", "false")),
        *(f"{name}={value}" for name in ("Delete", "Prune") for value in ("true", "false", "confirm")),
        *(f"PrunePropagationPolicy={value}" for value in ("background", "foreground", "orphan")),
    )
)
"""Sync options that Argo CD 2.0 to 3.5 compares with (``HasOption``, ``HasAnnotationOption``)."""
_PREFIX = "argocd.argoproj.io/"
_HOOKS = ("PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete")
_POLICIES = ("HookSucceeded", "HookFailed", "BeforeHookCreation")
_INTEGER = re.compile(r"[+-]?\d+")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield the settings of Applications and AppProjects, and the annotations of objects, that are wrong."""
    yield from _applications(state, context)
    yield from _annotations(state, context)
    yield from _projects(state, context)


def _applications(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield what is wrong with the settings of each Application."""
    for app in state.apps:
        if app.application and app.application.sources:
            yield from _application(app, app.application, f"{state.cluster.label}/{app.app}", context)


def _application(app: RenderedApp, application: Application, subject: str, context: CheckContext) -> Iterator[Finding]:
    def found(rule: Rule, message: str, *fields: str | int) -> Finding:
        line = places.application_line(context.files, app, *fields)
        return rule.at(app.path, message, subject=subject, line=line, key=message)

    if application.project in ("", "default") and app.path.endswith((".yaml", ".yml", ".json")):
        yield found(PROJECT_DEFAULT, "the Application is in the project default", "spec", "project")
    for number, finalizer in enumerate(app.sync.finalizers):
        if any(word in finalizer for word in _OF_ARGO) and finalizer not in _KNOWN_FINALIZERS:
            message = f"unknown finalizer {finalizer}; write {CASCADING_FINALIZERS[0]}"
            yield found(FINALIZER_UNKNOWN, message, "metadata", "finalizers", number)
    for number, option in enumerate(app.sync.options):
        if problem := sync_option_problem(option):
            yield found(SYNC_OPTION_UNKNOWN, problem, "spec", "syncPolicy", "syncOptions", number)
    for number, ignored in enumerate(application.ignore_differences):
        for place, pointer in enumerate(texts(ignored, "jsonPointers")):
            if not pointer.startswith("/"):
                fields = ("spec", "ignoreDifferences", number, "jsonPointers", place)
                yield found(
                    JSON_POINTER_INVALID, f"{pointer!r} is no JSON pointer; write {_as_pointer(pointer)!r}", *fields
                )


def _as_pointer(text: str) -> str:
    """Return the JSON pointer that a path is meant to be: ``.spec.replicas`` as ``/spec/replicas``."""
    return "/" + (text.strip(".").replace(".", "/") if text.startswith(".") and "/" not in text else text)


def sync_option_problem(option: str) -> str:
    """Return what is wrong with a sync option, with the nearest right ones; empty if nothing is."""
    if option.strip() in SYNC_OPTIONS:
        return ""
    near = [known for known in SYNC_OPTIONS if known.lower() == option.strip().lower()]
    near = near or difflib.get_close_matches(option, sorted(SYNC_OPTIONS), 1)
    return f"unknown sync option {option!r}" + (f"; did you mean {near[0]}?" if near else "")


def _annotations(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield annotations that Argo CD ignores. Charts from elsewhere count too: the cluster runs them."""
    for app in state.apps:
        for manifest in app.manifests:
            annotations = text_map(manifest.body, "metadata", "annotations")
            for rule, name, problem in _problems(annotations):
                line = places.object_line(context.files, manifest, "metadata", "annotations", f"{_PREFIX}{name}")
                path = manifest.path if line else app.path
                line = line or places.application_line(context.files, app, "spec")
                yield rule.at(
                    path,
                    f"{manifest.key}: {problem}",
                    subject=f"{state.cluster.label}/{app.app}",
                    line=line,
                    key=f"{manifest.key} {problem}",
                )


def _problems(annotations: dict[str, str]) -> Iterator[tuple[Rule, str, str]]:
    found = {name.removeprefix(_PREFIX): value for name, value in annotations.items() if name.startswith(_PREFIX)}
    for name, known in (("hook", _HOOKS), ("hook-delete-policy", _POLICIES)):
        for value in _parts(found.get(name, "")):
            if value not in known:
                yield HOOK_UNKNOWN, name, f"{_PREFIX}{name} {value!r} is not one of {', '.join(known)}"
    wave = found.get("sync-wave")
    if wave is not None and not _INTEGER.fullmatch(wave):
        yield SYNC_WAVE_INVALID, "sync-wave", f"{_PREFIX}sync-wave {wave!r} is not an integer"
    for option in _parts(found.get("sync-options", "")):
        if problem := sync_option_problem(option):
            yield SYNC_OPTION_UNKNOWN, "sync-options", problem


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _projects(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield what is open in the AppProjects that the cluster applies."""
    for app in state.apps:
        for manifest in app.manifests:
            if (manifest.key.group, manifest.key.kind) != (GROUP, "AppProject"):
                continue
            line = places.object_line(context.files, manifest, "spec")
            path = manifest.path if line else app.path
            line = line or places.application_line(context.files, app, "spec")
            subject, name = f"{state.cluster.label}/{app.app}", manifest.key.name
            spec = mapping(manifest.body, "spec")
            if open_to := _open(spec):
                message = f"AppProject {name} allows every {', every '.join(open_to)}"
                yield PROJECT_ALLOWS_ALL.at(path, message, subject=subject, line=line, key=name)
            if not isinstance(at(spec, "orphanedResources"), dict):
                message = f"AppProject {name} has no orphanedResources"
                yield ORPHANS_UNMONITORED.at(path, message, subject=subject, line=line, key=name)


def _open(spec: Any) -> list[str]:
    """Return what a project leaves open; empty if it restricts repositories, destinations or cluster-scoped kinds."""
    anywhere = any(
        entry.get("namespace") == "*" and "*" in (entry.get("server"), entry.get("name"))
        for entry in mappings(spec, "destinations")
    )
    any_kind = any(
        entry.get("group") == "*" and entry.get("kind") == "*" for entry in mappings(spec, "clusterResourceWhitelist")
    )
    found = {"repository": "*" in texts(spec, "sourceRepos"), "destination": anywhere, "cluster-scoped kind": any_kind}
    return list(found) if all(found.values()) else []
