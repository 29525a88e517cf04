"""Annotations for Argo CD on objects: hooks, deletion policies, sync waves and sync options."""

import re
from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.gitops.applications import SYNC_OPTION_UNKNOWN, sync_option_problem
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import text_map
from kubeaid_ci.render.cluster_state import ClusterState

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
RULES = (HOOK_UNKNOWN, SYNC_WAVE_INVALID)

_PREFIX = "argocd.argoproj.io/"
_HOOKS = ("PreSync", "Sync", "PostSync", "SyncFail", "Skip", "PreDelete", "PostDelete")
_POLICIES = ("HookSucceeded", "HookFailed", "BeforeHookCreation")
_INTEGER = re.compile(r"[+-]?\d+")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
