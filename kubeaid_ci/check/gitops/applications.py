"""Settings of Applications that have no effect, or not the intended one."""

import difflib
from collections.abc import Iterator

from kubeaid_ci.argocd.application import Application
from kubeaid_ci.argocd.sync import CASCADING_FINALIZERS
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import texts
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
RULES = (PROJECT_DEFAULT, FINALIZER_UNKNOWN, SYNC_OPTION_UNKNOWN, JSON_POINTER_INVALID)

_DELETION = tuple(f"{kind}-delete-finalizer.argocd.argoproj.io" for kind in ("pre", "post"))
_KNOWN_FINALIZERS = (*CASCADING_FINALIZERS, *_DELETION, *(f"{name}/cleanup" for name in _DELETION))
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


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
        if "argocd" in finalizer and finalizer not in _KNOWN_FINALIZERS:
            message = f"unknown finalizer {finalizer}; write {CASCADING_FINALIZERS[0]}"
            yield found(FINALIZER_UNKNOWN, message, "metadata", "finalizers", number)
    for number, option in enumerate(app.sync.options):
        if problem := sync_option_problem(option):
            yield found(SYNC_OPTION_UNKNOWN, problem, "spec", "syncPolicy", "syncOptions", number)
    for number, ignored in enumerate(application.ignore_differences):
        for place, pointer in enumerate(texts(ignored, "jsonPointers")):
            if not pointer.startswith("/"):
                fields = ("spec", "ignoreDifferences", number, "jsonPointers", place)
                yield found(JSON_POINTER_INVALID, f"{pointer!r} is no JSON pointer; write '/{pointer}'", *fields)


def sync_option_problem(option: str) -> str:
    """Return what is wrong with a sync option, with the nearest right ones; empty if nothing is."""
    if option.strip() in SYNC_OPTIONS:
        return ""
    near = [known for known in SYNC_OPTIONS if known.lower() == option.strip().lower()]
    near = near or difflib.get_close_matches(option, sorted(SYNC_OPTIONS), 1)
    return f"unknown sync option {option!r}" + (f"; did you mean {near[0]}?" if near else "")
