"""Namespaces that objects need and that nothing in Git creates."""

from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.repositories import root
from kubeaid_ci.dangers.reading import listed
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

NAMESPACE_MISSING = Rule(
    "gitops/namespace-missing",
    Severity.WARNING,
    "Nothing in Git creates the namespace of these objects, so the sync fails unless an operator or a person made it. "
    "Add CreateNamespace=true to the sync options of the Application whose destination it is, or remove the objects.",
)
RULES = (NAMESPACE_MISSING,)

_ALWAYS = ("", "default", "kube-system", "kube-public", "kube-node-lease")
_SCRAPED = r"\bprometheus_scrape_namespaces\b"


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield one finding for each namespace of an Application that nothing creates."""
    existing = {("", name) for name in (*_ALWAYS, _of_argo_cd(state))}
    for app in state.apps:
        existing |= {
            (app.destination, manifest.key.name) for manifest in app.manifests if manifest.key.kind == "Namespace"
        }
        if "CreateNamespace=true" in app.sync.options:
            existing.add((app.destination, app.namespace))
    for app in state.apps:
        missing: dict[str, list[str]] = {}
        for manifest in app.manifests:
            namespace = manifest.key.namespace
            if namespace not in _ALWAYS and (manifest.key.destination, namespace) not in existing:
                missing.setdefault(namespace, []).append(str(manifest.key))
        for namespace, names in sorted(missing.items()):
            path, line = _place(app, namespace, state, context)
            message = f"nothing creates the namespace {namespace} of {listed(names)}"
            subject = f"{state.cluster.label}/{app.app}"
            yield NAMESPACE_MISSING.at(path, message, subject=subject, line=line, key=namespace, content=namespace)


def _of_argo_cd(state: ClusterState) -> str:
    """Return the namespace of Argo CD: it exists before any Application."""
    app = root(state)
    return (app.application.own_namespace or app.namespace or "argocd") if app and app.application else "argocd"


def _place(app: RenderedApp, namespace: str, state: ClusterState, context: CheckContext) -> tuple[str, int | None]:
    """Return the vars field that names the namespace to Prometheus, else the destination of the Application."""
    vars_file = state.cluster.vars_file
    is_monitoring = app.application and any(one.path == state.cluster.output for one in app.application.sources)
    if is_monitoring and vars_file and (found := context.files.text(vars_file)):
        for pattern in (rf"[\"']{namespace}[\"']", _SCRAPED):
            if line := places.text_line(found, pattern):
                return vars_file, line
    if app.namespace == namespace:
        return app.path, places.application_line(context.files, app, "spec", "destination", "namespace")
    return app.path, places.application_line(context.files, app, "spec")
