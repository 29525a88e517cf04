"""Applications whose drift raises no alert, because no alert rule of the cluster watches them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import mappings, text, text_map
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.cluster_state import ClusterState

ALERTS_MISSING = Rule(
    "gitops/alerts-missing",
    Severity.WARNING,
    "No alert rule of the cluster can fire for this Application, so its drift goes unnoticed. Put it into "
    "the project that the rules watch and give it a name that they list, or add a rule.",
)
RULES = (ALERTS_MISSING,)

_METRIC = "argocd_app_info"
_SELECTOR = re.compile(rf"{_METRIC}\s*(?:\{{([^}}]*)\}})?")
_MATCHER = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*[\"']([^\"']*)[\"']")
_WORD = re.compile(r"[A-Za-z_:][\w:]*")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield the Applications that no alert rule watches, if the cluster has rules about Applications at all."""
    rules = AlertRules.of(state.manifests)
    if not rules.expressions:
        return
    for app in state.apps:
        application = app.application
        if application is None or rules.watch(application.name, application.project):
            continue
        message, field = "no alert rule of the cluster watches the Application", ("metadata", "name")
        if rules.watch(application.name, "kubeaid"):
            message = f"no alert rule of the cluster watches the project {application.project or 'default'}"
            field = ("spec", "project")
        line = places.application_line(context.files, app, *field)
        yield ALERTS_MISSING.at(app.path, message, subject=f"{state.cluster.label}/{app.app}", line=line, key="alerts")


def coverage(state: ClusterState, _: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures ``alerts``."""
    total = sum(app.application is not None for app in state.apps)
    return {"alerts": {"applications": total, "uncovered": len(uncovered(state))}}


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The alert rules about Applications, and the series that recording rules make, by name, with their labels."""

    expressions: tuple[str, ...]
    series: Mapping[str, tuple[Mapping[str, str], ...]]

    @classmethod
    def of(cls, manifests: Iterable[Manifest]) -> "AlertRules":
        """Read the PrometheusRules of a cluster."""
        rules = list(_rules(manifests))
        alerts = [text(rule, "expr") for rule in rules if text(rule, "alert")]
        series: dict[str, list[Mapping[str, str]]] = {}
        for rule in rules:
            if record := text(rule, "record"):
                series.setdefault(record, []).append(text_map(rule, "labels"))
        return cls(
            tuple(alert for alert in alerts if _METRIC in alert), {name: tuple(all_) for name, all_ in series.items()}
        )

    def watch(self, name: str, project: str) -> bool:
        """Return whether an alert can fire for an Application.

        The alert selects it by labels, and a recorded series that it is joined with has its name and project.
        """
        return any(self._watches(expression, {"name": name, "project": project}) for expression in self.expressions)

    def _watches(self, expression: str, labels: Mapping[str, str]) -> bool:
        selectors = _SELECTOR.findall(expression)
        if not any(all(_matches(labels, matcher) for matcher in _MATCHER.findall(one)) for one in selectors):
            return False
        joined = [self.series[word] for word in dict.fromkeys(_WORD.findall(expression)) if word in self.series]
        return all(any(_has(one, labels) for one in series) for series in joined)


def uncovered(state: ClusterState) -> list[str]:
    """Return the Applications that no alert rule of the cluster watches."""
    rules = AlertRules.of(state.manifests)
    apps = [app for app in state.apps if app.application]
    return [
        app.app for app in apps if app.application and not rules.watch(app.application.name, app.application.project)
    ]


def _rules(manifests: Iterable[Manifest]) -> Iterator[Mapping[str, Any]]:
    for manifest in manifests:
        if manifest.key.kind == "PrometheusRule":
            for group in mappings(manifest.body, "spec", "groups"):
                yield from mappings(group, "rules")


def _matches(labels: Mapping[str, str], matcher: tuple[str, str, str]) -> bool:
    label, operator, value = matcher
    if label not in labels:
        return True
    if operator in ("=", "!="):
        return (labels[label] == value) is (operator == "=")
    try:
        return bool(re.fullmatch(value, labels[label])) is (operator == "=~")
    except re.error:
        return True


def _has(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(series.get(name, value) == value for name, value in labels.items())
