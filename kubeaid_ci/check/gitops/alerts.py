"""Applications whose drift raises no alert, because no alert rule of the cluster watches them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import mappings, text, text_map
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.k8s.schemas import Schemas, Validator
from kubeaid_ci.render.cluster_state import ClusterState

ALERTS_MISSING = Rule(
    "gitops/alerts-missing",
    Severity.WARNING,
    "No alert rule of the cluster can fire for this Application, so its drift goes unnoticed. Put it into "
    "the project that the rules watch and give it a name that they list, or add a rule.",
)
RULES = (ALERTS_MISSING,)

_METRIC = "argocd_app_info"
_SELECTOR = re.compile(rf"{_METRIC}\s*(?:\{{([^{{}}]*)\}})?")
_MATCHER = re.compile(r"\b(\w+)\s*(=~|!~|!=|=)\s*[\"']([^\"']*)[\"']")
_WORD = re.compile(r"[A-Za-z_:][\w:]*")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield the Applications that no alert rule watches, if the cluster has rules about Applications at all."""
    rules = AlertRules.of(state.manifests, context.schemas)
    if not rules.alerts:
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


def coverage(state: ClusterState, context: CheckContext) -> dict[str, dict[str, int]]:
    """Return the figures ``alerts``."""
    total = sum(app.application is not None for app in state.apps)
    return {"alerts": {"applications": total, "uncovered": len(uncovered(state, context.schemas))}}


@dataclass(frozen=True, slots=True)
class _Alert:
    """The selectors of Applications in an expression, each with its matchers, and the recorded series in it."""

    selectors: tuple[tuple[tuple[str, str, str], ...], ...]
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The alert rules about Applications, and the series that recording rules make, by name, with their labels."""

    alerts: tuple[_Alert, ...]
    series: Mapping[str, tuple[Mapping[str, str], ...]]
    schemas: Schemas
    _patterns: dict[str, Validator | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, manifests: Iterable[Manifest], schemas: Schemas) -> "AlertRules":
        """Read the PrometheusRules of a cluster."""
        rules = list(_rules(manifests))
        series: dict[str, list[Mapping[str, str]]] = {}
        for rule in rules:
            if record := text(rule, "record"):
                series.setdefault(record, []).append(text_map(rule, "labels"))
        alerts = []
        for expression in (text(rule, "expr") for rule in rules if text(rule, "alert")):
            selectors = tuple(tuple(_MATCHER.findall(one)) for one in _SELECTOR.findall(expression))
            joined = (word for word in dict.fromkeys(_WORD.findall(expression)) if word in series)
            if _METRIC in expression:
                alerts.append(_Alert(selectors, tuple(joined)))
        return cls(tuple(alerts), {name: tuple(recorded) for name, recorded in series.items()}, schemas)

    def watch(self, name: str, project: str) -> bool:
        """Return whether an alert can fire for an Application.

        The alert selects it by labels, and a recorded series that it is joined with has its name and project.
        """
        labels = {"name": name, "project": project}
        recorded = {each: any(_has(one, labels) for one in made) for each, made in self.series.items()}
        return any(
            any(all(self._matches(labels, matcher) for matcher in selector) for selector in alert.selectors)
            and all(recorded[each] for each in alert.series)
            for alert in self.alerts
        )

    def _matches(self, labels: Mapping[str, str], matcher: tuple[str, str, str]) -> bool:
        label, operator, value = matcher
        if label not in labels:
            return True
        if operator in ("=", "!="):
            return (labels[label] == value) is (operator == "=")
        pattern = self._pattern(value)
        return pattern is None or (not pattern.violations({"label": labels[label]})) is (operator == "=~")

    def _pattern(self, value: str) -> Validator | None:
        """Return a regular expression of Prometheus, which is anchored; None if it cannot be read.

        It comes from the repository under review. The engine of schemas has Go's syntax, as Prometheus, and takes
        linear time; Python's own may take forever.
        """
        if value not in self._patterns:
            try:
                schema = {"properties": {"label": {"pattern": f"^(?:{value})$"}}}
                self._patterns[value] = self.schemas.compiled(schema)
            except UserError:
                self._patterns[value] = None
        return self._patterns[value]


def uncovered(state: ClusterState, schemas: Schemas) -> list[str]:
    """Return the Applications that no alert rule of the cluster watches."""
    rules = AlertRules.of(state.manifests, schemas)
    apps = [app for app in state.apps if app.application]
    return [
        app.app for app in apps if app.application and not rules.watch(app.application.name, app.application.project)
    ]


def _rules(manifests: Iterable[Manifest]) -> Iterator[Mapping[str, Any]]:
    for manifest in manifests:
        if manifest.key.kind == "PrometheusRule":
            for group in mappings(manifest.body, "spec", "groups"):
                yield from mappings(group, "rules")


def _has(series: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(series.get(name, value) == value for name, value in labels.items())
