"""New identities, containers and commands of pods, and removed limits."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import rules
from kubeaid_ci.dangers.podspecs import PodChange, pods
from kubeaid_ci.dangers.reading import Draft, annotations, at, body, is_kind, listed, mapping, mappings, text, texts
from kubeaid_ci.findings.finding import Severity

_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a|z|k)?sh|(?:.*/)?(?:python3?|perl|node|ruby|busybox|env)")
_CLOUD_IDENTITIES = (
    "azure.workload.identity/client-id",
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
)
_Container = Mapping[str, Any]


def check(difference: Difference) -> Iterator[Draft]:
    """Yield drafts about identity, containers, commands, limits and probes of every pod specification."""
    yield from _account(difference)
    for pod in pods(difference):
        yield from _identity(pod)
        for name, old, new in pod.containers():
            if old is not None:
                yield from _command(name, old, new)
                yield from _limits(name, old, new)
                yield from _probes(name, old, new)
            elif not pod.is_new:
                yield Draft(rules.CONTAINER_ADDED, f"container {name} is new in pods that exist")


def _account(difference: Difference) -> Iterator[Draft]:
    """Yield changes of what a service account gives its pods."""
    if not is_kind(difference, "", "ServiceAccount") or difference.before is None or difference.after is None:
        return
    tokens = [
        at(body(side), "automountServiceAccountToken") is not False for side in (difference.before, difference.after)
    ]
    if tokens == [False, True]:
        yield Draft(rules.IDENTITY_CHANGED, "its pods get its token, which they did not before before")
    old, new = (annotations(side) for side in (difference.before, difference.after))
    if changed := [name for name in _CLOUD_IDENTITIES if name in new and old.get(name) != new[name]]:
        yield Draft(rules.IDENTITY_CHANGED, f"its pods get another cloud identity: {listed(changed)}")


def _identity(pod: PodChange) -> Iterator[Draft]:
    old, new = (
        text(spec, "serviceAccountName") or text(spec, "serviceAccount") or "default" for spec in (pod.old, pod.new)
    )
    if old != new and not pod.is_new:
        yield Draft(rules.IDENTITY_CHANGED, f"its pods use service account {new} instead of {old}")
    if (
        pod.old.get("automountServiceAccountToken") is False
        and pod.new.get("automountServiceAccountToken") is not False
    ):
        yield Draft(
            rules.IDENTITY_CHANGED, "its pods get the token of their service account, which they did not before before"
        )
    if not pod.is_new and (come := _tokens(pod.new) - _tokens(pod.old)):
        yield Draft(rules.IDENTITY_CHANGED, f"its pods get a token for {listed(list(come))}")


def _tokens(spec: Mapping[str, Any]) -> set[str]:
    sources = (source for volume in mappings(spec, "volumes") for source in mappings(volume, "projected", "sources"))
    return {
        text(source, "serviceAccountToken", "audience") or "the API server"
        for source in sources
        if "serviceAccountToken" in source
    }


def _command(name: str, old: _Container, new: _Container) -> Iterator[Draft]:
    for field in ("command", "lifecycle"):
        if (old.get(field) or None) != (new.get(field) or None):
            yield Draft(rules.COMMAND_CHANGED, f"container {name}: {field} changed")
    if old.get("args") != new.get("args") and bool(old.get("args") or new.get("args")):
        # What a shell gets is a program; what a program gets are mostly its settings.
        shell = any(_SHELL.fullmatch(part) for part in texts(new, "command")[:2]) or "-c" in texts(new, "args")[:2]
        yield Draft(rules.COMMAND_CHANGED, f"container {name}: args changed", None if shell else Severity.INFO)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if at(old, probe, "exec") != at(new, probe, "exec") and at(new, probe, "exec"):
            yield Draft(rules.COMMAND_CHANGED, f"container {name}: command of the {probe} changed", Severity.INFO)


def _limits(name: str, old: _Container, new: _Container) -> Iterator[Draft]:
    for field in ("limits", "requests"):
        was, now = mapping(old, "resources", field), mapping(new, "resources", field)
        if gone := [str(what) for what in was if now.get(what) is None and was[what] is not None]:
            yield Draft(rules.LIMITS_REMOVED, f"container {name} has no {field} of {listed(gone)} any more")


def _probes(name: str, old: _Container, new: _Container) -> Iterator[Draft]:
    if gone := [probe for probe in ("livenessProbe", "readinessProbe") if old.get(probe) and not new.get(probe)]:
        message = f"container {name} has no {listed(gone)} any more: a hang goes unnoticed"
        yield Draft(rules.PROTECTION_REMOVED, message)
