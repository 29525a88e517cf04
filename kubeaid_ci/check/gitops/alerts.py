"""Applications whose drift raises no alert."""

from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.gitops.alerting import AlertRules
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

ALERTS_MISSING = Rule(
    "gitops/alerts-missing",
    Severity.WARNING,
    "No alert rule of the cluster can fire for this Application, so its drift goes unnoticed. Put it into "
    "the project that the rules watch and give it a name that they list, or add a rule.",
)
RULES = (ALERTS_MISSING,)


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
