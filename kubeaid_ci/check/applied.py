"""The objects that Argo CD applies, with what a finding about one of them names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kubeaid_ci.argocd.sync import is_test
from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext, ConfigFiles
from kubeaid_ci.check.names import named
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp, RenderStatus

_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Applied:
    """An object and the Application that it belongs to."""

    cluster: Cluster
    app: RenderedApp
    manifest: Manifest
    files: ConfigFiles = field(default_factory=ConfigFiles, repr=False, compare=False)

    @property
    def subject(self) -> str:
        """The subject of findings about the object: ``cluster/application``."""
        return f"{self.cluster.label}/{self.app.app}"

    @property
    def path(self) -> str:
        """The file of the config repo to edit, see `edited_file`."""
        return edited_file(self.cluster, self.app, self.manifest)

    @property
    def line(self) -> int | None:
        """The line to edit in `path`, see `edited_line`."""
        return edited_line(self.files, self.path, self.app, self.manifest)

    def finding(
        self,
        rule: Rule,
        message: str,
        *,
        key: str,
        content: str | None = None,
        severity: Severity | None = None,
        value: str = "",
    ) -> Finding:
        """Return a finding about the object, at the place to edit.

        `value` is the text that is wrong, if there is one: a values file has it in a line of its own.
        """
        path = self.path
        line = edited_line(self.files, path, self.app, self.manifest, value=value)
        return rule.at(path, message, subject=self.subject, line=line, key=key, content=content, severity=severity)

    def absence(
        self, state: ClusterState, rule: Rule, message: str, *, key: str, namespace: str | None = None
    ) -> Finding:
        """Return a finding that Git lacks something that the object needs.

        It is an info that names the Applications which could not be rendered, if one of them may have what is missing:
        those of the `namespace`, or all.
        """
        elsewhere = [
            app.app
            for app in state.apps
            if app.status is not RenderStatus.RENDERED and namespace in (None, app.namespace)
        ]
        if not elsewhere:
            return self.finding(rule, message, key=key, content=message)
        names = named(elsewhere, most=_MOST_NAMED)
        reason = f"{message}; it may be in an Application that could not be rendered: {names}"
        return self.finding(rule, reason, key=key, content=message, severity=Severity.INFO)


def applied(state: ClusterState, context: CheckContext) -> Iterator[Applied]:
    """Yield every object of a cluster, without those of ``helm test``, which Argo CD does not apply."""
    for app in state.apps:
        for manifest in app.manifests:
            if not is_test(manifest.body):
                yield Applied(state.cluster, app, manifest, context.files)


def edited_file(cluster: Cluster, app: RenderedApp, manifest: Manifest | None = None) -> str:
    """Return the file of the config repo that one edits to change an object of an Application.

    It is the vars file of built manifests, the file or template of an object in the config repo, the values file of a
    chart that has the last word, else the file of the Application.
    """
    for source in app.sources:
        if source.repository == "config" and manifest and _is_below(source.path, manifest.path):
            is_built = _is_below(cluster.output, manifest.path)
            return cluster.vars_file if is_built and cluster.vars_file else manifest.path
    layers = (layer for source in app.sources for layer in source.values if layer.repository == "config")
    return [app.path, *(layer.path for layer in layers)][-1]


def edited_line(
    files: ConfigFiles, path: str, app: RenderedApp, manifest: Manifest, *fields: str | int, value: str = ""
) -> int | None:
    """Return the line of an object in the file that one edits to change it, or the line of a field of it.

    If the file is that of the Application, it is the line of the Application, if it is another one the first line that
    has the `value`. None if the file has none of them.
    """
    if path == manifest.path:
        return places.object_line(files, manifest, *fields)
    if path == app.path:
        return places.application_line(files, app)
    return places.text_line(files.text(path) or "", re.escape(value)) if value else None


def _is_below(folder: str, path: str) -> bool:
    return bool(folder) and path.startswith(f"{folder.rstrip('/')}/")
