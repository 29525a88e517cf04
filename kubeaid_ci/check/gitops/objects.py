"""Objects that the API server refuses: too large ones, those of two Applications, and those without a namespace."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from kubeaid_ci.argocd.sync import object_options
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.check.sources import root
from kubeaid_ci.dangers.reading import listed
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.fields import mapping, text_map
from kubeaid_ci.k8s.manifest import Manifest, ObjectId
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp

OBJECT_TOO_LARGE = Rule(
    "gitops/object-too-large",
    Severity.ERROR,
    "Client-side apply stores the whole object in an annotation, which holds 262,144 bytes, so Argo CD cannot sync it. "
    "Set the sync option ServerSideApply=true for the Application, or as an annotation of the object.",
)
DATA_TOO_LARGE = Rule(
    "gitops/data-too-large",
    Severity.ERROR,
    "The API server refuses a ConfigMap or Secret with more than 1 MiB of data, whatever the sync options. Split it, "
    "or remove what is not needed.",
)
OBJECT_SHARED = Rule(
    "gitops/object-shared",
    Severity.WARNING,
    "Two Applications own one object, so each sync of one undoes that of the other, and deleting one takes the object "
    "from both. Remove the object from one of them.",
)
NAMESPACE_MISSING = Rule(
    "gitops/namespace-missing",
    Severity.WARNING,
    "Nothing in Git creates the namespace of these objects, so the sync fails unless an operator or a person made it. "
    "Add CreateNamespace=true to the sync options of the Application whose destination it is, or remove the objects.",
)
RULES = (OBJECT_TOO_LARGE, DATA_TOO_LARGE, OBJECT_SHARED, NAMESPACE_MISSING)

_MOST_ANNOTATIONS = 262_144
_MOST_DATA = 1_048_576
_OTHER_WAYS = ("ServerSideApply=true", "Replace=true")
_ALWAYS = ("", "default", "kube-system", "kube-public", "kube-node-lease")
_SCRAPED = r"\bprometheus_scrape_namespaces\b"


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield objects that cannot be stored, and the namespaces that nothing creates."""
    yield from _stored(state, context)
    yield from _namespaces(state, context)


def _stored(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield objects that are too large, one finding for each Application, and objects of two Applications."""
    for app in state.apps:
        subject = f"{state.cluster.label}/{app.app}"
        heavy = [
            f"{manifest.key} ({data >> 10} KiB)" for manifest in app.manifests if (data := _data(manifest)) > _MOST_DATA
        ]
        if heavy:
            message = f"more than 1 MiB of data: {listed(heavy)}"
            line = places.application_line(context.files, app, "spec")
            yield DATA_TOO_LARGE.at(app.path, message, subject=subject, line=line, key="data")
        large = [] if _is_server_side(app) else list(_large(app.manifests))
        if large:
            message = f"more than 256 KiB and no ServerSideApply=true: {listed(large)}"
            line = places.application_line(context.files, app, "spec", "syncPolicy", "syncOptions")
            yield OBJECT_TOO_LARGE.at(app.path, message, subject=subject, line=line, key="objects")
    yield from _shared(state, context)


def _is_server_side(app: RenderedApp) -> bool:
    return any(option in app.sync.options for option in _OTHER_WAYS)


def _large(manifests: tuple[Manifest, ...]) -> Iterator[str]:
    for manifest in manifests:
        if any(option in object_options(manifest.body) for option in _OTHER_WAYS) or _data(manifest) > _MOST_DATA:
            continue
        size = _applied_size(manifest.body)
        if size > _MOST_ANNOTATIONS:
            yield f"{manifest.key} ({size >> 10} KiB)"


def _applied_size(body: Mapping[str, Any]) -> int:
    """Return the bytes of the annotations of an object after client-side apply: its own, and the object as JSON.

    Go's encoder writes ``<``, ``>`` and ``&`` with six characters.
    """
    encoded = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    own = text_map(body, "metadata", "annotations")
    annotations = sum(len(name) + len(value.encode("utf-8", "replace")) for name, value in own.items())
    return len(encoded) + 5 * sum(map(encoded.count, (b"<", b">", b"&"))) + annotations


def _data(manifest: Manifest) -> int:
    """Return the bytes of data of a ConfigMap or a Secret, as the API server counts them."""
    if manifest.key.group or manifest.key.kind not in ("ConfigMap", "Secret"):
        return 0
    encoded = "binaryData" if manifest.key.kind == "ConfigMap" else "data"
    plain = "data" if manifest.key.kind == "ConfigMap" else "stringData"
    texts = text_map(manifest.body, plain)
    blobs = {name: value for name, value in text_map(manifest.body, encoded).items() if name not in texts}
    return sum(len(value.encode("utf-8", "replace")) for value in texts.values()) + sum(map(_decoded, blobs.values()))


def _decoded(value: str) -> int:
    try:
        return len(base64.b64decode(value, validate=False))
    except ValueError:  # not base64, or not even ASCII
        return len(value)


def _shared(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    owners: dict[ObjectId, list[RenderedApp]] = {}
    for app in state.apps:
        for key in dict.fromkeys(manifest.key for manifest in app.manifests if not _is_hook(manifest.body)):
            owners.setdefault(key, []).append(app)
    pairs: dict[tuple[str, str], list[str]] = {}
    last: dict[tuple[str, str], RenderedApp] = {}
    for key, apps in owners.items():
        if len(apps) > 1 and not key.place:
            pair = (apps[0].app, apps[-1].app)
            pairs.setdefault(pair, []).append(str(key))
            last[pair] = apps[-1]
    for (first, second), names in pairs.items():
        message = f"{first} and {second} both have {listed(names)}"
        app = last[first, second]
        line = places.application_line(context.files, app, "spec")
        subject = f"{state.cluster.label}/{second}"
        yield OBJECT_SHARED.at(app.path, message, subject=subject, line=line, key=first)


def _is_hook(body: Mapping[str, Any]) -> bool:
    return "argocd.argoproj.io/hook" in mapping(body, "metadata", "annotations")


def _namespaces(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
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
    is_monitoring = app.application and any(source.path == state.cluster.output for source in app.application.sources)
    if is_monitoring and vars_file and (found := context.files.text(vars_file)):
        for pattern in (rf"[\"']{re.escape(namespace)}[\"']", _SCRAPED):
            if line := places.text_line(found, pattern):
                return vars_file, line
    if app.namespace == namespace:
        return app.path, places.application_line(context.files, app, "spec", "destination", "namespace")
    return app.path, places.application_line(context.files, app, "spec")
